//! Values that a key which is not there might be given: enough of them that if none makes a difference, hardly any other
//! does, and a note of whether that is certain.

use std::collections::BTreeSet;

use trilby_policy::condition::{Comparison, Operand, Test};
use trilby_policy::keys::Key;
use trilby_policy::limits::CONTEXT_VALUE_BYTES_MAX;
use trilby_policy::pattern::Pattern;
use trilby_policy::{Context, ContextValue, Effect, Keys, Statement};

use super::steps::{self, Step};
use super::{Budget, numbers};
use crate::request::Request;

/// The most values tried of one key.
const VALUES_MAX: usize = 256;
/// The longest of them, in bytes.
const VALUE_BYTES_MAX: usize = 1024;
/// The most patterns with wildcards that are looked into, of one key.
const PATTERNS_MAX: usize = 16;
/// The most values taken from one text that a variable must fit.
const HOLES_MAX: usize = 32;

/// Values to try, the plainest first.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    values: Vec<String>,
    seen: BTreeSet<String>,
    /// If none of these makes a difference, no value does.
    pub(super) complete: bool,
}

impl Candidates {
    pub(super) fn values(&self) -> &[String] {
        &self.values
    }

    fn push(&mut self, value: impl Into<String>) {
        let value = value.into();
        if value.len() > VALUE_BYTES_MAX || self.values.len() == VALUES_MAX {
            self.complete &= self.seen.contains(&value);
        } else if self.seen.insert(value.clone()) {
            self.values.push(value);
        }
    }

    fn extend(&mut self, values: impl IntoIterator<Item = String>) {
        for value in values {
            self.push(value);
        }
    }
}

/// What statements say about one key.
#[derive(Default)]
struct Said<'a> {
    /// Tests of it, those that an Allow wants to hold first.
    tests: Vec<&'a Test>,
    /// Patterns with wildcards that its value is held against.
    patterns: Vec<Vec<Step>>,
    /// Texts that a pattern with its variable is held against, with the pattern.
    holes: Vec<(Vec<Step>, String)>,
    /// Something about it is beyond what is looked into.
    obscure: bool,
}

/// The values to try for a key, by the statements that mention it.
pub(super) fn candidates<'a>(
    key: &Key,
    statements: impl Iterator<Item = &'a Statement>,
    request: &Request,
    budget: &mut Budget,
) -> Candidates {
    let said = Said::gather(key, statements, request);
    let mut found = Candidates {
        complete: !said.obscure && said.is_plain(),
        ..Candidates::default()
    };
    let free = said.free_character(&request.context);
    for test in &said.tests {
        typed(test, &request.context, &mut found);
    }
    for (steps, text) in &said.holes {
        if budget.spend(product(steps.len(), text.len())) {
            found.extend(steps::holes(steps, text, HOLES_MAX));
        }
    }
    let all = || said.patterns.iter().enumerate();
    found.extend(all().map(|(_, steps)| steps::fill(steps, &free.to_string(), free)));
    found.extend(all().map(|(_, steps)| steps::fill(steps, "", free)));
    let long = free.to_string().repeat(9);
    found.extend(all().map(|(_, steps)| steps::fill(steps, &long, free)));
    for (index, a) in all() {
        for b in said.patterns.iter().skip(index + 1) {
            if budget.spend(product(a.len(), b.len())) {
                found.extend(steps::meet(a, b, free));
            }
        }
    }
    numbered(&said.tests, &mut found);
    found.extend(["true", "false"].map(str::to_owned));
    found.extend([free.to_string(), String::new()]);
    found
}

fn product(a: usize, b: usize) -> u64 {
    u64::try_from(a.saturating_mul(b)).unwrap_or(u64::MAX)
}

impl<'a> Said<'a> {
    fn gather(
        key: &Key,
        statements: impl Iterator<Item = &'a Statement>,
        request: &Request,
    ) -> Self {
        let mut said = Self::default();
        let mut others = Vec::new();
        for statement in statements {
            said.resource(key, statement, request);
            for test in statement.condition.tests() {
                if test.key == *key {
                    let wanted = statement.effect == Effect::Allow && !test.operator.negated;
                    if wanted {
                        said.tests.push(test);
                    } else {
                        others.push(test);
                    }
                } else {
                    said.variables(key, test, &request.context);
                }
            }
        }
        said.tests.extend(others);
        for test in said.tests.clone() {
            said.wildcards(test, &request.context);
        }
        said
    }

    /// A variable in the resources of a statement.
    fn resource(&mut self, key: &Key, statement: &Statement, request: &Request) {
        let patterns = statement.resource.iter().flat_map(|r| r.patterns());
        for pattern in patterns.filter(|p| p.variables().any(|v| v.key() == key)) {
            let tokens = pattern.resource().map(Pattern::tokens).unwrap_or_default();
            let steps = steps::of_tokens(tokens, &request.context, Some(key));
            match (steps, request.resource.arn()) {
                (Some(steps), Some(arn)) => self.holes.push((steps, arn.resource().to_owned())),
                (_, _) => self.obscure = true,
            }
        }
    }

    /// A variable in the values of another key's test.
    fn variables(&mut self, key: &Key, test: &Test, context: &Context) {
        let values: &[String] = match context.at(&test.key) {
            None => &[],
            Some(ContextValue::Scalar(value)) => std::slice::from_ref(value),
            Some(ContextValue::List(values)) => values,
        };
        for steps in with_hole(test.operand(), key, context) {
            match steps {
                Some(steps) => {
                    let texts = values.iter().take(PATTERNS_MAX);
                    self.holes
                        .extend(texts.map(|text| (steps.clone(), text.clone())));
                }
                None => self.obscure = true,
            }
        }
    }

