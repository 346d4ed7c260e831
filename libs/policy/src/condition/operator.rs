//! Operator names: `[ForAllValues:|ForAnyValue:]Base[IfExists]`, or `Null`.

use std::fmt;

/// How the values of a multivalued key combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// Every value of the request; true when there is none.
    ForAllValues,
    /// At least one value of the request; false when there is none.
    ForAnyValue,
}

impl SetOperator {
    const fn prefix(self) -> &'static str {
        match self {
            Self::ForAllValues => "ForAllValues:",
            Self::ForAnyValue => "ForAnyValue:",
        }
    }
}

/// How two ordered values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The same.
    Equal,
    /// The request's is less.
    Less,
    /// Less or the same.
    LessOrEqual,
    /// The request's is greater.
    Greater,
    /// Greater or the same.
    GreaterOrEqual,
}

impl Order {
    /// Whether `value` stands in this relation to `limit`.
    #[must_use]
    pub fn holds<T: Ord>(self, value: &T, limit: &T) -> bool {
        match self {
            Self::Equal => value == limit,
            Self::Less => value < limit,
            Self::LessOrEqual => value <= limit,
            Self::Greater => value > limit,
            Self::GreaterOrEqual => value >= limit,
        }
    }
}

/// What the values are and how one is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Exact code points.
    Text,
    /// Both sides lower-cased.
    TextIgnoreCase,
    /// Wildcards over the whole text.
    Glob,
    /// Six parts, wildcards in each.
    Arn,
    /// Decimal numbers.
    Numeric(Order),
    /// Instants.
    Date(Order),
    /// `true` or `false`.
    Bool,
    /// Bytes in base64.
    Binary,
    /// Addresses and ranges.
    Ip,
    /// Presence.
    Null,
}

/// One condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// `ForAllValues:` or `ForAnyValue:`.
    pub set: Option<SetOperator>,
    /// Spelling without prefix and suffix.
    base: &'static str,
    /// The comparison, in its positive sense.
    pub comparison: Comparison,
    /// Whether the operator asks for the opposite (`...Not...`).
    pub negated: bool,
    /// `IfExists`: true when the key is absent.
    pub if_exists: bool,
}

const BASES: &[(&str, Comparison, bool)] = &[
    ("StringEquals", Comparison::Text, false),
    ("StringNotEquals", Comparison::Text, true),
    ("StringEqualsIgnoreCase", Comparison::TextIgnoreCase, false),
    (
        "StringNotEqualsIgnoreCase",
        Comparison::TextIgnoreCase,
        true,
    ),
    ("StringLike", Comparison::Glob, false),
    ("StringNotLike", Comparison::Glob, true),
    ("NumericEquals", Comparison::Numeric(Order::Equal), false),
    ("NumericNotEquals", Comparison::Numeric(Order::Equal), true),
    ("NumericLessThan", Comparison::Numeric(Order::Less), false),
    (
        "NumericLessThanEquals",
        Comparison::Numeric(Order::LessOrEqual),
        false,
    ),
    (
        "NumericGreaterThan",
        Comparison::Numeric(Order::Greater),
        false,
    ),
    (
        "NumericGreaterThanEquals",
        Comparison::Numeric(Order::GreaterOrEqual),
        false,
    ),
    ("DateEquals", Comparison::Date(Order::Equal), false),
    ("DateNotEquals", Comparison::Date(Order::Equal), true),
    ("DateLessThan", Comparison::Date(Order::Less), false),
    (
        "DateLessThanEquals",
        Comparison::Date(Order::LessOrEqual),
        false,
    ),
    ("DateGreaterThan", Comparison::Date(Order::Greater), false),
    (
        "DateGreaterThanEquals",
        Comparison::Date(Order::GreaterOrEqual),
        false,
    ),
    ("Bool", Comparison::Bool, false),
    ("BinaryEquals", Comparison::Binary, false),
    ("IpAddress", Comparison::Ip, false),
    ("NotIpAddress", Comparison::Ip, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnNotLike", Comparison::Arn, true),
];

const NULL: &str = "Null";
const IF_EXISTS: &str = "IfExists";

impl Operator {
    /// Reads an operator name, matched exactly.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name == NULL {
            return Some(Self {
                set: None,
                base: NULL,
                comparison: Comparison::Null,
                negated: false,
                if_exists: false,
            });
        }
        let (set, rest) = [SetOperator::ForAllValues, SetOperator::ForAnyValue]
            .into_iter()
            .find_map(|set| Some((Some(set), name.strip_prefix(set.prefix())?)))
            .unwrap_or((None, name));
        let (rest, if_exists) = match rest.strip_suffix(IF_EXISTS) {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (base, comparison, negated) = BASES.iter().find(|(base, ..)| *base == rest)?;
        Some(Self {
            set,
            base,
            comparison: *comparison,
            negated: *negated,
            if_exists,
        })
    }

    /// Base names, for hints, with whatever prefix `name` has; of what denies only those that deny as well, and the other
    /// way about: nobody means the opposite.
    pub(crate) fn suggestions(name: &str) -> Vec<String> {
        let prefix = [SetOperator::ForAllValues, SetOperator::ForAnyValue]
            .into_iter()
            .map(SetOperator::prefix)
            .find(|prefix| {
                // One letter more or less is a slip of its own: `ForAnyValues:`, `ForAllValue:`.
                let stem = prefix.trim_end_matches(':').trim_end_matches('s');
                name.get(..stem.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(stem))
            })
            .unwrap_or_default();
        let suffixed = name.to_lowercase().ends_with("ifexists");
        let suffix = if suffixed { IF_EXISTS } else { "" };
        BASES
            .iter()
            .filter(|(.., negated)| *negated == name.to_lowercase().contains("not"))
            .map(|(base, ..)| format!("{prefix}{base}{suffix}"))
            .chain([NULL.to_owned()])
            .collect()
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.set.map_or("", SetOperator::prefix))?;
        f.write_str(self.base)?;
        f.write_str(if self.if_exists { IF_EXISTS } else { "" })
    }
}
