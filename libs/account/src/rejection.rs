//! Why a command was refused.

use std::fmt;

use trilby_model::federation::Invalid;
use trilby_model::{AccountId, Seq};
use trilby_policy::Finding;

use crate::quota::Quota;
use crate::state::AccountStatus;

/// Why a command was refused. Nothing was written; the caller can fix each of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such thing in this account.
    #[error("{kind} `{name}` does not exist")]
    NotFound {
        /// What sort of thing.
        kind: ThingKind,
        /// How the caller named it.
        name: String,
    },
    /// The name is taken.
    #[error("{kind} `{name}` already exists")]
    AlreadyExists {
        /// What sort of thing.
        kind: ThingKind,
        /// The name.
        name: String,
    },
    /// A name may not have the form of a unique id, since URLs take either.
    #[error("`{name}` has the form of a unique id and cannot be a name")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// Something holds on to it.
    #[error("{kind} `{name}` is in use by {n} others", n = blockers.len())]
    DeleteConflict {
        /// What sort of thing.
        kind: ThingKind,
        /// Its name.
        name: String,
        /// What holds on to it, at most [`BLOCKERS_MAX`] of them.
        blockers: Vec<Blocker>,
    },
    /// There would be too many or too much.
    #[error("quota `{quota}` is {limit}, and {used} would be used")]
    LimitExceeded {
        /// Of what.
        quota: Quota,
        /// The bound.
        limit: u64,
        /// How much there would be.
        used: u64,
    },
    /// The thing has changed since the caller read it, or exists although it should not.
    #[error("the resource has changed since it was read")]
    EtagMismatch {
        /// The event that last changed it; nothing if it does not exist.
        current: Option<Seq>,
    },
    /// A document breaks a rule of the language.
    #[error("the policy document has {n}", n = counted(findings.len(), "error"))]
    MalformedPolicy {
        /// All that is wrong with it.
        findings: Vec<Finding>,
    },
    /// A document names principals that do not exist.
    #[error("{n} of the named principals cannot be resolved", n = principals.len())]
    InvalidPrincipal {
        /// As the document names them.
        principals: Vec<String>,
    },
    /// A trust policy admits more than it may.
    #[error("the trust policy admits more than it may, in {n}", n = counted(findings.len(), "place"))]
    WeakTrustPolicy {
        /// Where and in what way.
        findings: Vec<Finding>,
    },
    /// A trust policy trusts accounts outside the organization and asks for no external id that was issued.
    #[error("trust in {n} accounts outside the organization asks for no external id", n = accounts.len())]
    ExternalIdRequired {
        /// Those accounts.
        accounts: Vec<AccountId>,
    },
    /// The account is not in service.
    #[error("the account is {status}", status = status.as_str())]
    AccountNotActive {
        /// What it is instead.
        status: AccountStatus,
    },
    /// The thing is not in a state that allows this.
    #[error("{kind} `{name}` {why}")]
    InvalidState {
        /// What sort of thing.
        kind: ThingKind,
        /// Its name.
        name: String,
        /// Why it is not possible now, as the end of a sentence.
        why: &'static str,
    },
    /// A value is out of its bounds.
    #[error("`{pointer}` {why}")]
    InvalidParameter {
        /// JSON pointer into the command's natural body.
        pointer: &'static str,
        /// What is wrong, as the end of a sentence.
        why: &'static str,
    },
    /// A value among many is out of its bounds.
    #[error(transparent)]
    InvalidSettings(#[from] Invalid),
    /// A role map names roles that the provider's logins could never have.
    #[error("{n} roles do not exist here or do not trust the provider", n = roles.len())]
    RoleNotTrustingProvider {
        /// As the map names them.
        roles: Vec<String>,
    },
    /// Only root may do this.
    #[error("only root of the account may do this")]
    RootOnly,
    /// It belongs to the system or to the organization, and this account cannot change it.
    #[error("{kind} `{name}` is not this account's to change")]
    ProtectedResource {
        /// What sort of thing.
        kind: ThingKind,
        /// Its name.
        name: String,
    },
}

/// Most blockers that a refusal lists; a group of five thousand members is understood from these.
pub const BLOCKERS_MAX: usize = 100;

