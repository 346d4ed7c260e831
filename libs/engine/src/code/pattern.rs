//! Patterns over text: `kind`, then a text or a block of tokens.

use trilby_policy::ContextValue;

use super::steps::{Cost, KNOWN_MAX};
use super::{Beginning, Cursor, Fit, KeyRef, Operation};
use crate::ready::View;

/// What a pattern is.
pub(super) mod kind {
    /// Exactly a text.
    pub(in super::super) const LITERAL: u8 = 0;
    /// Everything.
    pub(in super::super) const ALL: u8 = 1;
    /// A text, and then anything.
    pub(in super::super) const PREFIX: u8 = 2;
    /// Tokens without variables.
    pub(in super::super) const TOKENS: u8 = 3;
    /// Tokens with variables.
    pub(in super::super) const VARIABLES: u8 = 4;
}

/// What a token is.
pub(super) mod token {
    /// A text.
    pub(in super::super) const TEXT: u8 = 0;
    /// Any run of characters.
    pub(in super::super) const STAR: u8 = 1;
    /// One character.
    pub(in super::super) const ANY: u8 = 2;
    /// The value of a key.
    pub(in super::super) const VARIABLE: u8 = 3;
    /// The value of a key, else a text.
    pub(in super::super) const VARIABLE_OR: u8 = 4;
}

enum Token<'a> {
    Text(&'a [u8]),
    Star,
    Any,
    Variable(Option<&'a [u8]>),
}

/// Whether the next action pattern fits an action. Actions are ASCII, and case is nothing to them.
pub(super) fn action_fits(patterns: &mut Cursor<'_>, action: Operation<'_>) -> Option<bool> {
    match patterns.byte()? {
        kind::LITERAL => {
            let text = patterns.text()?;
            Some(text.len() == action.key.len() && begins(action, text))
        }
        kind::ALL => Some(true),
        kind::PREFIX => Some(begins(action, patterns.text()?)),
        kind::TOKENS => glob(patterns.block()?, action.key, None),
        _ => None,
    }
}

/// Whether an action begins so. Most are asked for as they are written, which is seen at once.
#[inline]
fn begins(action: Operation<'_>, beginning: &[u8]) -> bool {
    action.written.starts_with(beginning)
        || action
            .key
            .get(..beginning.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(beginning))
}

/// Whether the next pattern fits a text.
pub(super) fn fits<'v>(patterns: &mut Cursor<'v>, text: &[u8], view: &'v View<'_>) -> Option<Fit> {
    match patterns.byte()? {
        kind::LITERAL => Some((patterns.text()? == text).into()),
        kind::ALL => Some(Fit::Yes),
        kind::PREFIX => Some(text.starts_with(patterns.text()?).into()),
        kind::TOKENS => glob(patterns.block()?, text, None).map(Fit::from),
        kind::VARIABLES => {
            let tokens = patterns.block()?;
            if is_null(tokens, view)? {
                return Some(Fit::Null);
            }
            glob(tokens, text, Some(view)).map(Fit::from)
        }
        _ => None,
    }
}

/// Whether the next pattern has a null variable; passes over it.
pub(super) fn null<'v>(patterns: &mut Cursor<'v>, view: &'v View<'_>) -> Option<bool> {
    match patterns.byte()? {
        kind::LITERAL | kind::PREFIX => patterns.text().map(|_| false),
        kind::ALL => Some(false),
        kind::TOKENS => patterns.block().map(|_| false),
        kind::VARIABLES => is_null(patterns.block()?, view),
        _ => None,
    }
}