    fn wildcards(&mut self, test: &Test, context: &Context) {
        let steps: Vec<Option<Vec<Step>>> = match test.operand() {
            Operand::Glob(patterns) => patterns
                .iter()
                .map(|p| steps::of_tokens(p.tokens(), context, None))
                .collect(),
            Operand::Arn(patterns) => patterns
                .iter()
                .map(|p| steps::of_arn(p, context, None))
                .collect(),
            Operand::Text(_)
            | Operand::TextIgnoreCase(_)
            | Operand::Numeric(..)
            | Operand::Date(..)
            | Operand::Bool(_)
            | Operand::Binary(_)
            | Operand::Ip(_)
            | Operand::Null(_) => Vec::new(),
        };
        for steps in steps {
            match steps {
                Some(steps) if self.patterns.len() < PATTERNS_MAX => self.patterns.push(steps),
                Some(_) | None => self.obscure = true,
            }
        }
    }

    /// Whether the values tried are certain to be one of each sort: tests of one kind, and nothing that could only be met
    /// by several patterns at once.
    fn is_plain(&self) -> bool {
        let mut kinds: Vec<&Comparison> = Vec::new();
        for test in &self.tests {
            let kind = &test.operator.comparison;
            let known = kinds
                .iter()
                .any(|known| std::mem::discriminant(*known) == std::mem::discriminant(kind));
            if *kind != Comparison::Null && !known {
                kinds.push(kind);
            }
        }
        kinds.len() <= 1 && self.patterns.len() <= 1 && self.holes.is_empty()
    }

    /// A character that no pattern or value of the key holds.
    fn free_character(&self, context: &Context) -> char {
        let used: BTreeSet<char> = self
            .patterns
            .iter()
            .flatten()
            .filter_map(|step| match step {
                Step::One(c) => Some(*c),
                Step::Any { .. } | Step::Many { .. } | Step::Hole => None,
            })
            .chain(
                self.tests
                    .iter()
                    .flat_map(|test| &test.values)
                    .flat_map(|value| value.chars()),
            )
            .chain(context.iter().filter_map(|(_, value)| match value {
                ContextValue::Scalar(value) => value.chars().next().filter(|_| value.len() == 1),
                ContextValue::List(_) => None,
            }))
            .collect();
        ('a'..='z')
            .rev()
            .chain('0'..='9')
            .chain('\u{a1}'..='\u{ff}')
            .find(|c| !used.contains(c))
            .unwrap_or('\u{fffd}')
    }
}

/// The values of a test that hold the key as a variable. `None`: one that cannot be looked into.
fn with_hole(operand: &Operand, key: &Key, context: &Context) -> Vec<Option<Vec<Step>>> {
    match operand {
        Operand::Text(patterns)
        | Operand::TextIgnoreCase(patterns)
        | Operand::Glob(patterns)
        | Operand::Bool(patterns) => patterns
            .iter()
            .filter(|p| p.variables().any(|v| v.key() == key))
            .map(|p| steps::of_tokens(p.tokens(), context, Some(key)))
            .collect(),
        Operand::Arn(patterns) => patterns
            .iter()
            .filter(|p| p.variables().any(|v| v.key() == key))
            .map(|p| steps::of_arn(p, context, Some(key)))
            .collect(),
        Operand::Numeric(..)
        | Operand::Date(..)
        | Operand::Binary(_)
        | Operand::Ip(_)
        | Operand::Null(_) => Vec::new(),
    }
}

/// What the values of a test are, where that is plain.
fn typed(test: &Test, context: &Context, found: &mut Candidates) {
    let resolved = |patterns: &[Pattern]| -> Vec<String> {
        let texts = patterns
            .iter()
            .filter_map(|p| p.resolve(context, CONTEXT_VALUE_BYTES_MAX));
        texts.map(std::borrow::Cow::into_owned).collect()
    };
    match test.operand() {
        Operand::Text(patterns) | Operand::Bool(patterns) => found.extend(resolved(patterns)),
        Operand::TextIgnoreCase(patterns) => {
            for text in resolved(patterns) {
                found.extend([text.to_lowercase(), text.to_uppercase()]);
                found.push(text);
            }
        }
        Operand::Binary(_) => {
            found.extend(test.values.iter().map(|value| value.clone().into_string()));
            found.push("AA==");
        }
        // Some ARN, whatever the patterns come to.
        Operand::Arn(_) => found.push(format!("arn:{}:x:::x", trilby_model::brand::PARTITION)),
        Operand::Glob(_)
        | Operand::Numeric(..)
        | Operand::Date(..)
        | Operand::Ip(_)
        | Operand::Null(_) => {}
    }
}

/// Values of ordered types lie between each other: those of all tests are looked at together.
fn numbered(tests: &[&Test], found: &mut Candidates) {
    let values = |fits: fn(&Operand) -> bool| -> Vec<&str> {
        let tests = tests.iter().filter(|test| fits(test.operand()));
        tests
            .flat_map(|test| test.values.iter().map(|value| &**value))
            .collect()
    };
    let ranges = values(|operand| matches!(operand, Operand::Ip(_)));
    if !ranges.is_empty() {
        found.extend(numbers::addresses(&ranges));
    }
    let limits = values(|operand| matches!(operand, Operand::Numeric(..)));
    if !limits.is_empty() {
        let (numbers, complete) = numbers::numbers(&limits);
        found.extend(numbers);
        found.complete &= complete;
    }
    let limits = values(|operand| matches!(operand, Operand::Date(..)));
    if !limits.is_empty() {
        found.extend(numbers::moments(&limits));
    }
}
