//! One account as decisions see it: who is in it, what is registered in it, and every policy compiled.
//!
//! The directory builds it from the fold of the account's log; nothing here is folded a second time. Entries are
//! shared and tables are persistent, so that a change of one user costs that user, however many others there are.

mod builder;

use std::collections::HashSet;
use std::sync::Arc;

use trilby_model::{AccountId, Arn, GroupId, OrganizationId, RoleId, Tags, UserId};

pub use builder::AccountBuilder;

use crate::arn_text::with_ancestors;
use crate::compiled::CompiledPolicy;
use crate::context;
use crate::filter::Filter;
use crate::principal::{Principal, RoleSession, SessionFacts, UserPrincipal};
use crate::table::Table;
use crate::values::Values;

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// Its unique id.
    pub id: UserId,
    /// Its name; found without regard to case.
    pub name: String,
    /// Its ARN.
    pub arn: Arn,
    /// Its tags.
    pub tags: Tags,
    /// Managed and inline policies of its own.
    pub policies: Vec<Arc<CompiledPolicy>>,
    /// The groups it is in; their policies are its own.
    pub groups: Vec<GroupId>,
    /// `None`: no boundary. `Some` of nothing: one that allows nothing.
    pub boundary: Option<Vec<Arc<CompiledPolicy>>>,
    /// Switched off: it may do nothing.
    pub disabled: bool,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its unique id.
    pub id: RoleId,
    /// Its name; found without regard to case.
    pub name: String,
    /// Its ARN, with its path.
    pub arn: Arn,
    /// Its tags.
    pub tags: Tags,
    /// Managed and inline policies.
    pub policies: Vec<Arc<CompiledPolicy>>,
    /// `None`: no boundary. `Some` of nothing: one that allows nothing.
    pub boundary: Option<Vec<Arc<CompiledPolicy>>>,
    /// Who may put it on; compiled for the resource layer.
    pub trust: Arc<CompiledPolicy>,
}

/// A resource of an application.
#[derive(Clone, Debug)]
pub struct RegisteredResource {
    /// Its ARN.
    pub arn: Arn,
    /// Its tags.
    pub tags: Tags,
    /// The policy on it.
    pub policy: Option<Arc<CompiledPolicy>>,
}

/// Somebody in an account.
#[derive(Clone, Debug)]
pub enum Named {
    /// A user.
    User(Arc<User>),
    /// A role.
    Role(Arc<Role>),
}

/// One account, compiled. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Account {
    inner: Arc<Tables>,
}

#[derive(Clone, Debug)]
struct Tables {
    id: AccountId,
    organization: Option<OrganizationId>,
    caps_everything: bool,
    users: Table<UserId, Seated<User>>,
    roles: Table<RoleId, Seated<Role>>,
    groups: Table<GroupId, Group>,
    /// Lower-cased name to id.
    user_names: Table<Arc<str>, UserId>,
    role_names: Table<Arc<str>, RoleId>,
    /// Matching key of the ARN to id.
    user_arns: Table<Arc<str>, UserId>,
    role_arns: Table<Arc<str>, RoleId>,
    resources: Table<Arc<str>, Registered>,
    /// Some user or role was told under an ARN of another service than theirs is.
    odd_arns: bool,
    /// `service:type`.
    trust_required: HashSet<String>,
}

/// A user or role with what decisions need of it, made once.
#[derive(Clone, Debug)]
pub(crate) struct Seated<T> {
    pub(crate) who: Arc<T>,
    /// As whom a request must name it to mean it: see [`told`].
    pub(crate) told: Box<str>,
    /// Where its own policies speak about an action.
    pub(crate) filter: Filter,
    /// Its tags as keys of a principal, and as keys of a resource.
    pub(crate) as_principal: Values,
    pub(crate) as_resource: Values,
}

impl<T> Seated<T> {
    fn new(
        who: T,
        told: String,
        policies: impl Fn(&T) -> &Vec<Arc<CompiledPolicy>>,
        tags: &Tags,
    ) -> Self {
        Self {
            told: told.into(),
            filter: Filter::of(policies(&who)),
            as_principal: Values::stored(&context::tags(&["aws:PrincipalTag/"], tags)),
            as_resource: Values::stored(&context::tags(
                &["aws:ResourceTag/", "iam:ResourceTag/"],
                tags,
            )),
            who: Arc::new(who),
        }
    }
}

