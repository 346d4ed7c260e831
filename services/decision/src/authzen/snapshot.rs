//! The states that the questions of one request are decided on: each log at one state, so that a batch never mixes two.

use std::sync::Arc;

use trilby_access::Services;
use trilby_directory::{AccountView, Freshness, Sides, World};
use trilby_model::{AccountId, ConsistencyToken, Position};
use trilby_service::problem::Problem;

/// Logs that a consistency token can name.
const TOKEN_LOGS_MAX: usize = 4;

/// What was read so far.
pub struct Snapshot<'a> {
    services: &'a Services,
    freshness: Freshness,
    home: AccountId,
    sides: Sides,
}

impl<'a> Snapshot<'a> {
    /// Begins with the path's account.
    ///
    /// Errors: it is not as fresh as asked, or does not exist at the asked moment.
    pub async fn of(
        services: &'a Services,
        home: AccountId,
        freshness: Freshness,
    ) -> Result<Self, Problem> {
        let mut snapshot = Self {
            services,
            freshness,
            home,
            sides: Sides::default(),
        };
        snapshot.read(home).await?;
        Ok(snapshot)
    }

    /// The path's account.
    pub fn home(&self) -> Result<&Arc<AccountView>, Problem> {
        self.sides
            .get(self.home)
            .and_then(|side| side.account.as_ref())
            .ok_or_else(Problem::not_found)
    }

    /// An account, if there is (or was) such an account.
    pub async fn account(
        &mut self,
        account: AccountId,
    ) -> Result<Option<Arc<AccountView>>, Problem> {
        self.read(account).await?;
        Ok(self
            .sides
            .get(account)
            .and_then(|side| side.account.clone()))
    }

    /// The states for a question between two accounts.
    pub async fn world(
        &mut self,
        principal: Option<AccountId>,
        resource: Option<AccountId>,
    ) -> Result<World, Problem> {
        for account in [principal, resource].into_iter().flatten() {
            self.read(account).await?;
        }
        self.sides.settle();
        Ok(self.sides.world(principal, resource))
    }

    /// Where the logs stand that all answers together rest on, the path's account first; only its own if they are more than a
    /// token can name.
    pub fn token(&self) -> Option<ConsistencyToken> {
        let mut positions = Vec::new();
        self.positions_of(self.home, &mut positions);
        let own = positions.len();
        for (account, _) in self
            .sides
            .iter()
            .filter(|(account, _)| *account != self.home)
        {
            self.positions_of(account, &mut positions);
        }
        if positions.len() > TOKEN_LOGS_MAX {
            positions.truncate(own);
        }
        ConsistencyToken::new(positions).ok()
    }

    fn positions_of(&self, account: AccountId, positions: &mut Vec<Position>) {
        let Some(side) = self.sides.get(account) else {
            return;
        };
        let found = [
            side.account.as_ref().map(|view| view.position()),
            side.organization.as_ref().map(|view| view.position()),
        ];
        for position in found.into_iter().flatten() {
            if !positions.iter().any(|known| known.log == position.log) {
                positions.push(position);
            }
        }
    }

    async fn read(&mut self, account: AccountId) -> Result<(), Problem> {
        let directory = self.services.directory();
        let read = self.sides.read(directory, account, &self.freshness).await;
        read.map_err(trilby_access::problem::of_directory)
    }
}
