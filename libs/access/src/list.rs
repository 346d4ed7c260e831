//! Lists: pages of one pinned state (identity.md 1.3).

use trilby_directory::{Freshness, World};
use trilby_model::{ConsistencyToken, LogId, Timestamp};
use trilby_service::cursor::{self, Cursor, Expected, List, filter_hash};
use trilby_service::problem::Problem;

use crate::authorized::Grant;
use crate::problem::of_directory;
use crate::services::Services;
use crate::target::Place;

/// What a list's query says.
#[derive(Debug, Clone, Copy)]
pub struct ListQuery<'a> {
    /// Which list: `users`, `policies`. Part of the cursor.
    pub kind: &'a str,
    /// `limit`.
    pub limit: Option<usize>,
    /// `cursor`.
    pub cursor: Option<&'a str>,
    /// The filters that are in force, by name. A cursor is good for the same filters only.
    pub filters: &'a [(&'a str, &'a str)],
}

/// One page in the making.
#[derive(Debug)]
pub struct Walk {
    /// The states that the whole walk is read from.
    pub world: World,
    /// Most items of the page.
    pub limit: usize,
    after: Option<Vec<String>>,
    kind: String,
    log: LogId,
    filter: [u8; 32],
    seq: ConsistencyToken,
    drift: bool,
    now: Timestamp,
}

impl Grant {
    /// Begins a page, or goes on from a cursor in the state that the first page was read from.
    ///
    /// Errors: `invalid_parameter` for the limit, `invalid_cursor`.
    pub async fn list(&self, services: &Services, query: ListQuery<'_>) -> Result<Walk, Problem> {
        let limit = cursor::limit(query.limit)?;
        let filter = filter_hash(query.filters.iter().copied());
        let log = match &self.place {
            Place::Organization(id) => LogId::Organization(id.clone()),
            Place::Account(_) | Place::Caller | Place::Nowhere | Place::Installation => {
                LogId::Account(self.account_id()?)
            }
        };
        let now = self.now();
        let mut walk = Walk {
            world: self.world().clone(),
            limit,
            after: None,
            kind: query.kind.to_owned(),
            filter,
            seq: self
                .token()
                .ok_or_else(|| Problem::internal("a list without a state"))?,
            drift: false,
            now,
            log,
        };
        let Some(cursor) = query.cursor else {
            return Ok(walk);
        };
        let expected = Expected {
            kind: &walk.kind,
            log: &walk.log,
            filter,
        };
        let cursor = services.cursor_key().open(cursor, &expected, now)?;
        walk.after = Some(cursor.last);
        walk.pin(services, self, cursor.seq).await?;
        Ok(walk)
    }
}

impl Walk {
    /// Goes back to the state of the first page. If the store has it no more, the page says so.
    async fn pin(
        &mut self,
        services: &Services,
        grant: &Grant,
        seq: ConsistencyToken,
    ) -> Result<(), Problem> {
        if seq == self.seq {
            return Ok(());
        }
        let account = grant.account_id()?;
        match services
            .directory()
            .world(None, Some(account), &Freshness::AtSeq(seq.clone()))
            .await
        {
            Ok(world) if world.resource.is_some() => {
                self.world = world;
                self.seq = seq;
            }
            Ok(_) => self.drift = true,
            Err(
                error @ (trilby_directory::Error::Unavailable(_)
                | trilby_directory::Error::Quarantined { .. }),
            ) => {
                return Err(of_directory(error));
            }
            Err(error) => {
                tracing::warn!(%error, "a walk's state is gone; going on with the newest");
                self.drift = true;
            }
        }
        Ok(())
    }

    /// The account at the walk's state.
    ///
    /// Errors: `not_found` if it did not exist then.
    pub fn account(&self) -> Result<&trilby_account::Account, Problem> {
        self.world
            .resource
            .as_ref()
            .map(|view| &view.state)
            .ok_or_else(Problem::not_found)
    }

    /// The organization of the walk's account, at the walk's state.
    ///
    /// Errors: `not_found` if it was in none.
    pub fn organization(&self) -> Result<&trilby_account::organization::Organization, Problem> {
        self.world
            .resource_organization
            .as_ref()
            .map(|view| &view.state)
            .ok_or_else(Problem::not_found)
    }

    /// The sort key of the last item of the page before: items up to and with it were given out.
    #[must_use]
    pub fn after(&self) -> Option<&[String]> {
        self.after.as_deref()
    }

    /// The page, from all items in the order of their sort keys (name's comparison key, then id). Items given out
    /// before are passed over; those of later pages are not made.
    ///
    /// Errors: faults of ours only.
    pub fn page<T, I, M>(self, services: &Services, items: I) -> Result<List<T>, Problem>
    where
        I: IntoIterator<Item = (Vec<String>, M)>,
        M: FnOnce() -> T,
    {
        let mut page = Vec::new();
        let mut last = None;
        let mut more = false;
        for (key, make) in items {
            if self.after.as_ref().is_some_and(|after| key <= *after) {
                continue;
            }
            if page.len() == self.limit {
                more = true;
                break;
            }
            page.push(make());
            last = Some(key);
        }
        self.page_until(services, page, last.filter(|_| more))
    }

    /// A page of items that were gathered elsewhere. `last`: the sort key up to which all was looked at, if there is more.
    ///
    /// Errors: faults of ours only.
    pub fn page_until<T>(
        self,
        services: &Services,
        items: Vec<T>,
        last: Option<Vec<String>>,
    ) -> Result<List<T>, Problem> {
        let next_cursor = match last {
            Some(last) => {
                let cursor = Cursor {
                    kind: self.kind,
                    log: self.log,
                    filter: self.filter,
                    last,
                    seq: self.seq.clone(),
                };
                Some(
                    services
                        .cursor_key()
                        .seal(&cursor, self.now, services.entropy().take())?,
                )
            }
            None => None,
        };
        Ok(List {
            items,
            next_cursor,
            seq: self.seq,
            seq_drift: self.drift,
        })
    }
}
