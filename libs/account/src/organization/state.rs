//! The fold of one organization.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trilby_model::{
    AccountId, AccountName, Hash, IdError, OrganizationId, RootId, Seq, Timestamp, UnitId,
};

use super::event::{Event, MemberOrigin};
use crate::id::PolicyRef;
use crate::stamp::{Moment, Stamp};
use crate::state::Attachment;
use crate::table::Table;

/// Everything an organization's log says is so now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    id: OrganizationId,
    seq: Seq,
    name: Option<AccountName>,
    management_account: Option<AccountId>,
    root: Option<Root>,
    units: BTreeMap<UnitId, Unit>,
    members: Table<AccountId, Member>,
    stamp: Option<Stamp>,
}

/// The root of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its id.
    pub id: RootId,
    /// The control policies attached to it.
    pub control_policies: Vec<Attachment>,
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
    pub control_policies: Vec<Attachment>,
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
    /// The control policies attached to it.
    pub control_policies: Vec<Attachment>,
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

impl From<UnitRef> for String {
    fn from(unit: UnitRef) -> Self {
        unit.to_string()
    }
}

impl TryFrom<String> for UnitRef {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl Organization {
    /// As [`crate::Account::FOLD_VERSION`].
    pub const FOLD_VERSION: u32 = 1;

    /// As [`crate::Account::fold_fingerprint`].
    #[must_use]
    pub fn fold_fingerprint() -> Hash {
        crate::stored::fingerprint("organization", Self::FOLD_VERSION, Event::KNOWN)
    }

    /// The fold of an empty log.
    #[must_use]
    pub fn empty(id: OrganizationId) -> Self {
        Self {
            id,
            seq: Seq::ZERO,
            name: None,
            management_account: None,
            root: None,
            units: BTreeMap::new(),
            members: Table::default(),
            stamp: None,
        }
    }

    /// Takes in the event at `seq` of this organization's log, stored at `at`.
    pub fn evolve(&mut self, event: &Event, seq: Seq, at: Timestamp) {
        let moment = Moment { seq, at };
        self.seq = seq;
        match event {
            Event::OrganizationCreated(fact) => {
                self.name = Some(fact.name.clone());
                self.management_account = Some(fact.management_account);
                self.root = Some(Root {
                    id: fact.root.clone(),
                    control_policies: attached(&fact.control_policies, seq),
                    stamp: Stamp::new(moment),
                });
                self.stamp = Some(Stamp::new(moment));
            }
            Event::MemberJoined(fact) => {
                let member = Member {
                    account: fact.account,
                    name: fact.name.clone(),
                    parent: fact.parent.clone(),
                    origin: fact.origin,
                    control_policies: attached(&fact.control_policies, seq),
                    stamp: Stamp::new(moment),
                };
                self.members.insert(fact.account, member);
            }
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &OrganizationId {
        &self.id
    }

    /// The last event folded in.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Its name; nothing before it exists.
    #[must_use]
    pub fn name(&self) -> Option<&AccountName> {
        self.name.as_ref()
    }

    /// The account that manages it; nothing before it exists.
    #[must_use]
    pub fn management_account(&self) -> Option<AccountId> {
        self.management_account
    }

    /// The root of its tree; nothing before it exists.
    #[must_use]
    pub fn root(&self) -> Option<&Root> {
        self.root.as_ref()
    }

    /// The inner nodes of its tree.
    #[must_use]
    pub fn units(&self) -> &BTreeMap<UnitId, Unit> {
        &self.units
    }

    /// Its members, the management account among them.
    #[must_use]
    pub fn members(&self) -> &Table<AccountId, Member> {
        &self.members
    }

    /// A member.
    #[must_use]
    pub fn member(&self, account: AccountId) -> Option<&Member> {
        self.members.get(&account)
    }

    /// Birth and last change; nothing before it exists.
    #[must_use]
    pub fn stamp(&self) -> Option<&Stamp> {
        self.stamp.as_ref()
    }

    /// The control policies on the way from the root to a member, each level's own: root, units
    /// from the top, the account. Nothing if it is no member.
    #[must_use]
    pub fn levels(&self, account: AccountId) -> Option<Vec<&[Attachment]>> {
        let member = self.members.get(&account)?;
        let mut levels = vec![member.control_policies.as_slice()];
        let mut parent = &member.parent;
        // As many steps as there are units are enough for any tree.
        for _ in 0..=self.units.len() {
            match parent {
                UnitRef::Root(_) => {
                    levels.push(self.root.as_ref()?.control_policies.as_slice());
                    levels.reverse();
                    return Some(levels);
                }
                UnitRef::Unit(id) => {
                    let unit = self.units.get(id)?;
                    levels.push(unit.control_policies.as_slice());
                    parent = &unit.parent;
                }
            }
        }
        None
    }

    /// The path to a member as conditions have it: `o-x/r-y/ou-a/`. Nothing if it is no member.
    #[must_use]
    pub fn path_of(&self, account: AccountId) -> Option<String> {
        let mut parts = vec![String::new()];
        let mut parent = &self.members.get(&account)?.parent;
        for _ in 0..=self.units.len() {
            parts.push(parent.to_string());
            match parent {
                UnitRef::Root(_) => {
                    parts.push(self.id.to_string());
                    parts.reverse();
                    return Some(parts.join("/"));
                }
                UnitRef::Unit(id) => parent = &self.units.get(id)?.parent,
            }
        }
        None
    }
}

fn attached(policies: &[PolicyRef], since: Seq) -> Vec<Attachment> {
    let attached = policies.iter().map(|policy| Attachment {
        policy: policy.clone(),
        since,
    });
    attached.collect()
}
