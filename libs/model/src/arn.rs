//! ARNs: the full names of things.

use std::fmt;
use std::str::FromStr;

use crate::brand::{PARTITION, PARTITION_ALIAS};
use crate::federation::ProviderName;
use crate::ids::{AccountId, ControlPolicyId, OrganizationId, RootId, UnitId};
use crate::names::{
    ApplicationName, GroupName, Path, PolicyName, ResourceKey, ResourceType, RoleName,
    RoleSessionName, UserName,
};
use crate::text::{echo, string_on_the_wire};

/// The longest ARN. A longer one can name nothing of ours: path, name and resource id have bounds far below.
pub const ARN_MAX_BYTES: usize = 2048;

/// `arn:partition:service:region:account:resource`.
///
/// The sixth part keeps all later colons and slashes. Equality is on the exact text; whether two ARNs name one thing
/// although one says `aws` and the other `trilby` is asked with [`Arn::matching_key`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    partition: String,
    service: String,
    region: String,
    account: String,
    resource: String,
}

/// Why a text is not an ARN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an ARN: {why}")]
pub struct ArnError {
    text: String,
    why: &'static str,
}

/// Whether two partitions are one: equal, or our own and its alias.
#[must_use]
pub fn same_partition(a: &str, b: &str) -> bool {
    canonical_partition(a) == canonical_partition(b)
}

fn canonical_partition(partition: &str) -> &str {
    if partition == PARTITION_ALIAS {
        PARTITION
    } else {
        partition
    }
}

impl Arn {
    /// Which installation family: `trilby`, `aws`, or another.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// Whose kind of thing: `iam`, `sts`, an application.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The region; ours have none.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The owning account's digits; empty where there is none, `system` for policies of the system.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Everything after the fifth colon.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The owning account, if the fifth part is one.
    #[must_use]
    pub fn account_id(&self) -> Option<AccountId> {
        self.account.parse().ok()
    }

    /// This ARN in our own partition if it is in the alias, else unchanged.
    #[must_use]
    pub fn in_own_partition(&self) -> Self {
        Self {
            partition: canonical_partition(&self.partition).to_owned(),
            ..self.clone()
        }
    }

