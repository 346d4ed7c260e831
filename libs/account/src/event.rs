//! Facts of an account's log.
//!
//! Past tense, one per fact. An event says what is so now, never what the difference was, so that
//! the fold needs no rules.

mod account;
mod application;
mod boundary;
mod claims;
mod consequences;
mod credential;
mod external_id;
mod group;
mod policy;
mod provider;
mod revocations;
mod role;
mod user;

pub use account::{
    AccountAliasChanged, AccountClosed, AccountCreated, AccountJoinedOrganization,
    AccountLeftOrganization, AccountRenamed, AccountResumed, AccountSettingsChanged,
    AccountSuspended, RootCredentialRemoved, RootCredentialSet, RootPasswordTicketIssued,
};
pub use application::{
    ApplicationActionsPut, ApplicationDeleted, ApplicationRegistered, ApplicationTagsChanged,
    ApplicationUpdated, ResourceDeleted, ResourcePolicyDeleted, ResourcePolicyPut,
    ResourceRegistered, ResourceTagsChanged, ResourceUpdated, SubjectAliasDeleted, SubjectAliasPut,
};
pub use boundary::{RoleBoundaryRemoved, RoleBoundarySet, UserBoundaryRemoved, UserBoundarySet};
pub use claims::{ClaimAct, ClaimChange, ClaimKind, ClaimScope};
pub use credential::{
    AccessKeyActivated, AccessKeyCreated, AccessKeyDeactivated, AccessKeyDeleted,
    AccessKeySessionsRevoked, AccountMatchingSessionsRevoked, AccountSessionsRevoked, SessionMatch,
    SessionRevoked, SigningKeyActivated, SigningKeyPublished, SigningKeyRetired, SigningKeyRevoked,
};
pub use external_id::{ExternalIdDeleted, ExternalIdIssued};
pub use group::{
    GroupCreated, GroupDeleted, GroupInlinePolicyDeleted, GroupInlinePolicyPut, GroupMemberAdded,
    GroupMemberRemoved, GroupPolicyAttached, GroupPolicyDetached, GroupTagsChanged, GroupUpdated,
};
pub use policy::{
    PolicyCreated, PolicyDefaultVersionSet, PolicyDeleted, PolicyTagsChanged, PolicyUpdated,
    PolicyVersionCreated, PolicyVersionDeleted,
};
pub use provider::{
    ProviderChanged, ProviderDisabled, ProviderEnabled, ProviderKeysObserved,
    ProviderKeysUriChanged, ProviderKeysUriConfirmed, ProviderLinkAccepted, ProviderLinkChanged,
    ProviderLinkRemoved, ProviderLinkSessionsRevoked, ProviderRegistered, ProviderRemoved,
    ProviderSessionsRevoked, ProviderShared, RoleMapDeleted, RoleMapPut,
};
pub use revocations::Revocation;
pub use role::{
    RoleCreated, RoleDeleted, RoleInlinePolicyDeleted, RoleInlinePolicyPut, RoleLimits,
    RolePolicyAttached, RolePolicyDetached, RoleSessionsRevoked, RoleTagsChanged,
    RoleTrustPolicyReplaced, RoleUpdated,
};
pub use user::{
    UserCreated, UserDeleted, UserDisabled, UserEnabled, UserErased, UserInlinePolicyDeleted,
    UserInlinePolicyPut, UserPasswordRemoved, UserPasswordSet, UserPasswordTicketIssued,
    UserPolicyAttached, UserPolicyDetached, UserRenamed, UserSessionsRevoked, UserTagsChanged,
    UserUpdated,
};

use crate::stored::log_events;

