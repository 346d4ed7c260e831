//! Variables that never become text.

use super::condition::{place, unknown};
use super::{At, Notes};
use crate::keys;
use crate::pattern::Variable;

pub(super) fn statement(at: At<'_>, notes: &mut Notes) {
    for test in at.statement.condition.tests() {
        for variable in test.operand().variables() {
            look(at, variable, || place(test), notes);
        }
    }
    let Some(resource) = &at.statement.resource else {
        return;
    };
    let element = if resource.is_not() {
        "NotResource"
    } else {
        "Resource"
    };
    for (index, pattern) in resource.patterns().iter().enumerate() {
        for variable in pattern.variables() {
            look(at, variable, || format!("/{element}/{index}"), notes);
        }
    }
}

fn look(at: At<'_>, variable: &Variable, place: impl Fn() -> String, notes: &mut Notes) {
    let key = variable.key().as_str();
    if keys::is_multivalued(key) && !notes.is_full() {
        notes.add(
            at,
            "multivalued_variable",
            &place(),
            format!("`{key}` holds many values, so that `${{{key}}}` never resolves"),
            None,
        );
    }
    unknown(at, variable.key(), place, notes);
}
