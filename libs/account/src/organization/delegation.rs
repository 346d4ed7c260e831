//! What a management account may hand to a member: a closed list of actions.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Actions on an organization that members may be entrusted with. Not among them: making further
/// delegated administrators, and ending the organization.
const DELEGABLE: &[&str] = &[
    "organizations:AttachPolicy",
    "organizations:CreateAccount",
    "organizations:CreatePolicy",
    "organizations:CreateUnit",
    "organizations:DeletePolicy",
    "organizations:DeleteUnit",
    "organizations:DetachPolicy",
    "organizations:EnableRootCredential",
    "organizations:GetAccount",
    "organizations:GetOrganization",
    "organizations:GetPolicy",
    "organizations:GetUnit",
    "organizations:InviteAccount",
    "organizations:ListAccounts",
    "organizations:ListDelegatedAdministrators",
    "organizations:ListInvitations",
    "organizations:ListPolicies",
    "organizations:ListQuarantine",
    "organizations:ListUnits",
    "organizations:MoveAccount",
    "organizations:MoveUnit",
    "organizations:Quarantine",
    "organizations:RemoveAccount",
    "organizations:UpdatePolicy",
    "organizations:UpdateUnit",
];

/// An action that a delegated administrator has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DelegatedAction(&'static str);

/// Not an action that can be delegated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no action that can be delegated")]
pub struct NotDelegable(String);

impl DelegatedAction {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        DELEGABLE.iter().map(|action| Self(action))
    }

    /// The action.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for DelegatedAction {
    type Err = NotDelegable;

    fn from_str(text: &str) -> Result<Self, NotDelegable> {
        let mut all = Self::all();
        all.find(|action| action.0.eq_ignore_ascii_case(text))
            .ok_or_else(|| NotDelegable(text.to_owned()))
    }
}

impl fmt::Display for DelegatedAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for DelegatedAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for DelegatedAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
