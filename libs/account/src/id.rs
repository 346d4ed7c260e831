//! Ids that may be of one of several kinds, and references by id or by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trilby_model::federation::ProviderName;
use trilby_model::{
    ApplicationName, GroupId, GroupName, LinkId, PolicyId, PolicyName, ProviderId, ResourceKey,
    ResourceType, RoleId, RoleName, UserId, UserName,
};

/// A user or a role: what policies can name and what requests come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum PrincipalId {
    /// A user.
    User(UserId),
    /// A role.
    Role(RoleId),
}

/// Who holds identity-based policies: a user, a group or a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Holder {
    /// A user.
    User(UserId),
    /// A group.
    Group(GroupId),
    /// A role.
    Role(RoleId),
}

/// Whose logins a role map is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum MapSeat {
    /// Those through a provider of the account.
    Provider(ProviderId),
    /// Those through a provider that the account has linked.
    Link(LinkId),
}

/// Not a unique id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a unique id of an expected kind")]
pub struct NotAnId(String);

impl NotAnId {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Role(id) => id.fmt(f),
        }
    }
}

impl FromStr for PrincipalId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if let Ok(id) = text.parse() {
            return Ok(Self::User(id));
        }
        text.parse()
            .map(Self::Role)
            .map_err(|_| NotAnId(text.to_owned()))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Group(id) => id.fmt(f),
            Self::Role(id) => id.fmt(f),
        }
    }
}

impl FromStr for Holder {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Group(id));
        }
        match text.parse()? {
            PrincipalId::User(id) => Ok(Self::User(id)),
            PrincipalId::Role(id) => Ok(Self::Role(id)),
        }
    }
}

macro_rules! string_form {
    ($($name:ident),*) => {$(
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }
    )*};
}
string_form!(PrincipalId, Holder, MapSeat);

impl fmt::Display for MapSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(id) => id.fmt(f),
            Self::Link(id) => id.fmt(f),
        }
    }
}

impl FromStr for MapSeat {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Provider(id));
        }
        text.parse()
            .map(Self::Link)
            .map_err(|_| NotAnId(text.to_owned()))
    }
}

/// A managed policy as an attachment keeps it.
///
/// A system policy's version is part of the fact: the event then means the same for ever, whatever
/// later binaries ship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyRef {
    /// A policy of the account; its default version counts.
    Customer(PolicyId),
    /// A policy of the system in one version.
    System {
        /// Its name.
        name: PolicyName,
        /// Its version, from 1.
        version: u32,
    },
}

impl PolicyRef {
    /// Whether both are the same policy, in whatever version.
    #[must_use]
    pub fn same_policy(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Customer(one), Self::Customer(two)) => one == two,
            (Self::System { name: one, .. }, Self::System { name: two, .. }) => {
                one.key() == two.key()
            }
            (Self::Customer(_), Self::System { .. }) | (Self::System { .. }, Self::Customer(_)) => {
                false
            }
        }
    }
}

/// A thing named by its unique id or by its name, as URLs do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ref<I, N> {
    /// The unique id: stays the same over renames.
    Id(I),
    /// The name, compared without case.
    Name(N),
}

/// A user by id or name.
pub type UserRef = Ref<UserId, UserName>;
/// A group by id or name.
pub type GroupRef = Ref<GroupId, GroupName>;
/// A role by id or name.
pub type RoleRef = Ref<RoleId, RoleName>;
/// An identity provider of the account by id or name.
pub type ProviderRef = Ref<ProviderId, ProviderName>;
/// A provider link by id or name.
pub type LinkRef = Ref<LinkId, ProviderName>;
/// A customer policy by id or name.
pub type CustomerPolicyRef = Ref<PolicyId, PolicyName>;

impl<I: FromStr, N: FromStr> FromStr for Ref<I, N> {
    type Err = N::Err;

    fn from_str(text: &str) -> Result<Self, N::Err> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Name),
        }
    }
}

impl<I: fmt::Display, N: fmt::Display> fmt::Display for Ref<I, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// A user, group or role by id or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HolderRef {
    /// A user.
    User(UserRef),
    /// A group.
    Group(GroupRef),
    /// A role.
    Role(RoleRef),
}

/// A user or role by id or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalRef {
    /// A user.
    User(UserRef),
    /// A role.
    Role(RoleRef),
}

/// Whose logins a role map is about, by id or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapSeatRef {
    /// A provider of the account.
    Provider(ProviderRef),
    /// A link.
    Link(LinkRef),
}

/// A managed policy by id or name, of the account or of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManagedPolicyRef {
    /// A policy of the account.
    Customer(CustomerPolicyRef),
    /// A policy of the system; its newest version is meant where one is attached.
    System(PolicyName),
}

/// Type and id of a registered resource: the last part of its ARN, `type/id`.
///
/// A type has no slash, so the text is unambiguous; ids are data and may hold anything printable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ResourceName {
    /// The type.
    pub kind: ResourceType,
    /// The id within its type.
    pub key: ResourceKey,
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.key)
    }
}

impl From<ResourceName> for String {
    fn from(name: ResourceName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for ResourceName {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        let parts = text.split_once('/').and_then(|(kind, key)| {
            Some(Self {
                kind: kind.parse().ok()?,
                key: key.parse().ok()?,
            })
        });
        parts.ok_or(NotAnId(text))
    }
}

/// What carries tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taggable {
    /// A user.
    User(UserRef),
    /// A group.
    Group(GroupRef),
    /// A role.
    Role(RoleRef),
    /// A policy of the account.
    Policy(CustomerPolicyRef),
    /// An application.
    Application(ApplicationName),
    /// A registered resource.
    Resource(ApplicationName, ResourceName),
}
