//! The fold of one organization.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trilby_model::{
    AccountId, AccountName, ControlPolicyId, Hash, OrganizationId, RootId, Seq, Timestamp, UnitId,
};
use trilby_policy::Kind;

use super::delegation::DelegatedAction;
use super::event::Event;
pub use super::node::{Member, Root, TargetRef, Unit, UnitRef};
use super::policy::{
    ControlAttachment, ControlKind, ControlPolicy, ControlPolicyRef, OwnPolicyRef,
};
pub use super::quarantine::{Quarantine, QuarantineTarget};
use crate::id::{PrincipalId, Ref};
use crate::stamp::{Stamp, micros};
use crate::system_policies;
use crate::table::Table;

/// Everything an organization's log says is so now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    pub(super) id: OrganizationId,
    pub(super) seq: Seq,
    pub(super) name: Option<AccountName>,
    pub(super) management_account: Option<AccountId>,
    pub(super) root: Option<Root>,
    pub(super) units: BTreeMap<UnitId, Unit>,
    pub(super) members: Table<AccountId, Member>,
    pub(super) control_policies: BTreeMap<ControlPolicyId, ControlPolicy>,
    pub(super) quarantines: BTreeMap<String, Quarantine>,
    pub(super) delegated_admins: BTreeMap<AccountId, DelegatedAdmin>,
    pub(super) invitations: BTreeMap<u32, Invitation>,
    pub(super) last_invitation: u32,
    pub(super) deleted: bool,
    pub(super) stamp: Option<Stamp>,
}

/// A member that administers in the management account's stead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelegatedAdmin {
    /// The member.
    pub account: AccountId,
    /// What its principals may do here, as far as their own account allows it.
    pub actions: BTreeSet<DelegatedAction>,
    /// Birth and last change.
    pub stamp: Stamp,
}

/// An invitation that can be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Its number; the MAC of its ticket is filed under it.
    pub number: u32,
    /// The account that may join, and no other.
    pub account: AccountId,
    /// When the ticket stops opening.
    #[serde(with = "micros")]
    pub expires_at: Timestamp,
    /// Birth.
    pub stamp: Stamp,
}

impl Organization {
    /// As [`crate::Account::FOLD_VERSION`].
    pub const FOLD_VERSION: u32 = 2;

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
            control_policies: BTreeMap::new(),
            quarantines: BTreeMap::new(),
            delegated_admins: BTreeMap::new(),
            invitations: BTreeMap::new(),
            last_invitation: 0,
            deleted: false,
            stamp: None,
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

    /// The account that manages it, or managed it; nothing before it exists.
    #[must_use]
    pub fn management_account(&self) -> Option<AccountId> {
        self.management_account
    }

    /// The root of its tree; nothing before it exists.
    #[must_use]
    pub fn root(&self) -> Option<&Root> {
        self.root.as_ref()
    }

    /// Whether it is gone for good.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted
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

    /// Its own control policies.
    #[must_use]
    pub fn control_policies(&self) -> &BTreeMap<ControlPolicyId, ControlPolicy> {
        &self.control_policies
    }

    /// A control policy of its own, by id or by name without case.
    #[must_use]
    pub fn control_policy(&self, policy: &OwnPolicyRef) -> Option<&ControlPolicy> {
        match policy {
            Ref::Id(id) => self.control_policies.get(id),
            Ref::Name(name) => self
                .control_policies
                .values()
                .find(|policy| policy.name.key() == name.key()),
        }
    }

    /// The quarantines that stand, by account number or unique id.
    #[must_use]
    pub fn quarantines(&self) -> &BTreeMap<String, Quarantine> {
        &self.quarantines
    }

    /// Whether an account, or this user or role of it, is in quarantine.
    #[must_use]
    pub fn is_quarantined(&self, account: AccountId, principal: Option<&PrincipalId>) -> bool {
        self.quarantines.contains_key(&account.to_string())
            || principal.is_some_and(|id| self.quarantines.contains_key(&id.to_string()))
    }

    /// The members that administer in the management account's stead.
    #[must_use]
    pub fn delegated_admins(&self) -> &BTreeMap<AccountId, DelegatedAdmin> {
        &self.delegated_admins
    }

    /// Whether a member was entrusted with an action on the organization's things.
    #[must_use]
    pub fn delegates(&self, account: AccountId, action: &str) -> bool {
        self.delegated_admins
            .get(&account)
            .is_some_and(|admin| admin.actions.iter().any(|own| own.as_str() == action))
    }

