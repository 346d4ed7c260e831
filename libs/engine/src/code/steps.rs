//! What comparing takes, in steps of about a nanosecond: told from code, before anything is compared.
//!
//! A pattern is compared with each text from its beginning, once. What follows its first star may begin at each place of the
//! text, and is compared there at most as far as the next star: all stars of a pattern together never go back, so that
//! each place is begun at once.

use trilby_policy::ContextValue;

/// To take up a text, or a part of a pattern.
const BEGIN_STEPS: usize = 6;
/// Bytes of two texts that are compared at a step.
pub(super) const BYTES_A_STEP: usize = 16;

/// The texts that a pattern is compared with.
#[derive(Clone, Copy)]
pub(crate) struct Texts {
    pub(crate) count: usize,
    /// Of all of them.
    pub(crate) bytes: usize,
}

impl Texts {
    /// The values of a key.
    pub(crate) fn of(value: &ContextValue) -> Self {
        match value {
            ContextValue::Scalar(text) => Self::one(text.len()),
            ContextValue::List(texts) => Self {
                count: texts.len(),
                bytes: texts.iter().map(String::len).sum(),
            },
        }
    }

    pub(super) fn one(bytes: usize) -> Self {
        Self { count: 1, bytes }
    }
}

/// What a pattern takes of each text.
#[derive(Clone, Copy, Default)]
pub(super) struct Cost {
    once: usize,
    at_each_byte: usize,
}

impl Cost {
    /// Adds a piece that is compared whole. `anywhere`: it comes after a star.
    pub(super) fn piece(&mut self, bytes: usize, anywhere: bool) {
        self.add(BEGIN_STEPS.saturating_add(bytes / BYTES_A_STEP), anywhere);
    }

    /// Adds a single character, whichever.
    pub(super) fn character(&mut self, anywhere: bool) {
        self.add(BEGIN_STEPS, anywhere);
    }

    fn add(&mut self, steps: usize, anywhere: bool) {
        let of = if anywhere {
            &mut self.at_each_byte
        } else {
            &mut self.once
        };
        *of = of.saturating_add(steps);
    }

    /// Both, one after the other.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            once: self.once.saturating_add(other.once),
            at_each_byte: self.at_each_byte.saturating_add(other.at_each_byte),
        }
    }

    /// For all of these texts.
    pub(super) fn steps(self, texts: Texts) -> u64 {
        let each = BEGIN_STEPS.saturating_add(self.once);
        let steps = each
            .saturating_mul(texts.count)
            .saturating_add(self.at_each_byte.saturating_mul(texts.bytes));
        u64::try_from(steps).unwrap_or(u64::MAX)
    }
}
