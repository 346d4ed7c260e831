//! Accounts as answers show them.

use serde::Serialize;
use trilby_access::etag_text;
use trilby_account::{Account, AccountStatus, QuotaUse, ThingKind};
use trilby_model::{AccountAlias, AccountId, AccountName, Arn, OrganizationId, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use crate::written::lost;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// Its number.
    pub id: AccountId,
    /// ARN.
    pub arn: Arn,
    /// Name.
    pub name: AccountName,
    /// Name that logins take in the place of the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<AccountAlias>,
    /// Whether it is in service.
    pub status: AccountStanding,
    /// The organization it is a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// Whether its root user can log in.
    pub root_credential: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s1\"")]
    pub etag: String,
}

/// Whether an account is in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AccountStatus)]
pub enum AccountStanding {
    /// In service.
    Active,
    /// Out of service for now.
    Suspended,
    /// Out of service for good.
    Closed,
}

/// What an account uses of its quotas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccountSummary)]
pub struct SummaryView {
    /// The account.
    pub account: AccountId,
    /// The quotas that count its things.
    pub quotas: Vec<QuotaView>,
}

/// One quota and its use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = QuotaUse)]
pub struct QuotaView {
    /// Its name, as in `limit_exceeded`.
    #[schema(example = "users")]
    pub quota: String,
    /// The bound.
    pub limit: u64,
    /// What is used of it.
    pub used: u64,
}

impl AccountView {
    /// An account that exists.
    ///
    /// Errors: it does not; a fault of ours, since whoever asks has read it.
    pub fn of(account: &Account) -> Result<Self, Problem> {
        let gone = || lost(ThingKind::Account);
        let stamp = account.stamp().ok_or_else(gone)?;
        Ok(Self {
            id: account.id(),
            arn: Arn::account_of(&account.id()),
            name: account.name().cloned().ok_or_else(gone)?,
            alias: account.alias().cloned(),
            status: match account.status() {
                AccountStatus::Active => AccountStanding::Active,
                AccountStatus::Suspended => AccountStanding::Suspended,
                AccountStatus::Closed => AccountStanding::Closed,
                AccountStatus::Absent => return Err(gone()),
            },
            organization: account
                .organization()
                .map(|member| member.organization.clone()),
            root_credential: account.root().password.is_some(),
            created_at: stamp.created_at,
            updated_at: stamp.updated_at,
            etag: etag_text(stamp.changed),
        })
    }
}

impl From<QuotaUse> for QuotaView {
    fn from(quota: QuotaUse) -> Self {
        Self {
            quota: quota.quota.as_str().to_owned(),
            limit: quota.limit,
            used: quota.used,
        }
    }
}
