//! Wildcards, by a table of which prefixes fit which.

/// One character of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// This character.
    Char(char),
    /// Any one.
    One,
    /// Any run.
    Many,
}

/// Whether the whole text fits. `reaches(c)`: whether a star may run over this character.
pub(crate) fn fits(pattern: &[Piece], text: &str, reaches: impl Fn(char) -> bool) -> bool {
    // row[i]: the pattern so far fits the first i characters.
    let text: Vec<char> = text.chars().collect();
    let mut row: Vec<bool> = vec![true];
    row.resize(text.len() + 1, false);
    for piece in pattern {
        let mut next = vec![false; text.len() + 1];
        let mut run = false;
        for (end, cell) in next.iter_mut().enumerate() {
            let before = end
                .checked_sub(1)
                .and_then(|i| Some((*row.get(i)?, *text.get(i)?)));
            let here = row.get(end).copied().unwrap_or(false);
            *cell = match (piece, before) {
                (Piece::Many, before) => {
                    run = here || (run && before.is_some_and(|(_, c)| reaches(c)));
                    run
                }
                (Piece::One, Some((fitted, _))) => fitted,
                (Piece::Char(wanted), Some((fitted, c))) => fitted && c == *wanted,
                (Piece::One | Piece::Char(_), None) => false,
            };
        }
        row = next;
    }
    row.last().copied().unwrap_or(false)
}
