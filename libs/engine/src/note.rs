//! Notes of a decision: why it is as it is, in numbers, in a buffer that the caller keeps.
//!
//! Taken always, at next to no cost: what each layer says, the statements that matched, those that the answer rests on, the
//! Allows that were needed and not there, and the keys that statements asked for in vain. Words come from
//! [`crate::Decision`], on request.

use trilby_policy::{Condition, Effect, Keys};

use crate::code::{Clause, Held};
use crate::decision::{Bypass, LayerVerdicts, Outcome, Presence, deciding};
use crate::formula::{Carriers, Ruling};
use crate::gates::{Gate, Gates};
use crate::layer::LayerKind;
use crate::matching::Class;
use crate::ready::View;
use crate::tally::Tally;

/// The most keys noted as missing. A request that lacks more has other troubles; a policy set must not make notes of
/// any size.
const KEYS_MAX: usize = 64;

/// A statement that a decision came upon, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Its layer.
    pub layer: LayerKind,
    /// Index of its level in a chain.
    pub level: Option<usize>,
    /// Index of the policy in its layer or level, a user's own before its groups'.
    pub policy: usize,
    /// Index of the statement in its document.
    pub statement: usize,
    /// What it does.
    pub effect: Effect,
    /// How it names the caller; only in the resource layer.
    pub class: Option<Class>,
}

/// What takes notes of a decision.
pub trait Sink {
    /// Forgets the decision before.
    fn clear(&mut self);
    /// A statement matched.
    fn matched(&mut self, noted: Noted);
    /// Several statements matched.
    fn matched_all(&mut self, noted: &[Noted]) {
        for one in noted {
            self.matched(*one);
        }
    }
    /// A statement did not match because its condition does not hold. `lacking` adds the keys for the want of which alone
    /// it does not, if that is so.
    fn failed(&mut self, noted: Noted, lacking: impl FnOnce(&mut KeyNames) -> bool);
    /// What it all came to; comes last.
    fn ruled(&mut self, ruled: Ruled);
}

/// Takes no notes.
impl Sink for () {
    fn clear(&mut self) {}
    fn matched(&mut self, _: Noted) {}
    fn failed(&mut self, _: Noted, _: impl FnOnce(&mut KeyNames) -> bool) {}
    fn ruled(&mut self, _: Ruled) {}
}

/// Names of condition keys, each once in whatever spelling. Keeps its memory when it is emptied.
#[derive(Clone, Debug, Default)]
pub struct KeyNames {
    /// As policies spell them, and in the form they are compared in, one after the other.
    spelt: Names,
    normal: Names,
    cut: bool,
}

#[derive(Clone, Debug, Default)]
struct Names {
    text: String,
    ends: Vec<usize>,
}

impl Names {
    fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .filter_map(|(start, end)| self.text.get(start..*end))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

impl KeyNames {
    /// Adds the keys for the want of which alone a condition does not hold. Whether there are any.
    pub fn lacking(&mut self, condition: &Condition, context: &impl Keys) -> bool {
        let mut any = false;
        condition.each_lacking(context, |key| {
            any = true;
            self.push(key.as_str(), key.normal());
        });
        any
    }

    /// The same of code. What cannot be read adds nothing: it was read just before, and the answer stands either way.
    pub(crate) fn lacking_in(
        &mut self,
        clause: &Clause<'_>,
        held: &Held<'_>,
        view: &View<'_>,
    ) -> bool {
        let mut any = false;
        clause.each_lacking(held, view, |written, normal| {
            any = true;
            self.push(written, normal);
        });
        any
    }

    fn push(&mut self, written: &str, normal: &str) {
        if self.normal.iter().any(|known| known == normal) {
            return;
        }
        if self.normal.ends.len() == KEYS_MAX {
            self.cut = true;
            return;
        }
        self.normal.push(normal);
        self.spelt.push(written);
    }

