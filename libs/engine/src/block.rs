//! Which statements can speak about an action: one contiguous list that a decision runs over, comparing integers.
//!
//! A list only leaves out what cannot match. What it lets through is tested in full, so that two texts of one hash cost
//! time and never an answer.

use std::sync::Arc;

use trilby_model::Action;
use trilby_policy::ActionPattern;

use crate::compiled::CompiledPolicy;

/// What begins alike hashes alike: FNV-1a, whose state after each byte is the hash of the text so far.
const START: u64 = 0xcbf2_9ce4_8422_2325;
const STEP: u64 = 0x0000_0100_0000_01b3;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(STEP)
}

/// The hashes of all beginnings of an action's key, the empty one first.
#[derive(Clone, Debug)]
pub(crate) struct Beginnings {
    hashes: Box<[u64]>,
}

impl Beginnings {
    pub(crate) fn of(action: &Action) -> Self {
        let rest = action.key().bytes().scan(START, |hash, byte| {
            *hash = step(*hash, byte);
            Some(*hash)
        });
        Self {
            hashes: std::iter::once(START).chain(rest).collect(),
        }
    }
}

/// What an action must begin with, and which statement then speaks about it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    /// Bytes of the beginning.
    bytes: u32,
    /// The beginning is the whole action.
    whole: bool,
    policy: u32,
    statement: u32,
}

/// The statements of several policies, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    entries: Box<[Entry]>,
}

impl Block {
    /// The statements of policies, which are then told by their index.
    pub(crate) fn of<'a>(policies: impl IntoIterator<Item = &'a Arc<CompiledPolicy>>) -> Self {
        let mut entries = Vec::new();
        for (index, policy) in (0_u32..).zip(policies) {
            let of_policy = policy.block().entries.iter().map(|entry| Entry {
                policy: index,
                ..*entry
            });
            entries.extend(of_policy);
        }
        Self {
            entries: entries.into(),
        }
    }

    /// The statements of one policy.
    pub(crate) fn of_statements(statements: &[trilby_policy::Statement]) -> Self {
        let mut entries = Vec::new();
        for (index, statement) in (0_u32..).zip(statements) {
            if statement.action.is_not() {
                // It speaks about everything it does not name.
                entries.push(Entry::new("", false, index));
            } else {
                let patterns = statement.action.patterns().iter();
                entries.extend(patterns.map(|pattern| Entry::from_pattern(pattern, index)));
            }
        }
        Self {
            entries: entries.into(),
        }
    }

    /// Policy and statement of each that may speak about the action, in order, each once.
    pub(crate) fn candidates<'a>(
        &'a self,
        beginnings: &'a Beginnings,
    ) -> impl Iterator<Item = (usize, usize)> + 'a {
        let mut last = None;
        self.entries
            .iter()
            .filter(|entry| entry.fits(&beginnings.hashes))
            .filter_map(move |entry| {
                let this = (entry.policy, entry.statement);
                let new = last != Some(this);
                last = Some(this);
                new.then(|| Some((this.0.try_into().ok()?, this.1.try_into().ok()?)))?
            })
    }
}

impl Entry {
    fn from_pattern(pattern: &ActionPattern, statement: u32) -> Self {
        match pattern.as_literal() {
            Some(text) => Self::new(text, true, statement),
            None => Self::new(pattern.pattern().literal_prefix(), false, statement),
        }
    }

    fn new(text: &str, whole: bool, statement: u32) -> Self {
        // A beginning too long to count is left out, and everything then fits.
        let (bytes, text, whole) = match u32::try_from(text.len()) {
            Ok(bytes) => (bytes, text, whole),
            Err(_) => (0, "", false),
        };
        Self {
            hash: text.bytes().fold(START, step),
            bytes,
            whole,
            policy: 0,
            statement,
        }
    }

    fn fits(&self, hashes: &[u64]) -> bool {
        let Ok(bytes) = usize::try_from(self.bytes) else {
            return true;
        };
        hashes.get(bytes) == Some(&self.hash) && (!self.whole || bytes + 1 == hashes.len())
    }
}
