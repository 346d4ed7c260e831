//! The rules that hold within a role map.

use std::collections::BTreeSet;

use super::{RoleMapFields, Rule, RuleEffect};
use crate::arn::Arn;
use crate::federation::Invalid;
use crate::federation::claim_test::CLAIM_TESTS_MAX;
use crate::tags::TAGS_MAX;

/// The most rules of a role map.
pub const RULES_MAX: usize = 100;
/// The most roles of one rule.
pub const ROLES_PER_RULE_MAX: usize = 50;
const DEFAULT_ROLES_MAX: usize = 10;
const DURATION_S: std::ops::RangeInclusive<u32> = 900..=43_200;

pub(super) fn check(fields: &RoleMapFields) -> Result<(), Invalid> {
    if fields.rules.len() > RULES_MAX {
        return Err(Invalid::new("/rules", "has more than 100 rules"));
    }
    if fields.default_roles.len() > DEFAULT_ROLES_MAX {
        return Err(Invalid::new("/default_roles", "has more than 10 roles"));
    }
    roles("/default_roles", &fields.default_roles)?;
    let mut ids = BTreeSet::new();
    let mut priorities = BTreeSet::new();
    for (index, rule) in fields.rules.iter().enumerate() {
        let at = format!("/rules/{index}");
        self::rule(rule).map_err(|invalid| invalid.below(&at))?;
        if !ids.insert(rule.id.key()) {
            return Err(Invalid::new(
                format!("{at}/id"),
                "is the id of another rule too",
            ));
        }
        if !priorities.insert(rule.priority) {
            return Err(Invalid::new(
                format!("{at}/priority"),
                "is the priority of another rule too",
            ));
        }
    }
    Ok(())
}

fn rule(rule: &Rule) -> Result<(), Invalid> {
    if !(1..=CLAIM_TESTS_MAX).contains(&rule.when.len()) {
        return Err(Invalid::new("/when", "must have 1 to 10 tests"));
    }
    if !(1..=ROLES_PER_RULE_MAX).contains(&rule.roles.len()) {
        return Err(Invalid::new("/roles", "must have 1 to 50 roles"));
    }
    roles("/roles", &rule.roles)?;
    if rule
        .max_duration_seconds
        .is_some_and(|s| !DURATION_S.contains(&s))
    {
        return Err(Invalid::new(
            "/max_duration_seconds",
            "must be from 900 to 43200",
        ));
    }
    tags(rule)?;
    match rule.effect {
        RuleEffect::Allow => Ok(()),
        RuleEffect::Deny if rule.tags.is_empty() && rule.max_duration_seconds.is_none() => Ok(()),
        RuleEffect::Deny => Err(Invalid::new(
            "/effect",
            "takes roles away: such a rule has no tags and no duration",
        )),
    }
}

fn tags(rule: &Rule) -> Result<(), Invalid> {
    if rule.tags.len() > TAGS_MAX {
        return Err(Invalid::new("/tags", "has more than 50 tags"));
    }
    let keys: BTreeSet<String> = rule.tags.keys().map(crate::TagKey::key).collect();
    if keys.len() != rule.tags.len() {
        return Err(Invalid::new(
            "/tags",
            "has a key twice; case does not tell keys apart",
        ));
    }
    if rule.transitive.iter().all(|key| keys.contains(&key.key())) {
        Ok(())
    } else {
        Err(Invalid::new(
            "/transitive",
            "names a tag that the rule does not add",
        ))
    }
}

fn roles(pointer: &str, roles: &[Arn]) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for (index, role) in roles.iter().enumerate() {
        let at = || format!("{pointer}/{index}");
        let is_role = role.service() == "iam"
            && role.account_id().is_some()
            && role.resource().starts_with("role/");
        if !is_role {
            return Err(Invalid::new(at(), "must be the ARN of a role"));
        }
        if !seen.insert(role.matching_key()) {
            return Err(Invalid::new(at(), "is named twice"));
        }
    }
    Ok(())
}
