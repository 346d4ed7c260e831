//! Who is put into quarantine: as paths name them, and as answers show them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trilby_access::{Scope, Target, etag_text};
use trilby_account::organization::{Organization, Quarantine, QuarantineTarget};
use trilby_account::{Account, PrincipalId};
use trilby_model::{AccountId, Arn, OrganizationId, Timestamp};
use trilby_service::problem::Problem;
use utoipa::{IntoParams, ToSchema};

use super::QUARANTINE;
use super::path::{management, owner, target};
use crate::segment::Segment;

/// A quarantine of an organization.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct QuarantinePath {
    /// The organization.
    pub organization: OrganizationId,
    /// A member account, the ARN of a user or role (percent-encoded), or, to lift, a unique id.
    #[param(value_type = String, example = "arn:trilby:iam::111122223333:user/mary")]
    pub target: Segment<Named>,
}

/// Somebody as a path names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// An account.
    Account(AccountId),
    /// A user or role by ARN.
    Arn(Arn),
    /// A user or role by unique id.
    Id(PrincipalId),
}

impl FromStr for Named {
    type Err = trilby_model::ArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(account) = text.parse() {
            return Ok(Self::Account(account));
        }
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Arn),
        }
    }
}

impl Named {
    /// The account it names, or whose principal it names. A unique id alone says neither.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(account) => Some(*account),
            Self::Arn(arn) => arn.account_id(),
            Self::Id(_) => None,
        }
    }

    /// Who that is in the account. Nothing if there is no such user or role.
    #[must_use]
    pub fn among(&self, state: &Account) -> Option<QuarantineTarget> {
        match self {
            Self::Account(account) => Some(QuarantineTarget::Account(*account)),
            Self::Arn(arn) => {
                let principal = state.principal_id(arn)?;
                let account = state.id();
                Some(QuarantineTarget::Principal { account, principal })
            }
            Self::Id(_) => None,
        }
    }

    /// Who that is among those in quarantine. `state` is that of the account named, if one is.
    #[must_use]
    pub fn held_in(
        &self,
        organization: &Organization,
        state: Option<&Account>,
    ) -> Option<QuarantineTarget> {
        match self {
            Self::Account(account) => Some(QuarantineTarget::Account(*account)),
            Self::Arn(_) => self.among(state?),
            Self::Id(id) => held(organization, id).map(|quarantine| quarantine.target.clone()),
        }
    }
}

fn held<'a>(organization: &'a Organization, id: &PrincipalId) -> Option<&'a Quarantine> {
    organization.quarantines().get(&id.to_string())
}

/// The member that it is about.
///
/// Errors: as [`owner`].
pub fn quarantine_target(path: &QuarantinePath, scope: &Scope<'_>) -> Result<Target, Problem> {
    let account = match &*path.target {
        Named::Id(id) => scope
            .organization
            .and_then(|view| held(&view.state, id))
            .map(|quarantine| quarantine.target.account()),
        Named::Account(_) | Named::Arn(_) => path.target.account(),
    };
    let Some(account) = account else {
        return target(&path.organization, QUARANTINE, scope);
    };
    let arn = Arn::member(&management(scope)?, &path.organization, &account);
    Ok(Target::new(owner(scope, QUARANTINE)?, arn))
}

/// A quarantine that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Quarantine)]
pub struct QuarantineView {
    /// The account, or whose user or role it is.
    pub account_id: AccountId,
    /// Unique id of the user or role; none: the whole account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

impl QuarantineView {
    /// A quarantine.
    #[must_use]
    pub fn of(quarantine: &Quarantine) -> Self {
        Self {
            account_id: quarantine.target.account(),
            principal_id: match &quarantine.target {
                QuarantineTarget::Account(_) => None,
                QuarantineTarget::Principal { principal, .. } => Some(principal.to_string()),
            },
            reason: quarantine.reason.as_ref().map(ToString::to_string),
            created_at: quarantine.stamp.created_at,
            etag: etag_text(quarantine.stamp.changed),
        }
    }
}
