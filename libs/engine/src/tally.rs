//! What matched, layer by layer: all that the formula sees of the policies.

use trilby_policy::Effect;

use crate::layer::LayerKind;
use crate::matching::Class;

/// A set of small numbers. The first 64 take no memory of their own; a chain longer than that is legal in a simulation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    low: u64,
    high: Vec<usize>,
}

impl Numbers {
    fn bit(number: usize) -> Option<u64> {
        u32::try_from(number)
            .ok()
            .and_then(|shift| 1_u64.checked_shl(shift))
    }

    pub(crate) fn insert(&mut self, number: usize) {
        match Self::bit(number) {
            Some(bit) => self.low |= bit,
            None if self.high.contains(&number) => {}
            None => self.high.push(number),
        }
    }

    pub(crate) fn contains(&self, number: usize) -> bool {
        match Self::bit(number) {
            Some(bit) => self.low & bit != 0,
            None => self.high.contains(&number),
        }
    }

    /// Whether all numbers below this one are in the set.
    pub(crate) fn has_all_below(&self, count: usize) -> bool {
        match Self::bit(count) {
            Some(next) => {
                let below = next - 1;
                self.low & below == below
            }
            None => (0..count).all(|number| self.contains(number)),
        }
    }

    /// Adds all numbers of another set.
    pub(crate) fn add(&mut self, other: &Self) {
        self.low |= other.low;
        for number in &other.high {
            self.insert(*number);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.low == 0 && self.high.is_empty()
    }

    /// The first 64 in order, then the others as they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        let mut left = self.low;
        let low = std::iter::from_fn(move || {
            let next = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (next < u64::BITS).then_some(next)
        });
        low.filter_map(|next| usize::try_from(next).ok())
            .chain(self.high.iter().copied())
    }

    #[cfg(test)]
    pub(crate) fn of(numbers: &[usize]) -> Self {
        let mut set = Self::default();
        for number in numbers {
            set.insert(*number);
        }
        set
    }
}

/// What the layers of one request say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) denies: Numbers,
    pub(crate) identity: bool,
    pub(crate) boundary: bool,
    pub(crate) session: bool,
    pub(crate) direct: bool,
    pub(crate) entity: bool,
    pub(crate) account: bool,
    /// Levels with an Allow, by index.
    pub(crate) scp: Numbers,
    pub(crate) rcp: Numbers,
}

impl Tally {
    /// Counts one matching statement.
    pub(crate) fn count(
        &mut self,
        layer: LayerKind,
        level: Option<usize>,
        effect: Effect,
        class: Option<Class>,
    ) {
        match (effect, layer) {
            (Effect::Deny, layer) => self.denies.insert(layer.ordinal()),
            (Effect::Allow, LayerKind::Rcp) => insert(&mut self.rcp, level),
            (Effect::Allow, LayerKind::Scp) => insert(&mut self.scp, level),
            (Effect::Allow, LayerKind::Identity) => self.identity = true,
            (Effect::Allow, LayerKind::Boundary) => self.boundary = true,
            (Effect::Allow, LayerKind::Session) => self.session = true,
            (Effect::Allow, LayerKind::Resource) => match class {
                Some(Class::Direct) => self.direct = true,
                Some(Class::Entity) => self.entity = true,
                Some(Class::Account) => self.account = true,
                // A resource policy that names nobody grants to nobody.
                None => {}
            },
        }
    }

    /// Counts what a chain's statements without conditions come to: these denials, and an Allow at each of these levels.
    pub(crate) fn count_sure(&mut self, layer: LayerKind, sure: &Self) {
        self.denies.add(&sure.denies);
        match layer {
            LayerKind::Rcp => self.rcp.add(&sure.rcp),
            LayerKind::Scp => self.scp.add(&sure.scp),
            LayerKind::Identity
            | LayerKind::Resource
            | LayerKind::Boundary
            | LayerKind::Session => {}
        }
    }

    /// Counts a Deny in each of these layers.
    pub(crate) fn deny_in(&mut self, layers: &[LayerKind]) {
        for layer in layers {
            self.denies.insert(layer.ordinal());
        }
    }

    pub(crate) fn denies_in(&self, layer: LayerKind) -> bool {
        self.denies.contains(layer.ordinal())
    }

    pub(crate) fn allows_in(&self, layer: LayerKind, levels: usize) -> bool {
        match layer {
            LayerKind::Rcp => self.rcp.has_all_below(levels),
            LayerKind::Scp => self.scp.has_all_below(levels),
            LayerKind::Identity => self.identity,
            LayerKind::Resource => self.direct || self.entity || self.account,
            LayerKind::Boundary => self.boundary,
            LayerKind::Session => self.session,
        }
    }

    /// Layers with a matching Deny, in the order of evaluation.
    pub(crate) fn denying(&self) -> impl Iterator<Item = LayerKind> {
        LayerKind::ALL
            .into_iter()
            .filter(|layer| self.denies_in(*layer))
    }

    pub(crate) fn classes(&self) -> (bool, bool, bool) {
        (self.direct, self.entity, self.account)
    }
}

fn insert(levels: &mut Numbers, level: Option<usize>) {
    if let Some(level) = level {
        levels.insert(level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_is_said() {
        let mut tally = Tally::default();
        for _ in 0..2 {
            tally.count(LayerKind::Resource, None, Effect::Deny, None);
            tally.count(LayerKind::Scp, Some(0), Effect::Allow, None);
            for layer in [LayerKind::Identity, LayerKind::Boundary, LayerKind::Session] {
                tally.count(layer, None, Effect::Allow, None);
            }
            for class in [Class::Direct, Class::Entity, Class::Account] {
                tally.count(LayerKind::Resource, None, Effect::Allow, Some(class));
            }
        }
        assert_eq!(tally.denying().collect::<Vec<_>>(), [LayerKind::Resource]);
        for layer in [
            LayerKind::Scp,
            LayerKind::Identity,
            LayerKind::Boundary,
            LayerKind::Session,
        ] {
            assert!(tally.allows_in(layer, 1), "{layer:?}");
        }
        assert_eq!(tally.classes(), (true, true, true));
        let mut added = tally.clone();
        added.count_sure(LayerKind::Scp, &tally);
        assert!(added.denies_in(LayerKind::Resource) && added.allows_in(LayerKind::Scp, 1));
    }
}
