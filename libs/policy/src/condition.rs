//! The `Condition` of a statement: operators, keys and values, compiled to typed tests.
//!
//! All tests must hold. One test compares the values of one key with the values the policy lists:
//! a positive operator asks that one of them fits, a negated one that none does.

mod decimal;
mod evaluate;
mod instant;
mod network;
mod operand;
mod operator;
mod spelling;

pub use decimal::Decimal;
pub use instant::{Instant, UNITS_PER_SECOND};
pub use network::Network;
pub use operand::{Folded, Operand, OperandError, truth};
pub use operator::{Comparison, Operator, Order, SetOperator};
pub use spelling::other_spelling;

use crate::context::{ContextValue, Keys};
use crate::keys::{self, Key};
use crate::pattern::Variable;

/// One operator applied to one key.
#[derive(Clone, Debug)]
pub struct Test {
    /// How.
    pub operator: Operator,
    /// Which key.
    pub key: Key,
    /// The values as written, numbers and booleans as their JSON text.
    pub values: Box<[Box<str>]>,
    /// The values, compiled.
    pub(crate) operand: Operand,
}

impl Test {
    /// The compiled values.
    #[must_use]
    pub fn operand(&self) -> &Operand {
        &self.operand
    }

    /// Whether it compares ARNs as texts: one that does not fit may fit in its [`other_spelling`].
    #[must_use]
    pub fn is_of_spelt_arns(&self) -> bool {
        let as_text = matches!(
            self.operator.comparison,
            Comparison::Text | Comparison::TextIgnoreCase | Comparison::Glob
        );
        as_text && keys::type_of(self.key.normal()) == Some(keys::Type::Arn)
    }

    /// Whether `other` is the same test, in whatever spelling of the key.
    fn is_same(&self, other: &Self) -> bool {
        self.operator == other.operator && self.key == other.key && self.values == other.values
    }
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
    }
}

impl Eq for Test {}

/// The condition block of a statement. Without tests it always holds.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    tests: Box<[Test]>,
}

impl PartialEq for Condition {
    /// The order of operators and keys says nothing.
    fn eq(&self, other: &Self) -> bool {
        self.tests == other.tests
            || (self.tests.len() == other.tests.len() && self.in_order() == other.in_order())
    }
}

impl Eq for Condition {}

/// Why one test did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionFailure {
    /// The operator as written.
    pub operator: String,
    /// The key as the policy spells it.
    pub key: String,
    /// The values the policy lists.
    pub wanted: Vec<String>,
    /// What the request carried.
    pub got: Option<ContextValue>,
    /// The request's value was not of the operator's type.
    pub type_mismatch: bool,
    /// Keys the test asked for and the request did not carry: the key itself, or the keys of null
    /// variables. Empty: the test failed on what was there.
    pub missing: Vec<String>,
}

/// What a condition block came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionOutcome {
    /// Whether every test held.
    pub holds: bool,
    /// The tests that did not.
    pub failures: Vec<ConditionFailure>,
    /// Absent keys that made a test fail, each once, as the policy spells them.
    pub missing: Vec<String>,
}

impl ConditionOutcome {
    /// Whether absent keys alone made the block fail: every failed test asked for something the
    /// request did not carry.
    #[must_use]
    pub fn failed_for_missing_keys_alone(&self) -> bool {
        !self.holds
            && self
                .failures
                .iter()
                .all(|failure| !failure.missing.is_empty())
    }
}

/// A value of the request that is not of its operator's type, whether or not the test held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeMismatch {
    /// The operator as written.
    pub operator: String,
    /// The key as the policy spells it.
    pub key: String,
    /// The value that could not be read.
    pub value: String,
}

impl Condition {
    pub(crate) fn new(tests: Vec<Test>) -> Self {
        Self {
            tests: tests.into(),
        }
    }

    /// Its tests.
    #[must_use]
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// Its tests by operator and key, of which there is one each.
    fn in_order(&self) -> Vec<(String, &str, &Test)> {
        let tests = self.tests.iter();
        let mut tests: Vec<(String, &str, &Test)> = tests
            .map(|test| (test.operator.to_string(), test.key.normal(), test))
            .collect();
        tests.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        tests
    }

    /// Whether there is nothing to test.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Whether every test holds; stops at the first that does not.
    #[must_use]
    pub fn holds(&self, context: &impl Keys) -> bool {
        self.tests.iter().all(|test| test.holds(context))
    }

    /// Runs every test and tells what failed and why.
    #[must_use]
    pub fn evaluate(&self, context: &impl Keys) -> ConditionOutcome {
        let failures: Vec<ConditionFailure> = self
            .tests
            .iter()
            .filter(|test| !test.holds(context))
            .map(|test| test.explain(context))
            .collect();
        let mut missing: Vec<String> = Vec::new();
        for key in failures.iter().flat_map(|failure| &failure.missing) {
            let normal = keys::normalise(key);
            if !missing.iter().any(|m| keys::normalise(m) == normal) {
                missing.push(key.clone());
            }
        }
        ConditionOutcome {
            holds: failures.is_empty(),
            failures,
            missing,
        }
    }

    /// Whether a block that does not hold fails for absent keys alone, as
    /// [`ConditionOutcome::failed_for_missing_keys_alone`] tells.
    #[must_use]
    pub fn lacks_keys_alone(&self, context: &impl Keys) -> bool {
        let mut failed = false;
        let alone = self
            .tests
            .iter()
            .filter(|test| !test.holds(context))
            .inspect(|_| failed = true)
            .all(|test| test.lacks_a_key(context));
        failed && alone
    }

    /// Shows the keys that a block fails for alone, as [`ConditionOutcome::missing`] lists them but a key as often as it
    /// is asked for; none if something else is to blame too, or the block holds.
    ///
    /// Puts nothing on the heap.
    pub fn each_lacking<'a>(&'a self, context: &impl Keys, mut show: impl FnMut(&'a Key)) {
        if !self.lacks_keys_alone(context) {
            return;
        }
        for test in self.tests.iter().filter(|test| !test.holds(context)) {
            test.each_missing(context, &mut show);
        }
    }

    /// Values of the request that their operator cannot read.
    #[must_use]
    pub fn type_mismatches(&self, context: &impl Keys) -> Vec<TypeMismatch> {
        self.tests
            .iter()
            .flat_map(|test| test.mismatches(context))
            .collect()
    }

    /// The variables in its values.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.tests.iter().flat_map(|test| test.operand.variables())
    }
}

#[cfg(test)]
mod tests;
