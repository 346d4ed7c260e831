//! Which statements can speak about an action and a resource: one contiguous list of integers, cut by service.
//!
//! A list only leaves out what cannot match. What it lets through is tested in full against its code, so that two texts
//! of one hash cost time and never an answer.
//!
//! ```text
//! filter := services:u32 (hash:u32 end:u32){services} record{..}     records by service; those of several services last
//! record := policy:u32 statement:u32 operations:u32 head:u32 entry{..}
//! head   := flags << 16 | actions << 8 | names                      none: about all
//! entry  := hash of the beginning << 16 | whole << 15 | bytes of the beginning
//! ```
//!
//! A record's `operations` has a bit for each of 32 classes of operations that the statement may be about: most records
//! are left out by that bit alone.

use std::sync::Arc;

use trilby_policy::Effect;

use crate::code::{Beginning, Clause, Cursor, Outline};
use crate::compiled::CompiledPolicy;

/// What begins alike hashes alike: FNV-1a, whose state after each byte is the hash of the text so far.
const START: u32 = 0x811c_9dc5;
const STEP: u32 = 0x0100_0193;
/// Listed patterns of one kind, at most: a statement with more is told by the other kind alone.
const ENTRIES_MAX: usize = 64;
/// Bytes of a beginning, at most: the rest of a longer one is not looked at.
const BEGINNING_MAX_BYTES: usize = 0x7fff;
const WHOLE: u32 = 1 << 15;
const LENGTH: u32 = WHOLE - 1;
/// In a record's flags: the statement is about every action and resource, and holds always.
const SURE: u32 = 1;
/// It denies.
const DENY: u32 = 1 << 1;
/// The first so many bytes of an operation tell its class.
const CLASS_BYTES: usize = 3;
const EVERY_CLASS: u32 = u32::MAX;

fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(STEP)
}

/// The hash of a text.
pub(crate) fn hash(text: &[u8]) -> u32 {
    text.iter().fold(START, |hash, byte| step(hash, *byte))
}

/// Half the bits, which all of them have a say in.
fn short(hash: u32) -> u32 {
    (hash >> 16) ^ (hash & 0xffff)
}

/// The hashes of all beginnings of a request's action and resource, the empty ones first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginnings {
    service: u32,
    /// The bit of the operation's class.
    operation: u32,
    /// Of the action, then of the name.
    hashes: Box<[u16]>,
    of_action: usize,
}

impl Beginnings {
    /// `action` in lower case; `name`: what follows the partition of the resource; nothing in particular is empty.
    pub(crate) fn of(action: &str, name: &str) -> Self {
        let service = action.split_inclusive(':').next().unwrap_or_default();
        Self {
            service: hash(service.as_bytes()),
            operation: class(action.as_bytes().get(service.len()..).unwrap_or_default()),
            hashes: beginnings(action).chain(beginnings(name)).collect(),
            of_action: action.len().saturating_add(1),
        }
    }

    /// Of the action, and of the name.
    fn split(&self) -> (&[u16], &[u16]) {
        self.hashes
            .split_at_checked(self.of_action)
            .unwrap_or_default()
    }
}

/// The bit of an operation's class. `operation`: the whole in any case, or at least as much of it as tells the class.
fn class(operation: &[u8]) -> u32 {
    let telling = operation.iter().take(CLASS_BYTES);
    let hash = telling.fold(START, |hash, byte| step(hash, byte.to_ascii_lowercase()));
    1 << (short(hash) % u32::BITS)
}

fn beginnings(text: &str) -> impl Iterator<Item = u16> {
    let rest = text.bytes().scan(START, |hash, byte| {
        *hash = step(*hash, byte);
        Some(*hash)
    });
    std::iter::once(START)
        .chain(rest)
        .map(|hash| u16::try_from(short(hash)).unwrap_or_default())
}

/// Whether the text whose beginnings these are begins as the entry says.
fn fits(entry: u32, beginnings: &[u16]) -> bool {
    let Ok(bytes) = usize::try_from(entry & LENGTH) else {
        return true;
    };
    let same = beginnings
        .get(bytes)
        .is_some_and(|hash| u32::from(*hash) == entry >> 16);
    same && (entry & WHOLE == 0 || bytes + 1 == beginnings.len())
}

/// The statements of several policies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    words: Box<[u32]>,
}

/// Bytes of the words before the records: how many services, then two of each.
const SERVICE_WORDS: usize = 2;

