//! Connections for reading.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use trilby_eventlog::Error;

use crate::failure::failure;
use crate::open::connect_reader;

/// Opens connections as they are needed, up to a bound, and keeps them.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    path: PathBuf,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Pool {
    pub fn new(path: PathBuf, connections: usize) -> Self {
        Self {
            path,
            permits: Arc::new(Semaphore::new(connections.max(1))),
            idle: Arc::default(),
        }
    }

    /// A pool of one connection, which stands in a transaction and sees the store at one moment.
    pub fn of_one(path: PathBuf, conn: Connection) -> Self {
        let pool = Self::new(path, 1);
        pool.give_back(conn);
        pool
    }

    fn take(&self) -> Result<Connection, Error> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(conn) => Ok(conn),
            None => connect_reader(&self.path).map_err(failure),
        }
    }

    fn give_back(&self, conn: Connection) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(conn);
    }

    /// Reads, all at one moment, away from the async threads.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let closed = || Error::Unavailable("the store is closed".to_owned());
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let pool = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let conn = pool.take()?;
            let outcome = at_one_moment(&conn, work);
            pool.give_back(conn);
            drop(permit);
            outcome
        });
        task.await.map_err(|_| closed())?
    }
}

fn at_one_moment<T>(
    conn: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    if !conn.is_autocommit() {
        return work(conn);
    }
    let transaction = conn.unchecked_transaction().map_err(failure)?;
    work(&transaction)
}
