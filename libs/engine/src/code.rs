//! The statements of one policy as one run of bytes, which is what decisions read.
//!
//! A policy is asked far more often than it is written, and there are far more policies than requests: so the parsed tree
//! of a document is not kept, and what is kept is small and read from front to back. Texts that stand in the document
//! are not copied: the code says where in the document they are.
//!
//! ```text
//! code      := count:u32 start:u32{count} statement{count}          all little endian
//! statement := flags:u8 [actions] [resources] test{..}              what a flag settles is left out
//! actions   := block of action patterns        resources := block of names
//! block     := size of the bytes that follow, and those bytes
//! ```
//!
//! Numbers of no fixed width are LEB128; a place in the document has 16 bits, and what stands further on is copied. Each part has one writer ([`write`]) and one reader beside it in the same
//! order.
//!
//! INVARIANT: code says what the document says. It is made in one place, from a document that passed its checks, and
//! `tests/quick.rs` of the differential test asks both forms the same. Bytes that cannot be read are no answer: every
//! reader gives `None`, and the decision is then made from the document.

mod condition;
mod cursor;
mod name;
mod pattern;
mod steps;
mod write;

use trilby_model::Action;
use trilby_policy::condition::Decimal;
use trilby_policy::{Document, Effect};

pub(crate) use condition::Held;
pub(crate) use cursor::{Cursor, KeyRef};
pub(crate) use name::{Name, is_twin};
pub(crate) use steps::Texts;

use crate::ready::View;

/// What the first byte of a statement says.
pub(crate) mod flag {
    /// It denies; else it allows.
    pub(crate) const DENY: u8 = 1;
    /// It is about every action but those listed.
    pub(crate) const NOT_ACTION: u8 = 1 << 1;
    /// It is about every action; none is listed.
    pub(crate) const ANY_ACTION: u8 = 1 << 2;
    /// It is about every resource but those listed.
    pub(crate) const NOT_RESOURCE: u8 = 1 << 3;
    /// It is about every resource, or about whatever its document is attached to; none is listed.
    pub(crate) const ANY_RESOURCE: u8 = 1 << 4;
    /// It holds without tests.
    pub(crate) const ALWAYS: u8 = 1 << 5;
    /// It says who it is about.
    pub(crate) const PRINCIPALS: u8 = 1 << 6;
    /// Some test holds a variable.
    pub(crate) const VARIABLES: u8 = 1 << 7;
}

/// The bytes, and the numbers that conditions compare with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    bytes: Box<[u8]>,
    // A box of a list: nearly every policy has none, and a pointer is then all that it takes.
    #[expect(clippy::box_collection, reason = "half the size of a boxed slice")]
    numbers: Option<Box<Vec<Decimal>>>,
}

impl Code {
    /// Of a document. `text` is where its texts may be found: the document as it is kept, or nothing.
    ///
    /// `None`: it is too large for code, and is read as a document.
    pub(crate) fn of(document: &Document, text: &str) -> Option<Self> {
        write::code(document, text)
    }

    /// A statement by its index. `text` as it was when the code was made.
    #[inline]
    pub(crate) fn clause<'a>(&'a self, text: &'a str, index: usize) -> Option<Clause<'a>> {
        let count = word(&self.bytes, 0)?;
        if index >= count {
            return None;
        }
        let begin = word(&self.bytes, index.checked_add(1)?)?;
        let next = index.checked_add(1)?;
        let end = if next == count {
            self.bytes.len()
        } else {
            word(&self.bytes, next.checked_add(1)?)?
        };
        let (flags, rest) = self.bytes.get(begin..end)?.split_first()?;
        Some(Clause {
            flags: *flags,
            rest: Cursor::new(rest, text.as_bytes()),
            numbers: self.numbers.as_deref().map_or(&[], Vec::as_slice),
        })
    }

    /// How many statements there are.
    pub(crate) fn count(&self) -> usize {
        word(&self.bytes, 0).unwrap_or_default()
    }
}

/// A number among the first of the code.
#[inline]
fn word(bytes: &[u8], index: usize) -> Option<usize> {
    let begin = index.checked_mul(4)?;
    let bytes = bytes.get(begin..begin.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

/// The action of a request.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    /// As it was asked for.
    pub(crate) written: &'a [u8],
    /// The same in lower case.
    pub(crate) key: &'a [u8],
}

impl<'a> From<&'a Action> for Operation<'a> {
    fn from(action: &'a Action) -> Self {
        Self {
            written: action.as_str().as_bytes(),
            key: action.key().as_bytes(),
        }
    }
}

/// What a statement is about, and what it needs.
#[derive(Clone, Copy)]
pub(crate) struct Clause<'a> {
    flags: u8,
    rest: Cursor<'a>,
    numbers: &'a [Decimal],
}

impl<'a> Clause<'a> {
    #[inline]
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    #[inline]
    pub(crate) fn effect(&self) -> Effect {
        if self.has(flag::DENY) {
            Effect::Deny
        } else {
            Effect::Allow
        }
    }

    /// What it does, if it is about every action and resource, and holds always; whomever it names.
    #[inline]
    pub(crate) fn sure(&self) -> Option<Effect> {
        let sure = flag::ANY_ACTION | flag::ANY_RESOURCE | flag::ALWAYS;
        (self.flags & sure == sure).then(|| self.effect())
    }

    /// Whether it says who it is about.
    #[inline]
    pub(crate) fn has_principals(&self) -> bool {
        self.has(flag::PRINCIPALS)
    }

