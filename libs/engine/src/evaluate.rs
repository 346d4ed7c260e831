//! One request against its layers.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use trilby_policy::{Effect, Keys, Statement};

use crate::bind::{Bound, Seat};
use crate::code::Clause;
use crate::compiled::{CompiledPolicy, Principals};
use crate::decision::{Decision, Presence};
use crate::formula::{Facts, rule};
use crate::layer::{LayerKind, Layers};
use crate::matching::Class;
use crate::note::{Answered, Noted, Ruled, Sink};
use crate::ready::{Ready, View};
use crate::request::{Request, Resource};
use crate::tally::Tally;
use crate::trace::{Notes, written};

/// Combines the layers into the answer.
///
/// Layers that do not bind the caller are passed over. The request's context is taken as it is: see
/// [`crate::context::derive`] for the keys that follow from the principal.
#[must_use]
pub fn evaluate(request: &Request, layers: &Layers) -> Decision {
    let bound = Bound::new(request, layers);
    let facts = Facts::new(request, layers, &bound);
    let mut scan = Scan::default();
    let unread = walk(request, &bound, bound.policies(), |met| {
        scan.take(met, request)
    });
    scan.tally.deny_in(&unread);
    let ruling = rule(&facts, &scan.tally);
    Decision::assemble(request, &bound, &facts, scan, ruling)
}

/// As [`evaluate`], without words, into a buffer that the caller keeps.
pub fn evaluate_into<S: Sink>(request: &Request, layers: &Layers, sink: &mut S) -> Answered {
    sink.clear();
    run(request, layers, None, sink)
}

/// As [`evaluate`], bare, with one more policy on the resource.
pub(crate) fn evaluate_beside(
    request: &Request,
    layers: &Layers,
    beside: &Arc<CompiledPolicy>,
) -> Answered {
    run(request, layers, Some(beside), &mut ())
}

fn run<S: Sink>(
    request: &Request,
    layers: &Layers,
    beside: Option<&Arc<CompiledPolicy>>,
    sink: &mut S,
) -> Answered {
    let bound = Bound::new(request, layers);
    let facts = Facts::new(request, layers, &bound);
    let mut tally = Tally::default();
    let policies = bound
        .policies()
        .chain(beside.map(|policy| (Seat::ON_RESOURCE, policy)));
    let unread = walk(request, &bound, policies, |met| {
        if met.named.is_no() {
            return;
        }
        let noted = met.noted();
        let condition = &met.statement.condition;
        if condition.holds(&request.context) {
            tally.count(noted.layer, noted.level, noted.effect, noted.class);
            sink.matched(noted);
        } else {
            sink.failed(noted, |keys| keys.lacking(condition, &request.context));
        }
    });
    tally.deny_in(&unread);
    let ruling = rule(&facts, &tally);
    sink.ruled(Ruled::new(&ruling, Presence::of(&bound), &tally));
    Answered::from(ruling)
}

/// A statement about the action and resource of a request.
struct Met<'a> {
    seat: Seat,
    policy: &'a Arc<CompiledPolicy>,
    index: usize,
    statement: &'a Statement,
    named: Named,
}

impl Met<'_> {
    fn noted(&self) -> Noted {
        Noted {
            layer: self.seat.layer,
            level: self.seat.level,
            policy: self.seat.policy,
            statement: self.index,
            effect: self.statement.effect,
            class: self.named.class(),
        }
    }
}

/// Shows every statement of these policies about the action and resource. Gives the layers of policies that could be read
/// when they were compiled and cannot be now: what they may deny is denied.
fn walk<'p>(
    request: &Request,
    bound: &Bound<'_>,
    policies: impl Iterator<Item = (Seat, &'p Arc<CompiledPolicy>)>,
    mut show: impl FnMut(&Met<'_>),
) -> Vec<LayerKind> {
    let bounded = bound.boundary.is_some();
    let told = OnceCell::new();
    let mut unread = Vec::new();
    for (seat, policy) in policies {
        if !policy.is_read() && told.get_or_init(|| Told::new(request)).passes_over(policy) {
            continue;
        }
        let Some(document) = policy.document() else {
            unread.push(seat.layer);
            continue;
        };
        for (index, statement) in document.statements.iter().enumerate() {
            if !statement.action.covers(&request.action)
                || !covers_resource(statement, request, &request.context)
            {
                continue;
            }
            show(&Met {
                seat,
                policy,
                index,
                statement,
                named: named(seat.layer, policy.principals(index), request, bounded),
            });
        }
    }
    unread
}

/// A statement, and where it speaks from.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) layer: LayerKind,
    /// Index of its level in a chain.
    pub(crate) level: Option<usize>,
    pub(crate) policy: Arc<CompiledPolicy>,
    pub(crate) statement: usize,
    /// The statement's name in its document.
    pub(crate) sid: Option<Arc<str>>,
    pub(crate) effect: Effect,
    /// How it names the caller; only in the resource layer.
    pub(crate) class: Option<Class>,
}

