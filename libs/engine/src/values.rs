//! Condition keys with their values, laid out to be found by number.

use std::net::IpAddr;

use trilby_policy::condition::{Decimal, Instant, truth};
use trilby_policy::{Context, ContextValue, keys};

use crate::code::KeyRef;

/// Keys of one source: a request, stored tags, a place in an organization.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    /// One for each entry, together: most keys asked for are found or missed without touching an entry.
    signs: Box<[u32]>,
    entries: Box<[Entry]>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Empty for a key of the registry, whose sign is its own.
    normal: Box<str>,
    value: ContextValue,
    typed: Option<Typed>,
}

/// A value read once as everything that it may be compared as.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) truth: Option<bool>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) moment: Option<Instant>,
    pub(crate) number: Option<Decimal>,
}

/// What is known of a key.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) value: &'a ContextValue,
    /// `None`: to be read when it is compared.
    pub(crate) typed: Option<&'a Typed>,
}

impl Values {
    /// Of keys that stay for long, and are read when they are compared.
    pub(crate) fn stored(context: &Context) -> Self {
        Self::of(context, |_| None)
    }

    /// Of the keys of a request, read now.
    pub(crate) fn given(context: &Context) -> Self {
        Self::of(context, |value| match value {
            ContextValue::Scalar(value) => Some(Typed::of(value)),
            ContextValue::List(_) => None,
        })
    }

    fn of(context: &Context, typed: impl Fn(&ContextValue) -> Option<Typed>) -> Self {
        let (mut signs, mut entries) = (Vec::new(), Vec::new());
        for (normal, value) in context.iter() {
            let sign = sign(normal);
            signs.push(sign);
            entries.push(Entry {
                normal: if sign & KeyRef::UNREGISTERED == 0 {
                    "".into()
                } else {
                    normal.into()
                },
                value: value.clone(),
                typed: typed(value),
            });
        }
        Self {
            signs: signs.into(),
            entries: entries.into(),
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(crate) fn at(&self, key: KeyRef<'_>) -> Option<Told<'_>> {
        for (index, sign) in self.signs.iter().enumerate() {
            if *sign != key.sign {
                continue;
            }
            let entry = self.entries.get(index)?;
            if key.is_registered() || Some(entry.normal.as_bytes()) == key.normal() {
                return Some(entry.told());
            }
        }
        None
    }
}

/// Keys of the registry, at most: it has some fifty. What is registered beyond is looked for as other keys are.
const PLACES: usize = 64;

/// Where in [`Values`] the keys of the registry are.
#[derive(Clone, Debug)]
pub(crate) struct Places([u8; PLACES]);

impl Places {
    /// No place: there are fewer values than that with one.
    const NONE: u8 = u8::MAX;

    pub(crate) fn of(values: &Values) -> Self {
        let mut places = [Self::NONE; PLACES];
        for (place, sign) in (0..Self::NONE).zip(&values.signs) {
            let registered = usize::try_from(*sign)
                .ok()
                .and_then(|sign| places.get_mut(sign));
            if let Some(known) = registered {
                *known = place;
            }
        }
        Self(places)
    }

    /// What the values these are of know of a key.
    #[inline]
    pub(crate) fn find<'a>(&self, values: &'a Values, key: KeyRef<'_>) -> Option<Told<'a>> {
        let place = usize::try_from(key.sign)
            .ok()
            .and_then(|sign| self.0.get(sign));
        match place {
            Some(&Self::NONE) if values.entries.len() < usize::from(Self::NONE) => None,
            Some(place) if *place != Self::NONE => {
                Some(values.entries.get(usize::from(*place))?.told())
            }
            Some(_) | None => values.at(key),
        }
    }
}

impl Entry {
    fn told(&self) -> Told<'_> {
        Told {
            value: &self.value,
            typed: self.typed.as_ref(),
        }
    }
}

impl Typed {
    fn of(text: &str) -> Self {
        // What begins with none of these is neither a number nor a moment nor an address, and most values are names.
        let may_count = text.starts_with(|c: char| c.is_ascii_hexdigit() || "+-.:".contains(c));
        let may_be_address = may_count && text.contains(['.', ':']);
        Self {
            truth: truth(text),
            address: text.parse().ok().filter(|_| may_be_address),
            moment: may_count.then(|| Instant::parse(text)).flatten(),
            number: may_count.then(|| Decimal::parse(text)).flatten(),
        }
    }
}

/// The number that stands for a key in normal form.
pub(crate) fn sign(normal: &str) -> u32 {
    let registered = keys::find(normal).filter(|found| !found.name.ends_with('/'));
    let place = registered.and_then(|found| {
        keys::REGISTRY
            .iter()
            .position(|known| std::ptr::eq(known, found))
    });
    match place.and_then(|place| u32::try_from(place).ok()) {
        Some(place) => place,
        None => crate::filter::hash(normal.as_bytes()) | KeyRef::UNREGISTERED,
    }
}
