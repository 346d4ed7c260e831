//! Patterns as runs of steps: texts that fit one, or two at once, and what a variable must say for a text to fit.

use std::collections::VecDeque;

use trilby_policy::Keys;
use trilby_policy::keys::Key;
use trilby_policy::pattern::{ArnPattern, Token};

/// The longest run that is looked into. Longer patterns are legal, and nobody's advice.
const STEPS_MAX: usize = 512;

/// A piece of a pattern, one character at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This character.
    One(char),
    /// Any one character; `colon`: also a colon.
    Any { colon: bool },
    /// Any run of them.
    Many { colon: bool },
    /// The text of the key that is looked for.
    Hole,
}

impl Step {
    fn takes(self, c: char) -> bool {
        match self {
            Self::One(own) => own == c,
            Self::Any { colon } | Self::Many { colon } => colon || c != ':',
            Self::Hole => true,
        }
    }

    fn is_run(self) -> bool {
        matches!(self, Self::Many { .. } | Self::Hole)
    }
}

/// A text pattern. `None`: a variable other than `hole` is null, or it is too long.
pub(super) fn of_tokens(
    tokens: &[Token],
    context: &impl Keys,
    hole: Option<&Key>,
) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    push(&mut steps, tokens, true, context, hole)?;
    (steps.len() <= STEPS_MAX).then_some(steps)
}

/// An ARN pattern as a pattern over whole ARNs.
pub(super) fn of_arn(
    pattern: &ArnPattern,
    context: &impl Keys,
    hole: Option<&Key>,
) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    if let Some(variable) = pattern.as_variable() {
        let token = Token::Var(variable.clone());
        push(&mut steps, &[token], true, context, hole)?;
        return Some(steps);
    }
    let Some([partition, service, region, account, resource]) = pattern.parts() else {
        return Some(vec![Step::Many { colon: true }]);
    };
    literal(&mut steps, "arn");
    for part in [partition, service, region, account] {
        literal(&mut steps, ":");
        push(&mut steps, part.tokens(), false, context, hole)?;
    }
    literal(&mut steps, ":");
    push(&mut steps, resource.tokens(), true, context, hole)?;
    (steps.len() <= STEPS_MAX).then_some(steps)
}

fn push(
    steps: &mut Vec<Step>,
    tokens: &[Token],
    colon: bool,
    context: &impl Keys,
    hole: Option<&Key>,
) -> Option<()> {
    for token in tokens {
        match token {
            Token::Lit(text) => literal(steps, text),
            Token::Star => steps.push(Step::Many { colon }),
            Token::Any => steps.push(Step::Any { colon }),
            Token::Var(variable) if hole == Some(variable.key()) => steps.push(Step::Hole),
            Token::Var(variable) => literal(steps, variable.resolve(context)?),
        }
    }
    Some(())
}

fn literal(steps: &mut Vec<Step>, text: &str) {
    steps.extend(text.chars().map(Step::One));
}

/// A text that fits: `run` for each run, its first character for each single one.
pub(super) fn fill(steps: &[Step], run: &str, one: char) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::One(c) => text.push(*c),
            Step::Any { .. } => text.push(one),
            Step::Many { .. } | Step::Hole => text.push_str(run),
        }
    }
    text
}

/// A shortest text that fits both; `free` stands where any character would do.
pub(super) fn meet(a: &[Step], b: &[Step], free: char) -> Option<String> {
    let width = b.len() + 1;
    let mut from: Vec<Option<(usize, Option<char>)>> = vec![None; (a.len() + 1) * width];
    let mut queue = VecDeque::from([(0, 0)]);
    if let Some(start) = from.first_mut() {
        *start = Some((0, None));
    }
    while let Some((i, j)) = queue.pop_front() {
        let here = i * width + j;
        if i == a.len() && j == b.len() {
            return Some(walked(&from, here));
        }
        let (left, right) = (a.get(i).copied(), b.get(j).copied());
        let mut next: Vec<(usize, usize, Option<char>)> = Vec::new();
        if left.is_some_and(Step::is_run) {
            next.push((i + 1, j, None));
        }
        if right.is_some_and(Step::is_run) {
            next.push((i, j + 1, None));
        }
        if let (Some(left), Some(right)) = (left, right)
            && let Some(c) = both(left, right, free)
        {
            let i = if left.is_run() { i } else { i + 1 };
            let j = if right.is_run() { j } else { j + 1 };
            next.push((i, j, Some(c)));
        }
        for (i, j, c) in next {
            if let Some(slot @ None) = from.get_mut(i * width + j) {
                *slot = Some((here, c));
                // A step without a character costs nothing: what it leads to is looked at first.
                match c {
                    None => queue.push_front((i, j)),
                    Some(_) => queue.push_back((i, j)),
                }
            }
        }
    }
    None
}

