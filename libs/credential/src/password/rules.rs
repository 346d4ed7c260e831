//! Which passwords may be chosen: length, and nothing that stands on everybody's list.
//!
//! No composition rules and no forced rotation; all of Unicode is welcome. What is refused is what
//! an attacker tries first: common passwords, names of the person and the place, repetitions and
//! keyboard runs.

mod refused;

pub use refused::{RefusedPasswords, UnreadableList};

use super::{BYTES_MAX, Password};

/// How long a password must be, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    length_min: usize,
}

impl Rules {
    /// Where the password alone opens the door.
    pub const ALONE: Self = Self { length_min: 15 };
    /// Where a second factor is required.
    pub const WITH_SECOND_FACTOR: Self = Self { length_min: 8 };

    /// An account's own minimum; `None` below 12 alone or 8 with a second factor, or above the
    /// longest password there can be.
    pub fn new(length_min: usize, second_factor: bool) -> Option<Self> {
        let floor = if second_factor { 8 } else { 12 };
        (floor..=BYTES_MAX)
            .contains(&length_min)
            .then_some(Self { length_min })
    }
}

/// Why a password is refused. `code` is stable and part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Fewer characters than asked.
    TooShort {
        /// How many are asked.
        length_min: usize,
    },
    /// More than [`BYTES_MAX`] bytes.
    TooLong,
    /// On the list of common passwords, as it stands or with a little around it.
    Common,
    /// Too little is left of it without the names in it.
    Personal,
    /// One short piece, repeated.
    Repetition,
    /// Characters that follow each other in the alphabet or on the keyboard.
    Run,
}

impl Reason {
    /// The reason's stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::Common => "common",
            Self::Personal => "contains_name",
            Self::Repetition => "repetition",
            Self::Run => "run",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooShort { length_min } => {
                write!(f, "the password has fewer than {length_min} characters")
            }
            Self::TooLong => write!(f, "the password has more than {BYTES_MAX} bytes"),
            Self::Common => f.write_str("the password is among the most common ones"),
            Self::Personal => {
                f.write_str("the password is little more than a name of the user or the account")
            }
            Self::Repetition => f.write_str("the password repeats one short piece"),
            Self::Run => f.write_str("the password is a run of the alphabet or the keyboard"),
        }
    }
}

/// What must be left of a password once names, runs or repetitions count for nothing.
const REST_MIN: usize = 8;
/// Names shorter than this occur in too many words to mean anything.
const NAME_MIN: usize = 3;
/// Characters that are no continuation of a run; fewer are a run.
const TURNS_MIN: usize = 6;

/// Checks a new password. `names` are those of the person and the place: user name, account name
/// and alias, e-mail address (taken apart here). Empty = accepted; reasons come in a fixed order.
///
/// Errors: every reason that applies.
pub fn check<'a>(
    text: &str,
    rules: Rules,
    names: impl IntoIterator<Item = &'a str>,
    refused: &RefusedPasswords,
) -> Result<Password, Vec<Reason>> {
    let Ok(password) = Password::new(text) else {
        return Err(vec![Reason::TooLong]);
    };
    let folded: String = password
        .text()
        .chars()
        .flat_map(char::to_lowercase)
        .collect();
    let characters: Vec<char> = folded.chars().collect();

    let mut reasons = Vec::new();
    if password.text().chars().count() < rules.length_min {
        reasons.push(Reason::TooShort {
            length_min: rules.length_min,
        });
    }
    if refused.covers(&folded) {
        reasons.push(Reason::Common);
    }
    if is_personal(&folded, names) {
        reasons.push(Reason::Personal);
    }
    if is_repetition(&characters) {
        reasons.push(Reason::Repetition);
    }
    if is_run(&characters) {
        reasons.push(Reason::Run);
    }
    if reasons.is_empty() {
        Ok(password)
    } else {
        Err(reasons)
    }
}

fn is_personal<'a>(folded: &str, names: impl IntoIterator<Item = &'a str>) -> bool {
    let mut parts: Vec<String> = names
        .into_iter()
        .chain([trilby_model::brand::PARTITION])
        .flat_map(|name| {
            let name = name.to_lowercase();
            let pieces: Vec<String> = name
                .split(|c: char| !c.is_alphanumeric())
                .map(str::to_owned)
                .collect();
            std::iter::once(name).chain(pieces)
        })
        .filter(|part| part.chars().count() >= NAME_MIN)
        .collect();
    // Longest first: the whole address before the word in it.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    let mut rest = folded.to_owned();
    let mut found = false;
    for part in &parts {
        if rest.contains(part.as_str()) {
            found = true;
            rest = rest.replace(part.as_str(), "");
        }
    }
    found && rest.chars().count() < REST_MIN
}

/// Whether the text is one piece of at most [`REST_MIN`] characters over and over.
fn is_repetition(characters: &[char]) -> bool {
    (1..=REST_MIN.min(characters.len() / 2)).any(|period| {
        characters
            .iter()
            .zip(characters.iter().skip(period))
            .all(|(a, b)| a == b)
    })
}

const KEYBOARD_ROWS: [&str; 6] = [
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
];

/// Whether hardly anything in it is more than a continuation. Of a text that is too short to have turns, most must be.
fn is_run(characters: &[char]) -> bool {
    let n_turns = turns(characters);
    let is_short = characters.len() < REST_MIN;
    n_turns < TURNS_MIN && !(is_short && n_turns * 2 > characters.len())
}

/// How many characters do not simply continue the one before.
fn turns(characters: &[char]) -> usize {
    let continued = characters
        .iter()
        .zip(characters.iter().skip(1))
        .filter(|(a, b)| {
            let (from, to) = (u32::from(**a), u32::from(**b));
            from.abs_diff(to) <= 1
                || KEYBOARD_ROWS.iter().any(|row| {
                    let at = |c: char| row.chars().position(|key| key == c);
                    matches!((at(**a), at(**b)), (Some(x), Some(y)) if x.abs_diff(y) == 1)
                })
        });
    characters.len().saturating_sub(continued.count())
}

#[cfg(test)]
mod tests;
