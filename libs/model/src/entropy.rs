//! Randomness as an argument: one fresh seed in, as many unrelated values out as a command needs.

use sha2::{Digest, Sha256};

/// Separates these blocks from every other use of SHA-256 over 32 secret bytes.
const LABEL: &[u8] = b"trilby.entropy.v1\0";

/// A deterministic stream of bytes from one seed, so that pure code can make ids and keys.
///
/// The seed must come from the operating system's generator and be used for one command only. Two `take`s never share
/// a block, so knowing one value tells nothing of the next.
///
/// Not `Clone`: a copy would hand out the same ids twice.
pub struct Entropy {
    seed: [u8; 32],
    counter: u64,
}

impl Entropy {
    /// A stream from 32 fresh random bytes.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    /// The next `N` bytes.
    pub fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        for chunk in out.chunks_mut(32) {
            let block = self.block();
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
        out
    }

    /// `length` characters of `alphabet`, each as likely as the others.
    ///
    /// `alphabet` is 1 to 255 ASCII characters. Bytes that would favour the first characters are thrown away.
    pub(crate) fn text(&mut self, alphabet: &'static [u8], length: usize) -> String {
        let size = u8::try_from(alphabet.len()).unwrap_or(u8::MAX).max(1);
        let unfair_from = u16::from(size) * (256 / u16::from(size));
        let mut text = String::with_capacity(length);
        while text.len() < length {
            let block = self.block();
            let fair = block
                .into_iter()
                .filter(|byte| u16::from(*byte) < unfair_from);
            let missing = length - text.len();
            text.extend(
                fair.filter_map(|byte| {
                    alphabet
                        .get(usize::from(byte % size))
                        .map(|c| char::from(*c))
                })
                .take(missing),
            );
        }
        text
    }

    fn block(&mut self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(LABEL);
        hasher.update(self.seed);
        hasher.update(self.counter.to_be_bytes());
        self.counter = self.counter.wrapping_add(1);
        hasher.finalize().into()
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy(…)")
    }
}

#[cfg(test)]
mod tests;
