//! What a trace tells beyond what matched: values that could not be read, variables and what they stood for, keys whose
//! absence mattered, statements that nearly matched.

use std::borrow::Cow;
use std::collections::BTreeMap;

use trilby_policy::{
    Context, ContextValue, Effect, PrincipalElement, Statement, TypeMismatch, keys,
};

use crate::decision::{Detail, MissingKey, NearMiss, NearMissReason, StatementRef};
use crate::evaluate::{Found, Missed, Scan, Why};
use crate::formula::{Facts, Ruling, rule};
use crate::layer::LayerKind;
use crate::request::Request;

/// The most near misses told. Enough for a person; a policy set of thousands must not make an answer of megabytes.
pub(crate) const NEAR_MISSES_MAX: usize = 20;

/// Of what a test got, so many bytes are told: every test of a near miss says it again.
const GOT_BYTES_MAX: usize = 1_024;
/// Ends what was cut.
const CUT: &str = "…";

/// The most values told that could not be read; each is looked for among those before.
const MISMATCHES_MAX: usize = 100;

/// Remarks gathered while statements are tested, each with the layer it belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    pub(crate) mismatches: Vec<(LayerKind, TypeMismatch)>,
    pub(crate) variables: BTreeMap<(LayerKind, String), String>,
}

impl Notes {
    pub(crate) fn take(&mut self, found: &Found, statement: &Statement, context: &Context) {
        if !statement.condition.is_empty() && self.mismatches.len() < MISMATCHES_MAX {
            for mismatch in statement.condition.type_mismatches(context) {
                let entry = (found.layer, mismatch);
                if !self.mismatches.contains(&entry) {
                    self.mismatches.push(entry);
                }
            }
        }
        let in_resources = statement
            .resource
            .iter()
            .flat_map(|element| element.patterns())
            .flat_map(|pattern| pattern.variables());
        for variable in in_resources.chain(statement.condition.variables()) {
            if let Some(value) = variable.resolve(context) {
                self.variables.insert(
                    (found.layer, variable.key().as_str().to_owned()),
                    value.to_owned(),
                );
            }
        }
    }
}

/// Statements that nearly matched: Allow first, at most [`NEAR_MISSES_MAX`].
pub(crate) fn near_misses(
    request: &Request,
    missed: &[Missed],
    refer: impl Fn(&Found) -> StatementRef,
) -> Vec<NearMiss> {
    let of = |effect: Effect| {
        missed
            .iter()
            .filter(move |miss| miss.found.effect == effect)
    };
    of(Effect::Allow)
        .chain(of(Effect::Deny))
        .take(NEAR_MISSES_MAX)
        .map(|miss| near_miss(request, miss, refer(&miss.found)))
        .collect()
}

fn near_miss(request: &Request, miss: &Missed, statement: StatementRef) -> NearMiss {
    match &miss.why {
        Why::Principal { wanted } => {
            let got = crate::message::identity(&request.principal).map(ContextValue::Scalar);
            NearMiss {
                statement,
                failed: NearMissReason::Principal,
                detail: vec![Detail {
                    operator: None,
                    key: None,
                    wanted: wanted.clone(),
                    got,
                }],
            }
        }
        Why::Condition { .. } => {
            // Worked out again for the few that are told, not kept for all.
            let document = miss.found.policy.document();
            let failures = document
                .as_ref()
                .and_then(|document| document.statements.get(miss.found.statement))
                .map(|written| written.condition.evaluate(&request.context).failures)
                .unwrap_or_default();
            let detail = failures
                .into_iter()
                .map(|failure| Detail {
                    operator: Some(failure.operator),
                    key: Some(failure.key),
                    wanted: failure.wanted,
                    got: failure.got.map(cut),
                })
                .collect();
            NearMiss {
                statement,
                failed: NearMissReason::Condition,
                detail,
            }
        }
    }
}

/// A value of which no more is told than it is good for.
fn cut(got: ContextValue) -> ContextValue {
    match got {
        ContextValue::Scalar(text) if text.len() > GOT_BYTES_MAX => {
            let mut told = text;
            told.truncate(told.floor_char_boundary(GOT_BYTES_MAX));
            told.push_str(CUT);
            ContextValue::Scalar(told)
        }
        ContextValue::List(texts) => {
            let mut left = GOT_BYTES_MAX;
            let count = texts.len();
            let mut told: Vec<String> = texts
                .into_iter()
                .take_while(
                    |text| match left.checked_sub(text.len().saturating_add(1)) {
                        Some(less) => {
                            left = less;
                            true
                        }
                        None => false,
                    },
                )
                .collect();
            if told.len() < count {
                told.push(CUT.to_owned());
            }
            ContextValue::List(told)
        }
        short @ ContextValue::Scalar(_) => short,
    }
}

/// The principals of a statement as a document writes them.
pub(crate) fn written(element: &PrincipalElement) -> Vec<String> {
    let set = element.set();
    let everyone = set.everyone.then(|| "*".to_owned());
    everyone
        .into_iter()
        .chain(set.aws.iter().map(trilby_policy::AwsPrincipal::as_text))
        .chain(set.federated.iter().cloned())
        .chain(set.service.iter().cloned())
        .collect()
}

/// A statement with the keys for the want of which alone it does not match.
type Blocked<'a> = (&'a Found, &'a [String]);

/// The keys that statements asked for and the request did not carry, each once, with what they would change.
pub(crate) fn missing_keys(
    facts: &Facts,
    scan: &Scan,
    ruling: &Ruling,
    refer: impl Fn(&Found) -> StatementRef,
) -> Vec<MissingKey> {
    let blocked: Vec<Blocked<'_>> = scan
        .missed
        .iter()
        .filter_map(|miss| match &miss.why {
            Why::Condition { missing } if !missing.is_empty() => {
                Some((&miss.found, missing.as_slice()))
            }
            Why::Condition { .. } | Why::Principal { .. } => None,
        })
        .collect();
    let mut places: BTreeMap<Cow<'_, str>, usize> = BTreeMap::new();
    let mut asking: Vec<(&str, Vec<&Blocked<'_>>)> = Vec::new();
    for statement in &blocked {
        for key in statement.1 {
            let place = *places.entry(keys::normalise(key)).or_insert(asking.len());
            match asking.get_mut(place) {
                Some((_, statements)) => statements.push(statement),
                None => asking.push((key, vec![statement])),
            }
        }
    }
    let told = |(key, statements): (&str, Vec<&Blocked<'_>>)| {
        // Supplying one key opens only what that key alone keeps shut.
        let mut supplied = scan.tally.clone();
        for (found, _) in statements.iter().filter(|(_, missing)| missing.len() == 1) {
            supplied.count(found.layer, found.level, found.effect, found.class);
        }
        MissingKey {
            key: key.to_owned(),
            could_change_decision: rule(facts, &supplied).outcome != ruling.outcome,
            referenced_by: statements.iter().map(|(found, _)| refer(found)).collect(),
        }
    };
    asking.into_iter().map(told).collect()
}
