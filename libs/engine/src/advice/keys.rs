//! Values of missing keys that would make a request allowed.

use trilby_policy::{Context, ContextValue, keys};

use super::candidates::candidates;
use super::field::{Field, Lacking};
use super::{ADDITIONS_MAX, Addition, Budget};
use crate::evaluate::evaluate_into;
use crate::formula::rule;
use crate::request::Request;
use crate::tally::Tally;

/// Keys that say who asks and whose the resource is: no circumstance gives a caller another value of them.
const SETTLED: [&str; 13] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalType",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:userid",
    "aws:username",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
];

/// Statements passed over at the cost of one comparison.
const STATEMENTS_PER_COMPARISON: u64 = 16;

/// What would do, and whether it is certain that nothing else does.
pub(super) fn additions(field: &Field<'_>, budget: &mut Budget) -> (Vec<Addition>, bool) {
    let mut found = Vec::new();
    let mut certain = true;
    if !field.could_allow() {
        return (found, certain);
    }
    for lacking in field.lacking() {
        if found.len() == ADDITIONS_MAX {
            return (found, false);
        }
        let settled = SETTLED
            .iter()
            .any(|name| keys::normalise(name) == lacking.key.normal());
        let askable = field.setting.askable;
        if (settled && field.setting.stored) || !askable(lacking.key.normal()) {
            continue;
        }
        let Some(search) = Search::begin(field, &lacking, budget) else {
            certain = false;
            continue;
        };
        match search.run() {
            Outcome::Found(addition) => found.push(addition),
            Outcome::None => {}
            Outcome::Unsure => certain = false,
        }
    }
    (found, certain)
}

enum Outcome {
    Found(Addition),
    /// No value of this key does.
    None,
    /// None of those that were tried.
    Unsure,
}

/// The search for one key's value.
struct Search<'a, 'f> {
    field: &'f Field<'a>,
    lacking: &'f Lacking<'a>,
    budget: &'f mut Budget,
    /// What the statements say that do not mention the key.
    others: Tally,
    /// The request, with a value of the key.
    tried: Request,
}

impl<'a, 'f> Search<'a, 'f> {
    /// `None`: the budget is spent.
    fn begin(
        field: &'f Field<'a>,
        lacking: &'f Lacking<'a>,
        budget: &'f mut Budget,
    ) -> Option<Self> {
        let statements = u64::try_from(field.spoken.len()).unwrap_or(u64::MAX);
        if !budget.spend(1 + statements / STATEMENTS_PER_COMPARISON) {
            return None;
        }
        let mut others = Tally::default();
        let mut mentioning = lacking.by.iter().copied().peekable();
        for (index, spoken) in field.spoken.iter().enumerate() {
            let mentions = mentioning.next_if_eq(&index).is_some();
            if spoken.matches && !mentions {
                spoken.count(&mut others);
            }
        }
        Some(Self {
            field,
            lacking,
            budget,
            others,
            tried: field.request.clone(),
        })
    }

    fn mentioning(&self) -> impl Iterator<Item = &'f super::field::Spoken> + use<'a, 'f> {
        let field = self.field;
        let by = self.lacking.by.iter();
        by.filter_map(move |index| field.spoken.get(*index))
    }

    fn run(mut self) -> Outcome {
        if !self.could_allow() {
            return Outcome::None;
        }
        let seen = self.mentioning().filter(|spoken| spoken.visible);
        let seen = seen.map(|spoken| &spoken.statement);
        let found = candidates(self.lacking.key, seen, self.field.request, self.budget);
        for value in found.values() {
            match self.tries(value) {
                Ok(Some(value)) => {
                    return Outcome::Found(Addition::Context {
                        key: self.lacking.key.as_str().to_owned(),
                        value,
                    });
                }
                Ok(None) => {}
                Err(Spent) => return Outcome::Unsure,
            }
        }
        if found.complete {
            Outcome::None
        } else {
            Outcome::Unsure
        }
    }

    /// Whether it would be allowed if every statement that mentions the key did what suits best.
    fn could_allow(&self) -> bool {
        let mut best = self.others.clone();
        for spoken in self.mentioning().filter(|spoken| !spoken.is_deny()) {
            spoken.count(&mut best);
        }
        rule(&self.field.facts, &best).outcome.is_allow()
    }

    /// Tries one value, alone and as the only one of a list.
    fn tries(&mut self, value: &str) -> Result<Option<ContextValue>, Spent> {
        let alone = ContextValue::Scalar(value.to_owned());
        let listed = ContextValue::List(vec![value.to_owned()]);
        let forms = match keys::shape_of(self.lacking.key.normal()) {
            Some(keys::Shape::Single) => vec![alone],
            Some(keys::Shape::Multi) => vec![listed],
            None => vec![alone, listed],
        };
        for form in forms {
            let length = u64::try_from(value.len()).unwrap_or(u64::MAX);
            let cost: u64 = self
                .mentioning()
                .map(|spoken| {
                    spoken
                        .cost
                        .0
                        .saturating_add(spoken.cost.1.saturating_mul(length))
                })
                .fold(0, u64::saturating_add);
            if !self.budget.spend(cost) {
                return Err(Spent);
            }
            self.tried
                .context
                .insert(self.lacking.key.as_str(), form.clone());
            if self.allows() && self.is_allowed_anew() {
                return Ok(Some(form));
            }
        }
        Ok(None)
    }

    /// Whether the formula allows with the value that is tried, and nothing that may not be seen has a part in it.
    fn allows(&self) -> bool {
        let context: &Context = &self.tried.context;
        let mut tally = self.others.clone();
        for spoken in self.mentioning() {
            let matches = spoken.would_match(&self.tried, context);
            if matches != spoken.matches && !spoken.visible {
                return false;
            }
            if matches {
                spoken.count(&mut tally);
            }
        }
        rule(&self.field.facts, &tally).outcome.is_allow()
    }

    /// The whole evaluation again.
    fn is_allowed_anew(&self) -> bool {
        evaluate_into(&self.tried, self.field.layers, &mut ())
            .outcome
            .is_allow()
    }
}

/// The budget is.
struct Spent;
