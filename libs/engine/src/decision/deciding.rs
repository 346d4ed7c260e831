//! Which of the matching statements an answer rests on.

use trilby_policy::Effect;

use super::Outcome;
use crate::evaluate::Found;
use crate::formula::Carriers;
use crate::layer::LayerKind;
use crate::matching::Class;
use crate::note::Noted;

/// What of a matching statement tells whether an answer rests on it.
pub(crate) trait Matched {
    /// Its layer, and the index of its level in a chain.
    fn place(&self) -> (LayerKind, Option<usize>);
    fn effect(&self) -> Effect;
    fn class(&self) -> Option<Class>;
}

impl Matched for Found {
    fn place(&self) -> (LayerKind, Option<usize>) {
        (self.layer, self.level)
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn class(&self) -> Option<Class> {
        self.class
    }
}

impl Matched for Noted {
    fn place(&self) -> (LayerKind, Option<usize>) {
        (self.layer, self.level)
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn class(&self) -> Option<Class> {
        self.class
    }
}

/// Shows the places of the statements an answer rests on: every Deny; or one Allow for each gate that the formula passed,
/// the grant first, then what did not cap it.
pub(crate) fn deciding<T: Matched>(
    matched: &[T],
    outcome: Outcome,
    carriers: Carriers,
    mut show: impl FnMut(usize),
) {
    match outcome {
        Outcome::ImplicitDeny => {}
        Outcome::ExplicitDeny => {
            let all = matched.iter().enumerate();
            all.filter(|(_, statement)| statement.effect() == Effect::Deny)
                .for_each(|(place, _)| show(place));
        }
        Outcome::Allow => carrying(matched, carriers, &mut show),
    }
}

fn carrying<T: Matched>(matched: &[T], carriers: Carriers, show: &mut impl FnMut(usize)) {
    let allows = |layer: LayerKind| {
        matched.iter().enumerate().filter(move |(_, statement)| {
            statement.place().0 == layer && statement.effect() == Effect::Allow
        })
    };
    let mut first = |layer: LayerKind, class: Option<Class>| {
        let found = allows(layer).find(|(_, grant)| class.is_none() || grant.class() == class);
        if let Some((place, _)) = found {
            show(place);
        }
    };
    if carriers.identity {
        first(LayerKind::Identity, None);
    }
    if carriers.resource.is_some() {
        first(LayerKind::Resource, carriers.resource);
    }
    if carriers.caps {
        first(LayerKind::Boundary, None);
        first(LayerKind::Session, None);
    }
    for chain in [LayerKind::Scp, LayerKind::Rcp] {
        let mut level = None;
        for (place, allow) in allows(chain) {
            if allow.place().1 != level {
                level = allow.place().1;
                show(place);
            }
        }
    }
}
