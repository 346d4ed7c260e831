//! Address ranges. IPv4 and IPv6 never match each other.

use std::net::IpAddr;

/// An address with a prefix length; bits beyond the prefix are cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// IPv4.
    V4 {
        /// First address.
        base: u32,
        /// Which bits count.
        mask: u32,
    },
    /// IPv6.
    V6 {
        /// First address.
        base: u128,
        /// Which bits count.
        mask: u128,
    },
}

impl Network {
    /// Reads an address or a CIDR range. Without a prefix length it is that one address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix_length(prefix)?)),
            None => (text, None),
        };
        Self::new(address.parse().ok()?, prefix)
    }

    fn new(address: IpAddr, prefix: Option<u32>) -> Option<Self> {
        match address {
            IpAddr::V4(address) => {
                let host = u32::BITS.checked_sub(prefix.unwrap_or(u32::BITS))?;
                let mask = u32::MAX.checked_shl(host).unwrap_or(0);
                Some(Self::V4 {
                    base: address.to_bits() & mask,
                    mask,
                })
            }
            IpAddr::V6(address) => {
                let host = u128::BITS.checked_sub(prefix.unwrap_or(u128::BITS))?;
                let mask = u128::MAX.checked_shl(host).unwrap_or(0);
                Some(Self::V6 {
                    base: address.to_bits() & mask,
                    mask,
                })
            }
        }
    }

    /// Whether the range holds this address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::V4 { base, mask }, IpAddr::V4(address)) => address.to_bits() & mask == *base,
            (Self::V6 { base, mask }, IpAddr::V6(address)) => address.to_bits() & mask == *base,
            (Self::V4 { .. }, IpAddr::V6(_)) | (Self::V6 { .. }, IpAddr::V4(_)) => false,
        }
    }

    /// Whether every address of `other` is in this range.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::V4 { base, mask }, Self::V4 { base: b, mask: m }) => {
                m & mask == *mask && b & mask == *base
            }
            (Self::V6 { base, mask }, Self::V6 { base: b, mask: m }) => {
                m & mask == *mask && b & mask == *base
            }
            (Self::V4 { .. }, Self::V6 { .. }) | (Self::V6 { .. }, Self::V4 { .. }) => false,
        }
    }
}

fn prefix_length(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    (plain && !padded).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