impl Filter {
    /// The statements of policies, which are then told by their index.
    pub(crate) fn of<'a>(policies: impl IntoIterator<Item = &'a Arc<CompiledPolicy>>) -> Self {
        let policies = policies.into_iter().map(|policy| &**policy);
        Self::of_each(policies)
    }

    /// The same without statements that are about every action and resource and hold always.
    pub(crate) fn of_unsure<'a>(
        policies: impl IntoIterator<Item = &'a Arc<CompiledPolicy>>,
    ) -> Self {
        let mut builder = Builder::default();
        for (policy, of_policy) in (0_u32..).zip(policies) {
            for (index, statement) in (0_u32..).zip(0..of_policy.count()) {
                if of_policy.sure(statement).is_none() {
                    builder.add(policy, index, of_policy.clause(statement));
                }
            }
        }
        builder.finish()
    }

    /// The same, of policies that are not shared yet.
    pub(crate) fn of_each<'a>(policies: impl IntoIterator<Item = &'a CompiledPolicy>) -> Self {
        let mut builder = Builder::default();
        for (policy, of_policy) in (0_u32..).zip(policies) {
            for (index, statement) in (0_u32..).zip(0..of_policy.count()) {
                builder.add(policy, index, of_policy.clause(statement));
            }
        }
        builder.finish()
    }

    /// Policy and statement of each that may speak about the request, in order, each once.
    pub(crate) fn candidates<'a>(&'a self, of: &'a Beginnings) -> Candidates<'a> {
        let services = self
            .words
            .first()
            .and_then(|count| usize::try_from(*count).ok())
            .unwrap_or_default();
        let (mut own, mut any) = (&[][..], &[][..]);
        let (head, records) = self
            .words
            .get(1..)
            .unwrap_or_default()
            .split_at_checked(services * SERVICE_WORDS)
            .unwrap_or_default();
        let mut begin = 0;
        for service in head.chunks_exact(SERVICE_WORDS) {
            let (hash, end) = (service.first(), service.last());
            let end = end.and_then(|end| usize::try_from(*end).ok()).unwrap_or(0);
            if hash == Some(&of.service) {
                own = records.get(begin..end).unwrap_or_default();
            }
            begin = end;
        }
        if begin < records.len() {
            any = records.get(begin..).unwrap_or_default();
        }
        let (of_action, of_name) = of.split();
        Candidates {
            own,
            any,
            operation: of.operation,
            of_action,
            of_name,
        }
    }
}

/// A statement that may speak about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) policy: usize,
    pub(crate) statement: usize,
    /// What it does, if it is about every action and resource and holds always; whomever it names.
    pub(crate) sure: Option<Effect>,
}

/// See [`Filter::candidates`].
pub(crate) struct Candidates<'a> {
    /// Records of the action's service, and of no one service: each in order.
    own: &'a [u32],
    any: &'a [u32],
    operation: u32,
    of_action: &'a [u16],
    of_name: &'a [u16],
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let side = match (self.own, self.any) {
                ([], []) => return None,
                ([], _) => &mut self.any,
                (_, []) => &mut self.own,
                (own, any) if any.get(..2) < own.get(..2) => &mut self.any,
                (_, _) => &mut self.own,
            };
            let ([policy, statement, operations, head], rest) = side.split_first_chunk()?;
            let actions = usize::try_from((*head >> 8) & 0xff).ok()?;
            let names = usize::try_from(*head & 0xff).ok()?;
            let (entries, rest) = rest.split_at_checked(actions + names)?;
            *side = rest;
            if operations & self.operation == 0 {
                continue;
            }
            let (of_action, of_name) = entries.split_at_checked(actions)?;
            let any_of = |entries: &[u32], beginnings: &[u16]| {
                entries.is_empty() || entries.iter().any(|entry| fits(*entry, beginnings))
            };
            if any_of(of_name, self.of_name) && any_of(of_action, self.of_action) {
                let flags = *head >> 16;
                let effect = if flags & DENY == 0 {
                    Effect::Allow
                } else {
                    Effect::Deny
                };
                return Some(Candidate {
                    policy: usize::try_from(*policy).ok()?,
                    statement: usize::try_from(*statement).ok()?,
                    sure: (flags & SURE != 0).then_some(effect),
                });
            }
        }
    }
}

