//! What speaks against fencing a store now.

use trilby_eventlog::Error;

use crate::connect::Timeline;
use crate::rows;
use crate::store::Postgres;

/// What is known of a store that is to be fenced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The incarnation until now.
    pub incarnation: u32,
    /// Whether the database is another, or on another timeline, than the store was written on. A dump that was restored
    /// beside the old database is on the same.
    pub has_moved: bool,
    /// Connections of services: `login (name of the connection)`. Some may be hidden from this login.
    pub sessions: Vec<String>,
}

impl Postgres {
    /// Looks before a fence. Needs [`Role::Admin`](crate::Role::Admin) and
    /// [`Options::any_timeline`](crate::Options::any_timeline).
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn standing(&self) -> Result<Standing, Error> {
        let sql = include_str!("queries/meta_open.sql");
        let row = self.source().row(None, sql, &[]).await?;
        let row = row.ok_or_else(|| rows::odd("the store has no identity"))?;
        let was = Timeline {
            system_id: rows::get(&row, 4)?,
            timeline: rows::get(&row, 5)?,
        };
        let sql = include_str!("queries/sessions.sql");
        let found = self.source().rows(None, sql, &[]).await?;
        let sessions: Result<_, Error> = found
            .iter()
            .map(|row| {
                let (login, name): (&str, &str) = (rows::get(row, 0)?, rows::get(row, 1)?);
                let n: i64 = rows::get(row, 2)?;
                Ok(format!("{n} of {login} ({name})"))
            })
            .collect();
        Ok(Standing {
            incarnation: rows::meta(&row)?.incarnation,
            has_moved: was != self.timeline(),
            sessions: sessions?,
        })
    }
}
