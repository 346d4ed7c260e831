//! Records that may come more than once, and from more than one process at a time.

use std::collections::HashSet;

use async_trait::async_trait;
use trilby_eventlog::{Activity, ActivityKeeper, Error, EventLog as _, Kept, activity};

use crate::pipeline::{Ask, Logs, params};
use crate::rows::{self, odd};
use crate::store::Postgres;

/// How often records are sorted out again of which another process wrote some meanwhile.
const TRIES_MAX: u32 = 4;

/// What is known of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    New,
    Known,
    Refused,
}

#[async_trait]
impl ActivityKeeper for Postgres {
    async fn keep(&self, records: Vec<Activity>) -> Result<Kept, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let standings = self.standings(&records).await?;
            let count = |of| standings.iter().filter(|one| **one == of).count();
            let new: Vec<Activity> = records
                .iter()
                .zip(&standings)
                .filter(|(_, standing)| **standing == Standing::New)
                .map(|(record, _)| record.clone())
                .collect();
            let kept = Kept {
                n_new: new.len(),
                n_known: count(Standing::Known),
                n_refused: count(Standing::Refused),
            };
            if new.is_empty() {
                return Ok(kept);
            }
            match self.activity_append(new).await {
                Ok(()) => return Ok(kept),
                // Another has written one of them since we looked.
                Err(Error::Invalid(_)) if tries < TRIES_MAX => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Postgres {
    async fn standings(&self, records: &[Activity]) -> Result<Vec<Standing>, Error> {
        let logs: Vec<String> = records.iter().map(|one| one.log.to_string()).collect();
        let ids: Vec<&str> = records.iter().map(|one| one.id.as_str()).collect();
        let ats: Vec<i64> = records.iter().map(|one| one.at.micros()).collect();
        let ask = Ask::new(
            include_str!("queries/activity_seen.sql"),
            params![&logs, &ids, &ats],
        );
        let mut names = logs.clone();
        names.sort_unstable();
        names.dedup();
        let mut answers = self.source().ask(Logs::Named(&names), &[ask]).await?;
        let found = answers.pop().unwrap_or_default();
        if found.len() != records.len() {
            return Err(odd("not each record was looked for"));
        }
        let mut seen = HashSet::new();
        let standing = |(record, row): (&Activity, &tokio_postgres::Row)| {
            let is_again = !seen.insert((record.log.clone(), record.id.clone()));
            Ok(match rows::get::<i16>(row, 0)? {
                _ if activity::check(record).is_err() => Standing::Refused,
                2 => Standing::Refused,
                0 if !is_again => Standing::New,
                _ => Standing::Known,
            })
        };
        records.iter().zip(&found).map(standing).collect()
    }
}
