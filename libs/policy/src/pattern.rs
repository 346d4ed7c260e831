//! Patterns: text with wildcards and variables, split into tokens once and matched without
//! backtracking blow-up.
//!
//! `*` stands for any run of characters, `?` for exactly one Unicode scalar value, and nothing else is
//! special; `\` is an ordinary character. Text that a variable brings in is literal: a `*` in a tag
//! value never becomes a wildcard.

mod arn;
mod cover;
mod glob;
mod read;

pub use arn::{ArnParts, ArnPattern, ArnPatternError};
pub use read::PatternError;

use std::borrow::Cow;

use crate::context::{ContextValue, Keys};
use crate::keys::Key;

/// What is special in the text of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${...}` is a variable or an escape.
    pub variables: bool,
}

impl Syntax {
    /// Nothing is special.
    pub const LITERAL: Self = Self {
        wildcards: false,
        variables: false,
    };
    /// Wildcards only.
    pub const GLOB: Self = Self {
        wildcards: true,
        variables: false,
    };
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// This text.
    Lit(Box<str>),
    /// Any run of characters, also none.
    Star,
    /// Exactly one character.
    Any,
    /// The text of a condition key.
    Var(Variable),
}

/// `${key}` or `${key, 'default'}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub(crate) key: Key,
    pub(crate) default: Option<Box<str>>,
}

impl Variable {
    /// The key it stands for.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What stands in when the key is absent.
    #[must_use]
    pub fn default(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// Its text for this request. `None`: the variable is null, because the key is absent or
    /// multivalued and there is no default.
    #[must_use]
    pub fn resolve<'a>(&'a self, context: &'a impl Keys) -> Option<&'a str> {
        match context.at(&self.key) {
            Some(ContextValue::Scalar(value)) => Some(value),
            Some(ContextValue::List(_)) | None => self.default.as_deref(),
        }
    }

    /// Whether supplying the key would make a null variable resolve.
    pub(crate) fn is_missing(&self, context: &impl Keys) -> bool {
        self.default.is_none() && context.at(&self.key).is_none()
    }
}

/// A tokenised pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    source: Box<str>,
    tokens: Box<[Token]>,
    has_variables: bool,
}

impl Pattern {
    /// Splits `text` into tokens.
    ///
    /// # Errors
    /// An unterminated, empty or badly spelt variable, where variables are special.
    pub fn parse(text: &str, syntax: Syntax) -> Result<Self, PatternError> {
        let tokens = read::tokens(text, syntax)?;
        Ok(Self {
            source: text.into(),
            has_variables: tokens.iter().any(|t| matches!(t, Token::Var(_))),
            tokens: tokens.into(),
        })
    }

    /// A pattern in which nothing is special.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self {
            source: text.into(),
            tokens: read::literal(text).into(),
            has_variables: false,
        }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Its pieces.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whether `*` or `?` occurs as a wildcard.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        self.tokens
            .iter()
            .any(|token| matches!(token, Token::Star | Token::Any))
    }

    /// Whether a variable occurs.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        self.has_variables
    }

    /// The variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Var(variable) => Some(variable),
            Token::Lit(_) | Token::Star | Token::Any => None,
        })
    }

    /// The text, when the pattern has neither wildcards nor variables.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match &*self.tokens {
            [] => Some(""),
            [Token::Lit(text)] => Some(text),
            _ => None,
        }
    }

    /// The text every match must begin with.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        match self.tokens.first() {
            Some(Token::Lit(text)) => text,
            Some(Token::Star | Token::Any | Token::Var(_)) | None => "",
        }
    }

    /// Whether the whole of `text` fits. `None`: a variable is null, so there is no pattern to fit.
    #[must_use]
    pub fn matches(&self, text: &str, context: &impl Keys) -> Option<bool> {
        if !self.has_variables {
            return Some(self.matches_plain(text));
        }
        let values = self
            .variables()
            .map(|variable| variable.resolve(context))
            .collect::<Option<Vec<_>>>()?;
        Some(glob::matches(&self.tokens, &values, text))
    }

    /// As [`Pattern::matches`], for patterns that cannot hold variables; a variable matches nothing.
    #[must_use]
    pub fn matches_plain(&self, text: &str) -> bool {
        match &*self.tokens {
            [Token::Lit(literal)] => **literal == *text,
            [Token::Star] => true,
            tokens => glob::matches(tokens, &[], text),
        }
    }

    /// Whether a pattern without wildcards says this text, character for character. A null variable
    /// says nothing.
    #[must_use]
    pub(crate) fn says(&self, text: &str, context: &impl Keys) -> bool {
        let rest = self.tokens.iter().try_fold(text, |rest, token| {
            rest.strip_prefix(match token {
                Token::Lit(literal) => literal,
                Token::Var(variable) => variable.resolve(context)?,
                Token::Star | Token::Any => return None,
            })
        });
        rest.is_some_and(str::is_empty)
    }

    /// The text after substitution, for patterns without wildcards. `None`: a variable is null, there
    /// is a wildcard, or the text has more than `bytes_max` bytes. The bound is for the caller's
    /// memory: few bytes of policy can name much of a request many times.
    #[must_use]
    pub fn resolve<'a>(&'a self, context: &'a impl Keys, bytes_max: usize) -> Option<Cow<'a, str>> {
        let mut text = Cow::Borrowed("");
        for token in &self.tokens {
            let more = match token {
                Token::Lit(literal) => literal,
                Token::Var(variable) => variable.resolve(context)?,
                Token::Star | Token::Any => return None,
            };
            if text.len().saturating_add(more.len()) > bytes_max {
                return None;
            }
            text += more;
        }
        Some(text)
    }

    /// Whether everything `other` matches is matched by this pattern too.
    ///
    /// Sound, not complete: `true` is certain, `false` may be a pattern too clever to see through.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        cover::covers(&self.tokens, &other.tokens)
    }
}

#[cfg(test)]
mod tests;
