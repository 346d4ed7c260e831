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
    let (mut identity, mut resource, mut boundary, mut session) = (None, None, None, None);
    for (place, statement) in matched.iter().enumerate() {
        if statement.effect() == Effect::Deny {
            continue;
        }
        match statement.place().0 {
            LayerKind::Identity if carriers.identity => identity = identity.or(Some(place)),
            LayerKind::Resource
                if carriers.resource.is_some() && statement.class() == carriers.resource =>
            {
                resource = resource.or(Some(place));
            }
            LayerKind::Boundary if carriers.caps => boundary = boundary.or(Some(place)),
            LayerKind::Session if carriers.caps => session = session.or(Some(place)),
            LayerKind::Identity
            | LayerKind::Resource
            | LayerKind::Boundary
            | LayerKind::Session
            | LayerKind::Scp
            | LayerKind::Rcp => {}
        }
    }
    let grants = [identity, resource, boundary, session];
    grants.into_iter().flatten().for_each(&mut *show);
    for chain in [LayerKind::Scp, LayerKind::Rcp] {
        let mut level = None;
        for (place, allow) in matched.iter().enumerate() {
            let (layer, own) = allow.place();
            if layer == chain && own != level && allow.effect() == Effect::Allow {
                level = own;
                show(place);
            }
        }
    }
}
