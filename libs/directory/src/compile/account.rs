//! One account: users, groups, roles, resources.
//!
//! After a commit only what it touched is looked at and compiled again. What it touched is found by identity: the fold
//! shares what a commit leaves alone, so an entry at the same address as before is the same entry, and so is a whole part
//! of a table. (Both states are alive while they are compared, so an address cannot have been given to something else.)

use std::collections::BTreeSet;
use std::sync::Arc;

use trilby_account::{
    Account, Attachment, Change, Grants, Group, Holder, PolicyRef, PrincipalId, Resource, Role,
    Table, User, UserStatus,
};
use trilby_engine as engine;
use trilby_engine::{AccountBuilder, CompiledPolicy, LayerKind, RegisteredResource};
use trilby_eventlog::Head;
use trilby_model::{AccountId, ApplicationName, Arn};
use trilby_policy::Kind;

use super::policies::PolicyCache;
use super::{Broken, quarantined};
use crate::error::Error;
use crate::view::AccountView;

type Policies = Vec<Arc<CompiledPolicy>>;

/// The compiled form of an account. `previous` is an earlier view of the same account, if there is one.
pub(crate) fn account(
    state: &Account,
    previous: Option<&AccountView>,
    policies: &PolicyCache,
    head: &Head,
) -> Result<engine::Account, Error> {
    let compiler = Compiler { state, policies };
    let compiled = match previous {
        Some(previous) if previous.state.id() == state.id() => compiler.extend(previous),
        Some(_) | None => compiler.whole(),
    };
    compiled.map_err(|broken| quarantined(head, &broken))
}

struct Compiler<'a> {
    state: &'a Account,
    policies: &'a PolicyCache,
}

