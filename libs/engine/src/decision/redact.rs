//! What of an answer an account may see: the policies of the other account decide, and are never shown.

use trilby_model::AccountId;

use super::{Decision, Outcome};
use crate::layer::LayerKind;

/// Which side's policies a viewer may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visible {
    /// Policies of the principal's account and organization.
    pub principal: bool,
    /// Policies of the resource's account and organization.
    pub resource: bool,
}

impl Visible {
    pub(super) fn of(
        principal: Option<AccountId>,
        resource: Option<AccountId>,
        viewer: AccountId,
    ) -> Self {
        Self {
            principal: principal == Some(viewer),
            resource: resource == Some(viewer),
        }
    }

    /// Whether a viewer may see policies of this layer.
    pub(crate) fn shows(self, layer: LayerKind) -> bool {
        if layer.is_of_the_resource() {
            self.resource
        } else {
            self.principal
        }
    }
}

impl Decision {
    /// What a viewer of one account may see of the two sides.
    #[must_use]
    pub fn visible_to(&self, viewer: AccountId) -> Visible {
        Visible::of(self.principal_account, self.resource_account, viewer)
    }

    /// The answer as a viewer of this account may see it.
    #[must_use]
    pub fn seen_from(self, viewer: AccountId) -> Self {
        let visible = self.visible_to(viewer);
        self.redacted(visible)
    }

    /// The answer without what belongs to a side that may not be seen.
    ///
    /// Of the hidden side remains that it refused, never why, and never the names of its policies.
    #[must_use]
    pub fn redacted(mut self, visible: Visible) -> Self {
        if visible.principal && visible.resource {
            return self;
        }
        let shows = |layer: LayerKind| visible.shows(layer);
        let verdicts = &mut self.layers;
        for (layer, verdict) in [
            (LayerKind::Identity, &mut verdicts.identity),
            (LayerKind::Resource, &mut verdicts.resource),
            (LayerKind::Boundary, &mut verdicts.boundary),
            (LayerKind::Session, &mut verdicts.session),
            (LayerKind::Scp, &mut verdicts.scp),
            (LayerKind::Rcp, &mut verdicts.rcp),
        ] {
            if !shows(layer) {
                *verdict = None;
            }
        }
        self.matched.retain(|statement| shows(statement.kind));
        self.deciding.retain(|statement| shows(statement.kind));
        self.near_misses.retain(|miss| shows(miss.statement.kind));
        for missing in &mut self.missing_keys {
            missing
                .referenced_by
                .retain(|statement| shows(statement.kind));
        }
        self.missing_keys
            .retain(|missing| !missing.referenced_by.is_empty());
        self.type_mismatches.retain(|(layer, _)| shows(*layer));
        self.variables.retain(|(layer, _, _)| shows(*layer));
        if !visible.principal {
            self.levels.scp.clear();
        }
        if !visible.resource {
            self.levels.rcp.clear();
            self.resource_classes = None;
        }
        hide_gates(&mut self.unmet, visible);
        hide_causes(&mut self.causes, self.outcome, visible);
        // Advice is made for a viewer; nobody else's may be shown.
        self.advice = self.advice.filter(|advice| advice.visible == visible);
        self.layer = shown_layer(self.layer, visible);
        self
    }
}

pub(super) fn hide_gates(unmet: &mut Vec<String>, visible: Visible) {
    let mut told: Vec<String> = Vec::new();
    for gate in std::mem::take(unmet) {
        let layer = LayerKind::ALL
            .into_iter()
            .find(|kind| gate.split(':').next() == Some(kind.as_str()));
        let gate = match layer {
            Some(layer) if !visible.shows(layer) => shown_layer(layer, visible).as_str().to_owned(),
            Some(_) | None => gate,
        };
        if !told.contains(&gate) {
            told.push(gate);
        }
    }
    *unmet = told;
}

pub(super) fn hide_causes(
    causes: &mut Vec<(LayerKind, String)>,
    outcome: Outcome,
    visible: Visible,
) {
    let refused = outcome != Outcome::Allow;
    let mut told: Vec<(LayerKind, String)> = Vec::new();
    for (layer, cause) in std::mem::take(causes) {
        let entry = if visible.shows(layer) {
            (layer, cause)
        } else {
            let verb = if refused { "denied" } else { "allowed" };
            (
                shown_layer(layer, visible),
                format!("{verb} by {}", side(layer)),
            )
        };
        if !told.contains(&entry) {
            told.push(entry);
        }
    }
    *causes = told;
}

/// Whose a layer is, in words.
pub(crate) fn side(layer: LayerKind) -> &'static str {
    if layer.is_of_the_resource() {
        "the resource owner"
    } else {
        "the principal's account"
    }
}

/// The layer that stands for a hidden one: which of its layers refused is that side's own business.
pub(crate) fn shown_layer(layer: LayerKind, visible: Visible) -> LayerKind {
    match (visible.shows(layer), layer.is_of_the_resource()) {
        (true, _) => layer,
        (false, true) => LayerKind::Resource,
        (false, false) => LayerKind::Identity,
    }
}

#[cfg(test)]
mod tests;
