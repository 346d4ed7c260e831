//! An answer in as many words as a record of it needs, made from notes: nothing is evaluated a second time.

use std::sync::Arc;

use trilby_model::AccountId;

use super::assemble::{gate_name, level};
use super::redact::{Visible, hide_causes, hide_gates, shown_layer};
use super::{Decision, Outcome, StatementRef};
use crate::bind::Bound;
use crate::compiled::CompiledPolicy;
use crate::decide::{Worlds, lay_out_bare};
use crate::error::Error;
use crate::formula::Facts;
use crate::layer::LayerKind;
use crate::message;
use crate::note::{Answered, Noted, Notes, Ruled};
use crate::ready::Ready;

/// What an answer is, what it rests on or lacks, and why in one sentence.
#[derive(Clone, Debug)]
pub struct Brief {
    /// In one word.
    pub outcome: Outcome,
    /// The layer that settled it.
    pub layer: LayerKind,
    /// As [`Decision::deciding`].
    pub deciding: Vec<StatementRef>,
    /// As [`Decision::unmet`].
    pub unmet: Vec<String>,
    /// As [`Decision::message`].
    pub message: String,
}

impl Brief {
    /// Of the answer that [`crate::decide_into`] just gave to this request on these states, with its notes, as a viewer of
    /// one account may see it: what [`crate::decide()`] and [`Decision::seen_from`] come to.
    ///
    /// # Errors
    /// As [`crate::decide()`].
    pub fn of(
        ready: &Ready,
        worlds: &Worlds<'_>,
        answered: &Answered,
        notes: &Notes,
        viewer: AccountId,
    ) -> Result<Self, Error> {
        let laid = lay_out_bare(ready.request(), worlds)?;
        let (request, layers) = (&laid.request, &laid.layers);
        let bound = Bound::new(request, layers);
        let facts = Facts::new(request, layers, &bound);
        let outcome = answered.outcome;
        let mut deciding: Vec<StatementRef> = notes
            .deciding()
            .filter_map(|noted| refer(&bound, noted))
            .collect();
        let gates = notes.ruled().map(Ruled::unmet).cloned().unwrap_or_default();
        let mut unmet: Vec<String> = gates.iter().map(|gate| gate_name(&bound, gate)).collect();
        let headline = message::headline(request, outcome);
        let mut causes = message::causes(&bound, &facts, outcome, &gates, &deciding);
        let mut layer = answered.layer;

        let visible = Visible::of(request.principal.account(), request.owner(), viewer);
        if !(visible.principal && visible.resource) {
            deciding.retain(|statement| visible.shows(statement.kind));
            hide_gates(&mut unmet, visible);
            hide_causes(&mut causes, outcome, visible);
            layer = shown_layer(layer, visible);
        }
        Ok(Self {
            outcome,
            layer,
            deciding,
            unmet,
            message: message::sentence(&headline, &causes),
        })
    }
}

impl Decision {
    /// The same in brief.
    #[must_use]
    pub fn brief(&self) -> Brief {
        Brief {
            outcome: self.outcome,
            layer: self.layer,
            deciding: self.deciding.clone(),
            unmet: self.unmet.clone(),
            message: self.message(),
        }
    }
}

fn refer(bound: &Bound<'_>, noted: &Noted) -> Option<StatementRef> {
    let level = level(bound, noted.layer, noted.level);
    let policies: &[Arc<CompiledPolicy>] = match noted.layer {
        LayerKind::Rcp | LayerKind::Scp => &level?.policies,
        LayerKind::Identity => bound.identity,
        LayerKind::Resource => bound.resource.map(std::slice::from_ref)?,
        LayerKind::Boundary => bound.boundary?,
        LayerKind::Session => bound.session?,
    };
    let policy = policies.get(noted.policy)?;
    Some(StatementRef {
        policy: Arc::clone(policy),
        kind: noted.layer,
        statement: noted.statement,
        sid: policy.sid(noted.statement),
        effect: noted.effect,
        level: level.map(|level| Arc::clone(&level.name)),
        class: noted.class,
    })
}
