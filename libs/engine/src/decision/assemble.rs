//! From what matched to the whole answer.

use std::sync::Arc;

use trilby_policy::Effect;

use super::{
    Decision, LayerVerdicts, LevelVerdict, Levels, Outcome, ResourceClasses, StatementRef,
};
use crate::bind::Bound;
use crate::evaluate::{Found, Scan};
use crate::formula::{Facts, Gate, Ruling};
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
        let deciding: Vec<StatementRef> = deciding(&scan.matched, &ruling)
            .into_iter()
            .map(refer)
            .collect();
        let (direct, entity, account) = scan.tally.classes();
        Self {
            outcome: ruling.outcome,
            layer: ruling.layer,
            relation: facts.relation,
            layers: verdicts(bound, &scan.tally),
            unmet: ruling
                .unmet
                .iter()
                .map(|gate| gate_name(bound, *gate))
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
            principal_account: request.principal.account(),
            resource_account: request.owner(),
            headline: message::headline(request, ruling.outcome),
            causes: message::causes(bound, facts, &ruling, &deciding),
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

/// The statements an answer rests on.
fn deciding<'a>(matched: &'a [Found], ruling: &Ruling) -> Vec<&'a Found> {
    match ruling.outcome {
        Outcome::ExplicitDeny => matched
            .iter()
            .filter(|found| found.effect == Effect::Deny)
            .collect(),
        Outcome::ImplicitDeny => Vec::new(),
        Outcome::Allow => carrying(matched, ruling),
    }
}

/// One Allow for each gate that the formula passed: the grant first, then what did not cap it.
fn carrying<'a>(matched: &'a [Found], ruling: &Ruling) -> Vec<&'a Found> {
    let allows = |layer: LayerKind| {
        matched
            .iter()
            .filter(move |found| found.layer == layer && found.effect == Effect::Allow)
    };
    let mut found: Vec<&Found> = Vec::new();
    if ruling.carriers.identity {
        found.extend(allows(LayerKind::Identity).next());
    }
    if let Some(class) = ruling.carriers.resource {
        found.extend(allows(LayerKind::Resource).find(|grant| grant.class == Some(class)));
    }
    if ruling.carriers.caps {
        found.extend(allows(LayerKind::Boundary).next());
        found.extend(allows(LayerKind::Session).next());
    }
    for chain in [LayerKind::Scp, LayerKind::Rcp] {
        let mut level = None;
        for allow in allows(chain) {
            if allow.level != level {
                level = allow.level;
                found.push(allow);
            }
        }
    }
    found
}

fn refer(bound: &Bound<'_>, found: &Found) -> StatementRef {
    let chain = match found.layer {
        LayerKind::Rcp => bound.rcp,
        LayerKind::Scp => bound.scp,
        LayerKind::Identity | LayerKind::Resource | LayerKind::Boundary | LayerKind::Session => {
            None
        }
    };
    let level = chain
        .zip(found.level)
        .and_then(|(chain, index)| chain.get(index))
        .map(|level| Arc::clone(&level.name));
    StatementRef {
        policy: Arc::clone(&found.policy),
        kind: found.layer,
        statement: found.statement,
        effect: found.effect,
        level,
        class: found.class,
    }
}

fn verdicts(bound: &Bound<'_>, tally: &Tally) -> LayerVerdicts {
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
    let scp = bound.scp.map_or(0, <[_]>::len);
    let rcp = bound.rcp.map_or(0, <[_]>::len);
    LayerVerdicts {
        identity: verdict(LayerKind::Identity, !bound.identity.is_empty(), 0),
        resource: verdict(LayerKind::Resource, bound.resource.is_some(), 0),
        boundary: verdict(LayerKind::Boundary, bound.boundary.is_some(), 0),
        session: verdict(LayerKind::Session, bound.session.is_some(), 0),
        scp: verdict(LayerKind::Scp, scp > 0, scp),
        rcp: verdict(LayerKind::Rcp, rcp > 0, rcp),
    }
}

fn levels(bound: &Bound<'_>, matched: &[Found]) -> Levels {
    Levels {
        scp: chain(LayerKind::Scp, bound.scp, matched),
        rcp: chain(LayerKind::Rcp, bound.rcp, matched),
    }
}

fn chain(layer: LayerKind, levels: Option<&[Level]>, matched: &[Found]) -> Vec<LevelVerdict> {
    let says = |index: usize, effect: Effect| {
        matched.iter().any(|found| {
            found.layer == layer && found.level == Some(index) && found.effect == effect
        })
    };
    let verdict = |index: usize| match (says(index, Effect::Deny), says(index, Effect::Allow)) {
        (true, _) => Verdict::Deny,
        (false, true) => Verdict::Allow,
        (false, false) => Verdict::NoMatch,
    };
    levels
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(index, level)| LevelVerdict {
            level: level.name.to_string(),
            verdict: verdict(index),
        })
        .collect()
}

/// How an unmet gate is written: the layer, and in an organization the level.
fn gate_name(bound: &Bound<'_>, gate: Gate) -> String {
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
