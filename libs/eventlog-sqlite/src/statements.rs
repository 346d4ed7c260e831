//! The statements that every append runs: looked up once for each transaction, not once for each append.

use rusqlite::{CachedStatement, Connection, Result};

/// Statements of one transaction.
///
/// INVARIANT: in it nothing else prepares the same text; it would be read and planned anew each time.
pub(crate) struct Statements<'conn> {
    pub head: CachedStatement<'conn>,
    pub receipt: CachedStatement<'conn>,
    pub ends: CachedStatement<'conn>,
    pub event_insert: CachedStatement<'conn>,
    pub head_update: CachedStatement<'conn>,
    pub receipt_insert: CachedStatement<'conn>,
}

impl<'conn> Statements<'conn> {
    pub fn prepare(conn: &'conn Connection) -> Result<Self> {
        Ok(Self {
            head: conn.prepare_cached(include_str!("queries/head_place.sql"))?,
            receipt: conn.prepare_cached(include_str!("queries/receipt_get.sql"))?,
            ends: conn.prepare_cached(include_str!("queries/revocation_ends.sql"))?,
            event_insert: conn.prepare_cached(include_str!("queries/event_insert.sql"))?,
            head_update: conn.prepare_cached(include_str!("queries/head_update.sql"))?,
            receipt_insert: conn.prepare_cached(include_str!("queries/receipt_insert.sql"))?,
        })
    }
}
