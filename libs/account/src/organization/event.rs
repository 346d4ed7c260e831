//! Facts of an organization's log.

mod control_policy;
mod delegation;
mod invitation;
mod member;
mod quarantine;
mod unit;

use trilby_model::{AccountId, AccountName, OrganizationId, RootId};

use super::policy::ControlPolicyRef;
use crate::event::ClaimChange;
use crate::event::Revocation;
use crate::stored::{facts, log_events};

pub use control_policy::{
    ControlPolicyAttached, ControlPolicyCreated, ControlPolicyDefaultVersionSet,
    ControlPolicyDeleted, ControlPolicyDetached, ControlPolicyUpdated, ControlPolicyVersionCreated,
    ControlPolicyVersionDeleted,
};
pub use delegation::{DelegatedAdminRemoved, DelegatedAdminSet};
pub use invitation::{InvitationClosed, InvitationCreated, InvitationEnd};
pub use member::{
    MemberJoined, MemberLeft, MemberMoved, MemberOrigin, MemberRootCredentialDisabled,
    MemberRootCredentialEnabled,
};
pub use quarantine::{QuarantineLifted, QuarantineSet};
pub use unit::{UnitCreated, UnitDeleted, UnitMoved, UnitRenamed};

facts! {
    /// The organization exists, with the root of its tree. Always the first event of its log.
    OrganizationCreated {
        /// Its id.
        organization: OrganizationId,
        /// Its name.
        name: AccountName,
        /// The account that manages it.
        management_account: AccountId,
        /// The root of its tree.
        root: RootId,
        /// The control policies attached to the root from the start.
        control_policies: Vec<ControlPolicyRef>,
    }

    /// The organization is gone for good.
    OrganizationDeleted {
        /// Its id.
        organization: OrganizationId,
    }
}

log_events! {
    /// A fact of an organization's log.
    Event {
        /// See [`OrganizationCreated`].
        OrganizationCreated = "organization.created" v 1,
        /// See [`OrganizationDeleted`].
        OrganizationDeleted = "organization.deleted" v 1,
        /// See [`MemberJoined`].
        MemberJoined = "member.joined" v 1,
        /// See [`MemberMoved`].
        MemberMoved = "member.moved" v 1,
        /// See [`MemberLeft`].
        MemberLeft = "member.left" v 1,
        /// See [`MemberRootCredentialEnabled`].
        MemberRootCredentialEnabled = "member.root_credential_enabled" v 1,
        /// See [`MemberRootCredentialDisabled`].
        MemberRootCredentialDisabled = "member.root_credential_disabled" v 1,
        /// See [`UnitCreated`].
        UnitCreated = "unit.created" v 1,
        /// See [`UnitRenamed`].
        UnitRenamed = "unit.renamed" v 1,
        /// See [`UnitMoved`].
        UnitMoved = "unit.moved" v 1,
        /// See [`UnitDeleted`].
        UnitDeleted = "unit.deleted" v 1,
        /// See [`ControlPolicyCreated`].
        ControlPolicyCreated = "control_policy.created" v 1,
        /// See [`ControlPolicyUpdated`].
        ControlPolicyUpdated = "control_policy.updated" v 1,
        /// See [`ControlPolicyVersionCreated`].
        ControlPolicyVersionCreated = "control_policy.version_created" v 1,
        /// See [`ControlPolicyDefaultVersionSet`].
        ControlPolicyDefaultVersionSet = "control_policy.default_version_set" v 1,
        /// See [`ControlPolicyVersionDeleted`].
        ControlPolicyVersionDeleted = "control_policy.version_deleted" v 1,
        /// See [`ControlPolicyDeleted`].
        ControlPolicyDeleted = "control_policy.deleted" v 1,
        /// See [`ControlPolicyAttached`].
        ControlPolicyAttached = "control_policy.attached" v 1,
        /// See [`ControlPolicyDetached`].
        ControlPolicyDetached = "control_policy.detached" v 1,
        /// See [`QuarantineSet`].
        QuarantineSet = "quarantine.set" v 1,
        /// See [`QuarantineLifted`].
        QuarantineLifted = "quarantine.lifted" v 1,
        /// See [`DelegatedAdminSet`].
        DelegatedAdminSet = "delegated_admin.set" v 1,
        /// See [`DelegatedAdminRemoved`].
        DelegatedAdminRemoved = "delegated_admin.removed" v 1,
        /// See [`InvitationCreated`].
        InvitationCreated = "invitation.created" v 1,
        /// See [`InvitationClosed`].
        InvitationClosed = "invitation.closed" v 1,
    }
}

impl Event {
    /// The names this event takes and gives up. None: membership is claimed by the member's own log.
    #[must_use]
    pub fn claims(&self) -> Vec<ClaimChange> {
        Vec::new()
    }

    /// The sessions this event ends. None: an organization's log holds no sessions; what it ends in
    /// a member is written in the member's log.
    #[must_use]
    pub fn revocations(&self) -> Vec<Revocation> {
        Vec::new()
    }
}
