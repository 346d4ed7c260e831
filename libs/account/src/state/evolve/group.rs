//! Groups and who is in them.

use trilby_model::{GroupId, UserId};

use super::Moment;
use crate::event::{GroupCreated, GroupMemberAdded, GroupTagsChanged, GroupUpdated};
use crate::id::Holder;
use crate::stamp::Stamp;
use crate::state::{Account, Grants, Group};

impl Account {
    pub(super) fn group_created(&mut self, fact: &GroupCreated, moment: Moment) {
        let group = Group {
            id: fact.group.clone(),
            name: fact.name.clone(),
            path: fact.path.clone(),
            description: fact.description.clone(),
            tags: fact.tags.clone(),
            grants: Grants::default(),
            members: Default::default(),
            stamp: Stamp::new(moment),
        };
        self.group_names.insert(fact.name.key(), fact.group.clone());
        self.groups.insert(fact.group.clone(), group);
    }

    pub(super) fn group_updated(&mut self, fact: &GroupUpdated, moment: Moment) {
        if let Some(group) = self.groups.get_mut(&fact.group) {
            group.description.clone_from(&fact.description);
            group.stamp.touch(moment);
        }
    }

    pub(super) fn group_tags_changed(&mut self, fact: &GroupTagsChanged, moment: Moment) {
        if let Some(group) = self.groups.get_mut(&fact.group) {
            group.tags = fact.tags.clone();
            group.stamp.touch(moment);
        }
    }

    pub(super) fn group_deleted(&mut self, id: &GroupId) {
        let Some(group) = self.groups.get(id).cloned() else {
            return;
        };
        for user in group.members.keys() {
            self.member_removed(id, user);
        }
        self.forget_holder(&Holder::Group(id.clone()));
        self.group_names.remove(&group.name.key());
        self.groups.remove(id);
    }

    // INVARIANT: a group lists a user exactly if the user lists the group; both are kept here.
    pub(super) fn member_added(&mut self, fact: &GroupMemberAdded, moment: Moment) {
        let (Some(group), Some(user)) = (
            self.groups.get_mut(&fact.group),
            self.users.get_mut(&fact.user),
        ) else {
            return;
        };
        group.members.insert(fact.user.clone(), moment.seq);
        user.groups.insert(fact.group.clone());
    }

    pub(super) fn member_removed(&mut self, group: &GroupId, user: &UserId) {
        if let Some(group) = self.groups.get_mut(group) {
            group.members.remove(user);
        }
        if let Some(user) = self.users.get_mut(user) {
            user.groups.remove(group);
        }
    }
}
