//! What administrators of an organization may wish for, as far as its own log alone is written.

mod attachments;
mod control_policies;
mod delegated_admins;
mod members;
mod units;

pub use attachments::{AttachControlPolicy, DetachControlPolicy};
pub use control_policies::{
    CreateControlPolicy, CreateControlPolicyVersion, DeleteControlPolicy,
    DeleteControlPolicyVersion, SetDefaultControlPolicyVersion, UpdateControlPolicy,
};
pub use delegated_admins::{RemoveDelegatedAdmin, SetDelegatedAdmin};
pub use members::MoveMember;
pub use units::{CreateUnit, DeleteUnit, MoveUnit, RenameUnit};

use trilby_model::{AccountId, Entropy, Seq};

use super::event::Event;
use super::node::{Member, Root, TargetRef, Unit, UnitRef};
use super::policy::{ControlPolicy, OwnPolicyRef};
use super::state::Organization;
use crate::context::{Context, Precondition};
use crate::rejection::{Rejection, ThingKind};

/// What a command decides.
type Verdict = Result<Vec<Event>, Rejection>;

/// Declares the commands and hands each to its own rules.
macro_rules! commands {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {
        /// A wish about an organization.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Command { $($(#[$meta])* $name($name)),* }

        impl Command {
            fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
                match self { $(Self::$name(command) => command.decide(desk)),* }
            }
        }

        $(
            impl From<$name> for Command {
                fn from(command: $name) -> Self {
                    Self::$name(command)
                }
            }
        )*
    };
}

commands! {
    /// See [`CreateUnit`].
    CreateUnit,
    /// See [`RenameUnit`].
    RenameUnit,
    /// See [`MoveUnit`].
    MoveUnit,
    /// See [`DeleteUnit`].
    DeleteUnit,
    /// See [`MoveMember`].
    MoveMember,
    /// See [`CreateControlPolicy`].
    CreateControlPolicy,
    /// See [`UpdateControlPolicy`].
    UpdateControlPolicy,
    /// See [`CreateControlPolicyVersion`].
    CreateControlPolicyVersion,
    /// See [`SetDefaultControlPolicyVersion`].
    SetDefaultControlPolicyVersion,
    /// See [`DeleteControlPolicyVersion`].
    DeleteControlPolicyVersion,
    /// See [`DeleteControlPolicy`].
    DeleteControlPolicy,
    /// See [`AttachControlPolicy`].
    AttachControlPolicy,
    /// See [`DetachControlPolicy`].
    DetachControlPolicy,
    /// See [`SetDelegatedAdmin`].
    SetDelegatedAdmin,
    /// See [`RemoveDelegatedAdmin`].
    RemoveDelegatedAdmin,
}

impl Organization {
    /// The events that make `command` so, none if it already is.
    ///
    /// Errors: the first rule it breaks; nothing is changed either way. The caller's rights are not
    /// asked here.
    pub fn decide(&self, command: &Command, ctx: &Context) -> Result<Vec<Event>, Rejection> {
        let mut desk = Desk::new(self, ctx)?;
        command.decide(&mut desk)
    }
}

/// What a command decides with: an organization that exists.
pub(super) struct Desk<'a> {
    pub(super) organization: &'a Organization,
    pub(super) root: &'a Root,
    pub(super) management: AccountId,
    pub(super) ctx: &'a Context,
    pub(super) entropy: Entropy,
}

impl<'a> Desk<'a> {
    /// Refuses if there is no such organization, or none any more.
    pub(super) fn new(organization: &'a Organization, ctx: &'a Context) -> Result<Self, Rejection> {
        let parts = organization.root().zip(organization.management_account());
        match parts.filter(|_| !organization.is_deleted()) {
            Some((root, management)) => Ok(Self {
                organization,
                root,
                management,
                ctx,
                entropy: ctx.entropy(),
            }),
            None => Err(Rejection::not_found(
                ThingKind::Organization,
                organization.id(),
            )),
        }
    }

    /// Refuses unless the precondition fits a thing that was last changed at `current`, or is absent.
    pub(super) fn require(&self, current: Option<Seq>) -> Result<(), Rejection> {
        let holds = match self.ctx.precondition {
            Precondition::None => true,
            Precondition::Unchanged(seq) => current == Some(seq),
            Precondition::Absent => current.is_none(),
        };
        if holds {
            Ok(())
        } else {
            Err(Rejection::EtagMismatch { current })
        }
    }

    pub(super) fn unit(&self, id: &trilby_model::UnitId) -> Result<&'a Unit, Rejection> {
        let found = self.organization.units().get(id);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Unit, id))
    }

    pub(super) fn member(&self, account: AccountId) -> Result<&'a Member, Rejection> {
        let found = self.organization.member(account);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Account, &account))
    }

    pub(super) fn policy(&self, policy: &OwnPolicyRef) -> Result<&'a ControlPolicy, Rejection> {
        let found = self.organization.control_policy(policy);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Policy, policy))
    }

    /// The units from a node up to the root, itself first.
    pub(super) fn way(&self, node: &UnitRef) -> Result<Vec<&'a Unit>, Rejection> {
        let way = self.organization.way(node);
        way.ok_or_else(|| Rejection::not_found(ThingKind::Unit, node))
    }

    pub(super) fn target(
        &self,
        target: &TargetRef,
    ) -> Result<(&'a [super::policy::ControlAttachment], Seq), Rejection> {
        let kind = match target {
            TargetRef::Node(_) => ThingKind::Unit,
            TargetRef::Account(_) => ThingKind::Account,
        };
        let (attached, stamp) = self
            .organization
            .target(target)
            .ok_or_else(|| Rejection::not_found(kind, target))?;
        Ok((attached, stamp.changed))
    }
}
