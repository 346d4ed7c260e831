//! Patterns over six-part names, matched part by part: a wildcard never crosses one of the first five
//! colons, and in the sixth part it crosses `/` and `:`.
//!
//! The partitions `aws` and `trilby` are one.

mod parts;

pub use parts::ArnParts;

use trilby_model::same_partition;

use super::{Pattern, PatternError, Syntax, Token, Variable};
use crate::context::{Context, Keys};

/// Why a text is not an ARN pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArnPatternError {
    /// Neither `*` nor six parts.
    #[error(
        "an ARN pattern is `*` or has six parts, arn:partition:service:region:account:resource"
    )]
    NotSixParts,
    /// A part that must say something says nothing.
    #[error("the {part} of an ARN pattern must not be empty")]
    EmptyPart {
        /// Which.
        part: &'static str,
    },
    /// A wildcard where none may stand.
    #[error("the {part} of a resource must not hold a wildcard")]
    Wildcard {
        /// Which.
        part: &'static str,
    },
    /// A variable before the sixth part.
    #[error("a variable may stand only in the last part of a resource")]
    Variable,
    /// A `${...}` that cannot be read.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl ArnPatternError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotSixParts | Self::EmptyPart { .. } | Self::Wildcard { .. } => {
                "invalid_arn_pattern"
            }
            Self::Variable => "variable_not_allowed",
            Self::Pattern(_) => "invalid_variable",
        }
    }
}

/// A pattern over ARNs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern {
    source: Box<str>,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// `*`.
    All,
    /// One variable that holds a whole ARN.
    Variable(Variable),
    Parts(Box<Parts>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    partition: Pattern,
    service: Pattern,
    region: Pattern,
    account: Pattern,
    resource: Pattern,
}

impl Parts {
    fn first_four(&self) -> [&Pattern; 4] {
        [&self.partition, &self.service, &self.region, &self.account]
    }

    fn all(&self) -> [&Pattern; 5] {
        [
            &self.partition,
            &self.service,
            &self.region,
            &self.account,
            &self.resource,
        ]
    }
}

impl ArnPattern {
    /// A value of `Resource` or `NotResource`: partition and service are literal, variables stand only
    /// in the sixth part.
    ///
    /// # Errors
    /// See [`ArnPatternError`].
    pub fn parse_resource(text: &str, variables: bool) -> Result<Self, ArnPatternError> {
        let pattern = Self::parse_condition(text, variables)?;
        match &pattern.form {
            Form::All => {}
            Form::Variable(_) => return Err(ArnPatternError::NotSixParts),
            Form::Parts(parts) => {
                // An escape is a variable with a fixed value.
                let first_four = parts.first_four();
                if variables && first_four.iter().any(|part| part.as_str().contains("${")) {
                    return Err(ArnPatternError::Variable);
                }
                for (part, name) in [(&parts.partition, "partition"), (&parts.service, "service")] {
                    if part.has_wildcards() {
                        return Err(ArnPatternError::Wildcard { part: name });
                    }
                }
            }
        }
        Ok(pattern)
    }

    /// A value of an `Arn...` operator: wildcards and variables anywhere, or one variable that holds a
    /// whole ARN.
    ///
    /// # Errors
    /// See [`ArnPatternError`].
    pub fn parse_condition(text: &str, variables: bool) -> Result<Self, ArnPatternError> {
        let syntax = Syntax {
            wildcards: true,
            variables,
        };
        let whole = Pattern::parse(text, syntax)?;
        let form = match whole.tokens() {
            [Token::Star] if text == "*" => Form::All,
            [Token::Var(variable)] => Form::Variable(variable.clone()),
            _ => Form::Parts(Box::new(parts(text, syntax)?)),
        };
        Ok(Self {
            source: text.into(),
            form,
        })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether it is `*`.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.form == Form::All
    }