impl Compiler<'_> {
    fn id(&self) -> AccountId {
        self.state.id()
    }

    /// Everything from nothing.
    pub(super) fn whole(&self) -> Result<engine::Account, Broken> {
        let mut builder = AccountBuilder::new(self.id());
        self.standing(&mut builder);
        for group in self.state.groups().values() {
            builder.set_group(group.id.clone(), self.group(group)?);
        }
        for user in self.state.users().values() {
            builder.add_user(self.user(user)?);
        }
        for role in self.state.roles().values() {
            builder.add_role(self.role(role)?);
        }
        for application in self.state.applications().values() {
            for resource in application.resources.values() {
                builder.add_resource(self.resource(&application.name, resource)?);
            }
        }
        Ok(builder.build())
    }

    /// The previous form with what changed since. What is gone or changed is taken out before anything is put in, so
    /// that a name that went from one to another ends with the other.
    fn extend(&self, previous: &AccountView) -> Result<engine::Account, Broken> {
        let old = &previous.state;
        let mut builder = previous.compiled.to_builder();
        self.standing(&mut builder);
        let mut users: BTreeSet<_> = BTreeSet::new();
        let mut groups: BTreeSet<_> = BTreeSet::new();
        let mut roles: BTreeSet<_> = BTreeSet::new();
        // A policy's new version is the change of its holders and of those it caps.
        for change in old.policies().changes(self.state.policies()) {
            for policy in change.sides() {
                for holder in &policy.holders {
                    match holder {
                        Holder::User(id) => drop(users.insert(id.clone())),
                        Holder::Group(id) => drop(groups.insert(id.clone())),
                        Holder::Role(id) => drop(roles.insert(id.clone())),
                    }
                }
                for capped in &policy.bounds {
                    match capped {
                        PrincipalId::User(id) => drop(users.insert(id.clone())),
                        PrincipalId::Role(id) => drop(roles.insert(id.clone())),
                    }
                }
            }
        }
        users.extend(
            old.users()
                .changes(self.state.users())
                .iter()
                .map(|change| change.either().id.clone()),
        );
        groups.extend(
            old.groups()
                .changes(self.state.groups())
                .iter()
                .map(|change| change.either().id.clone()),
        );
        roles.extend(
            old.roles()
                .changes(self.state.roles())
                .iter()
                .map(|change| change.either().id.clone()),
        );
        for id in &users {
            builder.remove_user(id);
        }
        for id in &groups {
            builder.remove_group(id);
        }
        for id in &roles {
            builder.remove_role(id);
        }
        for group in groups.iter().filter_map(|id| self.state.groups().get(id)) {
            builder.set_group(group.id.clone(), self.group(group)?);
        }
        for user in users.iter().filter_map(|id| self.state.users().get(id)) {
            builder.add_user(self.user(user)?);
        }
        for role in roles.iter().filter_map(|id| self.state.roles().get(id)) {
            builder.add_role(self.role(role)?);
        }
        self.extend_resources(old, &mut builder)?;
        Ok(builder.build())
    }

    fn extend_resources(&self, old: &Account, builder: &mut AccountBuilder) -> Result<(), Broken> {
        for change in old.applications().changes(self.state.applications()) {
            let empty = Table::default();
            let (name, before, after) = match &change {
                Change::Added(new) => (&new.name, &empty, &new.resources),
                Change::Removed(old) => (&old.name, &old.resources, &empty),
                Change::Changed(old, new) => (&new.name, &old.resources, &new.resources),
            };
            let changes = before.changes(after);
            for change in &changes {
                builder.remove_resource(&self.resource_arn(name, change.either()));
            }
            for change in changes {
                if let Change::Added(resource) | Change::Changed(_, resource) = change {
                    builder.add_resource(self.resource(name, resource)?);
                }
            }
        }
        Ok(())
    }

    /// What is of the account as a whole.
    fn standing(&self, builder: &mut AccountBuilder) {
        builder.set_caps_everything(self.state.settings().security.caps_bind_resource_grants);
        builder.set_organization(
            self.state
                .organization()
                .map(|membership| membership.organization.clone()),
        );
    }

    fn group(&self, group: &Group) -> Result<Policies, Broken> {
        self.grants(&group.grants, "group", group.name.as_str())
    }

    fn user(&self, user: &User) -> Result<engine::User, Broken> {
        Ok(engine::User {
            id: user.id.clone(),
            name: user.name.to_string(),
            arn: Arn::user(&self.id(), &user.path, &user.name),
            tags: user.tags.clone(),
            policies: self.grants(&user.grants, "user", user.name.as_str())?,
            groups: user.groups.iter().cloned().collect(),
            boundary: self.boundary(user.boundary.as_ref())?,
            disabled: match user.status {
                UserStatus::Active => false,
                UserStatus::Disabled => true,
            },
        })
    }

    fn role(&self, role: &Role) -> Result<engine::Role, Broken> {
        let arn = Arn::role(&self.id(), &role.path, &role.name);
        Ok(engine::Role {
            id: role.id.clone(),
            name: role.name.to_string(),
            tags: role.tags.clone(),
            policies: self.grants(&role.grants, "role", role.name.as_str())?,
            boundary: self.boundary(role.boundary.as_ref())?,
            trust: self
                .policies
                .guard(&arn.to_string(), Kind::Trust, &role.trust)?,
            arn,
        })
    }

    fn resource_arn(&self, application: &ApplicationName, resource: &Resource) -> Arn {
        Arn::registered_resource(
            application,
            &self.id(),
            &resource.name.kind,
            &resource.name.key,
        )
    }

    fn resource(
        &self,
        application: &ApplicationName,
        resource: &Resource,
    ) -> Result<RegisteredResource, Broken> {
        let arn = self.resource_arn(application, resource);
        let policy = match &resource.policy {
            Some(policy) => Some(self.policies.guard(
                &arn.to_string(),
                Kind::Resource,
                &policy.text,
            )?),
            None => None,
        };
        Ok(RegisteredResource {
            arn,
            tags: resource.tags.clone(),
            policy,
        })
    }

    /// The policy that caps a user or role. One that names no policy fails the account: without it the cap would be gone.
    fn boundary(&self, boundary: Option<&Attachment>) -> Result<Option<Policies>, Broken> {
        let Some(boundary) = boundary else {
            return Ok(None);
        };
        let policy = match &boundary.policy {
            PolicyRef::System { name, version } => {
                self.policies
                    .system(name, *version, Kind::Identity, LayerKind::Boundary)?
            }
            PolicyRef::Customer(id) => {
                let missing = || Broken::Missing {
                    name: id.to_string(),
                };
                let policy = self.state.policies().get(id).ok_or_else(missing)?;
                let version = policy.in_force().ok_or_else(missing)?;
                self.policies.boundary(
                    policy.name.as_str(),
                    policy.default_version,
                    &version.text,
                )?
            }
        };
        Ok(Some(vec![policy]))
    }

    /// The policies of a user, group or role: managed ones under their own names, inline ones under their holder's.
    fn grants(&self, grants: &Grants, kind: &str, holder: &str) -> Result<Policies, Broken> {
        let mut policies =
            Vec::with_capacity(grants.attached.len().saturating_add(grants.inline.len()));
        for attachment in &grants.attached {
            policies.push(match &attachment.policy {
                PolicyRef::System { name, version } => {
                    self.policies
                        .system(name, *version, Kind::Identity, LayerKind::Identity)?
                }
                PolicyRef::Customer(id) => {
                    let missing = || Broken::Missing {
                        name: id.to_string(),
                    };
                    let policy = self.state.policies().get(id).ok_or_else(missing)?;
                    let version = policy.in_force().ok_or_else(missing)?;
                    self.policies.identity(
                        policy.name.as_str(),
                        Some(policy.default_version),
                        &version.text,
                    )?
                }
            });
        }
        for inline in grants.inline.values() {
            let name = format!("{kind}/{holder}/{}", inline.name);
            policies.push(self.policies.identity(&name, None, &inline.text)?);
        }
        Ok(policies)
    }
}
