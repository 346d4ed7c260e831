//! The list of common passwords: one file, one lower-case entry a line, sorted; replaceable.

/// Common passwords. The shipped list is a start; an installation may bring a longer one.
#[derive(Debug, Clone)]
pub struct RefusedPasswords {
    /// Sorted by bytes.
    entries: Vec<Box<str>>,
}

/// A list that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableList {
    /// More than [`RefusedPasswords::ENTRIES_MAX`] lines.
    #[error(
        "the list of refused passwords has more than {} entries",
        RefusedPasswords::ENTRIES_MAX
    )]
    TooLong,
    /// Nothing in it: a mistake, since an empty list refuses nothing.
    #[error("the list of refused passwords is empty")]
    Empty,
}

/// Characters around an entry that do not make another password of it.
const AFFIX_MAX: usize = 8;

impl RefusedPasswords {
    /// The most entries a list may have: 2 million, some 50 MB.
    pub const ENTRIES_MAX: usize = 2_000_000;

    /// The list in the binary.
    pub fn shipped() -> Self {
        Self::collect(include_str!("../../../data/refused-passwords.txt"))
    }

    /// A list of one entry a line, in any order and case; empty lines are skipped.
    pub fn from_text(text: &str) -> Result<Self, UnreadableList> {
        if text.lines().count() > Self::ENTRIES_MAX {
            return Err(UnreadableList::TooLong);
        }
        let list = Self::collect(text);
        if list.entries.is_empty() {
            Err(UnreadableList::Empty)
        } else {
            Ok(list)
        }
    }

    fn collect(text: &str) -> Self {
        let mut entries: Vec<Box<str>> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| line.to_lowercase().into_boxed_str())
            .collect();
        entries.sort_unstable();
        entries.dedup();
        Self { entries }
    }

    /// Whether the lower-cased password is an entry, or one with up to [`AFFIX_MAX`] digits and
    /// signs around it (`Password2024!!`), or one in the usual disguise (`p@ssw0rd`).
    pub(super) fn covers(&self, folded: &str) -> bool {
        let plain = undisguise(folded);
        [folded, plain.as_str()].iter().any(|text| {
            let core = text.trim_matches(|c: char| !c.is_alphabetic());
            let affix = text.chars().count().saturating_sub(core.chars().count());
            self.has(text) || (affix <= AFFIX_MAX && !core.is_empty() && self.has(core))
        }) || {
            // Disguise and decoration together: take the decoration off first.
            let core = folded.trim_matches(|c: char| !c.is_alphabetic() && disguised(c).is_none());
            let affix = folded.chars().count().saturating_sub(core.chars().count());
            affix <= AFFIX_MAX && !core.is_empty() && self.has(&undisguise(core))
        }
    }

    fn has(&self, text: &str) -> bool {
        self.entries
            .binary_search_by(|entry| (**entry).cmp(text))
            .is_ok()
    }
}

fn undisguise(text: &str) -> String {
    text.chars().map(|c| disguised(c).unwrap_or(c)).collect()
}

fn disguised(c: char) -> Option<char> {
    match c {
        '@' | '4' => Some('a'),
        '0' => Some('o'),
        '1' | '!' => Some('i'),
        '3' => Some('e'),
        '$' | '5' => Some('s'),
        '7' => Some('t'),
        _ => None,
    }
}
