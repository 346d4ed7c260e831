//! `Action` and `NotAction`.

use trilby_model::Action;

use crate::pattern::{Pattern, Syntax};

/// One value of `Action` or `NotAction`. Compared without case.
#[derive(Clone, Debug)]
pub struct ActionPattern {
    written: Box<str>,
    /// Over the lower-cased `service:operation`. The service part holds no wildcard, so that matching
    /// the whole text is matching part by part.
    pattern: Pattern,
    service: Option<Box<str>>,
}

/// Why a text is not an action pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionPatternError {
    /// Not `*` and without a colon.
    #[error("an action is `*` or `service:Operation`")]
    NoService,
    /// Nothing before or after the colon.
    #[error("an action needs a service and an operation")]
    EmptyPart,
    /// A wildcard before the colon.
    #[error("the service of an action must not hold a wildcard")]
    WildcardService,
    /// `${` anywhere.
    #[error("variables are not allowed in actions")]
    Variable,
    /// Something no action name holds.
    #[error("`{0}` cannot stand in an action")]
    BadCharacter(char),
}

impl ActionPatternError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Variable => "variable_not_allowed",
            Self::NoService | Self::EmptyPart | Self::WildcardService | Self::BadCharacter(_) => {
                "invalid_action"
            }
        }
    }
}

impl ActionPattern {
    /// Reads `*`, `*:*` or `service:pattern`.
    ///
    /// # Errors
    /// See [`ActionPatternError`].
    pub fn parse(text: &str) -> Result<Self, ActionPatternError> {
        if text == "*" || text == "*:*" {
            return Ok(Self {
                written: text.into(),
                pattern: all(),
                service: None,
            });
        }
        if text.contains("${") {
            return Err(ActionPatternError::Variable);
        }
        let (service, operation) = text.split_once(':').ok_or(ActionPatternError::NoService)?;
        if service.is_empty() || operation.is_empty() {
            return Err(ActionPatternError::EmptyPart);
        }
        if service.contains(['*', '?']) {
            return Err(ActionPatternError::WildcardService);
        }
        if let Some(bad) = service.chars().find(|c| !is_service_char(*c)) {
            return Err(ActionPatternError::BadCharacter(bad));
        }
        if let Some(bad) = operation.chars().find(|c| !is_operation_char(*c)) {
            return Err(ActionPatternError::BadCharacter(bad));
        }
        let folded = text.to_lowercase();
        let pattern =
            Pattern::parse(&folded, Syntax::GLOB).unwrap_or_else(|_| Pattern::literal(&folded));
        Ok(Self {
            written: text.into(),
            pattern,
            service: Some(service.to_lowercase().into()),
        })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Lower-cased service prefix; `None` for every service.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Whether it is `*`.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.service.is_none()
    }

    /// Lower-cased `service:operation`, when the pattern names exactly one action. For indexing.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        self.pattern.as_literal()
    }

    /// The pattern over lower-cased `service:operation`.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Whether an action fits.
    #[must_use]
    pub fn matches(&self, action: &Action) -> bool {
        self.pattern.matches_plain(action.key())
    }

    /// Whether everything `other` matches is matched by this pattern too. Sound, not complete.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.pattern.covers(&other.pattern)
    }
}

impl PartialEq for ActionPattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for ActionPattern {}

/// The `Action` or `NotAction` of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionElement {
    negated: bool,
    patterns: Box<[ActionPattern]>,
}

impl ActionElement {
    pub(crate) fn new(negated: bool, patterns: Vec<ActionPattern>) -> Self {
        Self {
            negated,
            patterns: patterns.into(),
        }
    }

    /// Whether it is `NotAction`.
    #[must_use]
    pub fn is_not(&self) -> bool {
        self.negated
    }

    /// Its values, in the order written.
    #[must_use]
    pub fn patterns(&self) -> &[ActionPattern] {
        &self.patterns
    }

    /// Whether the statement speaks about this action: some pattern fits, or with `NotAction` none.
    #[must_use]
    pub fn covers(&self, action: &Action) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(action)) != self.negated
    }
}

fn all() -> Pattern {
    Pattern::parse("*", Syntax::GLOB).unwrap_or_else(|_| Pattern::literal("*"))
}

fn is_service_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

fn is_operation_char(c: char) -> bool {
    is_service_char(c) || matches!(c, '_' | '.' | '/' | '*' | '?')
}

#[cfg(test)]
mod tests;
