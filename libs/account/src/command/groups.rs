//! Groups and who is in them.

use trilby_model::{GroupId, GroupName, Path, Tags};

use super::deletion;
use crate::decide::{Desk, Verdict, is_no_id};
use crate::event::{
    GroupCreated, GroupDeleted, GroupMemberAdded, GroupMemberRemoved, GroupUpdated,
};
use crate::id::{GroupRef, Ref, UserRef};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::value::Description;

/// Makes a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateGroup {
    /// Its name.
    pub name: GroupName,
    /// Its path.
    pub path: Path,
    /// Free text.
    pub description: Option<Description>,
    /// Its tags.
    pub tags: Tags,
}

/// Changes a group's description; what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateGroup {
    /// The group.
    pub group: GroupRef,
    /// Another description, or none.
    pub description: Option<Option<Description>>,
}

/// Deletes a group for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteGroup {
    /// The group.
    pub group: GroupRef,
    /// Whether policies and memberships go with it; otherwise it must be bare.
    pub cascade: bool,
}

/// Gives a user the group's rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddGroupMember {
    /// The group.
    pub group: GroupRef,
    /// The user.
    pub user: UserRef,
}

/// Takes the group's rights from a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveGroupMember {
    /// The group.
    pub group: GroupRef,
    /// The user.
    pub user: UserRef,
}

impl CreateGroup {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        is_no_id(self.name.as_str())?;
        if let Some(group) = desk.account.group(&Ref::Name(self.name.clone())) {
            desk.require(Some(group.stamp.changed))?;
            return Err(Rejection::exists(ThingKind::Group, &self.name));
        }
        within(Quota::Groups, count(desk.account.groups().len()) + 1)?;
        let fact = GroupCreated {
            group: GroupId::generate(desk.entropy),
            name: self.name.clone(),
            path: self.path.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl UpdateGroup {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let group = desk.group(&self.group)?;
        desk.require(Some(group.stamp.changed))?;
        match &self.description {
            Some(description) if *description != group.description => {
                let fact = GroupUpdated {
                    group: group.id.clone(),
                    description: description.clone(),
                };
                Ok(vec![fact.into()])
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }
}

impl DeleteGroup {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let group = desk.group(&self.group)?;
        desk.require(Some(group.stamp.changed))?;
        let parts = deletion::parts_of_group(desk.account, group);
        let last = GroupDeleted {
            group: group.id.clone(),
        };
        deletion::decide(
            ThingKind::Group,
            &group.name,
            parts,
            self.cascade,
            last.into(),
        )
    }
}

impl AddGroupMember {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let group = desk.group(&self.group)?;
        let user = desk.user(&self.user)?;
        desk.require(group.members.get(&user.id).copied())?;
        if group.members.contains_key(&user.id) {
            return Ok(Vec::new());
        }
        within(Quota::GroupsPerUser, count(user.groups.len()) + 1)?;
        let fact = GroupMemberAdded {
            group: group.id.clone(),
            user: user.id.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl RemoveGroupMember {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let group = desk.group(&self.group)?;
        let user = desk.user(&self.user)?;
        let since = group.members.get(&user.id).copied();
        if since.is_none() {
            return Err(Rejection::not_found(ThingKind::Member, &user.name));
        }
        desk.require(since)?;
        let fact = GroupMemberRemoved {
            group: group.id.clone(),
            user: user.id.clone(),
        };
        Ok(vec![fact.into()])
    }
}
