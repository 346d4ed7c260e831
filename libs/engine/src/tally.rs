//! What matched, layer by layer: all that the formula sees of the policies.

use trilby_policy::Effect;

use crate::layer::LayerKind;
use crate::matching::Class;

/// What the layers of one request say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) denies: Vec<LayerKind>,
    pub(crate) identity: bool,
    pub(crate) boundary: bool,
    pub(crate) session: bool,
    pub(crate) direct: bool,
    pub(crate) entity: bool,
    pub(crate) account: bool,
    /// Levels with an Allow, by index.
    pub(crate) scp: Vec<usize>,
    pub(crate) rcp: Vec<usize>,
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
            (Effect::Deny, layer) => self.denies.push(layer),
            (Effect::Allow, LayerKind::Rcp) => self.rcp.extend(level),
            (Effect::Allow, LayerKind::Scp) => self.scp.extend(level),
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

    pub(crate) fn denies_in(&self, layer: LayerKind) -> bool {
        self.denies.contains(&layer)
    }

    pub(crate) fn allows_in(&self, layer: LayerKind, levels: usize) -> bool {
        match layer {
            LayerKind::Rcp => (0..levels).all(|level| self.rcp.contains(&level)),
            LayerKind::Scp => (0..levels).all(|level| self.scp.contains(&level)),
            LayerKind::Identity => self.identity,
            LayerKind::Resource => self.direct || self.entity || self.account,
            LayerKind::Boundary => self.boundary,
            LayerKind::Session => self.session,
        }
    }

    pub(crate) fn classes(&self) -> (bool, bool, bool) {
        (self.direct, self.entity, self.account)
    }
}
