//! What comparing takes, in steps of about a nanosecond: told from code, before anything is compared.
//!
//! A pattern is compared with each text from its beginning, once. What follows its first star may begin at each place of the
//! text, and is compared there at most as far as the next star. A star that was passed is not gone back to: so all together
//! begin once at each place, and the longest run between two stars tells what that takes. Of the variables of a run the
//! first few are looked for once for all places.

use trilby_policy::ContextValue;

/// To take up a text, or a part of a pattern.
const BEGIN_STEPS: usize = 6;
/// Bytes of two texts that are compared at a step.
pub(super) const BYTES_A_STEP: usize = 16;
/// The same without regard to case.
const FOLDED_BYTES_A_STEP: usize = 4;
/// To put a byte of a text that is not all ASCII into lower case.
const FOLD_STEPS_A_BYTE: usize = 8;

/// To pass over a key of the request, looking for another.
const KEY_STEPS: usize = 4;

/// Variables between two stars that are looked for once.
pub(super) const KNOWN_MAX: usize = 4;

/// What it takes to look for a key among so many. They may be such that each must be looked at.
pub(super) fn look_up_steps(n_keys: usize) -> usize {
    BEGIN_STEPS.saturating_add(n_keys.saturating_mul(KEY_STEPS))
}

/// What it takes to put the values of a key into lower case, which is done once for all that they are held to.
pub(super) fn fold_steps(value: &ContextValue) -> u64 {
    let steps = |text: &str| match text.is_ascii() {
        true => text.len() / BYTES_A_STEP,
        false => text.len().saturating_mul(FOLD_STEPS_A_BYTE),
    };
    let steps = match value {
        ContextValue::Scalar(text) => steps(text),
        ContextValue::List(texts) => texts.iter().map(|text| steps(text)).sum(),
    };
    u64::try_from(steps).unwrap_or(u64::MAX)
}

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
    /// Of all its pieces.
    bytes: usize,
    /// A piece is not all ASCII.
    is_foreign: bool,
    /// Of the longest run between two stars.
    at_each_byte: usize,
    /// Of the run so far; none before the first star.
    run: Option<usize>,
    /// Keys that were looked for in it.
    looked: usize,
}

impl Cost {
    /// Adds a star.
    pub(super) fn star(&mut self) {
        self.run = Some(0);
        self.looked = 0;
    }

    /// Adds a piece that is compared whole.
    pub(super) fn piece(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.add(BEGIN_STEPS.saturating_add(bytes / BYTES_A_STEP));
    }

    /// Adds a text that is compared whole.
    pub(super) fn text(&mut self, text: &[u8]) {
        self.is_foreign |= !text.is_ascii();
        self.piece(text.len());
    }

    /// The same without regard to case: it is put together, and perhaps into lower case, for each text.
    pub(super) fn folded(self) -> Self {
        let more = if self.is_foreign {
            self.bytes.saturating_mul(FOLD_STEPS_A_BYTE)
        } else {
            self.bytes / FOLDED_BYTES_A_STEP
        };
        Self {
            once: self.once.saturating_add(more),
            ..self
        }
    }

    /// Adds a key whose value is looked for, among so many.
    pub(super) fn look_up(&mut self, n_keys: usize) {
        let steps = look_up_steps(n_keys);
        if self.run.is_some() && self.looked < KNOWN_MAX {
            self.once = self.once.saturating_add(steps);
        } else {
            self.add(steps);
        }
        self.looked = self.looked.saturating_add(1);
    }

    fn add(&mut self, steps: usize) {
        self.once = self.once.saturating_add(steps);
        if let Some(run) = &mut self.run {
            *run = run.saturating_add(steps);
            self.at_each_byte = self.at_each_byte.max(*run);
        }
    }

    /// Both, of two parts of each text.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            once: self.once.saturating_add(other.once),
            bytes: self.bytes.saturating_add(other.bytes),
            is_foreign: self.is_foreign || other.is_foreign,
            at_each_byte: self.at_each_byte.max(other.at_each_byte),
            run: None,
            looked: 0,
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