/// Sorts of things that refusals speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ThingKind {
    /// An account.
    Account,
    /// An account's alias.
    AccountAlias,
    /// The root credential of an account.
    RootCredential,
    /// A user.
    User,
    /// A user's password.
    LoginProfile,
    /// An access key.
    AccessKey,
    /// A group.
    Group,
    /// A membership in a group.
    Member,
    /// A role.
    Role,
    /// A managed policy.
    Policy,
    /// A version of a managed policy.
    PolicyVersion,
    /// An attached managed policy.
    AttachedPolicy,
    /// An inline policy.
    InlinePolicy,
    /// A permissions boundary.
    PermissionsBoundary,
    /// An application.
    Application,
    /// A registered resource.
    Resource,
    /// A resource policy.
    ResourcePolicy,
    /// A subject alias.
    SubjectAlias,
    /// An external id.
    ExternalId,
    /// A signing key.
    SigningKey,
    /// An identity provider.
    Provider,
    /// A provider link.
    ProviderLink,
    /// A role map.
    RoleMap,
    /// An organization.
    Organization,
    /// The root or a unit of an organization's tree.
    Unit,
    /// A delegated administrator of an organization.
    DelegatedAdmin,
    /// A quarantine.
    Quarantine,
    /// An invitation to an organization.
    Invitation,
    /// The installation.
    Installation,
    /// A bootstrap ticket.
    BootstrapTicket,
}

impl ThingKind {
    /// How answers spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::AccountAlias => "account alias",
            Self::RootCredential => "root credential",
            Self::User => "user",
            Self::LoginProfile => "login profile",
            Self::AccessKey => "access key",
            Self::Group => "group",
            Self::Member => "group member",
            Self::Role => "role",
            Self::Policy => "policy",
            Self::PolicyVersion => "policy version",
            Self::AttachedPolicy => "attached policy",
            Self::InlinePolicy => "inline policy",
            Self::PermissionsBoundary => "permissions boundary",
            Self::Application => "application",
            Self::Resource => "resource",
            Self::ResourcePolicy => "resource policy",
            Self::SubjectAlias => "subject alias",
            Self::ExternalId => "external id",
            Self::SigningKey => "signing key",
            Self::Provider => "identity provider",
            Self::ProviderLink => "provider link",
            Self::RoleMap => "role map",
            Self::Organization => "organization",
            Self::Unit => "unit",
            Self::DelegatedAdmin => "delegated administrator",
            Self::Quarantine => "quarantine",
            Self::Invitation => "invitation",
            Self::Installation => "installation",
            Self::BootstrapTicket => "bootstrap ticket",
        }
    }
}

impl fmt::Display for ThingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What holds on to a thing that should be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// What sort of thing.
    pub kind: ThingKind,
    /// Its unique id where it has one, else its name.
    pub id: String,
    /// Its name where it has one besides.
    pub name: Option<String>,
}

/// `1 place`, `2 places`.
fn counted(n: usize, what: &str) -> String {
    let end = if n == 1 { "" } else { "s" };
    format!("{n} {what}{end}")
}

impl Rejection {
    /// The API's error code: part of its contract, never renamed.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::AlreadyExists { .. } => "already_exists",
            Self::InvalidName { .. } => "invalid_name",
            Self::DeleteConflict { .. } => "delete_conflict",
            Self::LimitExceeded { .. } => "limit_exceeded",
            Self::EtagMismatch { .. } => "etag_mismatch",
            Self::MalformedPolicy { .. } => "malformed_policy",
            Self::InvalidPrincipal { .. } => "invalid_principal",
            Self::WeakTrustPolicy { .. } => "weak_trust_policy",
            Self::ExternalIdRequired { .. } => "external_id_required",
            Self::AccountNotActive { .. } | Self::InvalidState { .. } => "invalid_state",
            Self::InvalidParameter { .. } | Self::InvalidSettings(_) => "invalid_parameter",
            Self::RoleNotTrustingProvider { .. } => "role_not_trusting_provider",
            Self::RootOnly => "root_only",
            Self::ProtectedResource { .. } => "protected_resource",
        }
    }

    pub(crate) fn not_found(kind: ThingKind, name: &impl ToString) -> Self {
        Self::NotFound {
            kind,
            name: name.to_string(),
        }
    }

    pub(crate) fn exists(kind: ThingKind, name: &impl ToString) -> Self {
        Self::AlreadyExists {
            kind,
            name: name.to_string(),
        }
    }

    pub(crate) fn protected(kind: ThingKind, name: &impl ToString) -> Self {
        Self::ProtectedResource {
            kind,
            name: name.to_string(),
        }
    }

    pub(crate) fn state(kind: ThingKind, name: &impl ToString, why: &'static str) -> Self {
        Self::InvalidState {
            kind,
            name: name.to_string(),
            why,
        }
    }
}

/// Refuses if `used` would be above the quota.
pub(crate) fn within(quota: Quota, used: u64) -> Result<(), Rejection> {
    let limit = quota.limit();
    if used <= limit {
        Ok(())
    } else {
        Err(Rejection::LimitExceeded { quota, limit, used })
    }
}