/// A statement about this action and resource that does not match, and why.
#[derive(Clone, Debug)]
pub(crate) struct Missed {
    pub(crate) found: Found,
    pub(crate) why: Why,
}

#[derive(Clone, Debug)]
pub(crate) enum Why {
    /// It is about someone else.
    Principal {
        /// Whom, as the document writes it.
        wanted: Vec<String>,
    },
    /// Its condition does not hold.
    Condition {
        /// Keys whose absence alone is to blame; empty if something else is too.
        missing: Vec<String>,
    },
}

/// Everything that matched or nearly did, in the order of evaluation.
#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) tally: Tally,
    pub(crate) matched: Vec<Found>,
    pub(crate) missed: Vec<Missed>,
    pub(crate) notes: Notes,
}

impl Scan {
    fn take(&mut self, met: &Met<'_>, request: &Request) {
        let statement = met.statement;
        let found = Found {
            layer: met.seat.layer,
            level: met.seat.level,
            policy: Arc::clone(met.policy),
            statement: met.index,
            sid: statement.sid.as_deref().map(Into::into),
            effect: statement.effect,
            class: met.named.class(),
        };
        if met.named.is_no() {
            let wanted = statement.principal.as_ref().map(written);
            self.missed.push(Missed {
                found,
                why: Why::Principal {
                    wanted: wanted.unwrap_or_default(),
                },
            });
            return;
        }
        self.notes.take(&found, statement, &request.context);
        if statement.condition.holds(&request.context) {
            self.tally
                .count(found.layer, found.level, found.effect, found.class);
            self.matched.push(found);
            return;
        }
        let (mut missing, mut known) = (Vec::new(), BTreeSet::new());
        statement.condition.each_lacking(&request.context, |key| {
            if known.insert(key.normal()) {
                missing.push(key.as_str().to_owned());
            }
        });
        self.missed.push(Missed {
            found,
            why: Why::Condition { missing },
        });
    }
}

/// A request as code is asked about it: which policies kept as text need not be read at all.
struct Told {
    ready: Ready,
}

impl Told {
    /// Of a request whose context holds everything.
    fn new(request: &Request) -> Self {
        Self {
            ready: Ready::told(request.clone()),
        }
    }

    /// Whether no statement of a policy is about the action and the resource. `true` is certain, `false` is not.
    fn passes_over(&self, policy: &CompiledPolicy) -> bool {
        let view = View::of(&self.ready);
        let is_about = |mut clause: Clause<'_>| clause.covers(&view);
        (0..policy.count()).all(|index| policy.clause(index).and_then(is_about) == Some(false))
    }
}

pub(crate) fn covers_resource(
    statement: &Statement,
    request: &Request,
    context: &impl Keys,
) -> bool {
    // Without the element a statement is about whatever its document is attached to, which is how the document came here.
    let Some(element) = &statement.resource else {
        return true;
    };
    match &request.resource {
        Resource::Arn(arn) => element.covers(arn, statement.effect, context),
        Resource::Any => element.covers_unspecific(statement.effect, context),
    }
}

/// Whether a statement is about the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    No,
    /// Documents of this layer name nobody, or everybody.
    Implied,
    As(Class),
}

impl Named {
    pub(crate) fn is_no(self) -> bool {
        self == Self::No
    }

    pub(crate) fn class(self) -> Option<Class> {
        match self {
            Self::No | Self::Implied => None,
            Self::As(class) => Some(class),
        }
    }
}

pub(crate) fn named(
    layer: LayerKind,
    principals: Option<&Principals>,
    request: &Request,
    bounded: bool,
) -> Named {
    match layer {
        // The grammar lets a resource control policy name only everyone, and it binds everyone.
        LayerKind::Rcp
        | LayerKind::Scp
        | LayerKind::Identity
        | LayerKind::Boundary
        | LayerKind::Session => Named::Implied,
        LayerKind::Resource => principals
            .and_then(|p| p.class_of(&request.principal, bounded))
            .map_or(Named::No, Named::As),
    }
}
