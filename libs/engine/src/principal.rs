//! Who asks.

use std::sync::Arc;

use trilby_model::{AccountId, Arn, ProviderId, RoleId, Tags, Timestamp, UserId};

use crate::compiled::CompiledPolicy;

/// A caller, as authentication or the case of a simulation knows it.
#[derive(Clone, Debug)]
pub enum Principal {
    /// The root user of an account.
    Root(RootUser),
    /// A user, with long-term keys or in a session of its own.
    User(UserPrincipal),
    /// A session of a role. A role itself never calls.
    RoleSession(RoleSession),
    /// A session that a user made for someone under a name (`GetFederationToken`).
    FederatedUserSession(FederatedUser),
    /// A service acting as itself.
    Service {
        /// Its name, as policies write it.
        name: String,
    },
    /// Someone with an outside identity token and nothing else.
    WebIdentity {
        /// ARN of the identity provider that vouches.
        provider: Arn,
        /// Its unique id. Without one, no stored document that names providers speaks about the caller.
        provider_id: Option<ProviderId>,
    },
    /// Nobody in particular.
    Anonymous,
}

/// What a session brings besides its name. All of it absent for long-term credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFacts {
    /// When the session was issued. Its presence makes the credentials temporary.
    pub issued_at: Option<Timestamp>,
    /// When a second factor was last shown: by this user, or by whoever the role session began with.
    pub mfa_at: Option<Timestamp>,
    /// The source identity set when a role was assumed.
    pub source_identity: Option<String>,
    /// The outside provider the session began with.
    pub federated_provider: Option<String>,
    /// How many sessions lie between this one and its origin.
    pub chain_depth: Option<u32>,
}

/// The root user of an account.
#[derive(Clone, Debug)]
pub struct RootUser {
    /// The account.
    pub account: AccountId,
    /// Its session, if it has one.
    pub session: SessionFacts,
}

/// A user.
#[derive(Clone, Debug)]
pub struct UserPrincipal {
    /// The user's ARN.
    pub arn: Arn,
    /// Its unique id. Without one, [`crate::decide`] finds the user by its ARN.
    pub id: Option<UserId>,
    /// Its account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Its tags, if they come with the request; [`crate::decide`] adds those that are stored.
    pub tags: Tags,
    /// Its session, if it has one.
    pub session: SessionFacts,
}

/// A session of a role.
#[derive(Clone, Debug)]
pub struct RoleSession {
    /// `arn:P:sts::A:assumed-role/Role/Session`.
    pub session_arn: Arn,
    /// The role's ARN, with its path.
    pub role_arn: Arn,
    /// The role's unique id. Without one, [`crate::decide`] finds the role by its ARN.
    pub role_id: Option<RoleId>,
    /// The account of the role.
    pub account: AccountId,
    /// The last part of the session's ARN.
    pub session_name: String,
    /// Session tags; they overlay the role's.
    pub tags: Tags,
    /// Policies passed when the session was made. `Some` of nothing allows nothing.
    pub session_policies: Option<Vec<Arc<CompiledPolicy>>>,
    /// What else is known of it.
    pub session: SessionFacts,
}

/// A session a user made under a name.
#[derive(Clone, Debug)]
pub struct FederatedUser {
    /// `arn:P:sts::A:federated-user/Name`.
    pub session_arn: Arn,
    /// The user that made it. Unknown: only the session itself can be named in policies.
    pub user_arn: Option<Arn>,
    /// That user's unique id.
    pub user_id: Option<UserId>,
    /// The account.
    pub account: AccountId,
    /// The last part of the session's ARN.
    pub name: String,
    /// Session tags.
    pub tags: Tags,
    /// Policies passed when the session was made. Without any the session may do nothing by the user's policies.
    pub session_policies: Option<Vec<Arc<CompiledPolicy>>>,
    /// What else is known of it.
    pub session: SessionFacts,
}

impl Principal {
    /// The root user of an account, without a session.
    #[must_use]
    pub fn root(account: AccountId) -> Self {
        Self::Root(RootUser {
            account,
            session: SessionFacts::default(),
        })
    }

    /// The account it belongs to; services, outsiders and nobody belong to none.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Root(root) => Some(root.account),
            Self::User(user) => Some(user.account),
            Self::RoleSession(session) => Some(session.account),
            Self::FederatedUserSession(session) => Some(session.account),
            Self::Service { .. } | Self::WebIdentity { .. } | Self::Anonymous => None,
        }
    }

    /// Whether policies attached to users and roles, and caps on them, can bind it.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        match self {
            Self::User(_) | Self::RoleSession(_) | Self::FederatedUserSession(_) => true,
            Self::Root(_) | Self::Service { .. } | Self::WebIdentity { .. } | Self::Anonymous => {
                false
            }
        }
    }

    /// Whether it is a root user.
    #[must_use]
    pub fn is_root(&self) -> bool {
        matches!(self, Self::Root(_))
    }

    /// Its session's facts, for the kinds that can have a session.
    #[must_use]
    pub fn session(&self) -> Option<&SessionFacts> {
        match self {
            Self::Root(root) => Some(&root.session),
            Self::User(user) => Some(&user.session),
            Self::RoleSession(session) => Some(&session.session),
            Self::FederatedUserSession(session) => Some(&session.session),
            Self::Service { .. } | Self::WebIdentity { .. } | Self::Anonymous => None,
        }
    }

    /// The policies its session was made with.
    #[must_use]
    pub fn session_policies(&self) -> Option<&Vec<Arc<CompiledPolicy>>> {
        match self {
            Self::RoleSession(session) => session.session_policies.as_ref(),
            Self::FederatedUserSession(session) => session.session_policies.as_ref(),
            Self::Root(_)
            | Self::User(_)
            | Self::Service { .. }
            | Self::WebIdentity { .. }
            | Self::Anonymous => None,
        }
    }

    /// The text that `aws:PrincipalArn` holds: a session of a role goes by the role's ARN.
    #[must_use]
    pub fn principal_arn(&self) -> Option<Arn> {
        match self {
            Self::Root(root) => Some(Arn::root(&root.account)),
            Self::User(user) => Some(user.arn.clone()),
            Self::RoleSession(session) => Some(session.role_arn.clone()),
            Self::FederatedUserSession(session) => Some(session.session_arn.clone()),
            Self::Service { .. } | Self::WebIdentity { .. } | Self::Anonymous => None,
        }
    }
}
