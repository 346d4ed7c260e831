//! Tags of whatever has tags.

use trilby_model::{Seq, TagKey, TagValue, Tags, TagsError};

use crate::decide::{Desk, Verdict};
use crate::event::{
    ApplicationTagsChanged, Event, GroupTagsChanged, PolicyTagsChanged, ResourceTagsChanged,
    RoleTagsChanged, UserTagsChanged,
};
use crate::id::Taggable;
use crate::quota::Quota;
use crate::rejection::Rejection;

/// Changes the tags of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeTags {
    /// The thing.
    pub target: Taggable,
    /// How.
    pub change: TagChange,
}

/// How tags are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagChange {
    /// These and no others.
    Replace(Tags),
    /// Some set, some removed, the rest as it is; removing what is not there is no error.
    Merge {
        /// To set.
        set: Vec<(TagKey, TagValue)>,
        /// To remove.
        remove: Vec<TagKey>,
    },
}

impl ChangeTags {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (tags, changed, event): (_, Seq, Box<dyn FnOnce(Tags) -> Event>) = match &self.target {
            Taggable::User(user) => {
                let user = desk.user(user)?;
                let id = user.id.clone();
                let event = |tags| UserTagsChanged { user: id, tags }.into();
                (&user.tags, user.stamp.changed, Box::new(event))
            }
            Taggable::Group(group) => {
                let group = desk.group(group)?;
                let id = group.id.clone();
                let event = |tags| GroupTagsChanged { group: id, tags }.into();
                (&group.tags, group.stamp.changed, Box::new(event))
            }
            Taggable::Role(role) => {
                let role = desk.role(role)?;
                let id = role.id.clone();
                let event = |tags| RoleTagsChanged { role: id, tags }.into();
                (&role.tags, role.stamp.changed, Box::new(event))
            }
            Taggable::Policy(policy) => {
                let policy = desk.policy(policy)?;
                let id = policy.id.clone();
                let event = |tags| PolicyTagsChanged { policy: id, tags }.into();
                (&policy.tags, policy.stamp.changed, Box::new(event))
            }
            Taggable::Application(name) => {
                let application = desk.application(name)?;
                let name = name.clone();
                let event = |tags| {
                    let application = name;
                    ApplicationTagsChanged { application, tags }.into()
                };
                (
                    &application.tags,
                    application.stamp.changed,
                    Box::new(event),
                )
            }
            Taggable::Resource(application, name) => {
                let found = desk.resource(application, name)?;
                let (application, resource) = (application.clone(), name.clone());
                let event = |tags| {
                    ResourceTagsChanged {
                        application,
                        resource,
                        tags,
                    }
                    .into()
                };
                (&found.tags, found.stamp.changed, Box::new(event))
            }
        };
        desk.require(Some(changed))?;
        let changed = self.change.apply(tags)?;
        if is_same(tags, &changed) {
            return Ok(Vec::new());
        }
        Ok(vec![event(changed)])
    }
}

impl TagChange {
    fn apply(&self, tags: &Tags) -> Result<Tags, Rejection> {
        match self {
            Self::Replace(tags) => Ok(tags.clone()),
            Self::Merge { set, remove } => {
                let mut tags = tags.clone();
                for key in remove {
                    tags.remove(key.as_str());
                }
                for (key, value) in set {
                    tags.insert(key.clone(), value.clone()).map_err(too_many)?;
                }
                Ok(tags)
            }
        }
    }
}

fn too_many(_: TagsError) -> Rejection {
    let limit = Quota::Tags.limit();
    Rejection::LimitExceeded {
        quota: Quota::Tags,
        limit,
        used: limit + 1,
    }
}

/// Spelling counts: a tag whose key changes its case is another answer to a reader.
fn is_same(old: &Tags, new: &Tags) -> bool {
    old.iter().eq(new.iter())
}
