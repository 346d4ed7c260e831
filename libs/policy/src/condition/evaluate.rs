//! When a test holds: the truth table of operator form against absent, single and many values.

use super::operand::Fit;
use super::{ConditionFailure, Operand, SetOperator, Test, TypeMismatch};
use crate::context::{ContextValue, Keys};
use crate::keys::Key;

impl Test {
    /// Whether the test holds for this request.
    #[must_use]
    pub fn holds(&self, context: &impl Keys) -> bool {
        let value = context.at(&self.key);
        if let Operand::Null(wanted) = &self.operand {
            return wanted.contains(&is_null(value));
        }
        let Some(value) = value else {
            return self.holds_when_absent();
        };
        match (self.operator.set, value) {
            (None, ContextValue::Scalar(value)) => self.is_satisfied(value, context),
            // Without a set operator several values satisfy nothing, not even a negation.
            (None, ContextValue::List(_)) => false,
            (Some(set), ContextValue::Scalar(value)) => {
                self.holds_for_set(set, std::slice::from_ref(value), context)
            }
            (Some(set), ContextValue::List(values)) => self.holds_for_set(set, values, context),
        }
    }

    fn holds_when_absent(&self) -> bool {
        if self.operator.if_exists {
            return true;
        }
        match self.operator.set {
            Some(SetOperator::ForAllValues) => true,
            Some(SetOperator::ForAnyValue) => false,
            None => self.operator.negated,
        }
    }

    fn holds_for_set(&self, set: SetOperator, values: &[String], context: &impl Keys) -> bool {
        // A list of nothing but empty strings is no data.
        let is_empty = values.iter().all(String::is_empty);
        match set {
            SetOperator::ForAllValues => {
                is_empty || values.iter().all(|v| self.is_satisfied(v, context))
            }
            SetOperator::ForAnyValue => {
                !is_empty && values.iter().any(|v| self.is_satisfied(v, context))
            }
        }
    }

    /// One value against the policy's values. A negated operator is exactly the opposite of its
    /// positive one.
    fn is_satisfied(&self, value: &str, context: &impl Keys) -> bool {
        self.fits(value, context) != self.operator.negated
    }

    fn fits(&self, value: &str, context: &impl Keys) -> bool {
        let fits = |value: &str| self.operand.fit(value, context) == Fit::Yes;
        let fits_otherwise =
            || super::other_spelling(value, |other| self.is_of_spelt_arns() && fits(other));
        fits(value) || fits_otherwise() == Some(true)
    }

    /// Why the test does not hold.
    pub(super) fn explain(&self, context: &impl Keys) -> ConditionFailure {
        let got = context.at(&self.key);
        ConditionFailure {
            operator: self.operator.to_string(),
            key: self.key.as_str().to_owned(),
            wanted: self
                .values
                .iter()
                .map(|v| v.clone().into_string())
                .collect(),
            got: got.cloned(),
            type_mismatch: !self.mismatches(context).is_empty(),
            missing: self.missing(context),
        }
    }

    /// Keys whose absence keeps a failed test from holding.
    fn missing(&self, context: &impl Keys) -> Vec<String> {
        let mut missing = Vec::new();
        self.each_missing(context, &mut |key| missing.push(key.as_str().to_owned()));
        missing
    }

    /// Shows each of them.
    pub(super) fn each_missing<'a>(&'a self, context: &impl Keys, show: &mut impl FnMut(&'a Key)) {
        let value = context.at(&self.key);
        if value.is_none() {
            show(&self.key);
        }
        let needs_set = self.operator.set.is_none() && matches!(value, Some(ContextValue::List(_)));
        if !self.operator.negated && !needs_set {
            self.operand
                .variables()
                .filter(|variable| variable.is_missing(context))
                .for_each(|variable| show(variable.key()));
        }
    }

    /// Whether there is such a key.
    pub(super) fn lacks_a_key(&self, context: &impl Keys) -> bool {
        let value = context.at(&self.key);
        let needs_set = self.operator.set.is_none() && matches!(value, Some(ContextValue::List(_)));
        value.is_none()
            || (!self.operator.negated
                && !needs_set
                && self
                    .operand
                    .variables()
                    .any(|variable| variable.is_missing(context)))
    }

    /// Values of the request the operator cannot read.
    pub(super) fn mismatches(&self, context: &impl Keys) -> Vec<TypeMismatch> {
        let values = match context.at(&self.key) {
            None => &[],
            Some(ContextValue::Scalar(value)) => std::slice::from_ref(value),
            Some(ContextValue::List(values)) => values.as_slice(),
        };
        values
            .iter()
            .filter(|value| !self.operand.reads(value))
            .map(|value| TypeMismatch {
                operator: self.operator.to_string(),
                key: self.key.as_str().to_owned(),
                value: value.clone(),
            })
            .collect()
    }
}

/// An empty list counts as absent.
fn is_null(value: Option<&ContextValue>) -> bool {
    match value {
        None => true,
        Some(ContextValue::Scalar(_)) => false,
        Some(ContextValue::List(values)) => values.is_empty(),
    }
}
