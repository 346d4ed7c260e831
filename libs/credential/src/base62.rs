//! Fixed-width base62 (`0-9A-Za-z`, most significant digit first).
//!
//! Fixed width, so that one value has one text. Not constant in time: used when a secret is made,
//! and to check the form of a presented one before its MAC decides.

use zeroize::Zeroizing;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Digits that hold any 32 bytes: 62^43 > 2^256.
pub(crate) const DIGITS_OF_32_BYTES: usize = 43;
/// Digits that hold any 4 bytes: 62^6 > 2^32.
pub(crate) const DIGITS_OF_4_BYTES: usize = 6;

pub(crate) fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// `bytes`, read as one big-endian number, in exactly `digits` digits. Too few digits lose the
/// high end, so callers use the constants above.
pub(crate) fn encode(bytes: &[u8], digits: usize) -> Zeroizing<String> {
    let mut number = Zeroizing::new(bytes.to_vec());
    let mut reversed = Zeroizing::new(Vec::with_capacity(digits));
    for _ in 0..digits {
        let mut rest: u16 = 0;
        for byte in number.iter_mut() {
            let value = rest << 8 | u16::from(*byte);
            // value < 62 * 256, so the quotient is below 256.
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        let digit = ALPHABET.get(usize::from(rest)).copied().unwrap_or(b'0');
        reversed.push(digit);
    }
    let mut text = Zeroizing::new(String::with_capacity(digits));
    for digit in reversed.iter().rev() {
        text.push(char::from(*digit));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_hold_the_largest_values() {
        assert_eq!(
            encode(&[0; 32], DIGITS_OF_32_BYTES).as_str(),
            "0".repeat(43)
        );
        assert_eq!(encode(&[0, 0, 0, 61], DIGITS_OF_4_BYTES).as_str(), "00000z");
        assert_eq!(encode(&[0, 0, 0, 62], DIGITS_OF_4_BYTES).as_str(), "000010");
        assert_eq!(encode(&[0xff; 4], DIGITS_OF_4_BYTES).as_str(), "4gfFC3");
        assert_ne!(
            encode(&[0xff; 32], DIGITS_OF_32_BYTES),
            encode(&[0x7f; 32], DIGITS_OF_32_BYTES)
        );
    }
}
