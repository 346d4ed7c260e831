//! The fold of one account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trilby_model::federation::ProviderName;
use trilby_model::{
    AccessKeyId, AccountAlias, AccountId, AccountName, ApplicationName, GroupId, GroupName,
    IssuedExternalId, LinkId, OrganizationId, PolicyId, PolicyName, ProviderId, RoleId, RoleName,
    Seq, UserId, UserName,
};

use super::{
    AccessKey, Application, ExternalIdRecord, Group, Password, PasswordTicket, Policy, Provider,
    ProviderLink, Resource, Role, SigningKey, SigningKeyState, SubjectAlias, SubjectKey, User,
};
use crate::event::{ClaimAct, ClaimChange};
use crate::id::{
    CustomerPolicyRef, GroupRef, Holder, LinkRef, PrincipalId, ProviderRef, Ref, ResourceName,
    RoleRef, UserRef,
};
use crate::settings::Settings;
use crate::stamp::{Moment, Stamp};
use crate::state::{Attachment, Grants};
use crate::table::Table;
use crate::value::PersonalRef;

/// Everything an account's log says is so now.
///
/// Copies share structure and are cheap. Names and unique ids of things are looked up here only
/// within this account: nothing of another account can be reached through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub(super) id: AccountId,
    pub(super) seq: Seq,
    pub(super) name: Option<AccountName>,
    pub(super) alias: Option<AccountAlias>,
    pub(super) status: AccountStatus,
    pub(super) stamp: Option<Stamp>,
    pub(super) settings: Settings,
    pub(super) settings_changed: Seq,
    pub(super) root: Root,
    pub(super) organization: Option<MembershipState>,
    pub(super) users: Table<UserId, User>,
    pub(super) user_names: Table<String, UserId>,
    pub(super) groups: Table<GroupId, Group>,
    pub(super) group_names: Table<String, GroupId>,
    pub(super) roles: Table<RoleId, Role>,
    pub(super) role_names: Table<String, RoleId>,
    pub(super) policies: Table<PolicyId, Policy>,
    pub(super) policy_names: Table<String, PolicyId>,
    pub(super) access_keys: Table<AccessKeyId, AccessKey>,
    pub(super) applications: Table<ApplicationName, Application>,
    pub(super) aliases: Table<SubjectKey, SubjectAlias>,
    pub(super) signing_keys: BTreeMap<String, SigningKey>,
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub(super) external_ids: Table<IssuedExternalId, ExternalIdRecord>,
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub(super) providers: Table<ProviderId, Provider>,
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub(super) provider_names: Table<String, ProviderId>,
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub(super) links: Table<LinkId, ProviderLink>,
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub(super) link_names: Table<String, LinkId>,
}

/// Whether an account is in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Its log is empty.
    Absent,
    /// In service.
    Active,
    /// Out of service for now.
    Suspended,
    /// Out of service for good.
    Closed,
}

impl AccountStatus {
    /// How answers spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }
}

/// The root user of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its password, if it has one.
    pub password: Option<Password>,
    /// How many passwords it ever had.
    pub password_generation: u32,
    /// Its e-mail address, if it has one.
    pub email: Option<PersonalRef>,
    /// The newest ticket that sets a password, if none was set since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_ticket: Option<PasswordTicket>,
    /// How many tickets it ever had.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ticket_generation: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The organization an account is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipState {
    /// The organization.
    pub organization: OrganizationId,
    /// Where its log must be at least to know of this.
    pub organization_seq: Seq,
    /// The event that says so here.
    pub since: Seq,
}

