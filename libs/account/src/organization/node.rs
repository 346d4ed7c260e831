//! The nodes of a tree, and how they are named.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trilby_model::{AccountId, AccountName, IdError, RootId, UnitId};

use super::event::MemberOrigin;
use super::policy::ControlAttachment;
use crate::stamp::Stamp;

/// The root of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its id.
    pub id: RootId,
    /// The control policies attached to it.
    pub control_policies: Vec<ControlAttachment>,
    /// Birth and last change.
    pub stamp: Stamp,
}

/// An inner node of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// Its name.
    pub name: AccountName,
    /// What it hangs on.
    pub parent: UnitRef,
    /// The control policies attached to it.
    pub control_policies: Vec<ControlAttachment>,
    /// Birth and last change.
    pub stamp: Stamp,
}

/// A leaf of the tree: an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its number.
    pub account: AccountId,
    /// Its name when it joined; its own log has the present one.
    pub name: AccountName,
    /// What it hangs on.
    pub parent: UnitRef,
    /// How it came.
    pub origin: MemberOrigin,
    /// Whether the organization gave its root a credential, and did not take it back.
    pub root_credential: bool,
    /// The control policies attached to it.
    pub control_policies: Vec<ControlAttachment>,
    /// Birth and last change.
    pub stamp: Stamp,
}

/// The root or a unit: what members and units hang on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum UnitRef {
    /// The root.
    Root(RootId),
    /// A unit.
    Unit(UnitId),
}

/// Any node: what control policies are attached to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum TargetRef {
    /// The root or a unit.
    Node(UnitRef),
    /// A member.
    Account(AccountId),
}

impl fmt::Display for UnitRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(id) => id.fmt(f),
            Self::Unit(id) => id.fmt(f),
        }
    }
}

impl FromStr for UnitRef {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.parse() {
            Ok(id) => Ok(Self::Root(id)),
            Err(_) => text.parse().map(Self::Unit),
        }
    }
}

impl fmt::Display for TargetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => node.fmt(f),
            Self::Account(account) => account.fmt(f),
        }
    }
}

impl FromStr for TargetRef {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.parse() {
            Ok(account) => Ok(Self::Account(account)),
            Err(_) => text.parse().map(Self::Node),
        }
    }
}

macro_rules! string_form {
    ($($name:ident),*) => {$(
        impl From<$name> for String {
            fn from(node: $name) -> Self {
                node.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
    )*};
}
string_form!(UnitRef, TargetRef);
