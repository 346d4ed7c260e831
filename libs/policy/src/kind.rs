//! The seats a document can take, and which elements each seat permits.

/// Where a document is used. The same text may be legal in one seat and not in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Managed or inline policy of a user, group or role.
    Identity,
    /// Permissions boundary of a user or role.
    Boundary,
    /// Passed when a session is made.
    Session,
    /// Attached to a resource.
    Resource,
    /// Says who may become a role.
    Trust,
    /// Service control policy of an organization.
    Scp,
    /// Resource control policy of an organization.
    Rcp,
}

/// Whether an element must, may or must not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
    Forbidden,
}

impl Kind {
    /// Attached to the thing it protects, so it names who it speaks about.
    #[must_use]
    pub fn is_resource_type(self) -> bool {
        matches!(self, Self::Resource | Self::Trust)
    }

    /// How the kind is spelled in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource policy",
            Self::Trust => "role trust policy",
            Self::Scp => "service control policy",
            Self::Rcp => "resource control policy",
        }
    }

    /// As [`Kind::as_str`], with its article.
    #[must_use]
    pub fn with_article(self) -> String {
        let article = match self {
            Self::Identity => "an",
            Self::Boundary
            | Self::Session
            | Self::Resource
            | Self::Trust
            | Self::Scp
            | Self::Rcp => "a",
        };
        format!("{article} {}", self.as_str())
    }

    /// Control policies exist only in the present version of the language.
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Scp | Self::Rcp)
    }

    pub(crate) fn principal(self) -> Presence {
        match self {
            Self::Identity | Self::Boundary | Self::Session | Self::Scp => Presence::Forbidden,
            Self::Resource | Self::Trust | Self::Rcp => Presence::Required,
        }
    }

    pub(crate) fn permits_not_principal(self) -> bool {
        self == Self::Resource
    }

    pub(crate) fn permits_not_action(self) -> bool {
        !matches!(self, Self::Trust | Self::Rcp)
    }

    pub(crate) fn resource(self) -> Presence {
        match self {
            Self::Identity | Self::Boundary | Self::Session | Self::Scp | Self::Rcp => {
                Presence::Required
            }
            Self::Resource => Presence::Optional,
            Self::Trust => Presence::Forbidden,
        }
    }
}

/// How strictly a document is read.
///
/// The default is what new documents are held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grammar {
    /// `Version` may be absent or `2008-10-17` (except in control policies when they are stored).
    pub legacy_version: bool,
    /// All of Unicode is allowed, not only Latin-1.
    pub unicode: bool,
    /// The document is evaluated now and not kept: a control policy may lack its `Version` too.
    pub simulated: bool,
}

impl Grammar {
    /// For a document that is to be stored.
    #[must_use]
    pub fn stored() -> Self {
        Self::default()
    }

    /// For a document of a simulation case: an old or missing `Version` is accepted in every seat.
    #[must_use]
    pub fn simulated() -> Self {
        Self {
            legacy_version: true,
            unicode: false,
            simulated: true,
        }
    }

    /// For reading back what was stored under any settings.
    #[must_use]
    pub fn trusted() -> Self {
        Self {
            legacy_version: true,
            unicode: true,
            simulated: false,
        }
    }
}
