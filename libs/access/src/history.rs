//! Whose past a request may name (ADR 13).
//!
//! Of the path's account the caller has `iam:ReadHistory`. A decision may rest on the logs of another account too, and its
//! answer says where those stood, so that it can be asked again. Whoever names such a position with its hash was told it by
//! an answer that stood on it. Any other position would tell how long that log is and where its commits end.

use trilby_directory::Freshness;
use trilby_model::{AccountId, Arn, LogId, Position};
use trilby_policy::Context;
use trilby_service::problem::Problem;

use crate::authorize::access_denied;
use crate::authorized::Grant;
use crate::problem;
use crate::services::Services;

/// The right to look into the past, asked on the account.
pub(crate) const READ_HISTORY: &str = "iam:ReadHistory";

impl Grant {
    /// Whether the past of every log that the request names may be read, by an operation that reads logs of other accounts
    /// than the path's. To be asked before one is read.
    ///
    /// Errors: `access_denied`, the same for a log and a position that do not exist; faults.
    pub async fn may_read_past(
        &self,
        services: &Services,
        freshness: &Freshness,
    ) -> Result<(), Problem> {
        let Freshness::AtSeq(token) = freshness else {
            return Ok(());
        };
        for position in token.positions() {
            let may = self.is_of_path(&position.log)
                || was_told(services, position).await?
                || self.may_read_history_of(services, &position.log).await?;
            if !may {
                return Err(access_denied(READ_HISTORY, &self.decision_id));
            }
        }
        Ok(())
    }

    /// Whether a log is that of the path's account, or of the organization it is in.
    fn is_of_path(&self, log: &LogId) -> bool {
        let account = self.rights.resource.as_ref().map(|view| view.position());
        let organization = self.rights.resource_organization.as_ref();
        let organization = organization.map(|view| view.position());
        let mut positions = account.into_iter().chain(organization);
        positions.any(|position| position.log == *log)
    }

    async fn may_read_history_of(&self, services: &Services, log: &LogId) -> Result<bool, Problem> {
        match log {
            LogId::Account(account) => self.may_read_history_in(services, *account).await,
            // Rights are asked on accounts.
            LogId::Organization(_) | LogId::Platform => Ok(false),
        }
    }

    async fn may_read_history_in(
        &self,
        services: &Services,
        account: AccountId,
    ) -> Result<bool, Problem> {
        let own = self.caller()?.account;
        let world = services
            .directory()
            .world(Some(own), Some(account), &Freshness::Head)
            .await
            .map_err(problem::of_directory)?;
        let resource = Arn::account_of(&account);
        let keys = Context::new();
        self.inquiry()?
            .allows(&world, READ_HISTORY, &resource, Some(account), &keys)
    }
}

/// Whether an answer of ours told this position: only those tell hashes, and only of ends of commits.
async fn was_told(services: &Services, position: &Position) -> Result<bool, Problem> {
    let Some(hash) = &position.hash else {
        return Ok(false);
    };
    let commit = services.log().commit_at(&position.log, position.seq).await;
    let commit = commit.map_err(|error| problem::of_directory(error.into()))?;
    Ok(commit.is_some_and(|commit| commit.last == position.seq && commit.hash.prefix() == *hash))
}
