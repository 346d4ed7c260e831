//! From what matched to the whole answer.

use std::sync::Arc;

use trilby_policy::Effect;

use super::{
    Decision, LayerVerdicts, LevelVerdict, Levels, ResourceClasses, StatementRef, deciding,
};
use crate::bind::Bound;
use crate::evaluate::{Found, Scan};
use crate::formula::{Facts, Ruling};
use crate::gates::Gate;
use crate::layer::{LayerKind, Level, Verdict};
use crate::request::Request;
use crate::tally::Tally;
use crate::{message, trace};

impl Decision {
    pub(crate) fn assemble(
        request: &Request,
        bound: &Bound<'_>,
        facts: &Facts,
        scan: Scan,
        ruling: Ruling,
    ) -> Self {
        let refer = |found: &Found| refer(bound, found);
        let near_misses = trace::near_misses(request, &scan.missed, refer);
        let missing_keys = trace::missing_keys(facts, &scan, &ruling, refer);
        let mut resting: Vec<StatementRef> = Vec::new();
        deciding(&scan.matched, ruling.outcome, ruling.carriers, |place| {
            resting.extend(scan.matched.get(place).map(refer));
        });
        let deciding = resting;
        let (direct, entity, account) = scan.tally.classes();
        Self {
            outcome: ruling.outcome,
            layer: ruling.layer,
            relation: facts.relation,
            layers: LayerVerdicts::of(Presence::of(bound), &scan.tally),
            unmet: ruling
                .unmet
                .iter()
                .map(|gate| gate_name(bound, gate))
                .collect(),
            bypass: ruling.bypass,
            levels: levels(bound, &scan.matched),
            resource_classes: Some(ResourceClasses {
                direct,
                entity,
                account,
            }),
            near_misses,
            missing_keys,
            advice: None,
            principal_account: request.principal.account(),
            resource_account: request.owner(),
            headline: message::headline(request, ruling.outcome),
            causes: message::causes(bound, facts, ruling.outcome, &ruling.unmet, &deciding),
            deciding,
            type_mismatches: scan.notes.mismatches,
            variables: scan
                .notes
                .variables
                .into_iter()
                .map(|((layer, key), value)| (layer, key, value))
                .collect(),
            matched: scan.matched.iter().map(refer).collect(),
        }
    }
}

fn refer(bound: &Bound<'_>, found: &Found) -> StatementRef {
    let level = level(bound, found.layer, found.level).map(|level| Arc::clone(&level.name));
    StatementRef {
        policy: Arc::clone(&found.policy),
        kind: found.layer,
        statement: found.statement,
        sid: found.sid.clone(),
        effect: found.effect,
        level,
        class: found.class,
    }
}

/// The level of a chain that a statement speaks from.
pub(super) fn level<'a>(
    bound: &Bound<'a>,
    layer: LayerKind,
    index: Option<usize>,
) -> Option<&'a Level> {
    let chain = match layer {
        LayerKind::Rcp => bound.rcp,
        LayerKind::Scp => bound.scp,
        LayerKind::Identity | LayerKind::Resource | LayerKind::Boundary | LayerKind::Session => {
            None
        }
    };
    chain?.get(index?)
}

/// Which layers bind a caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presence {
    pub(crate) identity: bool,
    pub(crate) resource: bool,
    pub(crate) boundary: bool,
    pub(crate) session: bool,
    pub(crate) scp_levels: usize,
    pub(crate) rcp_levels: usize,
}

impl Presence {
    pub(crate) fn of(bound: &Bound<'_>) -> Self {
        Self {
            identity: !bound.identity.is_empty(),
            resource: bound.resource.is_some(),
            boundary: bound.boundary.is_some(),
            session: bound.session.is_some(),
            scp_levels: bound.scp.map_or(0, <[_]>::len),
            rcp_levels: bound.rcp.map_or(0, <[_]>::len),
        }
    }
}

impl LayerVerdicts {
    pub(crate) fn of(presence: Presence, tally: &Tally) -> Self {
        let verdict = |layer: LayerKind, there: bool, levels: usize| {
            Some(if !there {
                Verdict::None
            } else if tally.denies_in(layer) {
                Verdict::Deny
            } else if tally.allows_in(layer, levels) {
                Verdict::Allow
            } else {
                Verdict::NoMatch
            })
        };
        let (scp, rcp) = (presence.scp_levels, presence.rcp_levels);
        Self {
            identity: verdict(LayerKind::Identity, presence.identity, 0),
            resource: verdict(LayerKind::Resource, presence.resource, 0),
            boundary: verdict(LayerKind::Boundary, presence.boundary, 0),
            session: verdict(LayerKind::Session, presence.session, 0),
            scp: verdict(LayerKind::Scp, scp > 0, scp),
            rcp: verdict(LayerKind::Rcp, rcp > 0, rcp),
        }
    }
}

fn levels(bound: &Bound<'_>, matched: &[Found]) -> Levels {
    Levels {
        scp: chain(LayerKind::Scp, bound.scp, matched),
        rcp: chain(LayerKind::Rcp, bound.rcp, matched),
    }
}

fn chain(layer: LayerKind, levels: Option<&[Level]>, matched: &[Found]) -> Vec<LevelVerdict> {
    let levels = levels.unwrap_or_default();
    let mut verdicts = vec![Verdict::NoMatch; levels.len()];
    for found in matched.iter().filter(|found| found.layer == layer) {
        let verdict = found.level.and_then(|level| verdicts.get_mut(level));
        match (verdict, found.effect) {
            (Some(verdict), Effect::Deny) => *verdict = Verdict::Deny,
            (Some(verdict @ Verdict::NoMatch), Effect::Allow) => *verdict = Verdict::Allow,
            (Some(_) | None, Effect::Allow | Effect::Deny) => {}
        }
    }
    levels
        .iter()
        .zip(verdicts)
        .map(|(level, verdict)| LevelVerdict {
            level: level.name.to_string(),
            verdict,
        })
        .collect()
}

/// How an unmet gate is written: the layer, and in an organization the level.
pub(super) fn gate_name(bound: &Bound<'_>, gate: Gate) -> String {
    match gate {
        Gate::Rcp(index) => format!("rcp:{}", level_name(bound.rcp, index)),
        Gate::Scp(index) => format!("scp:{}", level_name(bound.scp, index)),
        Gate::Identity | Gate::Resource | Gate::Boundary | Gate::Session => {
            gate.layer().as_str().to_owned()
        }
    }
}

pub(crate) fn level_name(chain: Option<&[Level]>, index: usize) -> String {
    chain
        .and_then(|levels| levels.get(index))
        .map_or_else(|| index.to_string(), |level| level.name.to_string())
}
