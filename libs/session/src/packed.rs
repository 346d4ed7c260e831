//! How much room a session's policies and tags take, as a share of what a token has for them.

use trilby_model::{Arn, Tags};

/// Room for policies and tags in one token, in bytes.
pub const PACKED_BYTES_MAX: usize = 2_304;
/// Deflate level: the best, since a policy is packed once and carried often.
const LEVEL: u8 = 9;

/// Share of the room in whole per cent, rounded up: above 100 the session is refused.
///
/// `policy` is the inline session policy in canonical form; it counts deflated, ARNs and tags as
/// they are.
pub fn percent(policy: Option<&str>, policy_arns: &[Arn], tags: &Tags) -> usize {
    let policy = policy.map_or(0, |text| {
        miniz_oxide::deflate::compress_to_vec(text.as_bytes(), LEVEL).len()
    });
    let arns = policy_arns.iter().map(|arn| arn.to_string().len());
    let tags = tags
        .iter()
        .map(|(key, value)| key.as_str().len() + value.as_str().len());
    let bytes: usize = arns.chain(tags).fold(policy, usize::saturating_add);
    bytes.saturating_mul(100).div_ceil(PACKED_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        Tags::new(
            pairs
                .iter()
                .map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())),
        )
        .unwrap()
    }

    #[test]
    fn nothing_takes_no_room_and_everything_adds_up() {
        assert_eq!(percent(None, &[], &Tags::default()), 0);
        assert_eq!(percent(None, &[], &tags(&[("team", "red")])), 1);
        let arn: Arn = "arn:trilby:iam::111122223333:policy/Reading"
            .parse()
            .unwrap();
        let arns = vec![arn; 10];
        assert_eq!(percent(None, &arns, &Tags::default()), 19);
    }

    #[test]
    fn a_repetitive_policy_packs_well_and_a_random_one_does_not() {
        let statement = r#"{"Action":"docs:Read","Effect":"Allow","Resource":"*"},"#;
        assert!(percent(Some(&statement.repeat(35)), &[], &Tags::default()) < 10);
        let mut state = 1_u64;
        let noise: String = (0..4_000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from(b'!' + (state >> 58) as u8)
            })
            .collect();
        assert!(percent(Some(&noise), &[], &Tags::default()) > 100);
    }
}
