//! The services this binary can be: all three in one process, or one of them.

use trilby_access::Registry;

/// One service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Identity,
    Token,
    Decision,
}

impl Role {
    /// All of them, as the embedded run has them.
    pub const ALL: &'static [Role] = &[Role::Identity, Role::Token, Role::Decision];

    /// This one alone.
    pub const fn alone(self) -> &'static [Role] {
        match self {
            Role::Identity => &[Role::Identity],
            Role::Token => &[Role::Token],
            Role::Decision => &[Role::Decision],
        }
    }

    /// Its name: of the command, of its API document.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Identity => "identity",
            Role::Token => "token",
            Role::Decision => "decision",
        }
    }

    /// What it is for, in its API document.
    pub const fn about(self) -> &'static str {
        match self {
            Role::Identity => "Accounts, users, groups, policies, applications, organizations.",
            Role::Token => "Sessions: login, access keys, assumed roles, revocation.",
            Role::Decision => "May this principal do this to that: OpenID AuthZEN 1.0.",
        }
    }

    /// Its operations.
    pub fn operations(self) -> Registry {
        let mut registry = Registry::new();
        match self {
            Role::Identity => trilby_identity::register(&mut registry),
            Role::Token => return trilby_token::registry(),
            Role::Decision => trilby_decision::register(&mut registry),
        }
        registry
    }

    /// What it serves on the operator's port.
    pub fn operator_operations(self) -> Registry {
        let mut registry = Registry::new();
        match self {
            Role::Identity => trilby_identity::register_operator(&mut registry),
            Role::Token | Role::Decision => {}
        }
        registry
    }

    /// Whether it checks or makes passwords, secrets and tickets.
    pub const fn needs_peppers(self) -> bool {
        match self {
            Role::Identity | Role::Token => true,
            Role::Decision => false,
        }
    }

    /// Whether it opens and seals accounts' keys.
    pub const fn needs_keks(self) -> bool {
        match self {
            Role::Token => true,
            Role::Identity | Role::Decision => false,
        }
    }

    /// Whether it writes to the log. Those who write ask the store for the head, since others write beside them.
    pub const fn writes(self) -> bool {
        match self {
            Role::Identity | Role::Token => true,
            Role::Decision => false,
        }
    }
}
