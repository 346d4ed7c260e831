//! Organizations: a tree of accounts under one management account.
//!
//! The tree and what is attached to it are the organization's fold alone. A member's own log says
//! only that it joined and left; both halves are one commit in both logs.

mod command;
mod containment;
mod decide;
mod delegation;
mod event;
mod evolve;
mod invitation;
mod membership;
mod node;
mod policy;
mod quarantine;
mod state;

pub use command::{
    AttachControlPolicy, Command, CreateControlPolicy, CreateControlPolicyVersion, CreateUnit,
    DeleteControlPolicy, DeleteControlPolicyVersion, DeleteUnit, DetachControlPolicy, MoveMember,
    MoveUnit, RemoveDelegatedAdmin, RenameUnit, SetDefaultControlPolicyVersion, SetDelegatedAdmin,
    UpdateControlPolicy,
};
pub use containment::{Contained, LiftQuarantine, SetQuarantine, lift_quarantine, set_quarantine};
pub use decide::{
    ACCESS_ROLE, CreateMember, CreateOrganization, NewMember, NewOrganization, create_member,
    create_organization,
};
pub use delegation::{DelegatedAction, NotDelegable};
pub use event::{
    ControlPolicyAttached, ControlPolicyCreated, ControlPolicyDefaultVersionSet,
    ControlPolicyDeleted, ControlPolicyDetached, ControlPolicyUpdated, ControlPolicyVersionCreated,
    ControlPolicyVersionDeleted, DelegatedAdminRemoved, DelegatedAdminSet, Event, InvitationClosed,
    InvitationCreated, InvitationEnd, MemberJoined, MemberLeft, MemberMoved, MemberOrigin,
    MemberRootCredentialDisabled, MemberRootCredentialEnabled, OrganizationCreated,
    OrganizationDeleted, QuarantineLifted, QuarantineSet, UnitCreated, UnitDeleted, UnitMoved,
    UnitRenamed,
};
pub use invitation::{
    AcceptInvitation, CloseInvitation, CreateInvitation, InvitationId, Joined, accept_invitation,
    close_invitation, create_invitation,
};
pub use membership::{
    Departure, DisableRoot, EnableRoot, RootCredential, delete_organization, disable_root,
    enable_root, remove_member,
};
pub use node::{Member, Root, TargetRef, Unit, UnitRef};
pub use policy::{
    ControlAttachment, ControlKind, ControlPolicy, ControlPolicyName, ControlPolicyRef,
    OwnPolicyRef,
};
pub use quarantine::{Quarantine, QuarantineTarget};
pub use state::{DelegatedAdmin, Invitation, Organization};