/// What a request says of who somebody is, in one text: equal exactly if unique id, ARN and name are. Neither of the first
/// two holds a control character.
pub(crate) fn told(id: &str, arn: &Arn, name: &str) -> String {
    format!("{id}\n{arn}\n{name}")
}

/// A group's policies.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) policies: Box<[Arc<CompiledPolicy>]>,
    pub(crate) filter: Filter,
}

/// A registered resource with its tags as keys.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) resource: Arc<RegisteredResource>,
    pub(crate) tags: Values,
}

impl Account {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> AccountId {
        self.inner.id
    }

    /// The organization it is in.
    #[must_use]
    pub fn organization(&self) -> Option<&OrganizationId> {
        self.inner.organization.as_ref()
    }

    /// Whether boundaries and session policies cap direct resource grants too.
    #[must_use]
    pub fn caps_everything(&self) -> bool {
        self.inner.caps_everything
    }

    /// A user by unique id.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Option<&Arc<User>> {
        self.seated_user(id).map(|seated| &seated.who)
    }

    /// A user by name, whatever its case.
    #[must_use]
    pub fn user_named(&self, name: &str) -> Option<&Arc<User>> {
        self.inner
            .user_names
            .get(&*name.to_lowercase())
            .and_then(|id| self.user(id))
    }

    /// A user by ARN.
    #[must_use]
    pub fn user_at(&self, arn: &Arn) -> Option<&Arc<User>> {
        self.inner
            .user_arns
            .get(&*arn.matching_key())
            .and_then(|id| self.user(id))
    }

    /// Every user, in no order.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.inner.users.values().map(|seated| &seated.who)
    }

    /// A role by unique id.
    #[must_use]
    pub fn role(&self, id: &RoleId) -> Option<&Arc<Role>> {
        self.seated_role(id).map(|seated| &seated.who)
    }

    /// A role by name, whatever its case. The path is no part of it: names are unique in an account.
    #[must_use]
    pub fn role_named(&self, name: &str) -> Option<&Arc<Role>> {
        self.inner
            .role_names
            .get(&*name.to_lowercase())
            .and_then(|id| self.role(id))
    }

    /// A role by ARN.
    #[must_use]
    pub fn role_at(&self, arn: &Arn) -> Option<&Arc<Role>> {
        self.inner
            .role_arns
            .get(&*arn.matching_key())
            .and_then(|id| self.role(id))
    }

    /// Every role, in no order.
    pub fn roles(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.inner.roles.values().map(|seated| &seated.who)
    }

    /// A user or role by ARN, unique id or name; a user before a role of the same name.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Named> {
        let user = || {
            let by_id = text.parse().ok().and_then(|id| self.user(&id));
            let by_arn = || text.parse().ok().and_then(|arn: Arn| self.user_at(&arn));
            by_id
                .or_else(by_arn)
                .or_else(|| self.user_named(text))
                .cloned()
                .map(Named::User)
        };
        let role = || {
            let by_id = text.parse().ok().and_then(|id| self.role(&id));
            let by_arn = || text.parse().ok().and_then(|arn: Arn| self.role_at(&arn));
            by_id
                .or_else(by_arn)
                .or_else(|| self.role_named(text))
                .cloned()
                .map(Named::Role)
        };
        user().or_else(role)
    }

    /// A registered resource, exactly this one.
    #[must_use]
    pub fn resource(&self, arn: &Arn) -> Option<&Arc<RegisteredResource>> {
        self.registered(&arn.matching_key())
            .map(|registered| &registered.resource)
    }

    /// Every registered resource, in no order.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<RegisteredResource>> {
        self.inner
            .resources
            .values()
            .map(|registered| &registered.resource)
    }

    /// The policy that speaks for a resource: its own, else that of the nearest registered resource that it is a `/`
    /// extension of and that has one.
    #[must_use]
    pub fn resource_policy(&self, arn: &Arn) -> Option<&Arc<CompiledPolicy>> {
        with_ancestors(arn).find_map(|key| self.registered(&key)?.resource.policy.as_ref())
    }

    /// Whether a resource, or one it is a `/` extension of, is registered here.
    #[must_use]
    pub fn holds(&self, arn: &Arn) -> bool {
        with_ancestors(arn).any(|key| self.registered(&key).is_some())
    }

    /// Whether resources of some type need a grant of their own policy.
    pub(crate) fn requires_trust(&self) -> bool {
        !self.inner.trust_required.is_empty()
    }

    /// Whether resources of this one's type need a grant of their own policy.
    #[must_use]
    pub fn is_trust_required(&self, arn: &Arn) -> bool {
        self.requires_trust()
            && self
                .inner
                .trust_required
                .contains(&builder::type_key(arn.service(), resource_type(arn)))
    }

    /// Every identity policy of a user: its own and its groups'.
    pub fn policies_of<'a>(
        &'a self,
        user: &'a User,
    ) -> impl Iterator<Item = &'a Arc<CompiledPolicy>> {
        let of_groups = user
            .groups
            .iter()
            .filter_map(|group| self.group(group))
            .flat_map(|group| group.policies.iter());
        user.policies.iter().chain(of_groups)
    }

    pub(crate) fn seated_user(&self, id: &UserId) -> Option<&Seated<User>> {
        self.inner.users.get(id)
    }

    pub(crate) fn seated_role(&self, id: &RoleId) -> Option<&Seated<Role>> {
        self.inner.roles.get(id)
    }

    /// A user of a hash of its unique id: the caller looks whether it is the one.
    pub(crate) fn probable_user(&self, hash: u64) -> Option<&Seated<User>> {
        self.inner.users.probable(hash)
    }

    pub(crate) fn probable_role(&self, hash: u64) -> Option<&Seated<Role>> {
        self.inner.roles.probable(hash)
    }

    pub(crate) fn group(&self, id: &GroupId) -> Option<&Group> {
        self.inner.groups.get(id)
    }

    /// A registered resource by the matching key of its ARN.
    pub(crate) fn registered(&self, key: &str) -> Option<&Registered> {
        self.inner.resources.get(key)
    }

    /// The same where the hash of the key is known.
    pub(crate) fn registered_hashed(&self, (hash, key): (u64, &str)) -> Option<&Registered> {
        self.inner.resources.get_hashed(hash, key)
    }

    /// Whether an ARN may be a user's or role's.
    pub(crate) fn may_be_identity(&self, arn: &Arn) -> bool {
        self.inner.odd_arns || arn.service() == builder::IDENTITY_SERVICE
    }

    /// A user or role by the matching key of its ARN.
    pub(crate) fn user_of_key(&self, key: &str) -> Option<&Seated<User>> {
        self.seated_user(self.inner.user_arns.get(key)?)
    }

    pub(crate) fn role_of_key(&self, key: &str) -> Option<&Seated<Role>> {
        self.seated_role(self.inner.role_arns.get(key)?)
    }

    /// A builder that begins with what this account has.
    #[must_use]
    pub fn to_builder(&self) -> AccountBuilder {
        AccountBuilder::from_tables((*self.inner).clone())
    }
}

