//! Actions and condition keys against what the account's applications registered, and actions against the service's own.

use std::collections::BTreeMap;

use super::{At, Notes};
use crate::actions;
use crate::finding::did_you_mean;
use crate::keys;

/// The applications of an account: which operations and which condition keys each has.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    services: BTreeMap<String, Service>,
}

#[derive(Clone, Debug, Default)]
struct Service {
    operations: Vec<String>,
    keys: Vec<String>,
}

impl Catalogue {
    /// Of an account without applications.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an application with its operations (`Read`) and its condition keys (`docs:Owner`).
    pub fn add(
        &mut self,
        service: &str,
        operations: impl IntoIterator<Item = String>,
        keys: impl IntoIterator<Item = String>,
    ) {
        let entry = self.services.entry(service.to_lowercase()).or_default();
        entry.operations.extend(operations);
        entry.keys.extend(keys);
    }
}

pub(super) fn statement(at: At<'_>, catalogue: &Catalogue, notes: &mut Notes) {
    registered(at, catalogue, notes);
    for test in at.statement.condition.tests() {
        key(
            at,
            test.operator.to_string(),
            test.key.as_str(),
            catalogue,
            notes,
        );
    }
}

fn registered(at: At<'_>, catalogue: &Catalogue, notes: &mut Notes) {
    unknown(at, notes, |service| {
        let known = catalogue.services.get(service)?;
        Some(known.operations.iter().map(String::as_str).collect())
    });
}

/// Actions below the service's own prefixes that it does not have.
pub(super) fn own(at: At<'_>, notes: &mut Notes) {
    unknown(at, notes, |service| {
        actions::below(service).map(<[_]>::to_vec)
    });
}

/// Action patterns that fit none of the operations of their service, where those are known.
fn unknown<'o>(at: At<'_>, notes: &mut Notes, operations: impl Fn(&str) -> Option<Vec<&'o str>>) {
    let element = if at.statement.action.is_not() {
        "NotAction"
    } else {
        "Action"
    };
    for (index, pattern) in at.statement.action.patterns().iter().enumerate() {
        if notes.is_full() {
            return;
        }
        let Some((service, known)) = pattern
            .service()
            .and_then(|service| Some((service, operations(service)?)))
        else {
            continue;
        };
        let fits = |operation: &&str| {
            let action = format!("{service}:{}", operation.to_lowercase());
            pattern.pattern().matches_plain(&action)
        };
        if known.iter().any(fits) {
            continue;
        }
        let written = pattern.as_str();
        let full: Vec<String> = known
            .iter()
            .map(|operation| format!("{service}:{operation}"))
            .collect();
        let hint = did_you_mean(written, full.iter().map(String::as_str));
        notes.add(
            at,
            "unknown_action",
            &format!("/{element}/{index}"),
            format!("`{written}` fits no action of `{service}`"),
            hint.as_deref(),
        );
    }
}

fn key(at: At<'_>, operator: String, key: &str, catalogue: &Catalogue, notes: &mut Notes) {
    let normal = keys::normalise(key);
    let Some((prefix, _)) = normal.split_once(':') else {
        return;
    };
    let Some(known) = catalogue.services.get(prefix) else {
        return;
    };
    if known.keys.iter().any(|k| keys::normalise(k) == normal) {
        return;
    }
    let hint = did_you_mean(key, known.keys.iter().map(String::as_str));
    notes.add(
        at,
        "unknown_condition_key",
        &format!(
            "/Condition/{operator}/{}",
            trilby_model::json::escape_pointer(key)
        ),
        format!("`{key}` is no condition key of `{prefix}`"),
        hint.as_deref(),
    );
}