/// The way to a place, as the characters taken on it.
fn walked(from: &[Option<(usize, Option<char>)>], end: usize) -> String {
    let mut place = end;
    let mut taken = Vec::new();
    while let Some(Some((before, c))) = from.get(place) {
        taken.extend(*c);
        if place == 0 {
            break;
        }
        place = *before;
    }
    taken.iter().rev().collect()
}

fn both(a: Step, b: Step, free: char) -> Option<char> {
    let c = match (a, b) {
        (Step::One(c), _) | (_, Step::One(c)) => c,
        (_, _) => free,
    };
    (a.takes(c) && b.takes(c)).then_some(c)
}

/// What the hole can hold for a text to fit, at most so many; a second hole is taken for any run.
pub(super) fn holes(steps: &[Step], text: &str, most: usize) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let Some(place) = steps.iter().position(|step| *step == Step::Hole) else {
        return Vec::new();
    };
    if text.len() > STEPS_MAX {
        return Vec::new();
    }
    let (before, after) = steps.split_at(place);
    let after = after.get(1..).unwrap_or_default();
    let starts = reach(before.iter(), text.iter());
    let ends = reach(after.iter().rev(), text.iter().rev());
    let mut found: Vec<String> = Vec::new();
    for (start, _) in starts.iter().enumerate().filter(|(_, there)| **there) {
        for end in start..=text.len() {
            let there = ends.get(text.len() - end).copied().unwrap_or_default();
            let Some(held) = text.get(start..end).filter(|_| there) else {
                continue;
            };
            found.push(held.iter().collect());
            if found.len() == most {
                return found;
            }
        }
    }
    found
}

/// How many characters of the text the steps can take, as a mark for each number.
fn reach<'a>(
    steps: impl Iterator<Item = &'a Step>,
    text: impl ExactSizeIterator<Item = &'a char> + Clone,
) -> Vec<bool> {
    let mut now = vec![false; text.len() + 1];
    if let Some(start) = now.first_mut() {
        *start = true;
    }
    for step in steps {
        let mut next = vec![false; now.len()];
        let mut carried = false;
        for (at, c) in std::iter::once(None)
            .chain(text.clone().map(Some))
            .enumerate()
        {
            let takes = c.is_some_and(|c| step.takes(*c));
            let there = now.get(at).copied().unwrap_or_default();
            let before = at.checked_sub(1).and_then(|at| now.get(at)).copied();
            carried = if step.is_run() {
                there || (carried && takes)
            } else {
                takes && before.unwrap_or_default()
            };
            if let Some(slot) = next.get_mut(at) {
                *slot = carried;
            }
        }
        now = next;
    }
    now
}

#[cfg(test)]
mod tests {
    use trilby_policy::Context;
    use trilby_policy::pattern::{Pattern, Syntax};

    use super::*;

    fn glob(text: &str) -> Vec<Step> {
        let pattern = Pattern::parse(text, Syntax::GLOB).unwrap();
        of_tokens(pattern.tokens(), &Context::new(), None).unwrap()
    }

    #[test]
    fn two_patterns_meet_in_a_shortest_text() {
        let meet = |a: &str, b: &str| meet(&glob(a), &glob(b), '~');
        assert_eq!(meet("a*", "*b").as_deref(), Some("ab"));
        assert_eq!(meet("a?c", "*bc").as_deref(), Some("abc"));
        assert_eq!(meet("a*c*", "??b*").as_deref(), Some("acb"));
        assert_eq!(meet("", "*").as_deref(), Some(""));
        assert_eq!(meet("?", "?").as_deref(), Some("~"));
        assert_eq!(meet("a*", "b*"), None);
        assert_eq!(meet("a", "ab"), None);
    }

    #[test]
    fn a_star_of_an_arn_stays_in_its_part() {
        let arn = ArnPattern::parse_condition("arn:trilby:docs:*:1:doc/*", true).unwrap();
        let arn = of_arn(&arn, &Context::new(), None).unwrap();
        assert_eq!(fill(&arn, "x", 'x'), "arn:trilby:docs:x:1:doc/x");
        assert_eq!(meet(&arn, &glob("arn:trilby:docs:a:b:1:doc/"), '~'), None);
        assert!(meet(&arn, &glob("*:a:1:doc/b:c"), '~').is_some());
    }

    #[test]
    fn a_variable_says_what_is_left_of_the_text() {
        let holes = |pattern: &str, text: &str| {
            let syntax = Syntax {
                wildcards: true,
                variables: true,
            };
            let pattern = Pattern::parse(pattern, syntax).unwrap();
            let key = pattern.variables().next().unwrap().key().clone();
            let steps = of_tokens(pattern.tokens(), &Context::new(), Some(&key)).unwrap();
            holes(&steps, text, 8)
        };
        assert_eq!(holes("home/${app:u}/x", "home/ana/x"), ["ana"]);
        assert_eq!(holes("home/${app:u}/*", "home/a/b/c"), ["a", "a/b"]);
        assert_eq!(holes("${app:u}-${app:u}", "a-a"), ["a"]);
        assert!(holes("home/${app:u}", "root/ana").is_empty());
    }
}
