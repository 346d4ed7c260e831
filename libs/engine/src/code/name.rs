//! Patterns over six-part names. The common ones are one text after the partition; others have a pattern for each part.

use trilby_policy::pattern::ArnParts;

use super::pattern;
use super::steps::Cost;
use super::{Beginning, Cursor, Fit, KeyRef};
use crate::ready::View;

/// What a pattern is.
pub(super) mod kind {
    /// Every name.
    pub(in super::super) const ALL: u8 = 0;
    /// One name of our own partition or its alias: the text after the partition.
    pub(in super::super) const TWIN: u8 = 1;
    /// Names of our own partition or its alias that begin so after the partition, the first three parts of it whole.
    pub(in super::super) const TWIN_PREFIX: u8 = 2;
    /// One name of another partition: partition, and the text after it.
    pub(in super::super) const OTHER: u8 = 3;
    /// Names of another partition that begin so.
    pub(in super::super) const OTHER_PREFIX: u8 = 4;
    /// The name that the value of a key is.
    pub(in super::super) const VARIABLE: u8 = 5;
    /// The same, with what stands in for the key.
    pub(in super::super) const VARIABLE_OR: u8 = 6;
    /// A block of five patterns: partition, service, region, account, resource.
    pub(in super::super) const PARTS: u8 = 7;
}

/// A six-part name, taken apart as far as comparing needs.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    /// Its partition is our own or the alias.
    twin: bool,
    partition: &'a [u8],
    /// `service:region:account:resource`.
    rest: &'a [u8],
}

impl<'a> Name<'a> {
    /// Of a partition, and what follows it after a colon.
    fn new(partition: &'a str, rest: &'a str) -> Self {
        Self::of(is_twin(partition), partition, rest)
    }

    /// The same where it is known what partition it is. One of our own may go by the other's name.
    pub(crate) fn of(twin: bool, partition: &'a str, rest: &'a str) -> Self {
        Self {
            twin,
            partition: partition.as_bytes(),
            rest: rest.as_bytes(),
        }
    }

    /// `None` if the text is not a six-part name.
    fn split(text: &'a str) -> Option<Self> {
        let parts = ArnParts::split(text)?;
        let head = "arn::".len().checked_add(parts.partition.len())?;
        Some(Self::new(parts.partition, text.get(head..)?))
    }

    /// Bytes after the partition.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    /// Service, region, account and resource.
    fn parts(&self) -> Option<[&'a [u8]; 4]> {
        let mut parts = self.rest.splitn(4, |byte| *byte == b':');
        Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?])
    }

    fn is_same(&self, other: &Self) -> bool {
        self.is_in(other.partition, other.twin) && self.rest == other.rest
    }

    fn is_in(&self, partition: &[u8], twin: bool) -> bool {
        (self.twin && twin) || self.partition == partition
    }
}

/// Whether a partition is our own or its alias.
pub(crate) fn is_twin(partition: &str) -> bool {
    trilby_model::same_partition(partition, trilby_model::brand::PARTITION)
}

/// Whether the value of a request under an ARN operator fits one of the names. A value that is no ARN fits none.
pub(super) fn any_fits<'v>(mut names: Cursor<'v>, value: &str, view: &'v View<'_>) -> Option<bool> {
    let Some(name) = Name::split(value) else {
        return Some(false);
    };
    while !names.is_empty() {
        if fits(&mut names, &name, view)? == Fit::Yes {
            return Some(true);
        }
    }
    Some(false)
}

/// Whether the next pattern fits a name.
pub(super) fn fits<'v>(names: &mut Cursor<'v>, name: &Name<'_>, view: &'v View<'_>) -> Option<Fit> {
    match names.byte()? {
        kind::ALL => Some(Fit::Yes),
        kind::TWIN => Some((names.text()? == name.rest && name.twin).into()),
        kind::TWIN_PREFIX => Some((name.rest.starts_with(names.text()?) && name.twin).into()),
        kind::OTHER => {
            let (partition, rest) = (names.text()?, names.text()?);
            Some((name.partition == partition && name.rest == rest).into())
        }
        kind::OTHER_PREFIX => {
            let (partition, rest) = (names.text()?, names.text()?);
            Some((name.partition == partition && name.rest.starts_with(rest)).into())
        }
        kind::VARIABLE => variable_fits(names, false, name, view),
        kind::VARIABLE_OR => variable_fits(names, true, name, view),
        kind::PARTS => parts_fit(names.block()?, name, view),
        _ => None,
    }
}

fn variable_fits<'v>(
    names: &mut Cursor<'v>,
    or: bool,
    name: &Name<'_>,
    view: &'v View<'_>,
) -> Option<Fit> {
    let Some(text) = pattern::variable(names, or, Some(view))? else {
        return Some(Fit::Null);
    };
    let text = str::from_utf8(text).ok()?;
    Some(
        Name::split(text)
            .is_some_and(|other| other.is_same(name))
            .into(),
    )
}

