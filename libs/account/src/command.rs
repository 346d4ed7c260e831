//! What administrators and services may wish for, one file per family.

mod access_keys;
mod account;
mod applications;
mod boundaries;
mod deletion;
mod external_ids;
mod grants;
mod groups;
mod passwords;
mod policies;
mod provider_keys;
mod provider_links;
mod providers;
mod resources;
mod revocations;
mod role_maps;
mod roles;
mod root;
mod signing_keys;
mod subject_aliases;
mod tags;
mod users;

pub(crate) use access_keys::later_second;
pub use access_keys::{CIDRS_MAX, CreateAccessKey, DeleteAccessKey, SetAccessKeyStatus};
pub use account::{
    ChangeSettings, CloseAccount, RenameAccount, ResumeAccount, SetAccountAlias, SuspendAccount,
};
pub use applications::{DeleteApplication, PutActions, RegisterApplication, UpdateApplication};
pub use boundaries::{RemoveBoundary, SetBoundary};
pub use external_ids::{DeleteExternalId, IssueExternalId};
pub(crate) use grants::attached;
pub use grants::{AttachPolicy, DeleteInlinePolicy, DetachPolicy, PutInlinePolicy};
pub use groups::{AddGroupMember, CreateGroup, DeleteGroup, RemoveGroupMember, UpdateGroup};
pub use passwords::{IssuePasswordTicket, RemoveUserPassword, SetUserPassword};
pub use policies::{
    CreatePolicy, CreatePolicyVersion, DeletePolicy, DeletePolicyVersion, SetDefaultPolicyVersion,
    UpdatePolicy,
};
pub use provider_keys::{ConfirmKeysUri, ObserveProviderKeys, SeenKeys};
pub use provider_links::{AcceptProviderLink, RemoveProviderLink, UpdateProviderLink};
pub use providers::{
    RegisterProvider, RemoveProvider, SetProviderStatus, ShareProvider, UpdateProvider,
};
pub use resources::{DeleteResource, DeleteResourcePolicy, PutResource, PutResourcePolicy};
pub use revocations::{RevokeSessions, RevokeTarget};
pub use role_maps::{DeleteRoleMap, PutRoleMap};
pub use roles::{CreateRole, DeleteRole, ReplaceTrustPolicy, UpdateRole};
pub use root::{IssueRootPasswordTicket, RemoveRootCredential, SetRootCredential};
pub use signing_keys::{ActivateSigningKey, PENDING_S_MIN, PublishSigningKey, RevokeSigningKey};
pub use subject_aliases::{DeleteSubjectAlias, PutSubjectAlias};
pub use tags::{ChangeTags, TagChange};
pub use users::{CreateUser, DeleteUser, SetUserStatus, UpdateUser};

use crate::decide::{Desk, Verdict};

/// Declares the commands and hands each to its own rules.
macro_rules! commands {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {
        /// A wish about an account.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Command { $($(#[$meta])* $name($name)),* }

        impl Command {
            pub(crate) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
                match self { $(Self::$name(command) => command.decide(desk)),* }
            }
        }

        $(
            impl From<$name> for Command {
                fn from(command: $name) -> Self {
                    Self::$name(command)
                }
            }
        )*
    };
}