log_events! {
    /// A fact of an account's log.
    Event {
        /// See [`AccountCreated`].
        AccountCreated = "account.created" v 1,
        /// See [`AccountRenamed`].
        AccountRenamed = "account.renamed" v 1,
        /// See [`AccountAliasChanged`].
        AccountAliasChanged = "account.alias_changed" v 1,
        /// See [`AccountSettingsChanged`].
        AccountSettingsChanged = "account.settings_changed" v 1,
        /// See [`AccountSuspended`].
        AccountSuspended = "account.suspended" v 1,
        /// See [`AccountResumed`].
        AccountResumed = "account.resumed" v 1,
        /// See [`AccountClosed`].
        AccountClosed = "account.closed" v 1,
        /// See [`AccountJoinedOrganization`].
        AccountJoinedOrganization = "account.joined_organization" v 1,
        /// See [`AccountLeftOrganization`].
        AccountLeftOrganization = "account.left_organization" v 1,
        /// See [`AccountSessionsRevoked`].
        AccountSessionsRevoked = "account.sessions_revoked" v 1,
        /// See [`AccountMatchingSessionsRevoked`].
        AccountMatchingSessionsRevoked = "account.matching_sessions_revoked" v 1,
        /// See [`RootCredentialSet`].
        RootCredentialSet = "root.credential_set" v 1,
        /// See [`RootCredentialRemoved`].
        RootCredentialRemoved = "root.credential_removed" v 1,
        /// See [`RootPasswordTicketIssued`].
        RootPasswordTicketIssued = "root.password_ticket_issued" v 1,
        /// See [`UserCreated`].
        UserCreated = "user.created" v 1,
        /// See [`UserRenamed`].
        UserRenamed = "user.renamed" v 1,
        /// See [`UserUpdated`].
        UserUpdated = "user.updated" v 1,
        /// See [`UserDisabled`].
        UserDisabled = "user.disabled" v 1,
        /// See [`UserEnabled`].
        UserEnabled = "user.enabled" v 1,
        /// See [`UserDeleted`].
        UserDeleted = "user.deleted" v 1,
        /// See [`UserErased`].
        UserErased = "user.erased" v 1,
        /// See [`UserTagsChanged`].
        UserTagsChanged = "user.tags_changed" v 1,
        /// See [`UserPasswordSet`].
        UserPasswordSet = "user.password_set" v 1,
        /// See [`UserPasswordRemoved`].
        UserPasswordRemoved = "user.password_removed" v 1,
        /// See [`UserPasswordTicketIssued`].
        UserPasswordTicketIssued = "user.password_ticket_issued" v 1,
        /// See [`UserPolicyAttached`].
        UserPolicyAttached = "user.policy_attached" v 1,
        /// See [`UserPolicyDetached`].
        UserPolicyDetached = "user.policy_detached" v 1,
        /// See [`UserInlinePolicyPut`].
        UserInlinePolicyPut = "user.inline_policy_put" v 1,
        /// See [`UserInlinePolicyDeleted`].
        UserInlinePolicyDeleted = "user.inline_policy_deleted" v 1,
        /// See [`UserBoundarySet`].
        UserBoundarySet = "user.boundary_set" v 1,
        /// See [`UserBoundaryRemoved`].
        UserBoundaryRemoved = "user.boundary_removed" v 1,
        /// See [`UserSessionsRevoked`].
        UserSessionsRevoked = "user.sessions_revoked" v 1,
        /// See [`GroupCreated`].
        GroupCreated = "group.created" v 1,
        /// See [`GroupUpdated`].
        GroupUpdated = "group.updated" v 1,
        /// See [`GroupDeleted`].
        GroupDeleted = "group.deleted" v 1,
        /// See [`GroupTagsChanged`].
        GroupTagsChanged = "group.tags_changed" v 1,
        /// See [`GroupMemberAdded`].
        GroupMemberAdded = "group.member_added" v 1,
        /// See [`GroupMemberRemoved`].
        GroupMemberRemoved = "group.member_removed" v 1,
        /// See [`GroupPolicyAttached`].
        GroupPolicyAttached = "group.policy_attached" v 1,
        /// See [`GroupPolicyDetached`].
        GroupPolicyDetached = "group.policy_detached" v 1,
        /// See [`GroupInlinePolicyPut`].
        GroupInlinePolicyPut = "group.inline_policy_put" v 1,
        /// See [`GroupInlinePolicyDeleted`].
        GroupInlinePolicyDeleted = "group.inline_policy_deleted" v 1,
        /// See [`RoleCreated`].
        RoleCreated = "role.created" v 1,
        /// See [`RoleUpdated`].
        RoleUpdated = "role.updated" v 1,
        /// See [`RoleTrustPolicyReplaced`].
        RoleTrustPolicyReplaced = "role.trust_policy_replaced" v 1,
        /// See [`RoleDeleted`].
        RoleDeleted = "role.deleted" v 1,
        /// See [`RoleTagsChanged`].
        RoleTagsChanged = "role.tags_changed" v 1,
        /// See [`RolePolicyAttached`].
        RolePolicyAttached = "role.policy_attached" v 1,
        /// See [`RolePolicyDetached`].
        RolePolicyDetached = "role.policy_detached" v 1,
        /// See [`RoleInlinePolicyPut`].
        RoleInlinePolicyPut = "role.inline_policy_put" v 1,
        /// See [`RoleInlinePolicyDeleted`].
        RoleInlinePolicyDeleted = "role.inline_policy_deleted" v 1,
        /// See [`RoleBoundarySet`].
        RoleBoundarySet = "role.boundary_set" v 1,
        /// See [`RoleBoundaryRemoved`].
        RoleBoundaryRemoved = "role.boundary_removed" v 1,
        /// See [`RoleSessionsRevoked`].
        RoleSessionsRevoked = "role.sessions_revoked" v 1,
        /// See [`ExternalIdIssued`].
        ExternalIdIssued = "external_id.issued" v 1,
        /// See [`ExternalIdDeleted`].
        ExternalIdDeleted = "external_id.deleted" v 1,
        /// See [`PolicyCreated`].
        PolicyCreated = "policy.created" v 1,
        /// See [`PolicyUpdated`].
        PolicyUpdated = "policy.updated" v 1,
        /// See [`PolicyVersionCreated`].
        PolicyVersionCreated = "policy.version_created" v 1,
        /// See [`PolicyDefaultVersionSet`].
        PolicyDefaultVersionSet = "policy.default_version_set" v 1,
        /// See [`PolicyVersionDeleted`].
        PolicyVersionDeleted = "policy.version_deleted" v 1,
        /// See [`PolicyDeleted`].
        PolicyDeleted = "policy.deleted" v 1,
        /// See [`PolicyTagsChanged`].
        PolicyTagsChanged = "policy.tags_changed" v 1,
        /// See [`ApplicationRegistered`].
        ApplicationRegistered = "application.registered" v 1,
        /// See [`ApplicationUpdated`].
        ApplicationUpdated = "application.updated" v 1,
        /// See [`ApplicationActionsPut`].
        ApplicationActionsPut = "application.actions_put" v 1,
        /// See [`ApplicationDeleted`].
        ApplicationDeleted = "application.deleted" v 1,
        /// See [`ApplicationTagsChanged`].
        ApplicationTagsChanged = "application.tags_changed" v 1,
        /// See [`ResourceRegistered`].
        ResourceRegistered = "resource.registered" v 1,
        /// See [`ResourceUpdated`].
        ResourceUpdated = "resource.updated" v 1,
        /// See [`ResourceDeleted`].
        ResourceDeleted = "resource.deleted" v 1,
        /// See [`ResourceTagsChanged`].
        ResourceTagsChanged = "resource.tags_changed" v 1,
        /// See [`ResourcePolicyPut`].
        ResourcePolicyPut = "resource.policy_put" v 1,
        /// See [`ResourcePolicyDeleted`].
        ResourcePolicyDeleted = "resource.policy_deleted" v 1,
        /// See [`SubjectAliasPut`].
        SubjectAliasPut = "subject_alias.put" v 1,
        /// See [`SubjectAliasDeleted`].
        SubjectAliasDeleted = "subject_alias.deleted" v 1,
        /// See [`AccessKeyCreated`].
        AccessKeyCreated = "access_key.created" v 1,
        /// See [`AccessKeyActivated`].
        AccessKeyActivated = "access_key.activated" v 1,
        /// See [`AccessKeyDeactivated`].
        AccessKeyDeactivated = "access_key.deactivated" v 1,
        /// See [`AccessKeyDeleted`].
        AccessKeyDeleted = "access_key.deleted" v 1,
        /// See [`AccessKeySessionsRevoked`].
        AccessKeySessionsRevoked = "access_key.sessions_revoked" v 1,
        /// See [`SessionRevoked`].
        SessionRevoked = "session.revoked" v 1,
        /// See [`SigningKeyPublished`].
        SigningKeyPublished = "signing_key.published" v 1,
        /// See [`SigningKeyActivated`].
        SigningKeyActivated = "signing_key.activated" v 1,
        /// See [`SigningKeyRetired`].
        SigningKeyRetired = "signing_key.retired" v 1,
        /// See [`SigningKeyRevoked`].
        SigningKeyRevoked = "signing_key.revoked" v 1,
        /// See [`ProviderRegistered`].
        ProviderRegistered = "provider.registered" v 1,
        /// See [`ProviderChanged`].
        ProviderChanged = "provider.changed" v 1,
        /// See [`ProviderShared`].
        ProviderShared = "provider.shared" v 1,
        /// See [`ProviderDisabled`].
        ProviderDisabled = "provider.disabled" v 1,
        /// See [`ProviderEnabled`].
        ProviderEnabled = "provider.enabled" v 1,
        /// See [`ProviderRemoved`].
        ProviderRemoved = "provider.removed" v 1,
        /// See [`ProviderKeysObserved`].
        ProviderKeysObserved = "provider.keys_observed" v 1,
        /// See [`ProviderKeysUriChanged`].
        ProviderKeysUriChanged = "provider.keys_uri_changed" v 1,
        /// See [`ProviderKeysUriConfirmed`].
        ProviderKeysUriConfirmed = "provider.keys_uri_confirmed" v 1,
        /// See [`ProviderSessionsRevoked`].
        ProviderSessionsRevoked = "provider.sessions_revoked" v 1,
        /// See [`ProviderLinkAccepted`].
        ProviderLinkAccepted = "provider_link.accepted" v 1,
        /// See [`ProviderLinkChanged`].
        ProviderLinkChanged = "provider_link.changed" v 1,
        /// See [`ProviderLinkRemoved`].
        ProviderLinkRemoved = "provider_link.removed" v 1,
        /// See [`ProviderLinkSessionsRevoked`].
        ProviderLinkSessionsRevoked = "provider_link.sessions_revoked" v 1,
        /// See [`RoleMapPut`].
        RoleMapPut = "role_map.put" v 1,
        /// See [`RoleMapDeleted`].
        RoleMapDeleted = "role_map.deleted" v 1,
    }
}
