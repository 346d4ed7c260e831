//! Layers: the places a policy can speak from, and everything of one request laid out in them.

use std::sync::Arc;

use serde::Serialize;

use crate::compiled::CompiledPolicy;

/// Where a policy speaks from. The order is the order of evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerKind {
    /// Resource control policies of the resource's organization.
    Rcp,
    /// Service control policies of the principal's organization.
    Scp,
    /// Policies of the user or role, and of the user's groups.
    Identity,
    /// The policy on the resource; a role's trust policy when the role is asked for.
    Resource,
    /// The permissions boundary.
    Boundary,
    /// Policies passed when the session was made.
    Session,
}

impl LayerKind {
    /// All of them, in the order of evaluation.
    pub const ALL: [Self; 6] = [
        Self::Rcp,
        Self::Scp,
        Self::Identity,
        Self::Resource,
        Self::Boundary,
        Self::Session,
    ];

    /// Its place in the order of evaluation.
    pub(crate) fn ordinal(self) -> usize {
        match self {
            Self::Rcp => 0,
            Self::Scp => 1,
            Self::Identity => 2,
            Self::Resource => 3,
            Self::Boundary => 4,
            Self::Session => 5,
        }
    }

    /// The word for it in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rcp => "rcp",
            Self::Scp => "scp",
            Self::Identity => "identity",
            Self::Resource => "resource",
            Self::Boundary => "boundary",
            Self::Session => "session",
        }
    }

    /// Whether the resource's owner keeps it, rather than the principal's account.
    #[must_use]
    pub fn is_of_the_resource(self) -> bool {
        match self {
            Self::Rcp | Self::Resource => true,
            Self::Scp | Self::Identity | Self::Boundary | Self::Session => false,
        }
    }
}

/// What a layer says on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It allows, and denies nothing.
    Allow,
    /// It denies.
    Deny,
    /// There is no policy of that kind, or it does not bind this caller.
    None,
    /// It binds, and no statement of it matches.
    NoMatch,
}

/// One level of an organization's tree.
#[derive(Clone, Debug)]
pub struct Level {
    /// Id of the root, unit or account; its place in the list in a simulation.
    pub name: Arc<str>,
    /// The control policies attached there. None at all allows nothing.
    pub policies: Vec<Arc<CompiledPolicy>>,
}

/// Whether the principal is somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    #[default]
    Active,
    /// It is switched off: it may do nothing.
    Disabled,
    /// No such principal in its account, or no such account: only what is granted to everyone is granted to it.
    Unknown,
}

/// Every policy that bears on one request.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Of the user or role and the user's groups.
    pub identity: Vec<Arc<CompiledPolicy>>,
    /// `None`: no boundary is attached. `Some` of nothing: one that allows nothing.
    pub boundary: Option<Vec<Arc<CompiledPolicy>>>,
    /// `None`: no policy was passed. `Some` of nothing: one that allows nothing.
    pub session: Option<Vec<Arc<CompiledPolicy>>>,
    /// The one policy on the resource.
    pub resource: Option<Arc<CompiledPolicy>>,
    /// From the organization's root to the principal's account. `None`: the chain does not bind.
    pub scp: Option<Vec<Level>>,
    /// From the organization's root to the resource's account. `None`: the chain does not bind.
    pub rcp: Option<Vec<Level>>,
    /// Resources of this type need a grant of their own policy, as roles do.
    pub trust_required: bool,
    /// The account wants boundaries and session policies to cap direct resource grants too.
    pub caps_everything: bool,
    /// The principal is in quarantine: denied, whatever else is said.
    pub quarantined: bool,
    /// Whether the principal is somebody.
    pub standing: Standing,
}
