//! Tags as answers show them, and what a change of them asks for.

use std::collections::BTreeSet;

use serde::Serialize;
use trilby_access::{Operation, Reply, Target, etag_text};
use trilby_model::{Seq, TagKey, TagValue, Tags};
use utoipa::ToSchema;

/// The tags of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ThingTags)]
pub struct TagsView {
    /// Tags by key.
    pub tags: Tags,
    /// The thing's: tags are part of it.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

/// The tags with the thing's `ETag`.
pub fn reply<Op: Operation<Reply = TagsView>>((tags, changed): (&Tags, Seq)) -> Reply<Op> {
    Reply::new(TagsView {
        tags: tags.clone(),
        etag: etag_text(changed),
    })
    .etag(changed)
}

/// Asks for a change of tags: `trilby:RequestTag/K` for each that is set, `trilby:TagKeys` for these and for those
/// that are removed.
pub fn asked<'a>(
    mut target: Target,
    set: impl Iterator<Item = (&'a TagKey, &'a TagValue)>,
    removed: impl Iterator<Item = &'a TagKey>,
) -> Target {
    let mut keys = BTreeSet::new();
    for (key, value) in set {
        target = target.key(&format!("trilby:RequestTag/{key}"), value.to_string());
        keys.insert(key.to_string());
    }
    keys.extend(removed.map(ToString::to_string));
    target.keys("trilby:TagKeys", keys.into_iter().collect())
}

/// The keys of `before` that are not among `after`, case aside.
pub fn gone<'a>(before: &'a Tags, after: &Tags) -> Vec<&'a TagKey> {
    let keys = before.iter().map(|(key, _)| key);
    keys.filter(|key| after.get(key.as_str()).is_none())
        .collect()
}
