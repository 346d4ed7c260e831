//! The values a policy lists for one key, typed by the operator.

use std::cell::OnceCell;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Comparison, Decimal, Instant, Network, Operator, Order};
use crate::context::Keys;
use crate::pattern::{
    ArnParts, ArnPattern, ArnPatternError, Pattern, PatternError, Syntax, Variable,
};

/// Compiled values. A value of the request fits if it fits one of them.
#[derive(Clone, Debug)]
pub enum Operand {
    /// Exact text.
    Text(Vec<Pattern>),
    /// Text without case.
    TextIgnoreCase(Vec<Pattern>),
    /// Text with wildcards.
    Glob(Vec<Pattern>),
    /// ARNs with wildcards.
    Arn(Vec<ArnPattern>),
    /// Numbers.
    Numeric(Order, Vec<Decimal>),
    /// Instants.
    Date(Order, Vec<Instant>),
    /// Truth values, perhaps from variables.
    Bool(Vec<Pattern>),
    /// Bytes.
    Binary(Vec<Vec<u8>>),
    /// Address ranges.
    Ip(Vec<Network>),
    /// Whether the key is to be absent.
    Null(Vec<bool>),
}

/// Why a policy value does not suit its operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperandError {
    /// A `${...}` that cannot be read.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// Not an ARN pattern.
    #[error(transparent)]
    Arn(#[from] ArnPatternError),
    /// A variable where the type has none.
    #[error("variables are not allowed in values of this operator")]
    Variable,
    /// Not a number.
    #[error("`{0}` is not a decimal number")]
    Numeric(String),
    /// Not an instant.
    #[error("`{0}` is neither an ISO 8601 date nor epoch seconds")]
    Date(String),
    /// Not a truth value.
    #[error("`{0}` is neither true nor false")]
    Bool(String),
    /// Not base64.
    #[error("`{0}` is not base64 in the standard alphabet with padding")]
    Binary(String),
    /// Not an address or range.
    #[error("`{0}` is neither an IP address nor a CIDR range")]
    Ip(String),
}

impl OperandError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Pattern(_) => "invalid_variable",
            Self::Arn(error) => error.code(),
            Self::Variable => "variable_not_allowed",
            Self::Numeric(_) | Self::Date(_) | Self::Bool(_) | Self::Binary(_) | Self::Ip(_) => {
                "invalid_condition_value"
            }
        }
    }
}

/// What comparing one value of the request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    No,
    /// The value is not of the operator's type: it equals nothing.
    Mismatch,
}

impl From<bool> for Fit {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

impl Operand {
    /// An operand without values yet.
    pub(crate) fn empty(operator: Operator) -> Self {
        match operator.comparison {
            Comparison::Text => Self::Text(Vec::new()),
            Comparison::TextIgnoreCase => Self::TextIgnoreCase(Vec::new()),
            Comparison::Glob => Self::Glob(Vec::new()),
            Comparison::Arn => Self::Arn(Vec::new()),
            Comparison::Numeric(order) => Self::Numeric(order, Vec::new()),
            Comparison::Date(order) => Self::Date(order, Vec::new()),
            Comparison::Bool => Self::Bool(Vec::new()),
            Comparison::Binary => Self::Binary(Vec::new()),
            Comparison::Ip => Self::Ip(Vec::new()),
            Comparison::Null => Self::Null(Vec::new()),
        }
    }

    /// Compiles one more value. `variables`: the document's version knows them.
    pub(crate) fn push(&mut self, text: &str, variables: bool) -> Result<(), OperandError> {
        let plain = Syntax {
            wildcards: false,
            variables,
        };
        match self {
            Self::Text(values) | Self::TextIgnoreCase(values) => {
                values.push(Pattern::parse(text, plain)?);
            }
            Self::Glob(values) => values.push(Pattern::parse(
                text,
                Syntax {
                    wildcards: true,
                    variables,
                },
            )?),
            Self::Arn(values) => values.push(ArnPattern::parse_condition(text, variables)?),
            Self::Bool(values) => {
                let pattern = Pattern::parse(text, plain)?;
                let defaults = pattern.variables().filter_map(Variable::default);
                let literals = pattern.as_literal().into_iter().chain(defaults);
                if literals.into_iter().any(|text| truth(text).is_none()) {
                    return Err(OperandError::Bool(text.to_owned()));
                }
                values.push(pattern);
            }
            Self::Numeric(_, _)
            | Self::Date(_, _)
            | Self::Binary(_)
            | Self::Ip(_)
            | Self::Null(_)
                if variables && text.contains("${") =>
            {
                return Err(OperandError::Variable);
            }
            Self::Numeric(_, values) => values.push(
                Decimal::parse_limit(text).ok_or_else(|| OperandError::Numeric(text.to_owned()))?,
            ),
            Self::Date(_, values) => values.push(
                Instant::parse_limit(text).ok_or_else(|| OperandError::Date(text.to_owned()))?,
            ),
            Self::Binary(values) => values.push(
                STANDARD
                    .decode(text)
                    .map_err(|_| OperandError::Binary(text.to_owned()))?,
            ),
            Self::Ip(values) => {
                values.push(Network::parse(text).ok_or_else(|| OperandError::Ip(text.to_owned()))?);
            }
            Self::Null(values) => {
                values.push(truth(text).ok_or_else(|| OperandError::Bool(text.to_owned()))?);
            }
        }
        Ok(())
    }

