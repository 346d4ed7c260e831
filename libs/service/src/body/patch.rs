//! One attribute of a merge patch (RFC 7396).

use serde::{Deserialize, Deserializer};

/// Keep, clear or set: absent, `null` or a value. The field needs `#[serde(default)]`, and in a schema
/// `#[schema(value_type = Option<T>)]`: on the wire it is a nullable member that may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The member is absent: the attribute stays.
    #[default]
    Keep,
    /// The member is `null`: the attribute is removed.
    Clear,
    /// The member has a value: the attribute is set.
    Set(T),
}

impl<T> Patch<T> {
    /// What the attribute becomes, given what it is.
    pub fn apply(self, current: Option<T>) -> Option<T> {
        match self {
            Patch::Keep => current,
            Patch::Clear => None,
            Patch::Set(value) => Some(value),
        }
    }

    /// Whether the patch says nothing about this attribute.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Patch::Keep)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Patch<T>, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            Some(value) => Patch::Set(value),
            None => Patch::Clear,
        })
    }
}
