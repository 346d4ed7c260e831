//! What a role's trust policy may not say, whoever stores it.
//!
//! Rules that need to know the providers of the account (audience, required claims) are in [`federated`].

pub mod federated;
mod shape;

use crate::action::ActionPattern;
use crate::document::Document;
use crate::finding::{Finding, Severity};
use crate::pattern::{Pattern, Syntax};
use crate::principal::{AwsPrincipal, PrincipalSet};
use crate::statement::Effect;

/// Actions by which a role is assumed, lower-cased. Everything that begins with the first is one.
const TRUST_ACTIONS: [&str; 3] = ["sts:assumerole", "sts:tagsession", "sts:setsourceidentity"];

/// Whether an action pattern belongs in a trust policy: within `sts:AssumeRole*`, `sts:TagSession` and
/// `sts:SetSourceIdentity`, or a wildcard that reaches one of them.
#[must_use]
pub fn is_trust_action(pattern: &ActionPattern) -> bool {
    if pattern.service() != Some("sts") {
        return false;
    }
    let assume = Pattern::parse("sts:assumerole*", Syntax::GLOB);
    if assume.is_ok_and(|assume| assume.covers(pattern.pattern())) {
        return true;
    }
    TRUST_ACTIONS
        .iter()
        .any(|action| pattern.pattern().matches_plain(action))
}

/// Refuses statements that let everyone in: `Principal` `*`, or `Federated` `*`, with Allow.
///
/// A Deny may speak about everyone; that only narrows.
#[must_use]
pub fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, statement) in document.statements.iter().enumerate() {
        let Some(principal) = &statement.principal else {
            continue;
        };
        if statement.effect == Effect::Deny {
            continue;
        }
        for (place, message) in everyone(principal.set()) {
            findings.push(Finding {
                code: "weak_trust_policy",
                severity: Severity::Error,
                pointer: format!("/Statement/{index}/Principal{place}"),
                line: statement.at.line,
                column: statement.at.column,
                message: message.into(),
                hint: Some(
                    "name the accounts, users, roles or providers that may assume the role".into(),
                ),
            });
        }
    }
    findings
}

fn everyone(set: &PrincipalSet) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    if set.everyone {
        found.push(("", "a role must not trust everyone"));
    }
    if set.aws.contains(&AwsPrincipal::Everyone) {
        found.push(("/AWS", "a role must not trust everyone"));
    }
    if set.federated.iter().any(|name| name == "*") {
        found.push((
            "/Federated",
            "a role must not trust every identity provider",
        ));
    }
    if set.service.iter().any(|name| name == "*") {
        found.push(("/Service", "a role must not trust every service"));
    }
    found
}

#[cfg(test)]
mod tests;
