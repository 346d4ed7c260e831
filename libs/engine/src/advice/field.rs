//! A denied request with every statement that has, or could have, to do with it.

use std::collections::BTreeMap;

use trilby_policy::keys::Key;
use trilby_policy::{Context, ContextValue, Effect, Keys, Statement};

use super::Setting;
use crate::bind::{Bound, Seat};
use crate::evaluate::{covers_resource, named};
use crate::formula::{Facts, Ruling, rule};
use crate::layer::{LayerKind, Layers};
use crate::matching::Class;
use crate::request::Request;
use crate::tally::Tally;

/// Characters compared at the cost of one comparison.
const CHARACTERS_PER_COMPARISON: usize = 16;

pub(super) struct Field<'a> {
    pub(super) request: &'a Request,
    pub(super) layers: &'a Layers,
    pub(super) setting: Setting,
    pub(super) bound: Bound<'a>,
    pub(super) facts: Facts,
    pub(super) spoken: Vec<Spoken>,
    pub(super) tally: Tally,
    pub(super) ruling: Ruling,
}

/// A statement about the caller and the action, and about the resource, or about a resource that a missing key would
/// name.
pub(super) struct Spoken {
    pub(super) seat: Seat,
    pub(super) statement: Statement,
    pub(super) class: Option<Class>,
    pub(super) matches: bool,
    /// Its layer may be seen.
    pub(super) visible: bool,
    /// What looking at it once costs, and what each character of a value that is tried costs besides.
    pub(super) cost: (u64, u64),
}

/// A key that the request lacks, with the places in [`Field::spoken`] that mention it.
pub(super) struct Lacking<'a> {
    pub(super) key: &'a Key,
    pub(super) by: Vec<usize>,
}

impl<'a> Field<'a> {
    pub(super) fn survey(request: &'a Request, layers: &'a Layers, setting: Setting) -> Self {
        let bound = Bound::new(request, layers);
        let facts = Facts::new(request, layers, &bound);
        let spoken = spoken(request, &bound, setting);
        let mut tally = Tally::default();
        for statement in spoken.iter().filter(|statement| statement.matches) {
            statement.count(&mut tally);
        }
        let ruling = rule(&facts, &tally);
        Self {
            request,
            layers,
            setting,
            bound,
            facts,
            spoken,
            tally,
            ruling,
        }
    }

    /// Whether it could be allowed with values for all missing keys at once: each statement that mentions one does what
    /// suits best.
    pub(super) fn could_allow(&self) -> bool {
        let context = &self.request.context;
        let mut best = Tally::default();
        for spoken in &self.spoken {
            let open = mentioned(&spoken.statement).any(|key| context.at(key).is_none());
            let counts = if open {
                !spoken.is_deny()
            } else {
                spoken.matches
            };
            if counts {
                spoken.count(&mut best);
            }
        }
        rule(&self.facts, &best).outcome.is_allow()
    }

    /// Every key that some statement mentions and the request lacks, in the order they come up.
    pub(super) fn lacking(&self) -> Vec<Lacking<'_>> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut found: Vec<Lacking<'_>> = Vec::new();
        for (index, spoken) in self.spoken.iter().enumerate() {
            for key in mentioned(&spoken.statement) {
                if self.request.context.at(key).is_some() {
                    continue;
                }
                let place = *places.entry(key.normal()).or_insert(found.len());
                match found.get_mut(place) {
                    Some(known) if known.by.last() == Some(&index) => {}
                    Some(known) => known.by.push(index),
                    None => found.push(Lacking {
                        key,
                        by: vec![index],
                    }),
                }
            }
        }
        found
    }
}

impl Spoken {
    pub(super) fn count(&self, tally: &mut Tally) {
        let Seat { layer, level, .. } = self.seat;
        tally.count(layer, level, self.statement.effect, self.class);
    }

    pub(super) fn is_deny(&self) -> bool {
        self.statement.effect == Effect::Deny
    }

    /// Whether it would match in another context.
    pub(super) fn would_match(&self, request: &Request, context: &Context) -> bool {
        covers_resource(&self.statement, request, context)
            && self.statement.condition.holds(context)
    }
}

fn spoken(request: &Request, bound: &Bound<'_>, setting: Setting) -> Vec<Spoken> {
    let bounded = bound.boundary.is_some();
    let context = &request.context;
    let mut found = Vec::new();
    for (seat, policy) in bound.policies() {
        if !policy.may_concern(&request.action) {
            continue;
        }
        let document = policy.document();
        let statements = document.iter().flat_map(|document| &document.statements);
        for (index, statement) in statements.enumerate() {
            let named = named(seat.layer, policy.principals(index), request, bounded);
            if named.is_no() || !statement.action.covers(&request.action) {
                continue;
            }
            let covers = covers_resource(statement, request, context);
            let may_cover = || {
                let patterns = statement.resource.iter().flat_map(|r| r.patterns());
                let mut variables = patterns.flat_map(|pattern| pattern.variables());
                variables.any(|variable| context.at(variable.key()).is_none())
            };
            if covers || may_cover() {
                found.push(Spoken {
                    seat,
                    statement: statement.clone(),
                    class: named.class(),
                    matches: covers && statement.condition.holds(context),
                    visible: setting.visible.shows(seat.layer),
                    cost: cost(statement, request),
                });
            }
        }
    }
    found
}

fn mentioned(statement: &Statement) -> impl Iterator<Item = &Key> {
    let tests = statement.condition.tests().iter().map(|test| &test.key);
    tests.chain(statement.variables().map(|variable| variable.key()))
}

fn cost(statement: &Statement, request: &Request) -> (u64, u64) {
    let units = |bytes: usize| 1 + bytes / CHARACTERS_PER_COMPARISON;
    let (mut once, mut wanted) = (1_usize, 1_usize);
    let resource = request.resource.arn().map_or(0, |arn| arn.resource().len());
    for pattern in statement.resource.iter().flat_map(|r| r.patterns()) {
        once += units(pattern.as_str().len()) * units(resource);
        wanted += units(pattern.as_str().len());
    }
    for test in statement.condition.tests() {
        let got = match request.context.at(&test.key) {
            None => 1,
            Some(ContextValue::Scalar(value)) => units(value.len()),
            Some(ContextValue::List(values)) => values.iter().map(|value| units(value.len())).sum(),
        };
        let size: usize = test.values.iter().map(|value| units(value.len())).sum();
        once += size * got;
        wanted += size;
    }
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    (number(once), number(wanted / CHARACTERS_PER_COMPARISON))
}

/// Whether a caller's policies could be of this layer at all.
pub(super) fn binds(field: &Field<'_>, layer: LayerKind) -> bool {
    match layer {
        LayerKind::Identity => field.request.principal.has_identity(),
        LayerKind::Resource => {
            field.setting.resource_policy.is_some() && field.request.resource.arn().is_some()
        }
        LayerKind::Boundary => field.bound.boundary.is_some(),
        LayerKind::Session => field.bound.session.is_some() || field.facts.needs_session(),
        LayerKind::Scp => field.bound.scp.is_some(),
        LayerKind::Rcp => field.bound.rcp.is_some(),
    }
}
