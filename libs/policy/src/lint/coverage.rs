//! Statements and patterns that say nothing new, and Allows that another statement takes back.

use super::effort::Effort;
use super::{At, Notes};
use crate::action::ActionPattern;
use crate::document::Document;
use crate::pattern::ArnPattern;
use crate::statement::{Effect, Statement};

/// About what comparing one test of a condition costs, as the length of a pattern.
const LENGTH_OF_TEST: usize = 32;
/// Documents with more statements are not compared pairwise.
const STATEMENTS_COMPARED_MAX: usize = 200;
/// Lists with more patterns are not compared pairwise.
const PATTERNS_COMPARED_MAX: usize = 200;

pub(super) fn document(document: &Document, notes: &mut Notes) {
    let statements = &document.statements;
    if statements.len() > STATEMENTS_COMPARED_MAX {
        return;
    }
    let effort = Effort::new();
    for (index, statement) in statements.iter().enumerate() {
        if notes.is_full() {
            return;
        }
        let at = At { index, statement };
        redundant_patterns(at, &effort, notes);
        for (other_index, other) in statements.iter().enumerate() {
            if other_index == index {
                continue;
            }
            if let Some((code, message)) = relation(at, other_index, other, &effort) {
                notes.add(at, code, "", message, None);
                break;
            }
        }
    }
}

fn relation(
    at: At<'_>,
    other_index: usize,
    other: &Statement,
    effort: &Effort,
) -> Option<(&'static str, String)> {
    let statement = at.statement;
    if statement.effect == Effect::Allow && other.effect == Effect::Deny {
        return takes_in(other, statement, effort).then(|| {
            let message = format!("statement {other_index} denies everything this one allows");
            ("unreachable_allow", message)
        });
    }
    if statement.effect != other.effect || !takes_in(other, statement, effort) {
        return None;
    }
    if !takes_in(statement, other, effort) {
        let message = format!("statement {other_index} says all of this already");
        return Some(("shadowed_statement", message));
    }
    // Of two that say the same, the later one is remarked.
    (other_index < at.index).then(|| {
        let message = format!("statement {other_index} says the same");
        ("duplicate_statement", message)
    })
}

/// Whether `wide` matches whenever `narrow` does. Sound, not complete.
fn takes_in(wide: &Statement, narrow: &Statement, effort: &Effort) -> bool {
    principals_take_in(wide, narrow)
        && actions_take_in(wide, narrow, effort)
        && resources_take_in(wide, narrow, effort)
        && conditions_take_in(wide, narrow, effort)
}

fn conditions_take_in(wide: &Statement, narrow: &Statement, effort: &Effort) -> bool {
    wide.condition.is_empty()
        || (effort.affords(wide.condition.tests().len(), LENGTH_OF_TEST)
            && wide.condition == narrow.condition)
}

fn principals_take_in(wide: &Statement, narrow: &Statement) -> bool {
    match (&wide.principal, &narrow.principal) {
        (Some(wide), Some(narrow)) => {
            let all = wide.set().everyone && !wide.is_not();
            all || wide == narrow
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn actions_take_in(wide: &Statement, narrow: &Statement, effort: &Effort) -> bool {
    let (wide, narrow) = (&wide.action, &narrow.action);
    let within = |outer: &[ActionPattern], inner: &[ActionPattern]| {
        inner.iter().all(|inner| {
            outer.iter().any(|outer| {
                effort.affords(outer.as_str().len(), inner.as_str().len()) && outer.covers(inner)
            })
        })
    };
    match (wide.is_not(), narrow.is_not()) {
        (false, false) => within(wide.patterns(), narrow.patterns()),
        // Excluding less takes in more.
        (true, true) => within(narrow.patterns(), wide.patterns()),
        (false, true) => wide.patterns().iter().any(ActionPattern::is_all),
        (true, false) => false,
    }
}

fn resources_take_in(wide: &Statement, narrow: &Statement, effort: &Effort) -> bool {
    let may_not_apply = may_not_apply(wide);
    let (wide, narrow) = match (&wide.resource, &narrow.resource) {
        (None, None) => return true,
        (Some(wide), Some(narrow)) => (wide, narrow),
        (Some(wide), None) => {
            return !wide.is_not() && wide.patterns().iter().any(ArnPattern::is_all);
        }
        (None, Some(_)) => return false,
    };
    let within = |outer: &[ArnPattern], inner: &[ArnPattern]| {
        inner.iter().all(|inner| {
            outer.iter().any(|outer| {
                effort.affords(outer.as_str().len(), inner.as_str().len()) && outer.covers(inner)
            })
        })
    };
    match (wide.is_not(), narrow.is_not()) {
        (false, false) => within(wide.patterns(), narrow.patterns()),
        // An Allow with a variable that is null does not apply, whatever else it leaves out.
        (true, true) if may_not_apply && wide != narrow => false,
        (true, true) => within(narrow.patterns(), wide.patterns()),
        (false, true) => wide.patterns().iter().any(ArnPattern::is_all),
        (true, false) => false,
    }
}

/// Whether it allows all but resources of which one is named by a variable.
fn may_not_apply(statement: &Statement) -> bool {
    statement.effect == Effect::Allow
        && statement
            .resource
            .as_ref()
            .is_some_and(|named| named.is_not() && named.patterns().iter().any(has_variables))
}

fn has_variables(pattern: &ArnPattern) -> bool {
    pattern.variables().next().is_some()
}

fn redundant_patterns(at: At<'_>, effort: &Effort, notes: &mut Notes) {
    let statement = at.statement;
    let actions = statement.action.patterns();
    let member = if statement.action.is_not() {
        "NotAction"
    } else {
        "Action"
    };
    let names: Vec<&str> = actions.iter().map(ActionPattern::as_str).collect();
    covered(
        at,
        member,
        &names,
        |a, b| pair(actions, a, b, ActionPattern::covers),
        effort,
        notes,
    );
    if let Some(resource) = &statement.resource {
        let patterns = resource.patterns();
        let member = if resource.is_not() {
            "NotResource"
        } else {
            "Resource"
        };
        let names: Vec<&str> = patterns.iter().map(ArnPattern::as_str).collect();
        covered(
            at,
            member,
            &names,
            |a, b| {
                let says_more =
                    may_not_apply(statement) && patterns.get(b).is_some_and(has_variables);
                !says_more && pair(patterns, a, b, ArnPattern::covers)
            },
            effort,
            notes,
        );
    }
}

fn pair<T>(items: &[T], a: usize, b: usize, covers: impl Fn(&T, &T) -> bool) -> bool {
    match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => covers(a, b),
        _ => false,
    }
}

/// Notes each name that another of the list covers; of two that cover each other, the later.
fn covered(
    at: At<'_>,
    member: &str,
    names: &[&str],
    covers: impl Fn(usize, usize) -> bool,
    effort: &Effort,
    notes: &mut Notes,
) {
    if names.len() > PATTERNS_COMPARED_MAX {
        return;
    }
    for (inner, name) in names.iter().enumerate() {
        let outer = names.iter().enumerate().find(|(outer, text)| {
            *outer != inner
                && effort.affords(text.len(), name.len())
                && covers(*outer, inner)
                && (*outer < inner || !covers(inner, *outer))
        });
        if let Some((_, outer)) = outer {
            notes.add(
                at,
                "redundant_pattern",
                &format!("/{member}/{inner}"),
                format!("`{name}` is covered by `{outer}`"),
                None,
            );
        }
    }
}
