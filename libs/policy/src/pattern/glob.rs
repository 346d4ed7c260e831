//! The matcher: two positions, one remembered star, no recursion.
//!
//! A mismatch only ever goes back to the last star and gives it one more character. That is enough,
//! because the run before it was already placed as early as it can be. Time is at most
//! |pattern| x |text|, memory is constant.

use super::Token;

/// Where to continue when the last star takes one more character.
#[derive(Clone, Copy)]
struct Retry {
    token: usize,
    variable: usize,
    at: usize,
}

/// Whether the whole of `text` fits. `values` are the texts of the variables, in order.
pub(super) fn matches(tokens: &[Token], values: &[&str], text: &str) -> bool {
    let (mut token, mut variable, mut at) = (0, 0, 0);
    let mut retry: Option<Retry> = None;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let step = match tokens.get(token) {
            None if rest.is_empty() => return true,
            None => None,
            Some(Token::Star) => {
                token += 1;
                if token == tokens.len() {
                    return true;
                }
                retry = Some(Retry {
                    token,
                    variable,
                    at,
                });
                continue;
            }
            Some(Token::Any) => rest.chars().next().map(char::len_utf8),
            Some(Token::Lit(literal)) => rest.starts_with(&**literal).then_some(literal.len()),
            Some(Token::Var(_)) => values.get(variable).and_then(|value| {
                variable += 1;
                rest.starts_with(value).then_some(value.len())
            }),
        };
        if let Some(length) = step {
            at += length;
            token += 1;
            continue;
        }
        let Some(next) = retry.and_then(|back| further(back, tokens, text)) else {
            return false;
        };
        (token, variable, at) = (next.token, next.variable, next.at);
        retry = Some(next);
    }
}

/// Gives the star one more character; before literal text, as many as it takes to reach that text.
fn further(back: Retry, tokens: &[Token], text: &str) -> Option<Retry> {
    let rest = text.get(back.at..)?;
    let mut at = back.at + rest.chars().next()?.len_utf8();
    if let Some(Token::Lit(literal)) = tokens.get(back.token) {
        at += text.get(at..)?.find(&**literal)?;
    }
    Some(Retry { at, ..back })
}
