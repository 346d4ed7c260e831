//! Users.

use trilby_model::{Path, Tags, UserId, UserName};

use super::deletion;
use crate::decide::{Desk, Verdict, is_no_id};
use crate::event::{
    Event, UserCreated, UserDeleted, UserDisabled, UserEnabled, UserErased, UserRenamed,
    UserUpdated,
};
use crate::id::{Ref, UserRef};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::{Account, UserStatus};
use crate::value::{Description, UserKind};

/// Makes a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateUser {
    /// Its name.
    pub name: UserName,
    /// Its path.
    pub path: Path,
    /// Person or program.
    pub kind: UserKind,
    /// Free text.
    pub description: Option<Description>,
    /// Its tags.
    pub tags: Tags,
}

/// Changes attributes of a user; what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateUser {
    /// The user.
    pub user: UserRef,
    /// Another name.
    pub name: Option<UserName>,
    /// Another path.
    pub path: Option<Path>,
    /// Another description, or none.
    pub description: Option<Option<Description>>,
}

/// Lets a user act, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUserStatus {
    /// The user.
    pub user: UserRef,
    /// Whether it may act.
    pub status: UserStatus,
}

/// Deletes a user for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteUser {
    /// The user.
    pub user: UserRef,
    /// Whether everything that belongs to it goes with it; otherwise it must be bare.
    pub cascade: bool,
}

impl CreateUser {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        is_no_id(self.name.as_str())?;
        if let Some(user) = desk.account.user(&Ref::Name(self.name.clone())) {
            desk.require(Some(user.stamp.changed))?;
            return Err(Rejection::exists(ThingKind::User, &self.name));
        }
        within(Quota::Users, count(desk.account.users().len()) + 1)?;
        let fact = UserCreated {
            user: UserId::generate(desk.entropy),
            name: self.name.clone(),
            path: self.path.clone(),
            kind: self.kind,
            description: self.description.clone(),
            tags: self.tags.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl UpdateUser {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let user = desk.user(&self.user)?;
        desk.require(Some(user.stamp.changed))?;
        let name = self.name.as_ref().unwrap_or(&user.name);
        let path = self.path.as_ref().unwrap_or(&user.path);
        is_no_id(name.as_str())?;
        let bearer = desk.account.user(&Ref::Name(name.clone()));
        if bearer.is_some_and(|bearer| bearer.id != user.id) {
            return Err(Rejection::exists(ThingKind::User, name));
        }
        let mut events = Vec::new();
        if (name, path) != (&user.name, &user.path) {
            let fact = UserRenamed {
                user: user.id.clone(),
                name: name.clone(),
                path: path.clone(),
            };
            events.push(fact.into());
        }
        if let Some(description) = &self.description
            && *description != user.description
        {
            let fact = UserUpdated {
                user: user.id.clone(),
                description: description.clone(),
            };
            events.push(fact.into());
        }
        Ok(events)
    }
}

impl SetUserStatus {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let user = desk.user(&self.user)?;
        desk.require(Some(user.stamp.changed))?;
        let id = user.id.clone();
        Ok(match (user.status, self.status) {
            (UserStatus::Active, UserStatus::Disabled) => vec![UserDisabled { user: id }.into()],
            (UserStatus::Disabled, UserStatus::Active) => vec![UserEnabled { user: id }.into()],
            (UserStatus::Active, UserStatus::Active)
            | (UserStatus::Disabled, UserStatus::Disabled) => Vec::new(),
        })
    }
}

impl DeleteUser {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let user = desk.user(&self.user)?;
        desk.require(Some(user.stamp.changed))?;
        let parts = deletion::parts_of_user(desk.account, user);
        let last = UserDeleted {
            user: user.id.clone(),
        };
        deletion::decide(
            ThingKind::User,
            &user.name,
            parts,
            self.cascade,
            last.into(),
        )
    }
}

impl Account {
    /// The fact that what was kept about a user beside the log is erased. It is no command: nobody has the right to it but
    /// whoever looks after the installation, in whatever state the account is.
    ///
    /// Errors: the user is still there.
    pub fn erase_user(&self, user: &UserId) -> Result<Vec<Event>, Rejection> {
        if self.users().contains_key(user) {
            let why = "is still there; delete it first";
            return Err(Rejection::state(ThingKind::User, user, why));
        }
        Ok(vec![UserErased { user: user.clone() }.into()])
    }
}