/// A null variable in any part leaves no pattern to compare, whatever the other parts say.
fn parts_fit<'v>(parts: Cursor<'v>, name: &Name<'_>, view: &'v View<'_>) -> Option<Fit> {
    let mut rest = parts;
    let mut partition = pattern::fits(&mut rest, name.partition, view)?;
    if partition == Fit::No && name.twin {
        for twin in [
            trilby_model::brand::PARTITION,
            trilby_model::brand::PARTITION_ALIAS,
        ] {
            let mut again = parts;
            if pattern::fits(&mut again, twin.as_bytes(), view)? == Fit::Yes {
                partition = Fit::Yes;
            }
        }
    }
    let (mut all, mut null) = (partition == Fit::Yes, partition == Fit::Null);
    for part in name.parts()? {
        let fit = pattern::fits(&mut rest, part, view)?;
        all &= fit == Fit::Yes;
        null |= fit == Fit::Null;
    }
    Some(if null { Fit::Null } else { all.into() })
}

/// What comparing with the next pattern takes; passes over it.
pub(super) fn cost<'v>(names: &mut Cursor<'v>, view: &'v View<'_>) -> Option<Cost> {
    let mut cost = Cost::default();
    match names.byte()? {
        kind::ALL => {}
        kind::TWIN | kind::TWIN_PREFIX => cost.piece(names.text()?.len()),
        kind::OTHER | kind::OTHER_PREFIX => {
            cost.piece(names.text()?.len());
            cost.piece(names.text()?.len());
        }
        named @ (kind::VARIABLE | kind::VARIABLE_OR) => {
            let or = named == kind::VARIABLE_OR;
            let text = pattern::variable(names, or, Some(view))?;
            cost.look_up(view.n_keys());
            cost.piece(text.unwrap_or_default().len());
        }
        kind::PARTS => {
            let mut parts = names.block()?;
            while !parts.is_empty() {
                cost = cost.and(pattern::cost(&mut parts, view)?);
            }
        }
        _ => return None,
    }
    Some(cost)
}

/// The same for a request about no particular resource: only `*` fits.
pub(super) fn fits_unspecific<'v>(names: &mut Cursor<'v>, view: &'v View<'_>) -> Option<Fit> {
    let null = match names.byte()? {
        kind::ALL => return Some(Fit::Yes),
        kind::TWIN | kind::TWIN_PREFIX => names.text().map(|_| false)?,
        kind::OTHER | kind::OTHER_PREFIX => names.text().and(names.text()).map(|_| false)?,
        kind::VARIABLE => pattern::variable(names, false, Some(view))?.is_none(),
        kind::VARIABLE_OR => pattern::variable(names, true, Some(view))?.is_none(),
        kind::PARTS => {
            let mut parts = names.block()?;
            let mut null = false;
            while !parts.is_empty() {
                null |= pattern::null(&mut parts, view)?;
            }
            null
        }
        _ => return None,
    };
    Some(if null { Fit::Null } else { Fit::No })
}

/// Shows the key of each variable of the next pattern that the key would make resolve; passes over the pattern.
pub(super) fn each_missing<'v>(
    names: &mut Cursor<'v>,
    view: &'v View<'_>,
    show: &mut impl FnMut(KeyRef<'v>),
) -> Option<()> {
    match names.byte()? {
        kind::ALL => Some(()),
        kind::TWIN | kind::TWIN_PREFIX => names.text().map(drop),
        kind::OTHER | kind::OTHER_PREFIX => names.text().and(names.text()).map(drop),
        kind::VARIABLE => {
            pattern::missing(names.key()?, view, show);
            Some(())
        }
        kind::VARIABLE_OR => {
            names.key()?;
            names.text().map(drop)
        }
        kind::PARTS => {
            let mut parts = names.block()?;
            while !parts.is_empty() {
                pattern::each_missing(&mut parts, view, show)?;
            }
            Some(())
        }
        _ => None,
    }
}

/// What all that fits the next pattern begins with after the partition; passes over it.
pub(super) fn beginning<'a>(names: &mut Cursor<'a>) -> Option<Beginning<'a>> {
    let nothing: &[u8] = &[];
    let (pieces, whole) = match names.byte()? {
        kind::ALL => ([nothing, nothing], false),
        kind::TWIN => ([names.text()?, nothing], true),
        kind::TWIN_PREFIX => ([names.text()?, nothing], false),
        kind::OTHER => {
            names.text()?;
            ([names.text()?, nothing], true)
        }
        kind::OTHER_PREFIX => {
            names.text()?;
            ([names.text()?, nothing], false)
        }
        // Only the service is sure: where its text ends, a colon follows.
        kind::PARTS => {
            let mut parts = names.block()?;
            pattern::beginning(&mut parts)?;
            let service = pattern::beginning(&mut parts)?;
            let [first, _] = service.pieces;
            let colon: &[u8] = if service.whole { b":" } else { nothing };
            ([first, colon], false)
        }
        kind::VARIABLE => {
            names.key()?;
            ([nothing, nothing], false)
        }
        kind::VARIABLE_OR => {
            names.key()?;
            names.text()?;
            ([nothing, nothing], false)
        }
        _ => return None,
    };
    Some(Beginning { pieces, whole })
}