impl Account {
    /// The fold of an empty log.
    #[must_use]
    pub fn empty(id: AccountId) -> Self {
        Self {
            id,
            seq: Seq::ZERO,
            name: None,
            alias: None,
            status: AccountStatus::Absent,
            stamp: None,
            settings: Settings::default(),
            settings_changed: Seq::ZERO,
            root: Root::default(),
            organization: None,
            users: Table::default(),
            user_names: Table::default(),
            groups: Table::default(),
            group_names: Table::default(),
            roles: Table::default(),
            role_names: Table::default(),
            policies: Table::default(),
            policy_names: Table::default(),
            access_keys: Table::default(),
            applications: Table::default(),
            aliases: Table::default(),
            signing_keys: BTreeMap::new(),
            external_ids: Table::default(),
            providers: Table::default(),
            provider_names: Table::default(),
            links: Table::default(),
            link_names: Table::default(),
        }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// The last event folded in.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Its name; nothing before it exists.
    #[must_use]
    pub fn name(&self) -> Option<&AccountName> {
        self.name.as_ref()
    }

    /// Its alias.
    #[must_use]
    pub fn alias(&self) -> Option<&AccountAlias> {
        self.alias.as_ref()
    }

    /// Whether it is in service.
    #[must_use]
    pub fn status(&self) -> AccountStatus {
        self.status
    }

    /// Birth and last change of name, alias, status and root; nothing before it exists.
    #[must_use]
    pub fn stamp(&self) -> Option<&Stamp> {
        self.stamp.as_ref()
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The event that last changed a setting: the settings' `ETag`.
    #[must_use]
    pub fn settings_changed(&self) -> Seq {
        self.settings_changed
    }

    /// Its root user.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What root is called in side tables and revocations: the account's own number.
    #[must_use]
    pub fn root_subject(&self) -> String {
        self.id.to_string()
    }

    /// The organization it is in.
    #[must_use]
    pub fn organization(&self) -> Option<&MembershipState> {
        self.organization.as_ref()
    }

    /// A user by id or name.
    #[must_use]
    pub fn user(&self, user: &UserRef) -> Option<&User> {
        find(&self.users, &self.user_names, user, UserName::key)
    }

    /// All users by id.
    #[must_use]
    pub fn users(&self) -> &Table<UserId, User> {
        &self.users
    }

    /// Ids of users by their names' comparison keys: the order of lists.
    #[must_use]
    pub fn user_names(&self) -> &Table<String, UserId> {
        &self.user_names
    }

    /// A group by id or name.
    #[must_use]
    pub fn group(&self, group: &GroupRef) -> Option<&Group> {
        find(&self.groups, &self.group_names, group, GroupName::key)
    }

    /// All groups by id.
    #[must_use]
    pub fn groups(&self) -> &Table<GroupId, Group> {
        &self.groups
    }

    /// Ids of groups by their names' comparison keys.
    #[must_use]
    pub fn group_names(&self) -> &Table<String, GroupId> {
        &self.group_names
    }

    /// A role by id or name.
    #[must_use]
    pub fn role(&self, role: &RoleRef) -> Option<&Role> {
        find(&self.roles, &self.role_names, role, RoleName::key)
    }

    /// All roles by id.
    #[must_use]
    pub fn roles(&self) -> &Table<RoleId, Role> {
        &self.roles
    }

    /// Ids of roles by their names' comparison keys.
    #[must_use]
    pub fn role_names(&self) -> &Table<String, RoleId> {
        &self.role_names
    }

    /// A policy of the account by id or name.
    #[must_use]
    pub fn policy(&self, policy: &CustomerPolicyRef) -> Option<&Policy> {
        find(&self.policies, &self.policy_names, policy, PolicyName::key)
    }

    /// All policies of the account by id.
    #[must_use]
    pub fn policies(&self) -> &Table<PolicyId, Policy> {
        &self.policies
    }

    /// Ids of policies by their names' comparison keys.
    #[must_use]
    pub fn policy_names(&self) -> &Table<String, PolicyId> {
        &self.policy_names
    }

    /// The policies of a user, group or role.
    #[must_use]
    pub fn grants(&self, holder: &Holder) -> Option<&Grants> {
        match holder {
            Holder::User(id) => self.users.get(id).map(|user| &user.grants),
            Holder::Group(id) => self.groups.get(id).map(|group| &group.grants),
            Holder::Role(id) => self.roles.get(id).map(|role| &role.grants),
        }
    }

    /// The permissions boundary of a user or role, if it has one.
    #[must_use]
    pub fn boundary(&self, of: &PrincipalId) -> Option<&Attachment> {
        match of {
            PrincipalId::User(id) => self.users.get(id)?.boundary.as_ref(),
            PrincipalId::Role(id) => self.roles.get(id)?.boundary.as_ref(),
        }
    }

    /// An access key.
    #[must_use]
    pub fn access_key(&self, id: &AccessKeyId) -> Option<&AccessKey> {
        self.access_keys.get(id)
    }

    /// All access keys by id.
    #[must_use]
    pub fn access_keys(&self) -> &Table<AccessKeyId, AccessKey> {
        &self.access_keys
    }

    /// An application.
    #[must_use]
    pub fn application(&self, name: &ApplicationName) -> Option<&Application> {
        self.applications.get(name)
    }

    /// All applications by name.
    #[must_use]
    pub fn applications(&self) -> &Table<ApplicationName, Application> {
        &self.applications
    }

    /// A registered resource.
    #[must_use]
    pub fn resource(
        &self,
        application: &ApplicationName,
        name: &ResourceName,
    ) -> Option<&Resource> {
        self.applications.get(application)?.resources.get(name)
    }

    /// Whom a subject means.
    #[must_use]
    pub fn subject_alias(&self, subject: &SubjectKey) -> Option<&SubjectAlias> {
        self.aliases.get(subject)
    }

    /// All subject aliases.
    #[must_use]
    pub fn subject_aliases(&self) -> &Table<SubjectKey, SubjectAlias> {
        &self.aliases
    }

    /// The external ids it issued.
    #[must_use]
    pub fn external_ids(&self) -> &Table<IssuedExternalId, ExternalIdRecord> {
        &self.external_ids
    }

    /// An identity provider of the account by id or name.
    #[must_use]
    pub fn provider(&self, provider: &ProviderRef) -> Option<&Provider> {
        find(
            &self.providers,
            &self.provider_names,
            provider,
            ProviderName::key,
        )
    }

    /// All identity providers of the account by id.
    #[must_use]
    pub fn providers(&self) -> &Table<ProviderId, Provider> {
        &self.providers
    }

    /// Ids of providers by their names' comparison keys.
    #[must_use]
    pub fn provider_names(&self) -> &Table<String, ProviderId> {
        &self.provider_names
    }

    /// A provider link by id or name.
    #[must_use]
    pub fn link(&self, link: &LinkRef) -> Option<&ProviderLink> {
        find(&self.links, &self.link_names, link, ProviderName::key)
    }

    /// All provider links by id.
    #[must_use]
    pub fn links(&self) -> &Table<LinkId, ProviderLink> {
        &self.links
    }

    /// Ids of provider links by their names' comparison keys.
    #[must_use]
    pub fn link_names(&self) -> &Table<String, LinkId> {
        &self.link_names
    }

    /// The link to a provider of another account. One provider is linked at most once.
    #[must_use]
    pub fn link_to(&self, owner: AccountId, provider: &ProviderId) -> Option<&ProviderLink> {
        let mut links = self.links.values();
        links.find(|link| link.provider.owner == owner && link.provider.id == *provider)
    }

    /// The public keys of its sessions by `kid`, revoked ones included.
    #[must_use]
    pub fn signing_keys(&self) -> &BTreeMap<String, SigningKey> {
        &self.signing_keys
    }

    /// The key that signs its sessions now.
    #[must_use]
    pub fn active_signing_key(&self) -> Option<&SigningKey> {
        let mut keys = self.signing_keys.values();
        keys.find(|key| matches!(key.state, SigningKeyState::Active { .. }))
    }

    /// The store-wide names it holds: what its rows in the table of claims must be.
    #[must_use]
    pub fn claims(&self) -> Vec<ClaimChange> {
        let alias = self
            .alias
            .iter()
            .map(|alias| ClaimChange::alias(ClaimAct::Take, alias));
        let member = self
            .organization
            .iter()
            .map(|_| ClaimChange::member(ClaimAct::Take, self.id));
        let access_keys = self
            .access_keys
            .keys()
            .map(|id| ClaimChange::access_key(ClaimAct::Take, id));
        alias.chain(member).chain(access_keys).collect()
    }

    pub(super) fn touch(&mut self, moment: Moment) {
        match &mut self.stamp {
            Some(stamp) => stamp.touch(moment),
            None => self.stamp = Some(Stamp::new(moment)),
        }
    }
}

fn find<'a, I: Ord, N, V>(
    by_id: &'a Table<I, V>,
    by_name: &Table<String, I>,
    wanted: &Ref<I, N>,
    key: impl Fn(&N) -> String,
) -> Option<&'a V> {
    match wanted {
        Ref::Id(id) => by_id.get(id),
        Ref::Name(name) => by_id.get(by_name.get(&key(name))?),
    }
}