/// Collects records, each under its service.
#[derive(Default)]
struct Builder {
    /// Service, and where in `words` the record is. `None` sorts last.
    records: Vec<(Service, usize, usize)>,
    words: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Service {
    One(u32),
    Any,
}

impl Builder {
    /// `clause`: `None` if the statement cannot be read; it is then told for every request.
    fn add(&mut self, policy: u32, statement: u32, clause: Option<Clause<'_>>) {
        let begin = self.words.len();
        let listed = clause.and_then(|clause| clause.outline());
        let (actions, names) = listed
            .map(|outline| (listed_actions(outline.actions), listed_names(outline.names)))
            .unwrap_or_default();
        let Actions {
            service,
            operations,
            entries,
        } = actions.unwrap_or_default();
        let names = names.unwrap_or_default();
        let mut flags = 0;
        if let Some(effect) = clause.and_then(|clause| clause.sure()) {
            flags = SURE | if effect == Effect::Deny { DENY } else { 0 };
        }
        let counted = |entries: &Vec<u32>| u32::try_from(entries.len()).unwrap_or_default();
        let head = flags << 16 | counted(&entries) << 8 | counted(&names);
        self.words.extend([policy, statement, operations, head]);
        self.words.extend(entries);
        self.words.extend(names);
        self.records.push((service, begin, self.words.len()));
    }

    fn finish(mut self) -> Filter {
        self.records
            .sort_by_key(|(service, begin, _)| (*service, *begin));
        let mut head: Vec<u32> = vec![0];
        let mut records = Vec::with_capacity(self.words.len());
        let mut last = None;
        for (service, begin, end) in &self.records {
            if let Service::One(hash) = service {
                if last != Some(hash) {
                    head.extend([*hash, 0]);
                    last = Some(hash);
                }
                records.extend_from_slice(self.words.get(*begin..*end).unwrap_or_default());
                if let Some(place) = head.last_mut() {
                    *place = u32::try_from(records.len()).unwrap_or(u32::MAX);
                }
            } else {
                records.extend_from_slice(self.words.get(*begin..*end).unwrap_or_default());
            }
        }
        let services = head.len().saturating_sub(1) / SERVICE_WORDS;
        if let Some(first) = head.first_mut() {
            *first = u32::try_from(services).unwrap_or_default();
        }
        head.extend(records);
        Filter { words: head.into() }
    }
}

/// What the listed actions tell. By default nothing.
struct Actions {
    service: Service,
    /// The classes of their operations.
    operations: u32,
    entries: Vec<u32>,
}

impl Default for Actions {
    fn default() -> Self {
        Self {
            service: Service::Any,
            operations: EVERY_CLASS,
            entries: Vec::new(),
        }
    }
}

fn listed_actions(patterns: Option<Cursor<'_>>) -> Option<Actions> {
    let mut patterns = patterns?;
    let mut service = None;
    let mut operations = 0;
    let mut entries = Vec::new();
    while !patterns.is_empty() {
        let beginning = Outline::action(&mut patterns)?;
        let [text, _] = beginning.pieces;
        let colon = text.iter().position(|byte| *byte == b':')?;
        let (own, operation) = text.split_at_checked(colon.checked_add(1)?)?;
        let own = own
            .iter()
            .fold(START, |hash, byte| step(hash, byte.to_ascii_lowercase()));
        match service {
            None => service = Some(Service::One(own)),
            Some(Service::One(known)) if known == own => {}
            Some(_) => service = Some(Service::Any),
        }
        let tells = beginning.whole || operation.len() >= CLASS_BYTES;
        operations |= if tells { class(operation) } else { EVERY_CLASS };
        entries.push(entry(&beginning, u8::to_ascii_lowercase));
    }
    Some(Actions {
        service: service?,
        operations,
        entries: if entries.len() <= ENTRIES_MAX {
            entries
        } else {
            Vec::new()
        },
    })
}

fn listed_names(names: Option<Cursor<'_>>) -> Option<Vec<u32>> {
    let mut names = names?;
    let mut entries = Vec::new();
    while !names.is_empty() {
        entries.push(entry(&Outline::name(&mut names)?, |byte| *byte));
    }
    (entries.len() <= ENTRIES_MAX).then_some(entries)
}

fn entry(beginning: &Beginning<'_>, fold: impl Fn(&u8) -> u8) -> u32 {
    let (mut hash, mut bytes) = (START, 0_usize);
    let mut all = beginning.pieces.iter().copied().flatten();
    for byte in all.by_ref().take(BEGINNING_MAX_BYTES) {
        hash = step(hash, fold(byte));
        bytes += 1;
    }
    let whole = beginning.whole && all.next().is_none();
    let length = u32::try_from(bytes).unwrap_or_default();
    short(hash) << 16 | length | if whole { WHOLE } else { 0 }
}
