//! Which statements can speak about an action: one contiguous list that a decision runs over, comparing integers.
//!
//! A list only leaves out what cannot match. What it lets through is tested in full, so that two texts of one hash cost
//! time and never an answer.

use std::sync::Arc;

use trilby_model::Action;
use trilby_policy::pattern::ArnPattern;
use trilby_policy::{ActionPattern, Statement};

use crate::compiled::CompiledPolicy;

/// What begins alike hashes alike: FNV-1a, whose state after each byte is the hash of the text so far.
const START: u32 = 0x811c_9dc5;
const STEP: u32 = 0x0100_0193;
/// Entries of one statement, at most: beyond, its resources are not told apart.
const ENTRIES_MAX: usize = 64;

fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(STEP)
}

/// The hashes of all beginnings of a request's action and resource, the empty ones first.
#[derive(Clone, Debug)]
pub(crate) struct Beginnings {
    action: Box<[u32]>,
    resource: Box<[u32]>,
}

impl Beginnings {
    /// `resource`: the matching key of its ARN; nothing in particular has only the empty beginning.
    pub(crate) fn of(action: &Action, resource: Option<&str>) -> Self {
        Self {
            action: beginnings(action.key()),
            resource: beginnings(resource.unwrap_or_default()),
        }
    }
}

fn beginnings(text: &str) -> Box<[u32]> {
    let rest = text.bytes().scan(START, |hash, byte| {
        *hash = step(*hash, byte);
        Some(*hash)
    });
    std::iter::once(START).chain(rest).collect()
}

/// What a text must begin with, or be.
#[derive(Clone, Copy, Debug)]
struct Start {
    hash: u32,
    /// Twice the bytes of the beginning, and one more if it is the whole text.
    size: u16,
}

impl Start {
    /// Everything begins so.
    const EMPTY: Self = Self {
        hash: START,
        size: 0,
    };

    fn new(bytes: impl Iterator<Item = u8>, whole: bool) -> Self {
        let (mut hash, mut size) = (START, 0_u16);
        for byte in bytes {
            hash = step(hash, byte);
            // A beginning too long to count is left out, and everything then fits.
            match size.checked_add(2).filter(|size| *size < u16::MAX) {
                Some(more) => size = more,
                None => return Self::EMPTY,
            }
        }
        Self {
            hash,
            size: size | u16::from(whole),
        }
    }

    fn of_action(pattern: &ActionPattern) -> Self {
        match pattern.as_literal() {
            Some(text) => Self::new(text.bytes(), true),
            None => Self::new(pattern.pattern().literal_prefix().bytes(), false),
        }
    }

    /// In the form of matching keys, where the twin partitions are one. A `$` may begin a variable, and ends what is sure.
    fn of_resource(pattern: &ArnPattern) -> Self {
        let text = pattern.as_str();
        let sure = text.find(['*', '?', '$']).unwrap_or(text.len());
        let head = text.get(..sure).unwrap_or_default();
        let alias = format!("arn:{}:", trilby_model::brand::PARTITION_ALIAS);
        let own = format!("arn:{}:", trilby_model::brand::PARTITION);
        // What ends inside the partition is not sure to be one of the twins.
        if head.matches(':').count() < 2 {
            return Self::EMPTY;
        }
        let (first, rest) = match head.strip_prefix(&alias) {
            Some(rest) => (own.as_str(), rest),
            None => ("", head),
        };
        Self::new(first.bytes().chain(rest.bytes()), sure == text.len())
    }

    fn fits(self, hashes: &[u32]) -> bool {
        let bytes = usize::from(self.size >> 1);
        hashes.get(bytes) == Some(&self.hash) && (self.size & 1 == 0 || bytes + 1 == hashes.len())
    }
}

/// An action and a resource that a statement may speak about.
#[derive(Clone, Copy, Debug)]
struct Entry {
    action: Start,
    resource: Start,
}

/// A statement of a block.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// The beginning that all its actions have, up to the colon.
    service: Start,
    policy: u32,
    statement: u32,
    /// Where its entries end; they begin where those of the statement before end.
    end: u32,
}

/// The statements of several policies, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    heads: Box<[Head]>,
    entries: Box<[Entry]>,
}

impl Block {
    /// The statements of policies, which are then told by their index.
    pub(crate) fn of<'a>(policies: impl IntoIterator<Item = &'a Arc<CompiledPolicy>>) -> Self {
        let (mut heads, mut entries) = (Vec::new(), Vec::new());
        for (policy, of_policy) in (0_u32..).zip(policies) {
            let block = of_policy.block();
            let before = counted(&entries);
            entries.extend_from_slice(&block.entries);
            heads.extend(block.heads.iter().map(|head| Head {
                policy,
                end: before.saturating_add(head.end),
                ..*head
            }));
        }
        Self {
            heads: heads.into(),
            entries: entries.into(),
        }
    }

    /// The statements of one policy.
    pub(crate) fn of_statements(statements: &[Statement]) -> Self {
        let (mut heads, mut entries) = (Vec::new(), Vec::new());
        for (index, statement) in (0_u32..).zip(statements) {
            let actions = actions(statement);
            let mut resources = resources(statement);
            if actions.len().saturating_mul(resources.len()) > ENTRIES_MAX {
                resources = vec![Start::EMPTY];
            }
            for action in actions {
                entries.extend(resources.iter().map(|resource| Entry {
                    action,
                    resource: *resource,
                }));
            }
            heads.push(Head {
                service: service(statement),
                policy: 0,
                statement: index,
                end: counted(&entries),
            });
        }
        Self {
            heads: heads.into(),
            entries: entries.into(),
        }
    }

    /// Policy and statement of each that may speak about the request, in order, each once.
    pub(crate) fn candidates<'a>(
        &'a self,
        beginnings: &'a Beginnings,
    ) -> impl Iterator<Item = (usize, usize)> + 'a {
        let mut first = 0;
        self.heads.iter().filter_map(move |head| {
            let (begin, end) = (first, usize::try_from(head.end).ok()?);
            first = end;
            if !head.service.fits(&beginnings.action) {
                return None;
            }
            let fits = self.entries.get(begin..end)?.iter().any(|entry| {
                entry.action.fits(&beginnings.action) && entry.resource.fits(&beginnings.resource)
            });
            let told = || {
                Some((
                    usize::try_from(head.policy).ok()?,
                    usize::try_from(head.statement).ok()?,
                ))
            };
            if fits { told() } else { None }
        })
    }
}

/// How many entries there are. Four thousand million would not fit into any memory of ours.
fn counted(entries: &[Entry]) -> u32 {
    u32::try_from(entries.len()).unwrap_or(u32::MAX)
}

/// The service with its colon, if a statement speaks about one alone.
fn service(statement: &Statement) -> Start {
    let mut services = statement
        .action
        .patterns()
        .iter()
        .map(ActionPattern::service);
    match services.next().flatten() {
        Some(first) if !statement.action.is_not() && services.all(|other| other == Some(first)) => {
            Start::new(first.bytes().chain(std::iter::once(b':')), false)
        }
        Some(_) | None => Start::EMPTY,
    }
}

fn actions(statement: &Statement) -> Vec<Start> {
    // A negation speaks about everything it does not name.
    if statement.action.is_not() {
        return vec![Start::EMPTY];
    }
    let patterns = statement.action.patterns().iter();
    patterns.map(Start::of_action).collect()
}

fn resources(statement: &Statement) -> Vec<Start> {
    match &statement.resource {
        Some(element) if !element.is_not() => {
            element.patterns().iter().map(Start::of_resource).collect()
        }
        Some(_) | None => vec![Start::EMPTY],
    }
}
