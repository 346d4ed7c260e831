//! Policies that come with Trilby.
//!
//! Each version is immutable: a change is a new file and a new version. Events that attach one name
//! the version, so an old log means the same under every binary that still ships it.

use trilby_model::PolicyName;
use trilby_policy::{Document, Finding, Grammar, Kind};

use crate::id::PolicyRef;

/// A policy that comes with Trilby.
#[derive(Debug)]
pub struct SystemPolicy {
    name: &'static str,
    kind: Kind,
    description: &'static str,
    versions: &'static [&'static str],
}

/// Everything that may be attached under the system's name.
pub const ALL: &[SystemPolicy] = &[
    SystemPolicy {
        name: "AdministratorAccess",
        kind: Kind::Identity,
        description: "May do everything in the account.",
        versions: &[include_str!("system_policies/AdministratorAccess.v1.json")],
    },
    SystemPolicy {
        name: "DecisionPointAccess",
        kind: Kind::Identity,
        description: "May ask for decisions about others and about itself, with their reasons.",
        versions: &[include_str!("system_policies/DecisionPointAccess.v1.json")],
    },
    SystemPolicy {
        name: "FullAccess",
        kind: Kind::Scp,
        description: "Caps nothing: every level of an organization needs a service control policy.",
        versions: &[include_str!("system_policies/FullAccess.v1.json")],
    },
    SystemPolicy {
        name: "IamReadOnlyAccess",
        kind: Kind::Identity,
        description: "May read users, groups, roles, policies and settings.",
        versions: &[include_str!("system_policies/IamReadOnlyAccess.v1.json")],
    },
    SystemPolicy {
        name: "ReadOnlyAccess",
        kind: Kind::Identity,
        description: "May read everything that Trilby keeps about the account.",
        versions: &[include_str!("system_policies/ReadOnlyAccess.v1.json")],
    },
    SystemPolicy {
        name: "ResourceFullAccess",
        kind: Kind::Rcp,
        description: "Caps nothing: what a level without resource control policies has.",
        versions: &[include_str!("system_policies/ResourceFullAccess.v1.json")],
    },
    SystemPolicy {
        name: "SelfServiceAccess",
        kind: Kind::Identity,
        description: "Lets a person manage the own password and the own access keys.",
        versions: &[include_str!("system_policies/SelfServiceAccess.v1.json")],
    },
];

/// The system policy of a name, if it is of the kind; names are compared without case.
#[must_use]
pub fn find(name: &PolicyName, kind: Kind) -> Option<&'static SystemPolicy> {
    by_name(name).filter(|policy| policy.kind == kind)
}

/// The system policy of a name; names are compared without case.
#[must_use]
pub fn by_name(name: &PolicyName) -> Option<&'static SystemPolicy> {
    ALL.iter()
        .find(|policy| policy.name.eq_ignore_ascii_case(name.as_str()))
}

/// The text of a system policy in one version.
#[must_use]
pub fn text(name: &PolicyName, version: u32) -> Option<&'static str> {
    by_name(name)?.text(version)
}

impl SystemPolicy {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Where it may be attached.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What it is for.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// The number of its newest version.
    #[must_use]
    pub fn newest_version(&self) -> u32 {
        u32::try_from(self.versions.len()).unwrap_or(u32::MAX)
    }

    /// Its text in one version, as shipped.
    #[must_use]
    pub fn text(&self, version: u32) -> Option<&'static str> {
        let index = usize::try_from(version.checked_sub(1)?).ok()?;
        self.versions.get(index).copied()
    }

    /// Its newest version as an attachment keeps it. Nothing only if its name were no policy name,
    /// which a test rules out.
    #[must_use]
    pub fn newest(&self) -> Option<PolicyRef> {
        Some(PolicyRef::System {
            name: self.name.parse().ok()?,
            version: self.newest_version(),
        })
    }

    /// Parses one version. The resource control policy is read as a resource policy: nobody else
    /// may write the Allow that it consists of.
    ///
    /// Errors: there is none for the versions shipped, which a test shows.
    pub fn document(&self, version: u32) -> Option<Result<Document, Vec<Finding>>> {
        let kind = match self.kind {
            Kind::Rcp => Kind::Resource,
            Kind::Identity
            | Kind::Boundary
            | Kind::Session
            | Kind::Resource
            | Kind::Trust
            | Kind::Scp => self.kind,
        };
        self.text(version)
            .map(|text| Document::parse(text, kind, &Grammar::stored()))
    }
}
