//! Text to tokens.

use super::{Syntax, Token, Variable};
use crate::keys::Key;

/// Why a `${...}` cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No closing brace.
    #[error("a variable is not closed")]
    Unterminated,
    /// `${}`.
    #[error("a variable has no name")]
    EmptyVariable,
    /// Blanks around the key, or a character no key has.
    #[error("`{name}` is not a variable name")]
    BadName {
        /// What stands between the braces.
        name: String,
    },
    /// Not `, 'text'`.
    #[error("the default of `{name}` must be written `, 'text'`")]
    BadDefault {
        /// The variable's key.
        name: String,
    },
}

/// Nothing is special.
pub(super) fn literal(text: &str) -> Vec<Token> {
    if text.is_empty() {
        Vec::new()
    } else {
        vec![Token::Lit(text.into())]
    }
}

pub(super) fn tokens(text: &str, syntax: Syntax) -> Result<Vec<Token>, PatternError> {
    let mut out = Builder::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '*' if syntax.wildcards => out.wildcard(Token::Star),
            '?' if syntax.wildcards => out.wildcard(Token::Any),
            '$' if syntax.variables && after.starts_with('{') => {
                let (piece, remainder) = braced(after.get(1..).unwrap_or_default())?;
                match piece {
                    Braced::Escape(c) => out.literal.push(c),
                    Braced::Variable(variable) => out.wildcard(Token::Var(variable)),
                }
                rest = remainder;
                continue;
            }
            other => out.literal.push(other),
        }
        rest = after;
    }
    Ok(out.finish())
}

#[derive(Default)]
struct Builder {
    tokens: Vec<Token>,
    literal: String,
}

impl Builder {
    fn wildcard(&mut self, token: Token) {
        self.flush();
        // `**` says what `*` says.
        if token != Token::Star || self.tokens.last() != Some(&Token::Star) {
            self.tokens.push(token);
        }
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.tokens
                .push(Token::Lit(std::mem::take(&mut self.literal).into()));
        }
    }

    fn finish(mut self) -> Vec<Token> {
        self.flush();
        self.tokens
    }
}

enum Braced {
    Escape(char),
    Variable(Variable),
}

/// Reads what follows `${`; gives it and the text after the closing brace.
fn braced(text: &str) -> Result<(Braced, &str), PatternError> {
    for (escape, c) in [("*}", '*'), ("?}", '?'), ("$}", '$')] {
        if let Some(rest) = text.strip_prefix(escape) {
            return Ok((Braced::Escape(c), rest));
        }
    }
    let end = text.find(['}', ',']).ok_or(PatternError::Unterminated)?;
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return Err(PatternError::EmptyVariable);
    }
    if !is_name(name) {
        return Err(PatternError::BadName { name: name.into() });
    }
    let (default, rest) = match rest.strip_prefix(',') {
        Some(default) => {
            let (default, rest) = quoted(default, name)?;
            (Some(default), rest)
        }
        None => (None, rest.strip_prefix('}').unwrap_or_default()),
    };
    let variable = Variable {
        key: Key::new(name),
        default: default.map(Into::into),
    };
    Ok((Braced::Variable(variable), rest))
}

/// Reads ` 'text'}`.
fn quoted<'a>(text: &'a str, name: &str) -> Result<(&'a str, &'a str), PatternError> {
    let bad = || PatternError::BadDefault { name: name.into() };
    let text = text.strip_prefix(" '").ok_or_else(bad)?;
    let (default, rest) = text.split_once('\'').ok_or(PatternError::Unterminated)?;
    let rest = rest.strip_prefix('}').ok_or_else(bad)?;
    Ok((default, rest))
}

/// Keys hold neither what delimits a variable nor control characters; tag keys may hold inner blanks.
fn is_name(name: &str) -> bool {
    !name.starts_with(' ')
        && !name.ends_with(' ')
        && !name
            .chars()
            .any(|c| c.is_control() || matches!(c, '$' | '{' | '\'' | '"' | '*' | '?'))
}
