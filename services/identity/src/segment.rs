//! Segments of paths that are read into a type of their own.

use std::fmt::Display;
use std::ops::Deref;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// One segment of a path, percent-decoded. One that does not fit its type names nothing that exists: the answer is
/// that of an unknown resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<T>(pub T);

impl<T> Deref for Segment<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Segment<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}
