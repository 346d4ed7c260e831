//! Tags: small labels on a thing, read by conditions.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::names::{TagKey, TagValue};

/// The most tags one thing may have.
pub const TAGS_MAX: usize = 50;

/// Up to [`TAGS_MAX`] tags. Keys are one key if they differ only in case; the spelling given is kept.
///
/// Order, equality and the JSON object are by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, (TagKey, TagValue)>);

/// Why tags were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagsError {
    /// Two keys that differ at most in case.
    #[error("tag `{key}` is given twice; case does not tell tags apart")]
    Repeated {
        /// The second of them.
        key: TagKey,
    },
    /// More than [`TAGS_MAX`].
    #[error("a thing has at most {TAGS_MAX} tags")]
    TooMany,
}

impl Tags {
    /// No tags.
    #[must_use]
    pub const fn empty() -> Self {
        Self(BTreeMap::new())
    }

    /// The tags of `pairs`.
    ///
    /// Errors: a key given twice, more than [`TAGS_MAX`].
    pub fn new(pairs: impl IntoIterator<Item = (TagKey, TagValue)>) -> Result<Self, TagsError> {
        let mut tags = Self::default();
        for (key, value) in pairs {
            if tags.0.contains_key(&key.key()) {
                return Err(TagsError::Repeated { key });
            }
            tags.insert(key, value)?;
        }
        Ok(tags)
    }

    /// Sets one tag, replacing value and spelling of one that is there.
    ///
    /// Errors: it would be one too many.
    pub fn insert(&mut self, key: TagKey, value: TagValue) -> Result<(), TagsError> {
        let id = key.key();
        if self.0.len() >= TAGS_MAX && !self.0.contains_key(&id) {
            return Err(TagsError::TooMany);
        }
        self.0.insert(id, (key, value));
        Ok(())
    }

    /// Takes a tag away; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        self.0.remove(&key.to_lowercase()).is_some()
    }

    /// The value under `key`, whatever its case.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&TagValue> {
        self.0.get(&key.to_lowercase()).map(|(_, value)| value)
    }

    /// All tags, by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&TagKey, &TagValue)> {
        self.0.values().map(|(key, value)| (key, value))
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Tags;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tags")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tags, A::Error> {
                let mut tags = Tags::default();
                while let Some(key) = map.next_key::<TagKey>()? {
                    if tags.0.contains_key(&key.key()) {
                        return Err(A::Error::custom(TagsError::Repeated { key }));
                    }
                    tags.insert(key, map.next_value()?)
                        .map_err(A::Error::custom)?;
                }
                Ok(tags)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Tags {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .title(Some("Tags"))
            .description(Some(
                "tags by key, at most 50; case does not tell keys apart",
            ))
            .additional_properties(Some(TagValue::schema()))
            .examples([serde_json::json!({ "team": "payments" })])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Tags {}

#[cfg(test)]
mod tests;
