//! All that keeps a request denied.

use super::Obstacle;
use super::field::Field;
use crate::decision::{Outcome, shown_layer, side};
use crate::evaluate::evaluate;
use crate::formula::rule;
use crate::layer::LayerKind;
use crate::message;
use crate::tally::Tally;

/// The most told.
const OBSTACLES_MAX: usize = 20;

/// Statements that deny, then Allows that would still be missing without them.
pub(super) fn all(field: &Field<'_>) -> Vec<Obstacle> {
    let mut told = Told {
        field,
        obstacles: Vec::new(),
    };
    if field.facts.is_quarantined() {
        told.add(plain(LayerKind::Scp, message::QUARANTINE.to_owned()));
    }
    if field.ruling.outcome == Outcome::ExplicitDeny {
        for statement in evaluate(field.request, field.layers).deciding {
            told.add(Obstacle {
                layer: statement.kind(),
                level: statement.level().map(str::to_owned),
                message: format!("{} denies it", message::cite(&statement)),
                denied_by: Some(statement),
            });
        }
    }
    let undenied = Tally {
        denies: Default::default(),
        ..field.tally.clone()
    };
    for gate in rule(&field.facts.unquarantined(), &undenied).unmet.iter() {
        let message = message::lack(&field.bound, &field.facts, gate);
        let chain = match gate.layer() {
            LayerKind::Rcp => field.bound.rcp,
            LayerKind::Scp => field.bound.scp,
            LayerKind::Identity
            | LayerKind::Resource
            | LayerKind::Boundary
            | LayerKind::Session => None,
        };
        let level = gate.level().and_then(|level| chain?.get(level));
        told.add(Obstacle {
            level: level.map(|level| level.name.to_string()),
            ..plain(gate.layer(), message)
        });
    }
    told.obstacles
}

fn plain(layer: LayerKind, message: String) -> Obstacle {
    Obstacle {
        layer,
        level: None,
        denied_by: None,
        message,
    }
}

struct Told<'f, 'a> {
    field: &'f Field<'a>,
    obstacles: Vec<Obstacle>,
}

impl Told<'_, '_> {
    /// Adds an obstacle; of a side that may not be seen, only that there is one.
    fn add(&mut self, obstacle: Obstacle) {
        let visible = self.field.setting.visible;
        let obstacle = if visible.shows(obstacle.layer) {
            obstacle
        } else {
            let message = format!("denied by {}", side(obstacle.layer));
            plain(shown_layer(obstacle.layer, visible), message)
        };
        let known = self.obstacles.iter().any(|known| {
            known.layer == obstacle.layer
                && known.level == obstacle.level
                && known.message == obstacle.message
        });
        if !known && self.obstacles.len() < OBSTACLES_MAX {
            self.obstacles.push(obstacle);
        }
    }
}