    /// Whether it is about an action; leaves the resources to be read.
    #[inline]
    pub(crate) fn covers_action(&mut self, action: Operation<'_>) -> Option<bool> {
        if self.has(flag::ANY_ACTION) {
            return Some(true);
        }
        let mut actions = self.rest.block()?;
        let mut fits = false;
        while !fits && !actions.is_empty() {
            fits = pattern::action_fits(&mut actions, action)?;
        }
        Some(fits != self.has(flag::NOT_ACTION))
    }

    /// Whether it is about the action and the resource of a request; leaves the tests to be read.
    #[inline]
    pub(crate) fn covers(&mut self, view: &View<'_>) -> Option<bool> {
        if !self.covers_action(view.ready.action()?)? {
            return Some(false);
        }
        if self.has(flag::ANY_RESOURCE) {
            return Some(true);
        }
        let names = self.rest.block()?;
        self.covers_resource(names, view)
    }

    /// A pattern with a null variable matches nothing. In a `NotResource` it excludes nothing, so that a Deny still
    /// covers the request; an Allow then does not apply at all.
    fn covers_resource<'v>(&self, mut names: Cursor<'v>, view: &'v View<'_>) -> Option<bool> {
        let negated = self.has(flag::NOT_RESOURCE);
        while !names.is_empty() {
            let fit = match view.ready.name() {
                Some(name) => name::fits(&mut names, &name, view)?,
                None => name::fits_unspecific(&mut names, view)?,
            };
            match (negated, fit) {
                (false, Fit::Yes) => return Some(true),
                (true, Fit::Yes) => return Some(false),
                (true, Fit::Null) if !self.has(flag::DENY) => return Some(false),
                (false | true, Fit::No | Fit::Null) => {}
            }
        }
        Some(negated)
    }

    /// Whether all its tests hold. To be asked after [`Clause::covers`].
    #[inline]
    pub(crate) fn hold<'v>(&self, view: &'v View<'_>) -> Option<Held<'v>>
    where
        'a: 'v,
    {
        if self.has(flag::ALWAYS) {
            return Some(Held::All);
        }
        if self.rest.is_empty() {
            return None;
        }
        condition::hold(self.rest, self.numbers, self.has(flag::VARIABLES), view)
    }

    /// How many steps it takes at most to ask it about a request; see [`steps`].
    pub(crate) fn steps(mut self, view: &View<'_>) -> Option<u64> {
        if !self.covers_action(view.ready.action()?)? {
            return Some(0);
        }
        let mut steps = 0_u64;
        if !self.has(flag::ANY_RESOURCE) {
            let mut names = self.rest.block()?;
            let asked = view.ready.name().map_or(0, |name| name.len());
            while !names.is_empty() {
                let cost = name::cost(&mut names, view)?;
                steps = steps.saturating_add(cost.steps(Texts::one(asked)));
            }
        }
        if !self.has(flag::ALWAYS) {
            steps = steps.saturating_add(condition::steps(self.rest, self.numbers, view)?);
        }
        Some(steps)
    }

    /// Shows the keys for the want of which alone the tests do not hold: as the policy spells each, and as it is compared.
    /// `held`: what [`Clause::hold`] came to, which is not that all hold.
    pub(crate) fn each_lacking(
        &self,
        held: &Held<'_>,
        view: &View<'_>,
        mut show: impl FnMut(&str, &str),
    ) -> Option<()> {
        let mut told = |key: KeyRef<'_>| {
            let written = key.written().and_then(|name| str::from_utf8(name).ok());
            let normal = key.normal().and_then(|name| str::from_utf8(name).ok());
            if let (Some(written), Some(normal)) = (written, normal) {
                show(written, normal);
            }
        };
        match held {
            Held::All | Held::NotTheOne(None) => Some(()),
            Held::NotTheOne(Some(key)) => {
                told(*key);
                Some(())
            }
            Held::NotAll => {
                let variables = self.has(flag::VARIABLES);
                condition::each_lacking(self.rest, self.numbers, variables, view, told)
            }
        }
    }

    /// The beginnings of the listed actions and resources, for [`crate::filter`].
    pub(crate) fn outline(mut self) -> Option<Outline<'a>> {
        let about_all = |flags: u8| self.flags & flags != 0;
        let (any_action, any_resource) = (
            about_all(flag::ANY_ACTION | flag::NOT_ACTION),
            about_all(flag::ANY_RESOURCE | flag::NOT_RESOURCE),
        );
        let actions = if self.has(flag::ANY_ACTION) {
            Cursor::default()
        } else {
            self.rest.block()?
        };
        let names = if self.has(flag::ANY_RESOURCE) {
            Cursor::default()
        } else {
            self.rest.block()?
        };
        Some(Outline {
            actions: (!any_action).then_some(actions),
            names: (!any_resource).then_some(names),
        })
    }
}

/// What a statement lists. `None`: it may be about anything.
pub(crate) struct Outline<'a> {
    pub(crate) actions: Option<Cursor<'a>>,
    pub(crate) names: Option<Cursor<'a>>,
}

/// What all that fits a pattern begins with, or is.
pub(crate) struct Beginning<'a> {
    /// Consecutive pieces of the beginning.
    pub(crate) pieces: [&'a [u8]; 2],
    /// It is the whole.
    pub(crate) whole: bool,
}

impl<'a> Outline<'a> {
    /// The beginning of the next action pattern.
    pub(crate) fn action(patterns: &mut Cursor<'a>) -> Option<Beginning<'a>> {
        pattern::beginning(patterns)
    }

    /// The beginning of the next name, after its partition.
    pub(crate) fn name(names: &mut Cursor<'a>) -> Option<Beginning<'a>> {
        name::beginning(names)
    }
}

/// What comparing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    No,
    /// A variable is null: there is no pattern to fit.
    Null,
}

impl From<bool> for Fit {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests;
