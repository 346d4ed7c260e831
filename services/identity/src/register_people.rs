//! The operations on the installation's first account, accounts, users, groups, roles, access keys and tags.

use trilby_access::Registry;

use crate::api::boundaries::{BoundedKind, DeleteBoundary, PutBoundary};
use crate::api::holders::{Role, User};
use crate::api::settings::{
    Decisions, GetSettings, PasswordPolicy, PutSettings, Section, Security, Tokens,
};
use crate::api::tags::{self, TaggedKind};
use crate::api::{
    access_keys, accounts, bootstrap_installation, escalation_paths, external_ids, groups,
    login_profile, roles, users,
};

/// Adds them.
pub fn register(registry: &mut Registry) {
    registry
        .add::<bootstrap_installation::Bootstrap>()
        .add::<accounts::GetAccount>()
        .add::<accounts::UpdateAccount>()
        .add::<accounts::GetAccountSummary>()
        .add::<accounts::SuspendAccount>()
        .add::<accounts::CloseAccount>()
        .add::<escalation_paths::ListEscalationPaths>()
        .add::<users::CreateUser>()
        .add::<users::ListUsers>()
        .add::<users::GetUser>()
        .add::<users::UpdateUser>()
        .add::<users::DeleteUser>()
        .add::<users::ListUserGroups>()
        .add::<login_profile::PutLoginProfile>()
        .add::<login_profile::DeleteLoginProfile>()
        .add::<login_profile::ResetPassword>()
        .add::<access_keys::CreateAccessKey>()
        .add::<access_keys::ListAccessKeys>()
        .add::<access_keys::GetAccessKeyLastUsed>()
        .add::<access_keys::UpdateAccessKey>()
        .add::<access_keys::DeleteAccessKey>()
        .add::<groups::CreateGroup>()
        .add::<groups::ListGroups>()
        .add::<groups::GetGroup>()
        .add::<groups::UpdateGroup>()
        .add::<groups::DeleteGroup>()
        .add::<groups::ListGroupMembers>()
        .add::<groups::AddGroupMember>()
        .add::<groups::RemoveGroupMember>()
        .add::<roles::CreateRole>()
        .add::<roles::ListRoles>()
        .add::<roles::GetRole>()
        .add::<roles::UpdateRole>()
        .add::<roles::DeleteRole>()
        .add::<roles::PutTrustPolicy>()
        .add::<external_ids::CreateExternalId>()
        .add::<external_ids::ListExternalIds>()
        .add::<external_ids::GetExternalId>()
        .add::<external_ids::DeleteExternalId>();
    set::<PasswordPolicy>(registry);
    set::<Security>(registry);
    set::<Tokens>(registry);
    set::<Decisions>(registry);
    bounded::<User>(registry);
    bounded::<Role>(registry);
    tagged::<tags::User>(registry);
    tagged::<tags::Group>(registry);
    tagged::<tags::Role>(registry);
    tagged::<tags::Policy>(registry);
}

fn set<S: Section>(registry: &mut Registry) {
    registry.add::<GetSettings<S>>().add::<PutSettings<S>>();
}

fn bounded<K: BoundedKind>(registry: &mut Registry) {
    registry.add::<PutBoundary<K>>().add::<DeleteBoundary<K>>();
}

fn tagged<K: TaggedKind>(registry: &mut Registry) {
    registry
        .add::<tags::GetTags<K>>()
        .add::<tags::PutTags<K>>()
        .add::<tags::UpdateTags<K>>();
}
