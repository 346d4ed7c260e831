//! Reading code from front to back.

use trilby_policy::keys::Origin;

/// What is left to read, and the text that code points into.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    text: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn new(rest: &'a [u8], text: &'a [u8]) -> Self {
        Self { rest, text }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Bytes of code that are left.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    #[inline]
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }

    /// A number of no fixed width.
    #[inline]
    pub(super) fn number(&mut self) -> Option<usize> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(usize::from(first));
        }
        let (mut number, mut shift) = (usize::from(first & 0x7f), 7_u32);
        loop {
            let next = self.byte()?;
            number |= usize::from(next & 0x7f).checked_shl(shift)?;
            if next < 0x80 {
                return Some(number);
            }
            shift = shift.checked_add(7)?;
        }
    }

    /// A text: here, or in the document.
    #[inline]
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let head = self.number()?;
        let size = head >> 1;
        if head & 1 == 1 {
            return self.bytes(size);
        }
        let begin = usize::from(u16::from_le_bytes(self.array()?));
        self.text.get(begin..begin.checked_add(size)?)
    }

    /// A part with its own end.
    #[inline]
    pub(super) fn block(&mut self) -> Option<Self> {
        let size = self.number()?;
        let rest = self.bytes(size)?;
        Some(Self { rest, ..*self })
    }

    /// A condition key.
    #[inline]
    pub(super) fn key(&mut self) -> Option<KeyRef<'a>> {
        Some(KeyRef {
            origin: origin(self.byte()?)?,
            sign: u32::from_le_bytes(self.array()?),
            names: self.block()?,
        })
    }
}

/// A condition key: which, and where its value comes from.
#[derive(Clone, Copy)]
pub(crate) struct KeyRef<'a> {
    pub(crate) origin: Origin,
    /// Of a key the service knows its place in the registry; of others a hash, with [`KeyRef::UNREGISTERED`].
    pub(crate) sign: u32,
    /// As it is compared, and as the policy spells it; read when they are asked for.
    names: Cursor<'a>,
}

impl<'a> KeyRef<'a> {
    /// In the sign of a key that is not in the registry.
    pub(crate) const UNREGISTERED: u32 = 1 << 31;

    /// Whether the sign says it all.
    #[inline]
    pub(crate) fn is_registered(&self) -> bool {
        self.sign & Self::UNREGISTERED == 0
    }

    /// As it is compared: signs of keys that the service does not know may be equal by chance.
    pub(crate) fn normal(&self) -> Option<&'a [u8]> {
        let mut names = self.names;
        names.text()
    }

    /// As the policy spells it.
    pub(crate) fn written(&self) -> Option<&'a [u8]> {
        let mut names = self.names;
        names.text()?;
        names.text()
    }
}

const ORIGINS: [Origin; 5] = [
    Origin::Request,
    Origin::PrincipalTag,
    Origin::ResourceTag,
    Origin::PrincipalPlace,
    Origin::ResourcePlace,
];

#[inline]
fn origin(code: u8) -> Option<Origin> {
    ORIGINS.get(usize::from(code)).copied()
}

pub(super) fn origin_code(origin: Origin) -> u8 {
    match origin {
        Origin::Request => 0,
        Origin::PrincipalTag => 1,
        Origin::ResourceTag => 2,
        Origin::PrincipalPlace => 3,
        Origin::ResourcePlace => 4,
    }
}