    /// The invitations that can be accepted.
    #[must_use]
    pub fn invitations(&self) -> &BTreeMap<u32, Invitation> {
        &self.invitations
    }

    /// How many invitations it ever made.
    #[must_use]
    pub fn last_invitation(&self) -> u32 {
        self.last_invitation
    }

    /// Birth and last change; nothing before it exists.
    #[must_use]
    pub fn stamp(&self) -> Option<&Stamp> {
        self.stamp.as_ref()
    }

    /// The root, if it has this id.
    #[must_use]
    pub fn root_of(&self, id: &RootId) -> Option<&Root> {
        self.root.as_ref().filter(|root| root.id == *id)
    }

    /// What is attached to a node, and when the node last changed. Nothing if it is no node here.
    #[must_use]
    pub fn target(&self, target: &TargetRef) -> Option<(&[ControlAttachment], &Stamp)> {
        match target {
            TargetRef::Node(UnitRef::Root(id)) => self
                .root_of(id)
                .map(|root| (root.control_policies.as_slice(), &root.stamp)),
            TargetRef::Node(UnitRef::Unit(id)) => self
                .units
                .get(id)
                .map(|unit| (unit.control_policies.as_slice(), &unit.stamp)),
            TargetRef::Account(account) => self
                .members
                .get(account)
                .map(|member| (member.control_policies.as_slice(), &member.stamp)),
        }
    }

    /// What an attached policy caps. Nothing if there is no such policy.
    #[must_use]
    pub fn kind_of(&self, policy: &ControlPolicyRef) -> Option<ControlKind> {
        match policy {
            ControlPolicyRef::Own(id) => self.control_policies.get(id).map(|policy| policy.kind),
            ControlPolicyRef::System { name, .. } => {
                system_policies::find(name, Kind::Scp).map(|_| ControlKind::Scp)
            }
        }
    }

    /// The nodes a control policy is attached to: the root, units by id, members by number.
    #[must_use]
    pub fn targets_of(&self, policy: &ControlPolicyRef) -> Vec<TargetRef> {
        let has = |attached: &[ControlAttachment]| {
            attached.iter().any(|one| one.policy.same_policy(policy))
        };
        let root = self.root.iter().filter(|root| has(&root.control_policies));
        let root = root.map(|root| TargetRef::Node(UnitRef::Root(root.id.clone())));
        let units = self
            .units
            .values()
            .filter(|unit| has(&unit.control_policies));
        let units = units.map(|unit| TargetRef::Node(UnitRef::Unit(unit.id.clone())));
        let members = self
            .members
            .values()
            .filter(|one| has(&one.control_policies));
        let members = members.map(|member| TargetRef::Account(member.account));
        root.chain(units).chain(members).collect()
    }

    /// The control policies on the way from the root to a member, each level's own: root, units
    /// from the top, the account. Nothing if it is no member.
    #[must_use]
    pub fn levels(&self, account: AccountId) -> Option<Vec<&[ControlAttachment]>> {
        let member = self.members.get(&account)?;
        let mut levels = vec![member.control_policies.as_slice()];
        for unit in self.way(&member.parent)? {
            levels.push(unit.control_policies.as_slice());
        }
        levels.push(self.root.as_ref()?.control_policies.as_slice());
        levels.reverse();
        Some(levels)
    }

    /// The path to a member as conditions have it: `o-x/r-y/ou-a/`. Nothing if it is no member.
    #[must_use]
    pub fn path_of(&self, account: AccountId) -> Option<String> {
        let way = self.way(&self.members.get(&account)?.parent)?;
        let mut path = format!("{}/{}/", self.id, self.root.as_ref()?.id);
        for unit in way.iter().rev() {
            path.push_str(unit.id.as_str());
            path.push('/');
        }
        Some(path)
    }

    /// The units from a node up to the root, itself first. Nothing if the node is none, or the way
    /// does not end at the root.
    pub(super) fn way(&self, node: &UnitRef) -> Option<Vec<&Unit>> {
        let mut way = Vec::new();
        let mut node = node;
        // As many steps as there are units are enough for any tree.
        for _ in 0..=self.units.len() {
            match node {
                UnitRef::Root(id) => return self.root_of(id).map(|_| way),
                UnitRef::Unit(id) => {
                    let unit = self.units.get(id)?;
                    way.push(unit);
                    node = &unit.parent;
                }
            }
        }
        None
    }
}
