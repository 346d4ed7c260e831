//! Records that may come more than once, and from more than one process at a time.
//!
//! An id is known at whatever time its record has. A record that is not the one which is there under its id is not written:
//! nothing says which of the two is true, and one that anybody can put aside afterwards would be worth nothing.

use std::collections::HashMap;

use async_trait::async_trait;
use trilby_eventlog::{Activity, ActivityKeeper, Error, EventLog as _, Kept, activity};
use trilby_model::LogId;

use crate::activity::near;
use crate::pipeline::{Ask, Logs, OWN_PLAN, params};
use crate::rows::{self, odd};
use crate::store::Postgres;

/// How often records are sorted out again of which another process wrote some meanwhile.
const TRIES_MAX: u32 = 4;

/// What is known of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    New,
    Known,
    /// Its id is, and it is another.
    Other,
    Refused,
}

#[async_trait]
impl ActivityKeeper for Postgres {
    async fn keep(&self, records: Vec<Activity>) -> Result<Kept, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let standings = self.standings(&records).await?;
            let of = |wanted| {
                let all = records.iter().zip(&standings);
                all.filter(move |(_, standing)| **standing == wanted)
                    .map(|(record, _)| record)
            };
            let new: Vec<Activity> = of(Standing::New).cloned().collect();
            let kept = Kept {
                n_new: new.len(),
                n_known: of(Standing::Known).count(),
                n_refused: of(Standing::Refused).count(),
                others: of(Standing::Other)
                    .map(|record| (record.log.clone(), record.id.clone()))
                    .collect(),
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
        let kinds: Vec<&str> = records.iter().map(|one| one.kind.as_str()).collect();
        let bodies: Vec<&[u8]> = records.iter().map(|one| &one.body[..]).collect();
        let (firsts, lasts): (Vec<i64>, Vec<i64>) = records.iter().map(near).unzip();
        let (first, last) = (firsts.iter().min(), lasts.iter().max());
        let ask = Ask::new(
            include_str!("queries/activity_seen.sql"),
            params![
                &logs, &ids, &ats, &kinds, &bodies, &firsts, &lasts, &first, &last
            ],
        );
        let asks = [Ask::new(OWN_PLAN, []), ask];
        let mut names = logs.clone();
        names.sort_unstable();
        names.dedup();
        let mut answers = self.source().ask(Logs::Named(&names), &asks).await?;
        let found = answers.pop().unwrap_or_default();
        if found.len() != records.len() {
            return Err(odd("not each record was looked for"));
        }
        let mut seen: HashMap<(&LogId, &str), &Activity> = HashMap::new();
        let mut standings = Vec::with_capacity(records.len());
        for (record, row) in records.iter().zip(&found) {
            let first = *seen.entry((&record.log, &record.id)).or_insert(record);
            standings.push(match rows::get::<i16>(row, 0)? {
                _ if activity::check(record).is_err() => Standing::Refused,
                0 if std::ptr::eq(first, record) => Standing::New,
                0 if first == record => Standing::Known,
                1 => Standing::Known,
                2 => Standing::Refused,
                _ => Standing::Other,
            });
        }
        Ok(standings)
    }
}
