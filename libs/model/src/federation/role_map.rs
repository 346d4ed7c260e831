//! Role maps: an account's rules from claims to roles.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::Invalid;
use super::claim_test::ClaimTest;
use super::names::RuleId;
use super::tag_template::TagTemplate;
use crate::arn::Arn;
use crate::names::TagKey;

mod check;

pub use check::{ROLES_PER_RULE_MAX, RULES_MAX};

/// A role map: it narrows what trust policies admit, and adds tags. One without rules and defaults admits nobody.
///
/// Serialized as [`RoleMapFields`], whose members it lends for reading; rules are in ascending priority. That the roles
/// exist, lie in the account and trust the provider is not known here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "RoleMapFields", into = "RoleMapFields")]
pub struct RoleMap(RoleMapFields);

/// The members of a [`RoleMap`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleMapFields {
    /// Whether all rules that match count, or the first only.
    #[serde(default)]
    pub mode: MapMode,
    /// What happens when a caller named no role and could have several.
    #[serde(default)]
    pub on_ambiguous: OnAmbiguous,
    /// Roles for whom no rule gave one; at most 10.
    #[serde(default)]
    pub default_roles: Vec<Arn>,
    /// At most 100, each with a priority of its own.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// Which of the rules that match count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MapMode {
    /// All, up to one that says `stop`.
    #[default]
    All,
    /// The one with the lowest priority number.
    First,
}

/// What happens when a caller named no role and could have several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnAmbiguous {
    /// The caller is told the roles and must name one.
    #[default]
    Choose,
    /// The role of the rule with the lowest priority number.
    Highest,
    /// Nothing is issued.
    Deny,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is called in answers and logs.
    pub id: RuleId,
    /// Its place: lower numbers first.
    pub priority: u32,
    /// All must hold; 1 to 10.
    pub when: Vec<ClaimTest>,
    /// The roles it gives or takes away, in order; 1 to 50.
    pub roles: Vec<Arn>,
    /// Session tags it adds.
    #[serde(default)]
    pub tags: BTreeMap<TagKey, TagTemplate>,
    /// Which of its tags go on to chained sessions.
    #[serde(default)]
    pub transitive: BTreeSet<TagKey>,
    /// The longest session, 900 to 43,200 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_duration_seconds: Option<u32>,
    /// Whether it gives its roles or takes them away.
    #[serde(default)]
    pub effect: RuleEffect,
    /// Whether later rules give nothing once this one matched.
    #[serde(default)]
    pub stop: bool,
}

/// Whether a rule gives or takes away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleEffect {
    /// It gives its roles.
    #[default]
    Allow,
    /// It takes its roles away, whatever other rules give.
    Deny,
}

impl RoleMap {
    /// Every role the map names, once.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<&Arn> {
        let of_rules = self.rules.iter().flat_map(|rule| &rule.roles);
        self.default_roles.iter().chain(of_rules).collect()
    }
}

impl TryFrom<RoleMapFields> for RoleMap {
    type Error = Invalid;

    fn try_from(mut fields: RoleMapFields) -> Result<Self, Invalid> {
        check::check(&fields)?;
        fields.rules.sort_by_key(|rule| rule.priority);
        Ok(Self(fields))
    }
}

impl From<RoleMap> for RoleMapFields {
    fn from(map: RoleMap) -> Self {
        map.0
    }
}

impl Deref for RoleMap {
    type Target = RoleMapFields;

    fn deref(&self) -> &RoleMapFields {
        &self.0
    }
}
