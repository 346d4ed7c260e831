//! Organizations: a tree of accounts under one management account.
//!
//! The tree and what is attached to it are the organization's fold alone. A member's own log says
//! only that it joined and left; both halves are one commit in both logs.

mod decide;
mod event;
mod state;

pub use decide::{
    ACCESS_ROLE, CreateMember, CreateOrganization, NewMember, NewOrganization, create_member,
    create_organization,
};
pub use event::{Event, MemberJoined, MemberOrigin, OrganizationCreated};
pub use state::{Member, Organization, Root, Unit, UnitRef};
