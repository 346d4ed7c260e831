//! Into which partition of the feed a log goes.

use sha2::{Digest, Sha256};
use trilby_model::LogId;

/// Partitions of each channel of the feed, fixed for good: other numbers would move logs and break their order.
pub const SHARDS: u16 = 48;

/// A log's partition: the first eight bytes of the SHA-256 of its name, modulo [`SHARDS`].
#[must_use]
pub fn of(log: &LogId) -> u16 {
    let digest: [u8; 32] = Sha256::digest(log.to_string().as_bytes()).into();
    let first = digest.first_chunk::<8>().copied().unwrap_or_default();
    u16::try_from(u64::from_be_bytes(first) % u64::from(SHARDS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with another program.
    #[test]
    fn a_log_has_one_partition_for_good() {
        for (log, shard) in VECTORS {
            assert_eq!(of(&log.parse().unwrap()), shard, "{log}");
        }
    }

    const VECTORS: [(&str, u16); 4] = [
        ("111122223333", 36),
        ("999988887777", 5),
        ("o-4k7m2xq9ab", 30),
        ("platform", 39),
    ];
}
