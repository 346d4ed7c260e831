//! The two spellings of an ARN: the partitions `aws` and `trilby` are one, also where an ARN is compared as a text.

use trilby_model::brand::{PARTITION, PARTITION_ALIAS};

/// Bytes of an ARN that is written without the heap: nearly every one.
const SHORT_BYTES_MAX: usize = 192;

const SCHEME: &str = "arn:";

/// Shows an ARN of one of the twin partitions in the other. `None`: the text is no such ARN.
pub fn other_spelling<R>(text: &str, show: impl FnOnce(&str) -> R) -> Option<R> {
    let after = text.strip_prefix(SCHEME)?;
    let twins = [(PARTITION, PARTITION_ALIAS), (PARTITION_ALIAS, PARTITION)];
    let (other, rest) = twins.into_iter().find_map(|(own, other)| {
        let rest = after.strip_prefix(own)?;
        rest.starts_with(':').then_some((other, rest))
    })?;
    let pieces = [SCHEME, other, rest];
    let mut short = [0; SHORT_BYTES_MAX];
    let spelt = written(&mut short, pieces).and_then(|bytes| str::from_utf8(bytes).ok());
    Some(match spelt {
        Some(spelt) => show(spelt),
        None => show(&pieces.concat()),
    })
}

/// The pieces one after the other, if there is room for them.
fn written<'a>(room: &'a mut [u8], pieces: [&str; 3]) -> Option<&'a [u8]> {
    let size: usize = pieces.iter().map(|piece| piece.len()).sum();
    let room = room.get_mut(..size)?;
    let mut rest = &mut *room;
    for piece in pieces {
        let (place, after) = rest.split_at_mut_checked(piece.len())?;
        place.copy_from_slice(piece.as_bytes());
        rest = after;
    }
    Some(room)
}
