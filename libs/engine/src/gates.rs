//! Gates: the Allows that a request needs, one for each layer or level that has a say.

use crate::layer::LayerKind;
use crate::tally::Numbers;

/// An Allow that was needed and was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// At this level of the resource's organization, from its root.
    Rcp(usize),
    /// At this level of the principal's organization, from its root.
    Scp(usize),
    /// Of an identity policy.
    Identity,
    /// Of the resource's policy.
    Resource,
    /// Of the permissions boundary.
    Boundary,
    /// Of a session policy.
    Session,
}

impl Gate {
    /// The layer it belongs to.
    #[must_use]
    pub fn layer(self) -> LayerKind {
        match self {
            Self::Rcp(_) => LayerKind::Rcp,
            Self::Scp(_) => LayerKind::Scp,
            Self::Identity => LayerKind::Identity,
            Self::Resource => LayerKind::Resource,
            Self::Boundary => LayerKind::Boundary,
            Self::Session => LayerKind::Session,
        }
    }

    /// The level, in a chain.
    #[must_use]
    pub fn level(self) -> Option<usize> {
        match self {
            Self::Rcp(level) | Self::Scp(level) => Some(level),
            Self::Identity | Self::Resource | Self::Boundary | Self::Session => None,
        }
    }
}

/// The gates without levels, in the order of evaluation.
const FLAT: [Gate; 4] = [
    Gate::Identity,
    Gate::Resource,
    Gate::Boundary,
    Gate::Session,
];

/// A set of gates. Takes no memory of its own unless a chain has more than 64 levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gates {
    rcp: Numbers,
    scp: Numbers,
    /// By place in [`FLAT`].
    flat: [bool; 4],
}

impl Gates {
    pub(crate) fn insert(&mut self, gate: Gate) {
        match gate {
            Gate::Rcp(level) => self.rcp.insert(level),
            Gate::Scp(level) => self.scp.insert(level),
            Gate::Identity => self.flat[0] = true,
            Gate::Resource => self.flat[1] = true,
            Gate::Boundary => self.flat[2] = true,
            Gate::Session => self.flat[3] = true,
        }
    }

    /// The set with one more, if a test holds.
    pub(crate) fn with(mut self, gate: Gate, holds: bool) -> Self {
        if holds {
            self.insert(gate);
        }
        self
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rcp.is_empty() && self.scp.is_empty() && self.flat == [false; 4]
    }

    /// All of them, in the order of evaluation.
    pub fn iter(&self) -> impl Iterator<Item = Gate> {
        let flat = FLAT
            .into_iter()
            .zip(self.flat)
            .filter_map(|(gate, there)| there.then_some(gate));
        self.rcp
            .iter()
            .map(Gate::Rcp)
            .chain(self.scp.iter().map(Gate::Scp))
            .chain(flat)
    }
}

impl FromIterator<Gate> for Gates {
    fn from_iter<T: IntoIterator<Item = Gate>>(gates: T) -> Self {
        let mut set = Self::default();
        for gate in gates {
            set.insert(gate);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_told_once_in_the_order_of_evaluation() {
        let told = [
            Gate::Session,
            Gate::Scp(70),
            Gate::Identity,
            Gate::Scp(2),
            Gate::Rcp(0),
            Gate::Scp(2),
        ];
        let set: Gates = told.into_iter().collect();
        let all: Vec<Gate> = set.iter().collect();
        assert_eq!(
            all,
            [
                Gate::Rcp(0),
                Gate::Scp(2),
                Gate::Scp(70),
                Gate::Identity,
                Gate::Session
            ]
        );
        assert!(!set.is_empty() && Gates::default().is_empty());
    }
}