    /// The variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        let (one, parts) = match &self.form {
            Form::All => (None, None),
            Form::Variable(variable) => (Some(variable), None),
            Form::Parts(parts) => (None, Some(parts)),
        };
        let in_parts = parts
            .into_iter()
            .flat_map(|parts| parts.all())
            .flat_map(Pattern::variables);
        one.into_iter().chain(in_parts)
    }

    /// The text, when the pattern names exactly one ARN.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match &self.form {
            Form::Parts(parts) => parts
                .all()
                .iter()
                .all(|part| part.as_literal() == Some(part.as_str()))
                .then_some(&*self.source),
            Form::All | Form::Variable(_) => None,
        }
    }

    /// The service every match belongs to, when the pattern says.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        match &self.form {
            Form::Parts(parts) => parts.service.as_literal(),
            Form::All | Form::Variable(_) => None,
        }
    }

    /// The five parts after `arn:`, when there are parts.
    #[must_use]
    pub fn parts(&self) -> Option<[&Pattern; 5]> {
        match &self.form {
            Form::Parts(parts) => Some(parts.all()),
            Form::All | Form::Variable(_) => None,
        }
    }

    /// The variable, when the pattern is one variable that holds a whole ARN.
    #[must_use]
    pub fn as_variable(&self) -> Option<&Variable> {
        match &self.form {
            Form::Variable(variable) => Some(variable),
            Form::All | Form::Parts(_) => None,
        }
    }

    /// The sixth part, when there is one.
    #[must_use]
    pub fn resource(&self) -> Option<&Pattern> {
        match &self.form {
            Form::Parts(parts) => Some(&parts.resource),
            Form::All | Form::Variable(_) => None,
        }
    }

    /// Whether an ARN fits. `None`: a variable is null.
    #[must_use]
    pub fn matches<'a>(&self, arn: impl Into<ArnParts<'a>>, context: &impl Keys) -> Option<bool> {
        let arn = arn.into();
        match &self.form {
            Form::All => Some(true),
            Form::Variable(variable) => {
                let text = variable.resolve(context)?;
                Some(ArnParts::split(text).is_some_and(|parts| same(&parts, &arn)))
            }
            Form::Parts(parts) => parts.matches(&arn, context),
        }
    }

    /// Whether the first five parts fit, whatever the sixth.
    pub(crate) fn matches_owner(&self, arn: ArnParts<'_>) -> bool {
        match &self.form {
            Form::All | Form::Variable(_) => true,
            Form::Parts(parts) => {
                let context = Context::new();
                parts.service.matches_plain(arn.service)
                    && parts.region.matches_plain(arn.region)
                    && parts.account.matches_plain(arn.account)
                    && parts.partition_matches(arn.partition, &context) == Some(true)
            }
        }
    }

    /// Whether everything `other` matches is matched by this pattern too. Sound, not complete.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (&self.form, &other.form) {
            (Form::All, _) => true,
            (Form::Variable(a), Form::Variable(b)) => a == b,
            (Form::Parts(a), Form::Parts(b)) => {
                (a.partition.covers(&b.partition) || twins(&a.partition, &b.partition))
                    && a.all()
                        .iter()
                        .zip(b.all())
                        .skip(1)
                        .all(|(a, b)| a.covers(b))
            }
            (Form::Variable(_) | Form::Parts(_), _) => false,
        }
    }
}

impl Parts {
    fn matches(&self, arn: &ArnParts<'_>, context: &impl Keys) -> Option<bool> {
        // A null variable anywhere leaves no pattern to compare, whatever the other parts say.
        let resource = self.resource.matches(arn.resource, context)?;
        let account = self.account.matches(arn.account, context)?;
        let region = self.region.matches(arn.region, context)?;
        let service = self.service.matches(arn.service, context)?;
        let partition = self.partition_matches(arn.partition, context)?;
        Some(resource && account && region && service && partition)
    }

    fn partition_matches(&self, partition: &str, context: &impl Keys) -> Option<bool> {
        if self.partition.matches(partition, context)? {
            return Some(true);
        }
        for twin in [
            trilby_model::brand::PARTITION,
            trilby_model::brand::PARTITION_ALIAS,
        ] {
            if same_partition(partition, twin) && self.partition.matches(twin, context)? {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// Equality of two ARNs, with the twin partitions equal.
fn same(a: &ArnParts<'_>, b: &ArnParts<'_>) -> bool {
    same_partition(a.partition, b.partition)
        && (a.service, a.region, a.account, a.resource)
            == (b.service, b.region, b.account, b.resource)
}

fn twins(a: &Pattern, b: &Pattern) -> bool {
    match (a.as_literal(), b.as_literal()) {
        (Some(a), Some(b)) => same_partition(a, b),
        _ => false,
    }
}

fn parts(text: &str, syntax: Syntax) -> Result<Parts, ArnPatternError> {
    let [scheme, partition, service, region, account, resource] =
        parts::split(text, syntax).ok_or(ArnPatternError::NotSixParts)?;
    if scheme != "arn" {
        return Err(ArnPatternError::NotSixParts);
    }
    for (part, name) in [
        (partition, "partition"),
        (service, "service"),
        (resource, "resource"),
    ] {
        if part.is_empty() {
            return Err(ArnPatternError::EmptyPart { part: name });
        }
    }
    Ok(Parts {
        partition: Pattern::parse(partition, syntax)?,
        service: Pattern::parse(service, syntax)?,
        region: Pattern::parse(region, syntax)?,
        account: Pattern::parse(account, syntax)?,
        resource: Pattern::parse(resource, syntax)?,
    })
}
