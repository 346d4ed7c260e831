//! Events, commands and state of accounts and organizations.
//!
//! The state of an account is the fold of its log and nothing else: [`Account::evolve`] takes in an
//! [`Event`], has no rules and cannot fail. [`Account::decide`] has all the rules and writes nothing:
//! a [`Command`] becomes events or a [`Rejection`]. Both are pure; time, ids and what is known of
//! other accounts arrive as arguments.
//!
//! An [`organization`] and the [`platform`] have logs and folds of their own.
//!
//! What this crate does not know: storage, HTTP, secrets. Hashes of passwords and keys, e-mail
//! addresses and private keys are in side tables; events name their rows.
//!
//! Invariants:
//! * `decide`'s events always apply; folding them live or from the log gives the same state.
//! * A unique id is never given twice, and whatever names a principal keeps its unique id.
//! * A deleted thing takes every reference to it along; documents that name it keep its unique id,
//!   which then means nobody.
//! * Names are looked up within one account; there is no look-up across accounts.

pub mod command;
mod context;
mod decide;
pub mod event;
pub mod federation;
mod guard;
mod id;
pub mod organization;
pub mod platform;
mod quota;
mod rejection;
pub mod settings;
mod stamp;
mod state;
mod stored;
pub mod system_policies;
mod table;
mod text;
mod trusted;
mod value;
mod versions;

pub use command::Command;
pub use context::{Actor, Context, Precondition};
pub use event::{
    ClaimAct, ClaimChange, ClaimKind, ClaimScope, Event, Revocation, RoleLimits, SessionMatch,
};
pub use id::{
    CustomerPolicyRef, GroupRef, Holder, HolderRef, LinkRef, ManagedPolicyRef, MapSeat, MapSeatRef,
    NotAnId, PolicyRef, PrincipalId, PrincipalRef, ProviderRef, Ref, ResourceName, RoleRef,
    Taggable, UserRef,
};
pub use quota::{Quota, QuotaUse};
pub use rejection::{BLOCKERS_MAX, Blocker, Rejection, ThingKind};
pub use settings::Settings;
pub use stamp::Stamp;
pub use state::{
    AccessKey, AccessKeyStatus, Account, AccountStatus, Application, Attachment, ExternalIdRecord,
    Grants, Group, InlinePolicy, MappedRoles, MembershipState, ObservedKeys, Password,
    PasswordTicket, Policy, PolicyVersion, Provider, ProviderKeys, ProviderLink, Resource,
    ResourcePolicy, Role, Root, SigningKey, SigningKeyState, SubjectAlias, SubjectKey,
    SubjectKeyError, User, UserStatus,
};
pub use stored::{SUBJECTS, UnknownEvent, etype_of};
pub use table::{Change, Table};
pub use text::{GuardText, KnownPrincipals, PolicyText, TrustWarning};
pub use trusted::{TrustChange, Trusted, UnreadableTrust};
pub use value::{
    ActionCatalogue, CatalogueAction, Description, DescriptionError, Hashing, PersonalField,
    PersonalRef, PublicJwk, Reason, UserKind,
};
