//! Users.

use trilby_model::UserId;

use super::Moment;
use crate::event::{
    UserCreated, UserPasswordSet, UserPasswordTicketIssued, UserRenamed, UserTagsChanged,
    UserUpdated,
};
use crate::id::{Holder, PrincipalId};
use crate::stamp::Stamp;
use crate::state::{Account, Grants, Password, PasswordTicket, User, UserStatus};

impl Account {
    pub(super) fn user_created(&mut self, fact: &UserCreated, moment: Moment) {
        let user = User {
            id: fact.user.clone(),
            name: fact.name.clone(),
            path: fact.path.clone(),
            kind: fact.kind,
            status: UserStatus::Active,
            description: fact.description.clone(),
            tags: fact.tags.clone(),
            grants: Grants::default(),
            boundary: None,
            groups: Default::default(),
            access_keys: Default::default(),
            aliases: Default::default(),
            password: None,
            password_generation: 0,
            password_ticket: None,
            ticket_generation: 0,
            stamp: Stamp::new(moment),
        };
        self.user_names.insert(fact.name.key(), fact.user.clone());
        self.users.insert(fact.user.clone(), user);
    }

    pub(super) fn user_renamed(&mut self, fact: &UserRenamed, moment: Moment) {
        let Some(user) = self.users.get_mut(&fact.user) else {
            return;
        };
        self.user_names.remove(&user.name.key());
        user.name = fact.name.clone();
        user.path = fact.path.clone();
        user.stamp.touch(moment);
        self.user_names.insert(fact.name.key(), fact.user.clone());
    }

    pub(super) fn user_updated(&mut self, fact: &UserUpdated, moment: Moment) {
        self.change_user(&fact.user, moment, |user| {
            user.description.clone_from(&fact.description);
        });
    }

    pub(super) fn user_disabled(&mut self, id: &UserId, moment: Moment) {
        self.change_user(id, moment, |user| user.status = UserStatus::Disabled);
    }

    pub(super) fn user_enabled(&mut self, id: &UserId, moment: Moment) {
        self.change_user(id, moment, |user| user.status = UserStatus::Active);
    }

    pub(super) fn user_tags_changed(&mut self, fact: &UserTagsChanged, moment: Moment) {
        self.change_user(&fact.user, moment, |user| user.tags = fact.tags.clone());
    }

    pub(super) fn user_password_set(&mut self, fact: &UserPasswordSet, moment: Moment) {
        self.change_user(&fact.user, moment, |user| {
            user.password = Some(Password {
                generation: fact.generation,
                hashing: fact.hashing.clone(),
                must_change: fact.must_change,
                since: moment.seq,
                set_at: moment.at,
            });
            user.password_generation = fact.generation;
            user.password_ticket = None;
        });
    }

    pub(super) fn user_password_removed(&mut self, id: &UserId, moment: Moment) {
        self.change_user(id, moment, |user| {
            user.password = None;
            user.password_ticket = None;
        });
    }

    pub(super) fn user_ticket_issued(&mut self, fact: &UserPasswordTicketIssued, moment: Moment) {
        self.change_user(&fact.user, moment, |user| {
            user.password_ticket = Some(PasswordTicket {
                generation: fact.generation,
                expires_at: fact.expires_at,
                since: moment.seq,
            });
            user.ticket_generation = fact.generation;
        });
    }

    pub(super) fn user_deleted(&mut self, id: &UserId) {
        let Some(user) = self.users.get(id).cloned() else {
            return;
        };
        for group in &user.groups {
            self.member_removed(group, id);
        }
        for key in &user.access_keys {
            self.access_key_deleted(key);
        }
        for alias in &user.aliases {
            self.subject_alias_deleted(alias);
        }
        self.forget_holder(&Holder::User(id.clone()));
        self.forget_bounded(&PrincipalId::User(id.clone()));
        self.user_names.remove(&user.name.key());
        self.users.remove(id);
    }

    pub(super) fn change_user(
        &mut self,
        id: &UserId,
        moment: Moment,
        change: impl FnOnce(&mut User),
    ) {
        if let Some(user) = self.users.get_mut(id) {
            change(user);
            user.stamp.touch(moment);
        }
    }
}
