//! How the connections that a process may have to a shared store are divided.

#[cfg(test)]
mod tests;

use crate::role::Role;

/// Connections that append where there are enough: groups of commits under way at once.
const APPENDING_MAX: usize = 2;

/// Connections that append where there are as few as may be: one is left for all else.
const FEW: usize = 2;

/// Pools, each opened only as far as it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// For everything that is no commit.
    pub reading: usize,
    /// For commits.
    pub appending: usize,
    /// For records of decisions, by a role of their own.
    pub recording: usize,
}

impl Connections {
    /// Those of a process of this role that may have `max`, which is two at least.
    pub fn of(role: Role, max: usize, has_kafka: bool) -> Self {
        let (appending, recording) = match role {
            Role::Identity | Role::Token if max <= FEW => (1, 0),
            Role::Identity | Role::Token => (APPENDING_MAX, 0),
            // It appends nothing. Its records go through Kafka if there is one.
            Role::Decision if has_kafka => (0, 0),
            Role::Decision => (0, 1),
        };
        Self {
            reading: max.saturating_sub(appending + recording).max(1),
            appending,
            recording,
        }
    }
}
