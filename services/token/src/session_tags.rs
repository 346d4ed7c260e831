//! The tags somebody gives a session, and which of them go on to the next one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use trilby_model::{TAGS_MAX, TagKey, TagValue, Tags};
use trilby_service::problem::{Code, Problem};

/// Tags of a session that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionTags {
    /// The tags.
    pub tags: Tags,
    /// Keys of those that go on. Each is one of `tags`.
    pub transitive: Vec<TagKey>,
}

impl SessionTags {
    /// Tags as they were given.
    ///
    /// Errors: `too_many_tags`; `invalid_parameter` for a key that is given twice, whatever its case, and for a
    /// transitive key without its tag.
    pub fn new(given: Vec<(TagKey, TagValue)>, transitive: Vec<TagKey>) -> Result<Self, Problem> {
        if given.len() > TAGS_MAX {
            return Err(too_many());
        }
        let tags = Tags::new(given).map_err(refuse)?;
        for (at, key) in transitive.iter().enumerate() {
            if tags.get(key.as_str()).is_none() {
                return Err(refuse(format!(
                    "transitive tag key `{key}` is no tag of this session"
                )));
            }
            let earlier = transitive.iter().take(at);
            if earlier.map(TagKey::key).any(|known| known == key.key()) {
                return Err(refuse(format!("transitive tag key `{key}` is given twice")));
            }
        }
        Ok(Self { tags, transitive })
    }
}

/// More tags than a session may have.
pub(crate) fn too_many() -> Problem {
    Problem::new(
        Code::TooManyTags,
        format!("a session has at most {TAGS_MAX} tags"),
    )
}

fn refuse(why: impl fmt::Display) -> Problem {
    Problem::new(Code::InvalidParameter, why.to_string())
}

/// A tag of a form: `key=value`.
///
/// Errors: `invalid_parameter`.
pub(crate) fn pair(text: &str) -> Result<(TagKey, TagValue), Problem> {
    // A key may hold an equals sign as well; the first one divides, as in every list of `key=value`.
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| refuse("a tag is written `key=value`"))?;
    Ok((key.parse().map_err(refuse)?, value.parse().map_err(refuse)?))
}

/// A JSON object of tags, in the order given: how many there are, and which twice, is told apart later.
#[derive(Debug, Clone, Default)]
pub(crate) struct TagObject(pub(crate) Vec<(TagKey, TagValue)>);

impl<'de> Deserialize<'de> for TagObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = TagObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tags")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TagObject, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(TagObject(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}