/// What comparing with the next pattern takes; passes over it.
pub(super) fn cost<'v>(patterns: &mut Cursor<'v>, view: &'v View<'_>) -> Option<Cost> {
    let mut cost = Cost::default();
    match patterns.byte()? {
        kind::LITERAL | kind::PREFIX => cost.text(patterns.text()?),
        kind::ALL => {}
        kind::TOKENS | kind::VARIABLES => {
            let mut tokens = patterns.block()?;
            while !tokens.is_empty() {
                match next(&mut tokens, Some(view))? {
                    Token::Star => cost.star(),
                    Token::Any => cost.piece(1),
                    Token::Text(piece) => cost.text(piece),
                    Token::Variable(value) => {
                        cost.look_up(view.n_keys());
                        cost.text(value.unwrap_or_default());
                    }
                }
            }
        }
        _ => return None,
    }
    Some(cost)
}

/// Shows the key of each variable of the next pattern that the key would make resolve; passes over the pattern.
pub(super) fn each_missing<'v>(
    patterns: &mut Cursor<'v>,
    view: &'v View<'_>,
    show: &mut impl FnMut(KeyRef<'v>),
) -> Option<()> {
    match patterns.byte()? {
        kind::LITERAL | kind::PREFIX => patterns.text().map(drop),
        kind::ALL => Some(()),
        kind::TOKENS => patterns.block().map(drop),
        kind::VARIABLES => {
            let mut tokens = patterns.block()?;
            while !tokens.is_empty() {
                match tokens.byte()? {
                    token::TEXT => drop(tokens.text()?),
                    token::STAR | token::ANY => {}
                    token::VARIABLE => missing(tokens.key()?, view, show),
                    token::VARIABLE_OR => {
                        tokens.key()?;
                        tokens.text()?;
                    }
                    _ => return None,
                }
            }
            Some(())
        }
        _ => None,
    }
}

/// Shows the key of a variable without a default if it is absent.
pub(super) fn missing<'v>(key: KeyRef<'v>, view: &View<'_>, show: &mut impl FnMut(KeyRef<'v>)) {
    if view.at(key).is_none() {
        show(key);
    }
}

/// The text after substitution, of a pattern without wildcards. Inner `None`: a variable is null, or there is a wildcard.
pub(super) fn resolved<'v>(
    patterns: &mut Cursor<'v>,
    view: &'v View<'_>,
) -> Option<Option<Vec<u8>>> {
    let mut tokens = match patterns.byte()? {
        kind::LITERAL => return Some(Some(patterns.text()?.to_vec())),
        kind::TOKENS | kind::VARIABLES => patterns.block()?,
        _ => return None,
    };
    let mut text = Vec::new();
    while !tokens.is_empty() {
        match next(&mut tokens, Some(view))? {
            Token::Text(piece) | Token::Variable(Some(piece)) => text.extend_from_slice(piece),
            Token::Star | Token::Any | Token::Variable(None) => return Some(None),
        }
    }
    Some(Some(text))
}

/// What all that fits the next pattern begins with; passes over it.
pub(super) fn beginning<'a>(patterns: &mut Cursor<'a>) -> Option<Beginning<'a>> {
    let (first, whole) = match patterns.byte()? {
        kind::LITERAL => (patterns.text()?, true),
        kind::ALL => (&[][..], false),
        kind::PREFIX => (patterns.text()?, false),
        kind::TOKENS | kind::VARIABLES => {
            let mut tokens = patterns.block()?;
            match (tokens.byte(), tokens) {
                (Some(token::TEXT), mut after) => (after.text()?, false),
                (Some(_) | None, _) => (&[][..], false),
            }
        }
        _ => return None,
    };
    Some(Beginning {
        pieces: [first, &[]],
        whole,
    })
}

/// The value of a variable, of which the key comes next; then, for `or`, its default. Inner `None`: it is null.
pub(super) fn variable<'a>(
    tokens: &mut Cursor<'a>,
    or: bool,
    view: Option<&'a View<'_>>,
) -> Option<Option<&'a [u8]>> {
    let key = tokens.key()?;
    let default = if or { Some(tokens.text()?) } else { None };
    Some(match view.and_then(|view| view.at(key)) {
        Some(told) => match told.value {
            ContextValue::Scalar(value) => Some(value.as_bytes()),
            ContextValue::List(_) => default,
        },
        None => default,
    })
}

