//! From claims to roles, by an account's role map.

use std::collections::BTreeMap;

use trilby_model::federation::{
    ClaimPath, MapMode, OnAmbiguous, RoleMap, Rule, RuleEffect, RuleId, TagTemplate, TemplatePart,
};
use trilby_model::{Arn, TagKey, TagValue};

use crate::claim_tests;
use crate::claims::All;
use crate::identity::VerifiedIdentity;

/// What a role map gives somebody: roles, each with what comes with it, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    roles: Vec<MappedRole>,
    on_ambiguous: OnAmbiguous,
}

/// One role of a [`Mapped`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedRole {
    /// The role.
    pub role: Arn,
    /// The rules that gave it, by priority; none if it is a default.
    pub rules: Vec<RuleId>,
    /// Tags that come with it, and whether each goes on to chained sessions. Of two rules the one of the lower priority
    /// number says what a tag is.
    pub tags: BTreeMap<TagKey, (TagValue, bool)>,
    /// The shortest of the rules' longest sessions.
    pub max_duration_seconds: Option<u32>,
}

/// Why a role map gives no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapRefusal {
    /// No rule gives the role that was named, or any.
    #[error("no rule of the role map gives such a role")]
    NoRole,
    /// Several roles, none named: the caller must choose.
    #[error("several roles are given: one must be named")]
    Choose {
        /// The roles.
        roles: Vec<Arn>,
    },
    /// Several roles, none named, and the map wants one only.
    #[error("several roles are given, which this role map does not allow")]
    Ambiguous {
        /// The rules that gave them.
        rules: Vec<RuleId>,
    },
}

impl MapRefusal {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRole => "no_role_mapped",
            Self::Choose { .. } => "role_choice_required",
            Self::Ambiguous { .. } => "ambiguous_role",
        }
    }
}

/// Why a role map could not be evaluated: nobody is admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// A rule reads a claim that the provider does not expose.
    #[error("rule `{rule}` reads claim `{claim}`, which the provider does not expose")]
    NotExposed {
        /// The rule.
        rule: RuleId,
        /// The claim.
        claim: ClaimPath,
    },
    /// A tag would be longer than a tag may be.
    #[error("rule `{rule}` gives tag `{tag}` a value of more than 256 characters")]
    TagTooLong {
        /// The rule.
        rule: RuleId,
        /// The tag.
        tag: TagKey,
    },
    /// A tag's claim is an object, or an array of other than one.
    #[error("rule `{rule}` makes tag `{tag}` of claim `{claim}`, which is not one value")]
    TagNotSingle {
        /// The rule.
        rule: RuleId,
        /// The tag.
        tag: TagKey,
        /// The claim.
        claim: ClaimPath,
    },
}

/// Evaluates `map` for `identity`.
///
/// A rule that takes roles away counts whatever the mode, and whether or not an earlier one said `stop`; default roles are
/// taken away as well. A rule that reads a claim which the provider does not expose is an error, because to such a rule
/// every claim would look absent.
///
/// Errors: see [`MapError`].
pub fn evaluate(map: &RoleMap, identity: &VerifiedIdentity) -> Result<Mapped, MapError> {
    evaluate_claims(map, identity.claims(), |claim| identity.exposes(claim))
}

/// [`evaluate`] on bare claims, for dry runs: nothing can be issued on the result of these. `exposes` says whether a claim
/// may be read ([`crate::is_exposed`]).
///
/// Errors: see [`MapError`].
pub fn evaluate_claims(
    map: &RoleMap,
    claims: &serde_json::Map<String, serde_json::Value>,
    exposes: impl Fn(&ClaimPath) -> bool,
) -> Result<Mapped, MapError> {
    for rule in &map.rules {
        if let Some(test) = rule.when.iter().find(|test| !exposes(&test.claim)) {
            return Err(MapError::NotExposed {
                rule: rule.id.clone(),
                claim: test.claim.clone(),
            });
        }
    }
    let matching: Vec<&Rule> = map
        .rules
        .iter()
        .filter(|rule| matches(rule, claims))
        .collect();
    let is_taken = |role: &Arn| {
        matching
            .iter()
            .filter(|rule| rule.effect == RuleEffect::Deny)
            .any(|rule| rule.roles.iter().any(|taken| taken.same_thing(role)))
    };
    let mut roles: Vec<MappedRole> = Vec::new();
    for rule in giving(map.mode, &matching) {
        let tags = tags(rule, claims, &exposes)?;
        for role in rule.roles.iter().filter(|role| !is_taken(role)) {
            add(&mut roles, rule, role, &tags);
        }
    }
    if roles.is_empty() {
        let defaults = map.default_roles.iter().filter(|role| !is_taken(role));
        roles = defaults.map(MappedRole::by_default).collect();
    }
    Ok(Mapped {
        roles,
        on_ambiguous: map.on_ambiguous,
    })
}

fn matches(rule: &Rule, claims: &All) -> bool {
    rule.when
        .iter()
        .all(|test| claim_tests::holds(test, claims))
}

