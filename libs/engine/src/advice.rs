//! What would make a no a yes: the one addition that would, or what stands in the way.
//!
//! An addition is one statement in one place, or one value of a condition key that the request lacks. Each that is told
//! was tried: the request was evaluated again with it, and allowed. Nothing here decides anything; an answer is the same
//! with and without advice.
//!
//! What it costs is bounded by a [`Budget`]; where that ends the advice says that there may be more.

mod candidates;
mod field;
mod keys;
mod numbers;
mod obstacles;
mod statements;
mod steps;

use serde::{Serialize, Serializer, ser::SerializeMap};
use trilby_model::AccountId;
use trilby_policy::{ContextValue, Kind};

use crate::decide::{Laid, Worlds, lay_out};
use crate::decision::{Bypass, Decision, StatementRef, Visible};
use crate::error::Error;
use crate::evaluate::evaluate;
use crate::layer::{LayerKind, Layers};
use crate::request::Request;
use field::Field;

/// The most additions told.
const ADDITIONS_MAX: usize = 8;

/// How much work advice may take, in comparisons of a few characters.
///
/// One budget serves all answers of a request, so that many questions cannot make more work than one.
#[derive(Clone, Debug)]
pub struct Budget {
    left: u64,
}

/// Some ten milliseconds.
const COMPARISONS_MAX: u64 = 2_000_000;

impl Default for Budget {
    fn default() -> Self {
        Self::of(COMPARISONS_MAX)
    }
}

impl Budget {
    /// So many comparisons.
    #[must_use]
    pub fn of(comparisons: u64) -> Self {
        Self { left: comparisons }
    }

    /// Takes some, if there are as many left; if not, nothing is left.
    fn spend(&mut self, comparisons: u64) -> bool {
        match self.left.checked_sub(comparisons) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.left = 0;
                false
            }
        }
    }
}

/// Advice on a request that is denied.
#[derive(Clone, Debug, Serialize)]
pub struct Advice {
    /// Additions each of which alone makes it allowed; values of keys first.
    pub any_of: Vec<Addition>,
    /// Certain: there is no such addition, be it one that nobody should make.
    pub none_exists: bool,
    /// All that would have to change, where no single addition is known.
    pub in_the_way: Vec<Obstacle>,
    /// For whom it was made.
    #[serde(skip)]
    pub(crate) visible: Visible,
}

/// One thing to add.
#[derive(Clone, Debug, PartialEq)]
pub enum Addition {
    /// A condition key that the request lacks, with a value.
    Context {
        /// The key, as a policy spells it.
        key: String,
        /// One value that would do; there may be others.
        value: ContextValue,
    },
    /// A statement.
    Statement {
        /// Where: in a policy of this layer.
        layer: LayerKind,
        /// In a chain: at this root, unit or account.
        level: Option<String>,
        /// The statement: about this caller, action and resource, and no more.
        statement: serde_json::Value,
        /// A rule by which it steps around boundary and session policy.
        bypass: Option<Bypass>,
    },
}

impl Serialize for Addition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Context { key, value } => {
                map.serialize_entry("add", "context")?;
                map.serialize_entry("key", key)?;
                map.serialize_entry("value", value)?;
            }
            Self::Statement {
                layer,
                level,
                statement,
                bypass,
            } => {
                map.serialize_entry("add", "statement")?;
                map.serialize_entry("layer", layer)?;
                if let Some(level) = level {
                    map.serialize_entry("level", level)?;
                }
                map.serialize_entry("statement", statement)?;
                if let Some(bypass) = bypass {
                    map.serialize_entry("bypass", bypass)?;
                }
            }
        }
        map.end()
    }
}

/// Something that keeps a request denied.
#[derive(Clone, Debug, Serialize)]
pub struct Obstacle {
    /// Its layer.
    pub layer: LayerKind,
    /// In a chain: the root, unit or account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The statement that denies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<StatementRef>,
    /// In words.
    pub message: String,
}

/// What surrounds a request that is advised on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// The kind of document that a policy of the resource would be. `None`: it cannot have one.
    pub(crate) resource_policy: Option<Kind>,
    /// Documents name their principals by unique id.
    pub(crate) stored: bool,
    /// The caller is somebody, or nobody in particular is meant.
    pub(crate) caller_known: bool,
    /// Whether who asks can bring a value of a key along, which is in normal form.
    pub(crate) askable: fn(&str) -> bool,
    /// Whose policies the reader of the advice may see.
    pub(crate) visible: Visible,
}

impl Setting {
    /// A case that holds all there is, and all of it its reader's.
    pub(crate) const SIMULATED: Self = Self {
        resource_policy: Some(Kind::Resource),
        stored: false,
        caller_known: true,
        askable: |_| true,
        visible: Visible {
            principal: true,
            resource: true,
        },
    };
}

/// Who reads advice, and what they could do with it.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The account whose policies they may see.
    pub account: AccountId,
    /// Whether the caller is somebody, or nobody in particular is meant. To somebody who does not exist nothing can be
    /// granted but by granting it to everyone, which is no advice.
    pub caller_known: bool,
    /// Whether a question can bring a value of a condition key along. Keys are in normal form
    /// ([`trilby_policy::keys::normalise`]).
    pub askable: fn(&str) -> bool,
}

/// Decides as [`crate::decide()`] does, as its reader may see it, with advice where the answer is no.
///
/// # Errors
/// As [`crate::decide()`].
pub fn decide_with_advice(
    request: &Request,
    worlds: &Worlds<'_>,
    reader: Reader,
    budget: &mut Budget,
) -> Result<Decision, Error> {
    let Laid {
        request,
        layers,
        resource_policy,
    } = lay_out(request, worlds)?;
    let decision = evaluate(&request, &layers);
    let setting = Setting {
        resource_policy,
        stored: true,
        caller_known: reader.caller_known,
        askable: reader.askable,
        visible: decision.visible_to(reader.account),
    };
    let visible = setting.visible;
    Ok(advised(decision, &request, &layers, setting, budget).redacted(visible))
}

/// A decision with advice where the answer is no.
pub(crate) fn advised(
    mut decision: Decision,
    request: &Request,
    layers: &Layers,
    setting: Setting,
    budget: &mut Budget,
) -> Decision {
    if !decision.is_allow() {
        decision.advice = Some(advise(request, layers, setting, budget));
    }
    decision
}

fn advise(request: &Request, layers: &Layers, setting: Setting, budget: &mut Budget) -> Advice {
    let field = Field::survey(request, layers, setting);
    let (mut any_of, certain) = keys::additions(&field, budget);
    let (statements, withheld) = statements::additions(&field);
    any_of.extend(statements);
    any_of.truncate(ADDITIONS_MAX);
    let in_the_way = if any_of.is_empty() {
        obstacles::all(&field)
    } else {
        Vec::new()
    };
    let Visible {
        principal,
        resource,
    } = setting.visible;
    Advice {
        none_exists: any_of.is_empty() && certain && !withheld && principal && resource,
        any_of,
        in_the_way,
        visible: setting.visible,
    }
}

#[cfg(test)]
mod tests;