fn next<'a>(tokens: &mut Cursor<'a>, view: Option<&'a View<'_>>) -> Option<Token<'a>> {
    Some(match tokens.byte()? {
        token::TEXT => Token::Text(tokens.text()?),
        token::STAR => Token::Star,
        token::ANY => Token::Any,
        token::VARIABLE => Token::Variable(variable(tokens, false, view)?),
        token::VARIABLE_OR => Token::Variable(variable(tokens, true, view)?),
        _ => return None,
    })
}

fn is_null<'v>(mut tokens: Cursor<'v>, view: &'v View<'_>) -> Option<bool> {
    while !tokens.is_empty() {
        if let Token::Variable(None) = next(&mut tokens, Some(view))? {
            return Some(true);
        }
    }
    Some(false)
}

/// A variable that was looked for.
#[derive(Clone, Copy)]
struct Found<'a> {
    /// Bytes of code from it on, and of itself.
    begin: usize,
    size: usize,
    value: &'a [u8],
}

/// The first variables behind the last star: what follows it may begin at each place of a long text, and they are looked
/// for once.
#[derive(Default)]
struct Known<'a> {
    found: [Option<Found<'a>>; KNOWN_MAX],
    count: usize,
}

impl<'a> Known<'a> {
    fn next(&mut self, tokens: &mut Cursor<'a>, view: Option<&'a View<'_>>) -> Option<Token<'a>> {
        let begin = tokens.len();
        let mut found = self.found.iter().take(self.count).flatten();
        if let Some(found) = found.find(|found| found.begin == begin) {
            tokens.bytes(found.size)?;
            return Some(Token::Variable(Some(found.value)));
        }
        let token = next(tokens, view)?;
        if let Token::Variable(Some(value)) = token
            && let Some(place) = self.found.get_mut(self.count)
        {
            let size = begin.checked_sub(tokens.len())?;
            *place = Some(Found { begin, size, value });
            self.count = self.count.saturating_add(1);
        }
        Some(token)
    }
}

/// Where to continue when the last star takes one more character.
#[derive(Clone, Copy)]
struct Retry<'a> {
    tokens: Cursor<'a>,
    at: usize,
}

/// The matcher of `trilby_policy`, over code: two positions, one remembered star, no recursion. A mismatch only ever goes
/// back to the last star and gives it one more character. No variable is null.
fn glob<'a>(start: Cursor<'a>, text: &[u8], view: Option<&'a View<'_>>) -> Option<bool> {
    let (mut tokens, mut at) = (start, 0_usize);
    let mut retry: Option<Retry<'a>> = None;
    let mut known = Known::default();
    loop {
        let rest = text.get(at..)?;
        let step = if tokens.is_empty() {
            if rest.is_empty() {
                return Some(true);
            }
            None
        } else {
            match known.next(&mut tokens, view)? {
                Token::Star => {
                    if tokens.is_empty() {
                        return Some(true);
                    }
                    known.count = 0;
                    retry = Some(Retry { tokens, at });
                    continue;
                }
                Token::Any => rest.first().map(|lead| char_size(*lead)),
                Token::Text(piece) | Token::Variable(Some(piece)) => {
                    rest.starts_with(piece).then_some(piece.len())
                }
                Token::Variable(None) => return None,
            }
        };
        if let Some(size) = step {
            at = at.checked_add(size)?;
            continue;
        }
        let Some(back) = retry else {
            return Some(false);
        };
        let Some(lead) = text.get(back.at) else {
            return Some(false);
        };
        let further = Retry {
            at: back.at.checked_add(char_size(*lead))?,
            ..back
        };
        (tokens, at) = (further.tokens, further.at);
        retry = Some(further);
    }
}

/// Bytes of a character of UTF-8, by its first.
fn char_size(lead: u8) -> usize {
    match lead {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
    }
}
