//! What an account is made of, as its fold holds it.

mod access_key;
mod account;
mod application;
mod evolve;
mod external_id;
mod grants;
mod group;
mod policy;
mod provider;
mod role;
mod signing_key;
mod user;

pub use access_key::{AccessKey, AccessKeyStatus};
pub use account::{Account, AccountStatus, MembershipState, Root};
pub use application::{
    Application, Resource, ResourcePolicy, SubjectAlias, SubjectKey, SubjectKeyError,
};
pub use external_id::ExternalIdRecord;
pub use grants::{Attachment, Grants, InlinePolicy};
pub use group::Group;
pub use policy::{Policy, PolicyVersion};
pub use provider::{MappedRoles, ObservedKeys, Provider, ProviderKeys, ProviderLink};
pub use role::Role;
pub use signing_key::{SigningKey, SigningKeyState};
pub use user::{Password, PasswordTicket, User, UserStatus};