    /// Text that is equal for two ARNs exactly if they name one thing: the ARN in our own partition.
    #[must_use]
    pub fn matching_key(&self) -> String {
        let Self {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        format!(
            "arn:{}:{service}:{region}:{account}:{resource}",
            canonical_partition(partition)
        )
    }

    /// Whether both name one thing: equal but for `aws` and `trilby` being one partition.
    #[must_use]
    pub fn same_thing(&self, other: &Self) -> bool {
        same_partition(&self.partition, &other.partition)
            && self.service == other.service
            && self.region == other.region
            && self.account == other.account
            && self.resource == other.resource
    }

    fn ours(service: &str, account: &str, resource: String) -> Self {
        Self {
            partition: PARTITION.to_owned(),
            service: service.to_owned(),
            region: String::new(),
            account: account.to_owned(),
            resource,
        }
    }

    fn iam(account: &AccountId, resource: String) -> Self {
        Self::ours("iam", &account.to_string(), resource)
    }

    fn organizations(management: &AccountId, resource: String) -> Self {
        Self::ours("organizations", &management.to_string(), resource)
    }

    /// An account.
    #[must_use]
    pub fn account_of(account: &AccountId) -> Self {
        Self::iam(account, "account".to_owned())
    }

    /// An account's root user.
    #[must_use]
    pub fn root(account: &AccountId) -> Self {
        Self::iam(account, "root".to_owned())
    }

    /// A user.
    #[must_use]
    pub fn user(account: &AccountId, path: &Path, name: &UserName) -> Self {
        Self::iam(account, format!("user{path}{name}"))
    }

    /// A group.
    #[must_use]
    pub fn group(account: &AccountId, path: &Path, name: &GroupName) -> Self {
        Self::iam(account, format!("group{path}{name}"))
    }

    /// A role.
    #[must_use]
    pub fn role(account: &AccountId, path: &Path, name: &RoleName) -> Self {
        Self::iam(account, format!("role{path}{name}"))
    }

    /// A customer's managed policy.
    #[must_use]
    pub fn policy(account: &AccountId, path: &Path, name: &PolicyName) -> Self {
        Self::iam(account, format!("policy{path}{name}"))
    }

    /// A policy that comes with Trilby.
    #[must_use]
    pub fn system_policy(name: &PolicyName) -> Self {
        Self::ours("iam", "system", format!("policy/{name}"))
    }

    /// A session of a role; the role's path is not part of it.
    #[must_use]
    pub fn assumed_role(account: &AccountId, role: &RoleName, session: &RoleSessionName) -> Self {
        Self::ours(
            "sts",
            &account.to_string(),
            format!("assumed-role/{role}/{session}"),
        )
    }

    /// An outside identity provider of an account.
    #[must_use]
    pub fn oidc_provider(account: &AccountId, name: &ProviderName) -> Self {
        Self::iam(account, format!("oidc-provider/{name}"))
    }

    /// An account's acceptance of another account's identity provider.
    #[must_use]
    pub fn oidc_provider_link(account: &AccountId, name: &ProviderName) -> Self {
        Self::iam(account, format!("oidc-provider-link/{name}"))
    }

    /// A federated session in the account that owns its provider; `subject` is the token's `sub` claim of ours.
    #[must_use]
    pub fn federated_session(account: &AccountId, subject: &str) -> Self {
        Self::ours(
            "sts",
            &account.to_string(),
            format!("federated-session/{subject}"),
        )
    }

    /// An application as registered in an account.
    #[must_use]
    pub fn application(account: &AccountId, application: &ApplicationName) -> Self {
        Self::ours(
            "registry",
            &account.to_string(),
            format!("application/{application}"),
        )
    }

    /// A thing of an application, owned by `owner`.
    #[must_use]
    pub fn registered_resource(
        application: &ApplicationName,
        owner: &AccountId,
        kind: &ResourceType,
        key: &ResourceKey,
    ) -> Self {
        Self::ours(
            application.as_str(),
            &owner.to_string(),
            format!("{kind}/{key}"),
        )
    }

    /// An organization, under its management account.
    #[must_use]
    pub fn organization(management: &AccountId, organization: &OrganizationId) -> Self {
        Self::organizations(management, format!("organization/{organization}"))
    }

    /// The root of an organization's tree.
    #[must_use]
    pub fn organization_root(
        management: &AccountId,
        organization: &OrganizationId,
        root: &RootId,
    ) -> Self {
        Self::organizations(management, format!("unit/{organization}/{root}"))
    }

    /// An organizational unit.
    #[must_use]
    pub fn unit(management: &AccountId, organization: &OrganizationId, unit: &UnitId) -> Self {
        Self::organizations(management, format!("unit/{organization}/{unit}"))
    }

    /// An account as a member of an organization.
    #[must_use]
    pub fn member(
        management: &AccountId,
        organization: &OrganizationId,
        member: &AccountId,
    ) -> Self {
        Self::organizations(management, format!("account/{organization}/{member}"))
    }

    /// A control policy of an organization.
    #[must_use]
    pub fn control_policy(
        management: &AccountId,
        organization: &OrganizationId,
        policy: &ControlPolicyId,
    ) -> Self {
        Self::organizations(
            management,
            format!("control-policy/{organization}/{policy}"),
        )
    }

    /// The installation itself.
    #[must_use]
    pub fn installation() -> Self {
        Self::ours("operator", "", "installation".to_owned())
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let refuse = |why| ArnError {
            text: echo(text),
            why,
        };
        if text.len() > ARN_MAX_BYTES {
            return Err(refuse("it is longer than 2048 bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err(refuse("it holds a control character"));
        }
        let mut parts = text.splitn(6, ':');
        let mut part = || {
            parts.next().map(str::to_owned).ok_or_else(|| {
                refuse("it needs six parts, `arn:partition:service:region:account:resource`")
            })
        };
        let arn = part()?;
        let (partition, service, region, account, resource) =
            (part()?, part()?, part()?, part()?, part()?);
        if arn != "arn" {
            return Err(refuse("it must begin with `arn:`"));
        }
        if partition.is_empty() || service.is_empty() {
            return Err(refuse("its partition and its service may not be empty"));
        }
        Ok(Self {
            partition,
            service,
            region,
            account,
            resource,
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

string_on_the_wire!(Arn, pattern: "^arn:[^:]+:[^:]+:[^:]*:[^:]*:.*$", example: "arn:trilby:iam::111122223333:user/mary", says: "an ARN");

#[cfg(test)]
mod tests;