    /// Whether one value of the request fits one of the policy's values. A value with a null variable
    /// fits nothing.
    pub(super) fn fit(&self, value: &str, context: &impl Keys) -> Fit {
        match self {
            Self::Text(wanted) => wanted.iter().any(|w| w.says(value, context)).into(),
            Self::TextIgnoreCase(wanted) => {
                let bytes_max = value.len().saturating_mul(FOLDED_RATIO_MAX);
                let value = Folded::new(value);
                wanted
                    .iter()
                    .filter_map(|w| w.resolve(context, bytes_max))
                    .any(|w| value.is(&w))
                    .into()
            }
            Self::Glob(wanted) => wanted
                .iter()
                .any(|w| w.matches(value, context) == Some(true))
                .into(),
            Self::Arn(wanted) => ArnParts::split(value).map_or(Fit::Mismatch, |arn| {
                wanted
                    .iter()
                    .any(|w| w.matches(arn, context) == Some(true))
                    .into()
            }),
            Self::Numeric(order, wanted) => typed(Decimal::parse(value), wanted, *order),
            Self::Date(order, wanted) => typed(Instant::parse(value), wanted, *order),
            Self::Bool(wanted) => truth(value).map_or(Fit::Mismatch, |value| {
                wanted
                    .iter()
                    .filter_map(|w| w.resolve(context, FALSE.len()))
                    .any(|w| truth(&w) == Some(value))
                    .into()
            }),
            Self::Binary(wanted) => STANDARD
                .decode(value)
                .map_or(Fit::Mismatch, |value| wanted.contains(&value).into()),
            Self::Ip(wanted) => value.parse::<IpAddr>().map_or(Fit::Mismatch, |address| {
                wanted.iter().any(|range| range.contains(address)).into()
            }),
            Self::Null(_) => Fit::No,
        }
    }

    /// Whether a value of the request is of the type that is compared. To be had without comparing.
    pub(super) fn reads(&self, value: &str) -> bool {
        match self {
            Self::Text(_) | Self::TextIgnoreCase(_) | Self::Glob(_) | Self::Null(_) => true,
            Self::Arn(_) => ArnParts::split(value).is_some(),
            Self::Numeric(..) => Decimal::parse(value).is_some(),
            Self::Date(..) => Instant::parse(value).is_some(),
            Self::Bool(_) => truth(value).is_some(),
            Self::Binary(_) => STANDARD.decode(value).is_ok(),
            Self::Ip(_) => value.parse::<IpAddr>().is_ok(),
        }
    }

    /// The variables in its values.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        let (texts, arns): (&[Pattern], &[ArnPattern]) = match self {
            Self::Text(values)
            | Self::TextIgnoreCase(values)
            | Self::Glob(values)
            | Self::Bool(values) => (values, &[]),
            Self::Arn(values) => (&[], values),
            Self::Numeric(..) | Self::Date(..) | Self::Binary(_) | Self::Ip(_) | Self::Null(_) => {
                (&[], &[])
            }
        };
        texts
            .iter()
            .flat_map(Pattern::variables)
            .chain(arns.iter().flat_map(ArnPattern::variables))
    }
}

fn typed<T: Ord>(value: Option<T>, wanted: &[T], order: Order) -> Fit {
    value.map_or(Fit::Mismatch, |value| {
        wanted.iter().any(|w| order.holds(&value, w)).into()
    })
}

const TRUE: &str = "true";
/// The longer of the two.
const FALSE: &str = "false";

/// Texts that are equal without case differ less than this in their bytes: a character has one to four, and lower case
/// makes at most three of one.
const FOLDED_RATIO_MAX: usize = 12;

/// `true` or `false` in any case.
#[must_use]
pub fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case(TRUE) {
        Some(true)
    } else if text.eq_ignore_ascii_case(FALSE) {
        Some(false)
    } else {
        None
    }
}

/// A text that is held to many without regard to case: it is put into lower case at most once.
#[derive(Debug)]
pub struct Folded<'a> {
    text: &'a str,
    is_ascii: bool,
    lower: OnceCell<String>,
}

impl<'a> Folded<'a> {
    /// Of a text as it is written.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            is_ascii: text.is_ascii(),
            lower: OnceCell::new(),
        }
    }

    /// Whether it is this text without regard to case. Takes no more than the other's length asks for.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        let lower = || self.lower.get_or_init(|| self.text.to_lowercase());
        match (self.is_ascii, other.is_ascii()) {
            (true, true) => self.text.eq_ignore_ascii_case(other),
            // Lower case has no capital that this would let pass.
            (false, true) => lower().eq_ignore_ascii_case(other),
            (_, false) => *lower() == other.to_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests;
