//! Patterns as their definition says, without a thought for time.

use trilby_policy::Context;

/// One character of a pattern.
#[derive(Clone, Copy, PartialEq)]
pub enum Piece {
    Char(char),
    One,
    Many,
}

/// Reads a pattern whose `${...}` are well-formed. `None`: a variable has no value.
pub fn pieces(text: &str, variables: bool, context: &Context) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if variables && let Some(inside) = rest.strip_prefix("${") {
            let (value, after) = variable(inside, context);
            pieces.extend(value?.chars().map(Piece::Char));
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        pieces.push(match c {
            '*' => Piece::Many,
            '?' => Piece::One,
            c => Piece::Char(c),
        });
    }
    Some(pieces)
}

/// The value of what stands after `${`, and the text after the brace that ends it.
fn variable<'a>(inside: &'a str, context: &'a Context) -> (Option<&'a str>, &'a str) {
    let end = inside.find('}').expect("closed");
    if let Some((key, default)) = inside.split_once(", '")
        && key.len() < end
    {
        let (default, after) = default.split_once("'}").expect("quoted");
        return (context.scalar(key).or(Some(default)), after);
    }
    let (key, after) = (&inside[..end], &inside[end + 1..]);
    match key {
        "*" | "?" | "$" => (Some(key), after),
        key => (context.scalar(key), after),
    }
}

/// Whether the whole text fits: a table of which beginnings fit which.
pub fn fits(pieces: &[Piece], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // row[end]: the pieces so far fit the first `end` characters.
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for piece in pieces {
        let mut next = vec![false; text.len() + 1];
        for end in 0..=text.len() {
            next[end] = match piece {
                Piece::Many => row[end] || (end > 0 && next[end - 1]),
                Piece::One => end > 0 && row[end - 1],
                Piece::Char(c) => end > 0 && row[end - 1] && text[end - 1] == *c,
            };
        }
        row = next;
    }
    row[text.len()]
}