/// The rules whose roles are given: up to the one that stops, in mode `first` the first only.
fn giving<'a>(mode: MapMode, matching: &[&'a Rule]) -> Vec<&'a Rule> {
    let n = match mode {
        MapMode::First => 1,
        MapMode::All => {
            let stopping = matching.iter().position(|rule| rule.stop);
            stopping.map_or(matching.len(), |index| index.saturating_add(1))
        }
    };
    matching
        .iter()
        .take(n)
        .filter(|rule| rule.effect == RuleEffect::Allow)
        .copied()
        .collect()
}

fn add(
    roles: &mut Vec<MappedRole>,
    rule: &Rule,
    role: &Arn,
    tags: &BTreeMap<TagKey, (TagValue, bool)>,
) {
    let position = roles.iter().position(|mapped| mapped.role.same_thing(role));
    let mut mapped = match position {
        Some(index) => roles.remove(index),
        None => MappedRole::by_default(role),
    };
    mapped.rules.push(rule.id.clone());
    for (key, value) in tags {
        let is_new = !mapped.tags.keys().any(|have| have.key() == key.key());
        if is_new {
            mapped.tags.insert(key.clone(), value.clone());
        }
    }
    let shortest = mapped
        .max_duration_seconds
        .into_iter()
        .chain(rule.max_duration_seconds)
        .min();
    mapped.max_duration_seconds = shortest;
    roles.insert(position.unwrap_or(roles.len()), mapped);
}

impl MappedRole {
    fn by_default(role: &Arn) -> Self {
        Self {
            role: role.clone(),
            rules: Vec::new(),
            tags: BTreeMap::new(),
            max_duration_seconds: None,
        }
    }
}

impl Mapped {
    /// All roles given, those of lower priority numbers first.
    #[must_use]
    pub fn roles(&self) -> &[MappedRole] {
        &self.roles
    }

    /// The role to assume: the one that was named, if it was given; else the only one, or as the map says.
    ///
    /// Errors: see [`MapRefusal`].
    pub fn choose(&self, named: Option<&Arn>) -> Result<&MappedRole, MapRefusal> {
        if let Some(named) = named {
            let given = self
                .roles
                .iter()
                .find(|mapped| mapped.role.same_thing(named));
            return given.ok_or(MapRefusal::NoRole);
        }
        match (self.roles.as_slice(), self.on_ambiguous) {
            ([], _) => Err(MapRefusal::NoRole),
            ([only], _) => Ok(only),
            ([best, ..], OnAmbiguous::Highest) => Ok(best),
            (several, OnAmbiguous::Choose) => Err(MapRefusal::Choose {
                roles: several.iter().map(|mapped| mapped.role.clone()).collect(),
            }),
            (several, OnAmbiguous::Deny) => {
                let mut rules: Vec<RuleId> = several
                    .iter()
                    .flat_map(|mapped| mapped.rules.clone())
                    .collect();
                rules.sort();
                rules.dedup();
                Err(MapRefusal::Ambiguous { rules })
            }
        }
    }
}

fn tags(
    rule: &Rule,
    claims: &All,
    exposes: &impl Fn(&ClaimPath) -> bool,
) -> Result<BTreeMap<TagKey, (TagValue, bool)>, MapError> {
    let mut tags = BTreeMap::new();
    for (key, template) in &rule.tags {
        if let Some(value) = tag(rule, key, template, claims, exposes)? {
            let goes_on = rule
                .transitive
                .iter()
                .any(|transitive| transitive.key() == key.key());
            tags.insert(key.clone(), (value, goes_on));
        }
    }
    Ok(tags)
}

/// The tag's value; `None` if a claim of it is missing.
fn tag(
    rule: &Rule,
    key: &TagKey,
    template: &TagTemplate,
    claims: &All,
    exposes: &impl Fn(&ClaimPath) -> bool,
) -> Result<Option<TagValue>, MapError> {
    let mut text = String::new();
    for part in template.parts() {
        match part {
            TemplatePart::Text(literal) => text.push_str(literal),
            TemplatePart::Claim(claim) if !exposes(claim) => {
                return Err(MapError::NotExposed {
                    rule: rule.id.clone(),
                    claim: claim.clone(),
                });
            }
            TemplatePart::Claim(claim) => match claim.find(claims).filter(|value| !value.is_null())
            {
                None => return Ok(None),
                Some(value) => {
                    let single = single(value).ok_or_else(|| MapError::TagNotSingle {
                        rule: rule.id.clone(),
                        tag: key.clone(),
                        claim: claim.clone(),
                    })?;
                    text.push_str(&cleaned(&single));
                }
            },
        }
    }
    text.parse().map(Some).map_err(|_| MapError::TagTooLong {
        rule: rule.id.clone(),
        tag: key.clone(),
    })
}

fn single(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(items) => match items.as_slice() {
            [Value::Array(_) | Value::Object(_) | Value::Null] => None,
            [one] => single(one),
            [] | [_, ..] => None,
        },
        Value::Null | Value::Object(_) => None,
    }
}

/// What a tag's value may not hold becomes `_`.
fn cleaned(text: &str) -> String {
    let fits = |c: char| c.to_string().parse::<TagValue>().is_ok();
    text.chars()
        .map(|c| if fits(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests;
