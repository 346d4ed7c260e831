//! The operations on policies, applications, resources, organizations and the log.

use trilby_access::Registry;

use crate::api::holders::{self, Group, HolderKind, Role, User};
use crate::api::{
    applications, control_policies, log, organizations, policies, resources, subject_aliases,
};

/// Adds them.
pub fn register(registry: &mut Registry) {
    registry
        .add::<policies::CreatePolicy>()
        .add::<policies::ListPolicies>()
        .add::<policies::GetPolicy>()
        .add::<policies::UpdatePolicy>()
        .add::<policies::DeletePolicy>()
        .add::<policies::CreatePolicyVersion>()
        .add::<policies::ListPolicyVersions>()
        .add::<policies::GetPolicyVersion>()
        .add::<policies::DeletePolicyVersion>()
        .add::<policies::SetDefaultPolicyVersion>()
        .add::<policies::GetSystemPolicy>();
    held_by::<User>(registry);
    held_by::<Group>(registry);
    held_by::<Role>(registry);
    registry
        .add::<applications::RegisterApplication>()
        .add::<applications::ListApplications>()
        .add::<applications::GetApplication>()
        .add::<applications::UpdateApplication>()
        .add::<applications::DeleteApplication>()
        .add::<applications::GetActions>()
        .add::<applications::PutActions>()
        .add::<resources::ListResources>()
        .add::<resources::GetResource>()
        .add::<resources::PutResource>()
        .add::<resources::DeleteResource>()
        .add::<resources::GetResourcePolicy>()
        .add::<resources::PutResourcePolicy>()
        .add::<resources::DeleteResourcePolicy>()
        .add::<subject_aliases::ListSubjectAliases>()
        .add::<subject_aliases::GetSubjectAlias>()
        .add::<subject_aliases::PutSubjectAlias>()
        .add::<subject_aliases::DeleteSubjectAlias>()
        .add::<organizations::CreateOrganization>()
        .add::<organizations::GetOrganization>()
        .add::<organizations::ListUnits>()
        .add::<organizations::CreateUnit>()
        .add::<organizations::GetUnit>()
        .add::<organizations::UpdateUnit>()
        .add::<organizations::DeleteUnit>()
        .add::<organizations::MoveUnit>()
        .add::<organizations::MoveMemberAccount>()
        .add::<organizations::CreateMemberAccount>()
        .add::<organizations::ListMemberAccounts>()
        .add::<organizations::GetMemberAccount>()
        .add::<organizations::AcceptInvitation>()
        .add::<organizations::CreateInvitation>()
        .add::<organizations::DeclineInvitation>()
        .add::<organizations::DeleteDelegatedAdmin>()
        .add::<organizations::DeleteInvitation>()
        .add::<organizations::DeleteOrganization>()
        .add::<organizations::DeleteQuarantine>()
        .add::<organizations::ListParts<organizations::DelegatedAdmins>>()
        .add::<organizations::ListParts<organizations::Invitations>>()
        .add::<organizations::ListParts<organizations::Quarantines>>()
        .add::<organizations::PutDelegatedAdmin>()
        .add::<organizations::PutQuarantine>()
        .add::<organizations::RemoveMemberAccount>()
        .add::<organizations::EnableRootCredential>()
        .add::<organizations::DisableRootCredential>()
        .add::<control_policies::CreateControlPolicy>()
        .add::<control_policies::ListControlPolicies>()
        .add::<control_policies::GetControlPolicy>()
        .add::<control_policies::UpdateControlPolicy>()
        .add::<control_policies::DeleteControlPolicy>()
        .add::<control_policies::CreateControlPolicyVersion>()
        .add::<control_policies::ListControlPolicyVersions>()
        .add::<control_policies::GetControlPolicyVersion>()
        .add::<control_policies::DeleteControlPolicyVersion>()
        .add::<control_policies::SetDefaultControlPolicyVersion>()
        .add::<control_policies::AttachControlPolicy>()
        .add::<control_policies::DetachControlPolicy>()
        .add::<log::ListEvents>()
        .add::<log::GetEvent>();
}

fn held_by<K: HolderKind>(registry: &mut Registry) {
    registry
        .add::<holders::ListAttachedPolicies<K>>()
        .add::<holders::AttachPolicy<K>>()
        .add::<holders::DetachPolicy<K>>()
        .add::<holders::ListInlinePolicies<K>>()
        .add::<holders::GetInlinePolicy<K>>()
        .add::<holders::PutInlinePolicy<K>>()
        .add::<holders::DeleteInlinePolicy<K>>();
}
