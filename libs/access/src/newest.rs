//! Lists of the activity log, newest first: their order as sort keys of a cursor, which ascend.

use trilby_model::Timestamp;
use trilby_service::problem::{Code, Problem};

/// The sort key of a record: newest first, equal times by descending id. Ids are ASCII.
#[must_use]
pub fn sort_key(at: Timestamp, id: &str) -> Vec<String> {
    vec![
        format!("{:020}", i64::MAX.saturating_sub(at.micros())),
        inverted(id),
    ]
}

/// Time and id of the record that a sort key was made of.
///
/// Errors: `invalid_cursor`.
pub fn read_sort_key(key: &[String]) -> Result<(Timestamp, String), Problem> {
    let refuse = || Problem::new(Code::InvalidCursor, "the cursor is of another list");
    let [at, id] = key else { return Err(refuse()) };
    let at: i64 = at.parse().map_err(|_| refuse())?;
    Ok((
        Timestamp::from_micros(i64::MAX.saturating_sub(at)),
        inverted(id),
    ))
}

/// Text whose order is the opposite; its own inverse.
fn inverted(id: &str) -> String {
    id.bytes()
        .map(|byte| char::from(0x7f_u8.saturating_sub(byte)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_comes_first_and_a_key_can_be_read_back() {
        let at = Timestamp::from_unix_seconds(1_800_000_000);
        let keys = [
            sort_key(at.plus_seconds(1), "a"),
            sort_key(at, "b"),
            sort_key(at, "a"),
        ];
        assert!(keys.is_sorted());
        assert_eq!(read_sort_key(&keys[1]).unwrap(), (at, "b".to_owned()));
        assert!(read_sort_key(&["x".to_owned()]).is_err());
    }
}