commands! {
    /// See [`RenameAccount`].
    RenameAccount,
    /// See [`SetAccountAlias`].
    SetAccountAlias,
    /// See [`ChangeSettings`].
    ChangeSettings,
    /// See [`SuspendAccount`].
    SuspendAccount,
    /// See [`ResumeAccount`].
    ResumeAccount,
    /// See [`CloseAccount`].
    CloseAccount,
    /// See [`SetRootCredential`].
    SetRootCredential,
    /// See [`RemoveRootCredential`].
    RemoveRootCredential,
    /// See [`IssueRootPasswordTicket`].
    IssueRootPasswordTicket,
    /// See [`CreateUser`].
    CreateUser,
    /// See [`UpdateUser`].
    UpdateUser,
    /// See [`SetUserStatus`].
    SetUserStatus,
    /// See [`DeleteUser`].
    DeleteUser,
    /// See [`SetUserPassword`].
    SetUserPassword,
    /// See [`RemoveUserPassword`].
    RemoveUserPassword,
    /// See [`IssuePasswordTicket`].
    IssuePasswordTicket,
    /// See [`CreateAccessKey`].
    CreateAccessKey,
    /// See [`SetAccessKeyStatus`].
    SetAccessKeyStatus,
    /// See [`DeleteAccessKey`].
    DeleteAccessKey,
    /// See [`CreateGroup`].
    CreateGroup,
    /// See [`UpdateGroup`].
    UpdateGroup,
    /// See [`DeleteGroup`].
    DeleteGroup,
    /// See [`AddGroupMember`].
    AddGroupMember,
    /// See [`RemoveGroupMember`].
    RemoveGroupMember,
    /// See [`CreateRole`].
    CreateRole,
    /// See [`UpdateRole`].
    UpdateRole,
    /// See [`ReplaceTrustPolicy`].
    ReplaceTrustPolicy,
    /// See [`DeleteRole`].
    DeleteRole,
    /// See [`CreatePolicy`].
    CreatePolicy,
    /// See [`UpdatePolicy`].
    UpdatePolicy,
    /// See [`CreatePolicyVersion`].
    CreatePolicyVersion,
    /// See [`SetDefaultPolicyVersion`].
    SetDefaultPolicyVersion,
    /// See [`DeletePolicyVersion`].
    DeletePolicyVersion,
    /// See [`DeletePolicy`].
    DeletePolicy,
    /// See [`AttachPolicy`].
    AttachPolicy,
    /// See [`DetachPolicy`].
    DetachPolicy,
    /// See [`PutInlinePolicy`].
    PutInlinePolicy,
    /// See [`DeleteInlinePolicy`].
    DeleteInlinePolicy,
    /// See [`SetBoundary`].
    SetBoundary,
    /// See [`RemoveBoundary`].
    RemoveBoundary,
    /// See [`IssueExternalId`].
    IssueExternalId,
    /// See [`DeleteExternalId`].
    DeleteExternalId,
    /// See [`ChangeTags`].
    ChangeTags,
    /// See [`RegisterApplication`].
    RegisterApplication,
    /// See [`UpdateApplication`].
    UpdateApplication,
    /// See [`PutActions`].
    PutActions,
    /// See [`DeleteApplication`].
    DeleteApplication,
    /// See [`PutResource`].
    PutResource,
    /// See [`DeleteResource`].
    DeleteResource,
    /// See [`PutResourcePolicy`].
    PutResourcePolicy,
    /// See [`DeleteResourcePolicy`].
    DeleteResourcePolicy,
    /// See [`PutSubjectAlias`].
    PutSubjectAlias,
    /// See [`DeleteSubjectAlias`].
    DeleteSubjectAlias,
    /// See [`PublishSigningKey`].
    PublishSigningKey,
    /// See [`ActivateSigningKey`].
    ActivateSigningKey,
    /// See [`RevokeSigningKey`].
    RevokeSigningKey,
    /// See [`RevokeSessions`].
    RevokeSessions,
    /// See [`RegisterProvider`].
    RegisterProvider,
    /// See [`UpdateProvider`].
    UpdateProvider,
    /// See [`SetProviderStatus`].
    SetProviderStatus,
    /// See [`ShareProvider`].
    ShareProvider,
    /// See [`RemoveProvider`].
    RemoveProvider,
    /// See [`ObserveProviderKeys`].
    ObserveProviderKeys,
    /// See [`ConfirmKeysUri`].
    ConfirmKeysUri,
    /// See [`AcceptProviderLink`].
    AcceptProviderLink,
    /// See [`UpdateProviderLink`].
    UpdateProviderLink,
    /// See [`RemoveProviderLink`].
    RemoveProviderLink,
    /// See [`PutRoleMap`].
    PutRoleMap,
    /// See [`DeleteRoleMap`].
    DeleteRoleMap,
}

impl Command {
    /// Whether a suspended account still takes it: only what ends something, or its suspension.
    pub(crate) fn is_open_while_suspended(&self) -> bool {
        matches!(
            self,
            Self::ResumeAccount(_)
                | Self::CloseAccount(_)
                | Self::RevokeSessions(_)
                | Self::RevokeSigningKey(_)
        )
    }
}
