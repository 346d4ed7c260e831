//! Values of records, byte by byte. Reading never goes beyond what is there and takes all of it.

use crate::record::Malformed;

const SHORT: Malformed = Malformed("it is cut short");

/// Puts a value together.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub fn new(version: u8) -> Self {
        Self(vec![version])
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub fn u64(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    pub fn i64(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    /// Bytes after their length in four bytes. Nothing that is written so comes near that many.
    pub fn with_len(&mut self, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.bytes(&len.to_be_bytes());
        self.bytes(bytes);
    }

    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Takes a value apart.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// A value of this version.
    pub fn of(bytes: &'a [u8], version: u8) -> Result<Self, Malformed> {
        let mut reader = Self(bytes);
        match reader.array()? {
            [found] if found == version => Ok(reader),
            _ => Err(Malformed("its version is unknown")),
        }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| SHORT)
    }

    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }

    pub fn with_len(&mut self) -> Result<&'a [u8], Malformed> {
        let len = u32::from_be_bytes(self.array()?);
        self.take(usize::try_from(len).map_err(|_| SHORT)?)
    }

    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    pub fn end(self) -> Result<(), Malformed> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Malformed("there is more than there should be")),
        }
    }
}
