//! Whether one pattern covers another, for lint.

use super::Token;

/// A symbol of the covered pattern: a character, or something that stands for unknown text.
#[derive(Clone, Copy, PartialEq)]
enum Symbol<'a> {
    Char(char),
    One,
    Run,
    Var(&'a Token),
}

/// Matches `outer` against `inner` as if the latter were text, in which only `*` can stand for a `*`.
pub(super) fn covers(outer: &[Token], inner: &[Token]) -> bool {
    let outer: Vec<Symbol<'_>> = symbols(outer).collect();
    let inner: Vec<Symbol<'_>> = symbols(inner).collect();
    let (mut o, mut i) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let fits = match (outer.get(o), inner.get(i)) {
            (None, None) => return true,
            (Some(Symbol::Run), _) => {
                o += 1;
                retry = Some((o, i));
                continue;
            }
            (Some(Symbol::One), Some(Symbol::Char(_) | Symbol::One)) => true,
            (Some(a), Some(b)) => a == b,
            (None, Some(_)) | (Some(_), None) => false,
        };
        if fits {
            o += 1;
            i += 1;
            continue;
        }
        let Some((back_o, back_i)) = retry.filter(|(_, back_i)| *back_i < inner.len()) else {
            return false;
        };
        (o, i) = (back_o, back_i + 1);
        retry = Some((o, i));
    }
}

fn symbols(tokens: &[Token]) -> impl Iterator<Item = Symbol<'_>> {
    tokens.iter().flat_map(|token| {
        let (text, one) = match token {
            Token::Lit(text) => (&**text, None),
            Token::Star => ("", Some(Symbol::Run)),
            Token::Any => ("", Some(Symbol::One)),
            Token::Var(_) => ("", Some(Symbol::Var(token))),
        };
        text.chars().map(Symbol::Char).chain(one)
    })
}
