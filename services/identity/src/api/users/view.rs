//! Users as answers show them.

use serde::{Deserialize, Serialize};
use trilby_access::{Operation, Reply, etag_text};
use trilby_account::{Account, User, UserKind, UserStatus};
use trilby_model::{Arn, Path, Tags, Timestamp, UserId, UserName};
use utoipa::ToSchema;

use crate::api::boundaries::{self, BoundaryView};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// Unique id; never given to another.
    pub id: UserId,
    /// ARN.
    pub arn: Arn,
    /// Name.
    pub name: UserName,
    /// Path, part of the ARN.
    pub path: Path,
    /// Person or program.
    pub kind: Kind,
    /// Whether it may act.
    pub status: Standing,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Whether it has a password.
    pub login_profile: bool,
    /// What caps it, whatever its policies allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<BoundaryView>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

/// Person or program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserKind)]
pub enum Kind {
    /// A person: may log in with a password.
    #[default]
    Human,
    /// A program: access keys only.
    Service,
}

/// Whether a user may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserStatus)]
pub enum Standing {
    /// It may.
    Active,
    /// It may not: its sessions ended, its keys and password do not open.
    Disabled,
}

impl UserView {
    /// A user of an account.
    pub fn of(account: &Account, user: &User) -> Self {
        Self {
            id: user.id.clone(),
            arn: Arn::user(&account.id(), &user.path, &user.name),
            name: user.name.clone(),
            path: user.path.clone(),
            kind: user.kind.into(),
            status: user.status.into(),
            description: user.description.as_ref().map(ToString::to_string),
            tags: user.tags.clone(),
            login_profile: user.password.is_some(),
            permissions_boundary: boundaries::shown(account, user.boundary.as_ref()),
            created_at: user.stamp.created_at,
            updated_at: user.stamp.updated_at,
            etag: etag_text(user.stamp.changed),
        }
    }
}

/// The user with its `ETag`.
pub fn reply<Op: Operation<Reply = UserView>>(account: &Account, user: &User) -> Reply<Op> {
    Reply::new(UserView::of(account, user)).etag(user.stamp.changed)
}

impl From<UserKind> for Kind {
    fn from(kind: UserKind) -> Self {
        match kind {
            UserKind::Human => Self::Human,
            UserKind::Service => Self::Service,
        }
    }
}

impl From<Kind> for UserKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Human => Self::Human,
            Kind::Service => Self::Service,
        }
    }
}

impl From<UserStatus> for Standing {
    fn from(status: UserStatus) -> Self {
        match status {
            UserStatus::Active => Self::Active,
            UserStatus::Disabled => Self::Disabled,
        }
    }
}

impl From<Standing> for UserStatus {
    fn from(status: Standing) -> Self {
        match status {
            Standing::Active => Self::Active,
            Standing::Disabled => Self::Disabled,
        }
    }
}

impl Standing {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl Kind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Service => "service",
        }
    }
}
