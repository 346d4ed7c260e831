//! Which roles name somebody in their trust policies: where to look, never whether they may.

use sha2::{Digest, Sha256};
use trilby_account::Trusted;
use trilby_model::{AccountId, LogId, RoleId, Seq};

use crate::directory::Directory;
use crate::error::Error;

/// A role whose trust policy names somebody who was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrustingRole {
    /// The role's account.
    pub account: AccountId,
    /// The role.
    pub role: RoleId,
    /// The event of the account's log since which it names them. The index is written with that event, so an account
    /// that is at least there has the role, or has changed it since.
    pub since: Seq,
}

impl Directory {
    /// The roles of all accounts whose trust policy names one of these, each once, by account and role.
    ///
    /// Answers from the index beside the log. Whether a role is still there, and whether it can be assumed, is asked of
    /// its account.
    ///
    /// Errors: the store cannot be read.
    pub async fn trusting(&self, whom: &[Trusted]) -> Result<Vec<TrustingRole>, Error> {
        let keys: Vec<[u8; 32]> = whom.iter().map(key).collect();
        let rows = self.inner.log.trusting(&keys).await?;
        let mut roles: Vec<TrustingRole> = rows
            .into_iter()
            .filter_map(|row| match row.log {
                LogId::Account(account) => Some(TrustingRole {
                    account,
                    role: row.role.parse().ok()?,
                    since: row.seq,
                }),
                // Only accounts have roles.
                LogId::Organization(_) | LogId::Platform => None,
            })
            .collect();
        roles.sort();
        roles.dedup_by(|later, first| (later.account, &later.role) == (first.account, &first.role));
        Ok(roles)
    }
}

/// What a row is found by: SHA-256 of the kind and the id, each with its length before it.
pub(crate) fn key(whom: &Trusted) -> [u8; 32] {
    let (kind, id) = whom.parts();
    let mut digest = Sha256::new();
    for part in [kind, id.as_str()] {
        digest.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
