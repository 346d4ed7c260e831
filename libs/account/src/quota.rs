//! How much of everything an account may have.

use std::fmt;

use crate::state::Account;

/// A bound on how many or how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quota {
    /// Users of an account.
    Users,
    /// Groups of an account.
    Groups,
    /// Roles of an account.
    Roles,
    /// Managed policies of an account.
    Policies,
    /// Applications of an account.
    Applications,
    /// Registered resources of an account.
    Resources,
    /// Resource policies of an account.
    ResourcePolicies,
    /// Subject aliases of an account.
    SubjectAliases,
    /// External ids of an account.
    ExternalIds,
    /// Identity providers of an account.
    Providers,
    /// Provider links of an account.
    ProviderLinks,
    /// Versions of a policy kept live.
    PolicyVersions,
    /// Managed policies attached to a user, group or role.
    AttachedPolicies,
    /// Groups a user is in.
    GroupsPerUser,
    /// Access keys of a user.
    AccessKeysPerUser,
    /// Tags of a thing.
    Tags,
    /// Bytes of a managed policy.
    PolicyBytes,
    /// Bytes of all inline policies of a user.
    UserInlineBytes,
    /// Bytes of all inline policies of a group.
    GroupInlineBytes,
    /// Bytes of all inline policies of a role.
    RoleInlineBytes,
    /// Bytes of a trust policy.
    TrustPolicyBytes,
    /// Bytes of a resource policy.
    ResourcePolicyBytes,
    /// Operations in an application's catalogue.
    CatalogueActions,
    /// Signing keys that are not retired or revoked.
    SigningKeys,
    /// Events of one commit, which bounds what one cascade can delete.
    CommitEvents,
    /// Bytes of the data of one commit.
    CommitBytes,
    /// Accounts of an organization.
    OrganizationAccounts,
    /// Units of an organization.
    OrganizationUnits,
    /// Units below each other.
    UnitDepth,
    /// Control policies of one kind of an organization.
    ControlPolicies,
    /// Control policies of one kind attached to a node.
    AttachedControlPolicies,
    /// Bytes of a control policy.
    ControlPolicyBytes,
    /// Members that administer in the management account's stead.
    DelegatedAdmins,
    /// Invitations of an organization that can be accepted.
    Invitations,
}

impl Quota {
    /// How answers spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Roles => "roles",
            Self::Policies => "policies",
            Self::Applications => "applications",
            Self::Resources => "resources",
            Self::ResourcePolicies => "resource_policies",
            Self::SubjectAliases => "subject_aliases",
            Self::ExternalIds => "external_ids",
            Self::Providers => "oidc_providers",
            Self::ProviderLinks => "oidc_provider_links",
            Self::PolicyVersions => "versions_per_policy",
            Self::AttachedPolicies => "attached_policies_per_holder",
            Self::GroupsPerUser => "groups_per_user",
            Self::AccessKeysPerUser => "access_keys_per_user",
            Self::Tags => "tags",
            Self::PolicyBytes => "policy_bytes",
            Self::UserInlineBytes => "user_inline_policy_bytes",
            Self::GroupInlineBytes => "group_inline_policy_bytes",
            Self::RoleInlineBytes => "role_inline_policy_bytes",
            Self::TrustPolicyBytes => "trust_policy_bytes",
            Self::ResourcePolicyBytes => "resource_policy_bytes",
            Self::CatalogueActions => "catalogue_actions",
            Self::SigningKeys => "signing_keys",
            Self::CommitEvents => "commit_events",
            Self::CommitBytes => "commit_bytes",
            Self::OrganizationAccounts => "organization_accounts",
            Self::OrganizationUnits => "organization_units",
            Self::UnitDepth => "unit_depth",
            Self::ControlPolicies => "control_policies_per_kind",
            Self::AttachedControlPolicies => "attached_control_policies",
            Self::ControlPolicyBytes => "control_policy_bytes",
            Self::DelegatedAdmins => "delegated_admins",
            Self::Invitations => "invitations",
        }
    }

    /// The bound.
    #[must_use]
    pub const fn limit(self) -> u64 {
        match self {
            Self::Users => 5_000,
            Self::Groups => 300,
            Self::Roles => 1_000,
            Self::Policies => 1_500,
            Self::Applications => 50,
            Self::Resources => 1_000_000,
            Self::ResourcePolicies => 50_000,
            Self::SubjectAliases => 100_000,
            Self::ExternalIds => 1_000,
            Self::Providers | Self::ProviderLinks => 100,
            Self::PolicyVersions => 20,
            Self::AttachedPolicies | Self::GroupsPerUser => 10,
            Self::AccessKeysPerUser => 2,
            Self::Tags => 50,
            Self::PolicyBytes => 6_144,
            Self::UserInlineBytes => 2_048,
            Self::GroupInlineBytes => 5_120,
            Self::RoleInlineBytes => 10_240,
            Self::TrustPolicyBytes => 4_096,
            Self::ResourcePolicyBytes => 20_480,
            Self::CatalogueActions => 1_000,
            // One that signs, one that waits, and room for a botched rotation.
            Self::SigningKeys => 4,
            // The log's own bounds on a commit; the rest of the 256 KiB is envelope.
            Self::CommitEvents => 256,
            Self::CommitBytes => 192 * 1024,
            Self::OrganizationAccounts => 1_000,
            Self::OrganizationUnits => 1_000,
            Self::UnitDepth | Self::AttachedControlPolicies => 5,
            Self::ControlPolicies => 500,
            Self::ControlPolicyBytes => 5_120,
            Self::DelegatedAdmins | Self::Invitations => 100,
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much of a quota is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaUse {
    /// Which one.
    pub quota: Quota,
    /// The bound.
    pub limit: u64,
    /// What is used of it.
    pub used: u64,
}

/// A count as quotas have it.
pub(crate) fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl Account {
    /// What the account uses of the quotas that count its things.
    #[must_use]
    pub fn quota_use(&self) -> Vec<QuotaUse> {
        let counted = [
            (Quota::Users, count(self.users().len())),
            (Quota::Groups, count(self.groups().len())),
            (Quota::Roles, count(self.roles().len())),
            (Quota::Policies, count(self.policies().len())),
            (Quota::Applications, count(self.applications().len())),
            (Quota::Resources, self.resource_count()),
            (Quota::ResourcePolicies, self.resource_policy_count()),
            (Quota::SubjectAliases, count(self.subject_aliases().len())),
            (Quota::Providers, count(self.providers().len())),
            (Quota::ProviderLinks, count(self.links().len())),
        ];
        counted
            .into_iter()
            .map(|(quota, used)| QuotaUse {
                quota,
                limit: quota.limit(),
                used,
            })
            .collect()
    }

    /// How many resources are registered, over all applications.
    #[must_use]
    pub fn resource_count(&self) -> u64 {
        let applications = self.applications().values();
        applications
            .map(|application| count(application.resources.len()))
            .sum()
    }

    /// How many of them have a policy.
    #[must_use]
    pub fn resource_policy_count(&self) -> u64 {
        let applications = self.applications().values();
        applications
            .map(|application| u64::from(application.resource_policies))
            .sum()
    }
}
