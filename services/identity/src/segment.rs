//! Segments of paths that are read into a type of their own.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::ops::Deref;
use std::str::FromStr;

use serde::de::{Error, Visitor};
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

/// All segments of a path by their parameters' names, percent-decoded: for paths whose parameters have the name of a
/// kind of thing.
///
/// Errors: those of the router's reader.
pub fn segments<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let segments: BTreeMap<Name, String> = BTreeMap::deserialize(deserializer)?;
    Ok(segments
        .into_iter()
        .map(|(name, text)| (name.0, text))
        .collect())
}

/// A parameter's name. The router's reader gives names as identifiers and in no other way.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a parameter")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
                Ok(Name(text.to_owned()))
            }
        }
        deserializer.deserialize_identifier(Text)
    }
}