    /// All of them, in the order they came, as first spelt.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.spelt.iter()
    }

    /// Whether there were more than are kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    fn clear(&mut self) {
        self.spelt.clear();
        self.normal.clear();
        self.cut = false;
    }
}

/// What a decision came to, beside the statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    outcome: Outcome,
    layers: LayerVerdicts,
    unmet: Gates,
    carriers: Carriers,
}

impl Ruled {
    pub(crate) fn new(ruling: &Ruling, presence: Presence, tally: &Tally) -> Self {
        Self {
            outcome: ruling.outcome,
            layers: LayerVerdicts::of(presence, tally),
            unmet: ruling.unmet.clone(),
            carriers: ruling.carriers,
        }
    }

    /// What each layer says on its own.
    #[must_use]
    pub fn layers(&self) -> LayerVerdicts {
        self.layers
    }

    /// For an implicit deny: the Allows that were needed and not there.
    #[must_use]
    pub fn unmet(&self) -> &Gates {
        &self.unmet
    }
}

/// The notes of a decision.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    matched: Vec<Noted>,
    lacking: Vec<Noted>,
    missing: KeyNames,
    /// Places in `matched`.
    deciding: Vec<usize>,
    ruled: Option<Ruled>,
}

impl Notes {
    /// Statements that matched, in the order of evaluation.
    #[must_use]
    pub fn matched(&self) -> &[Noted] {
        &self.matched
    }

    /// Statements that failed for want of condition keys alone.
    #[must_use]
    pub fn lacking(&self) -> &[Noted] {
        &self.lacking
    }

    /// Those keys.
    #[must_use]
    pub fn missing(&self) -> &KeyNames {
        &self.missing
    }

    /// The statements the answer rests on, as [`crate::Decision::deciding`] has them.
    pub fn deciding(&self) -> impl Iterator<Item = &Noted> {
        self.deciding
            .iter()
            .filter_map(|place| self.matched.get(*place))
    }

    pub(crate) fn ruled(&self) -> Option<&Ruled> {
        self.ruled.as_ref()
    }

    /// What each layer says on its own. `None`: nothing was decided yet.
    #[must_use]
    pub fn layers(&self) -> Option<LayerVerdicts> {
        self.ruled.as_ref().map(Ruled::layers)
    }

    /// For an implicit deny: the Allows that were needed and not there, in the order of evaluation.
    pub fn unmet(&self) -> impl Iterator<Item = Gate> {
        self.ruled.iter().flat_map(|ruled| ruled.unmet.iter())
    }
}

impl Sink for Notes {
    fn clear(&mut self) {
        self.matched.clear();
        self.lacking.clear();
        self.missing.clear();
        self.deciding.clear();
        self.ruled = None;
    }

    fn matched(&mut self, noted: Noted) {
        self.matched.push(noted);
    }

    fn matched_all(&mut self, noted: &[Noted]) {
        self.matched.extend_from_slice(noted);
    }

    fn failed(&mut self, noted: Noted, lacking: impl FnOnce(&mut KeyNames) -> bool) {
        if lacking(&mut self.missing) {
            self.lacking.push(noted);
        }
    }

    fn ruled(&mut self, ruled: Ruled) {
        let places = &mut self.deciding;
        deciding(&self.matched, ruled.outcome, ruled.carriers, |place| {
            places.push(place);
        });
        self.ruled = Some(ruled);
    }
}

/// The answer, bare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The answer in one word.
    pub outcome: Outcome,
    /// The layer that settled it.
    pub layer: LayerKind,
    /// A rule that let an Allow step around a policy.
    pub bypass: Option<Bypass>,
}

impl From<Ruling> for Answered {
    fn from(ruling: Ruling) -> Self {
        Self {
            outcome: ruling.outcome,
            layer: ruling.layer,
            bypass: ruling.bypass,
        }
    }
}

#[cfg(test)]
mod tests;
