//! Filling the compiled form of an account.

use std::collections::HashSet;
use std::sync::Arc;

use trilby_model::{AccountId, Arn, GroupId, OrganizationId, RoleId, UserId};

use super::{Account, Group, Registered, RegisteredResource, Role, Seated, Tables, User, told};
use crate::compiled::CompiledPolicy;
use crate::context;
use crate::filter::Filter;
use crate::table::Table;
use crate::values::Values;

/// The service of the ARNs that users and roles have.
pub(super) const IDENTITY_SERVICE: &str = "iam";

/// Collects an account. Adding what is there already replaces it, under its new names.
#[derive(Clone, Debug)]
pub struct AccountBuilder {
    tables: Tables,
}

impl AccountBuilder {
    /// An account with nobody and nothing in it.
    #[must_use]
    pub fn new(id: AccountId) -> Self {
        Self {
            tables: Tables {
                id,
                organization: None,
                caps_everything: false,
                users: Table::default(),
                roles: Table::default(),
                groups: Table::default(),
                user_names: Table::default(),
                role_names: Table::default(),
                user_arns: Table::default(),
                role_arns: Table::default(),
                resources: Table::default(),
                odd_arns: false,
                trust_required: HashSet::new(),
            },
        }
    }

    pub(super) fn from_tables(tables: Tables) -> Self {
        Self { tables }
    }

    /// The organization the account is in.
    pub fn set_organization(&mut self, organization: Option<OrganizationId>) -> &mut Self {
        self.tables.organization = organization;
        self
    }

    /// Whether boundaries and session policies cap direct resource grants too.
    pub fn set_caps_everything(&mut self, on: bool) -> &mut Self {
        self.tables.caps_everything = on;
        self
    }

    /// A user.
    pub fn add_user(&mut self, user: User) -> &mut Self {
        self.remove_user(&user.id.clone());
        self.tables.odd_arns |= user.arn.service() != IDENTITY_SERVICE;
        self.tables
            .user_names
            .insert(user.name.to_lowercase().into(), user.id.clone());
        self.tables
            .user_arns
            .insert(user.arn.matching_key().into(), user.id.clone());
        let (tags, told) = (
            user.tags.clone(),
            told(user.id.as_str(), &user.arn, &user.name),
        );
        let seated = Seated::new(user, told, |user| &user.policies, &tags);
        self.tables.users.insert(seated.who.id.clone(), seated);
        self
    }

    /// The user is gone.
    pub fn remove_user(&mut self, id: &UserId) -> &mut Self {
        if let Some(user) = self
            .tables
            .users
            .get(id)
            .map(|seated| Arc::clone(&seated.who))
        {
            self.tables.users.remove(id);
            forget(&mut self.tables.user_names, &user.name.to_lowercase(), id);
            forget(&mut self.tables.user_arns, &user.arn.matching_key(), id);
        }
        self
    }

    /// A group's policies, in place of those it had.
    pub fn set_group(&mut self, id: GroupId, policies: Vec<Arc<CompiledPolicy>>) -> &mut Self {
        let group = Group {
            filter: Filter::of(&policies),
            policies: policies.into(),
        };
        self.tables.groups.insert(id, group);
        self
    }

    /// The group is gone.
    pub fn remove_group(&mut self, id: &GroupId) -> &mut Self {
        self.tables.groups.remove(id);
        self
    }

    /// A role.
    pub fn add_role(&mut self, role: Role) -> &mut Self {
        self.remove_role(&role.id.clone());
        self.tables.odd_arns |= role.arn.service() != IDENTITY_SERVICE;
        self.tables
            .role_names
            .insert(role.name.to_lowercase().into(), role.id.clone());
        self.tables
            .role_arns
            .insert(role.arn.matching_key().into(), role.id.clone());
        let (tags, told) = (role.tags.clone(), told(role.id.as_str(), &role.arn, ""));
        let seated = Seated::new(role, told, |role| &role.policies, &tags);
        self.tables.roles.insert(seated.who.id.clone(), seated);
        self
    }

    /// The role is gone.
    pub fn remove_role(&mut self, id: &RoleId) -> &mut Self {
        if let Some(role) = self
            .tables
            .roles
            .get(id)
            .map(|seated| Arc::clone(&seated.who))
        {
            self.tables.roles.remove(id);
            forget(&mut self.tables.role_names, &role.name.to_lowercase(), id);
            forget(&mut self.tables.role_arns, &role.arn.matching_key(), id);
        }
        self
    }

    /// A registered resource.
    pub fn add_resource(&mut self, resource: RegisteredResource) -> &mut Self {
        let key = resource.arn.matching_key().into();
        let registered = Registered {
            tags: Values::stored(&context::tags(&["aws:ResourceTag/"], &resource.tags)),
            resource: Arc::new(resource),
        };
        self.tables.resources.insert(key, registered);
        self
    }

    /// The resource is registered no more.
    pub fn remove_resource(&mut self, arn: &Arn) -> &mut Self {
        self.tables.resources.remove(&*arn.matching_key());
        self
    }

    /// Resources of this type need a grant of their own policy.
    pub fn require_trust(&mut self, service: &str, resource_type: &str) -> &mut Self {
        self.tables
            .trust_required
            .insert(type_key(service, resource_type));
        self
    }

    /// Ready to decide with.
    #[must_use]
    pub fn build(self) -> Account {
        Account {
            inner: Arc::new(self.tables),
        }
    }
}

/// Takes a name back from who has it; by now it may be somebody else's.
fn forget<Id: PartialEq>(names: &mut Table<Arc<str>, Id>, name: &str, id: &Id) {
    if names.get(name) == Some(id) {
        names.remove(name);
    }
}

pub(super) fn type_key(service: &str, resource_type: &str) -> String {
    format!("{service}:{resource_type}")
}