/// The part of the resource before the first slash.
fn resource_type(arn: &Arn) -> &str {
    arn.resource().split('/').next().unwrap_or_default()
}

impl User {
    /// This user as the one who asks.
    #[must_use]
    pub fn principal(&self, account: AccountId, session: SessionFacts) -> Principal {
        Principal::User(UserPrincipal {
            arn: self.arn.clone(),
            id: Some(self.id.clone()),
            account,
            name: self.name.clone(),
            tags: Tags::default(),
            session,
        })
    }
}

impl Role {
    /// A session of this role as the one who asks: just begun, without session policies or tags. `None` if the name is no
    /// session name that an ARN can hold.
    #[must_use]
    pub fn principal(
        &self,
        account: AccountId,
        session_name: &str,
        session: SessionFacts,
    ) -> Option<Principal> {
        let session_arn = format!(
            "arn:{}:sts::{account}:assumed-role/{}/{session_name}",
            self.arn.partition(),
            self.name
        )
        .parse()
        .ok()?;
        Some(Principal::RoleSession(RoleSession {
            session_arn,
            role_arn: self.arn.clone(),
            role_id: Some(self.id.clone()),
            account,
            session_name: session_name.to_owned(),
            tags: Tags::default(),
            session_policies: None,
            session,
        }))
    }
}

#[cfg(test)]
mod tests;
