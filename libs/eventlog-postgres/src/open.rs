//! Making a store, and opening one: whose it is, whether it is ours, and whether this program can read it.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};
use trilby_eventlog::StoreMeta;

use crate::connect::{self, Timeline};
use crate::failure::{failure, not_connected};
use crate::options::{OpenError, Options, Role};
use crate::rows;

/// `server_version_num` of the oldest server: row-level security, `merge`-free SQL and cheap hash partitions need less,
/// privileges on the public schema are as we expect from 15 on.
const SERVER_MIN: i32 = 150_000;

/// How long a change of a table waits for those who use the table. All who come after it wait as long: less than what an
/// append has for its attempts.
const TABLE_WAIT: &str = "set lock_timeout = '1s'";

/// How often the tables are tried.
const TABLE_ATTEMPTS: u32 = 10;

/// Between two attempts, for those who waited.
const TABLE_PAUSE: Duration = Duration::from_secs(2);

mod migrations {
    refinery::embed_migrations!("../../migrations/postgres");
}

/// Makes the roles, the tables and the store's identity, or brings the tables up to date. Safe beside running processes
/// of the release before, and to repeat. A table that somebody reads for long cannot be changed: it is tried for half a
/// minute, and nobody who writes waits for longer than a moment at a time.
///
/// Errors: as [`Postgres::open`](crate::Postgres::open); a new store needs a fingerprint, an older one must have it.
pub async fn migrate(url: &str, store_key_fingerprint: Option<[u8; 32]>) -> Result<(), OpenError> {
    let mut client = connect::one(url, None).await?;
    check_server(&client).await?;
    let unavailable = |error: tokio_postgres::Error| OpenError::Store(failure(&error));
    let _turn = turn(url, &client).await?;
    client
        .batch_execute("set role trilby_admin")
        .await
        .map_err(unavailable)?;
    if let Some(found) = schema(&client).await?
        && found > newest_migration()
    {
        tracing::warn!(
            found,
            known = newest_migration(),
            "the store has a newer schema than this release"
        );
        return Ok(());
    }
    client
        .batch_execute(TABLE_WAIT)
        .await
        .map_err(unavailable)?;
    change(&mut client).await?;
    let timeline = connect::timeline(&client).await.map_err(unavailable)?;
    match meta(&client).await? {
        Some((meta, _)) => {
            if store_key_fingerprint.is_some_and(|ours| ours != meta.store_key_fingerprint) {
                return Err(OpenError::StoreKey);
            }
        }
        None => {
            let fingerprint = store_key_fingerprint.ok_or(OpenError::NoStoreKey)?;
            let id = random()?;
            client
                .execute(
                    include_str!("queries/meta_insert.sql"),
                    &[
                        &&id[..],
                        &timeline.system_id,
                        &timeline.timeline,
                        &&fingerprint[..],
                    ],
                )
                .await
                .map_err(unavailable)?;
        }
    }
    Ok(())
}

/// Makes the roles, and lets two who migrate at once wait for each other, at a row that only they can reach; it is held until
/// what this gives is dropped. A store of before there were such rows has none: there it is a lock that anybody who
/// connects could hold up.
async fn turn(url: &str, client: &Client) -> Result<Option<Client>, OpenError> {
    let unavailable = |error: tokio_postgres::Error| OpenError::Store(failure(&error));
    let roles = include_str!("queries/roles.sql");
    let row = client
        .query_one("select to_regclass('turn') is not null", &[])
        .await
        .map_err(unavailable)?;
    if !rows::get::<bool>(&row, 0)? {
        let wait =
            "set lock_timeout = '30s'; select pg_advisory_lock(hashtext('trilby.migrate'), 0)";
        client.batch_execute(wait).await.map_err(unavailable)?;
        client.batch_execute(roles).await.map_err(unavailable)?;
        return Ok(None);
    }
    client.batch_execute(roles).await.map_err(unavailable)?;
    let holder = connect::one(url, None).await?;
    let wait = "set role trilby_admin; set lock_timeout = '30s'; set idle_in_transaction_session_timeout = 0; \
        begin; select take_turn('migrate')";
    holder.batch_execute(wait).await.map_err(unavailable)?;
    Ok(Some(holder))
}

/// Runs the migrations that are missing, all or none.
async fn change(client: &mut Client) -> Result<(), OpenError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let runner = migrations::migrations::runner().set_grouped(true);
        match runner.run_async(client).await {
            Ok(_) => return Ok(()),
            Err(error) if !is_in_use(&error) => return Err(OpenError::Migration(Box::new(error))),
            Err(_) if attempt == TABLE_ATTEMPTS => return Err(OpenError::InUse),
            Err(_) => {
                tracing::warn!(
                    attempt,
                    "a table of the store is in use and cannot be changed; trying again"
                );
                tokio::time::sleep(TABLE_PAUSE).await;
            }
        }
    }
}

/// Whether a lock was not to be had in time.
fn is_in_use(error: &refinery::Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |one| one.source());
    let mut codes =
        causes.filter_map(|cause| cause.downcast_ref::<tokio_postgres::Error>()?.code());
    codes.any(|code| *code == SqlState::LOCK_NOT_AVAILABLE)
}

fn newest_migration() -> i32 {
    let runner = migrations::migrations::runner();
    runner
        .get_migrations()
        .iter()
        .map(|one| one.version())
        .max()
        .unwrap_or(0)
}

async fn check_server(client: &Client) -> Result<(), OpenError> {
    let row = client
        .query_one("select current_setting('server_version_num')::int", &[])
        .await
        .map_err(|error| not_connected(&error))?;
    let found: i32 = rows::get(&row, 0)?;
    if found < SERVER_MIN {
        return Err(OpenError::ServerVersion {
            found: found / 10_000,
            needed: SERVER_MIN / 10_000,
        });
    }
    Ok(())
}

/// The version of the schema, if there is one.
async fn schema(client: &impl GenericClient) -> Result<Option<i32>, OpenError> {
    let sql = "select max(version)::int from refinery_schema_history";
    match client.query_one(sql, &[]).await {
        Ok(row) => Ok(rows::get(&row, 0)?),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        Err(error) => Err(OpenError::Store(failure(&error))),
    }
}

async fn meta(client: &Client) -> Result<Option<(StoreMeta, Timeline)>, OpenError> {
    let row = client
        .query_opt(include_str!("queries/meta_open.sql"), &[])
        .await
        .map_err(|error| OpenError::Store(failure(&error)))?;
    let Some(row) = row else { return Ok(None) };
    let timeline = Timeline {
        system_id: rows::get(&row, 4)?,
        timeline: rows::get(&row, 5)?,
    };
    Ok(Some((rows::meta(&row)?, timeline)))
}

/// A store that was found in order.
pub(crate) struct Opened {
    pub meta: StoreMeta,
    /// The timeline that every connection must be on.
    pub timeline: Timeline,
}

/// Looks whether a store can be opened.
pub(crate) async fn open(options: &Options) -> Result<Opened, OpenError> {
    if options.relay && options.role != Role::Admin {
        return Err(OpenError::Options(
            "only a process that is all of them announces for good: role admin",
        ));
    }
    if options.any_timeline && options.role != Role::Admin {
        return Err(OpenError::Options(
            "only role admin opens a store of another timeline",
        ));
    }
    let client = connect::one(&options.url, Some(options.role)).await?;
    check_server(&client).await?;
    let known = newest_migration();
    match schema(&client).await? {
        None => return Err(OpenError::Missing),
        Some(found) if found < known => return Err(OpenError::OlderSchema { found, known }),
        Some(found) if found > known => {
            // Migrations are safe under the release before; what a reader must know is told by the reader level.
            tracing::warn!(
                found,
                known,
                "the store has a newer schema than this release"
            );
        }
        Some(_) => {}
    }
    let (meta, was) = meta(&client).await?.ok_or(OpenError::Missing)?;
    if meta.min_reader_level > options.reader_level {
        return Err(OpenError::NewerReaders {
            found: meta.min_reader_level,
            known: options.reader_level,
        });
    }
    if options
        .store_key_fingerprint
        .is_some_and(|ours| ours != meta.store_key_fingerprint)
    {
        return Err(OpenError::StoreKey);
    }
    let timeline = connect::timeline(&client)
        .await
        .map_err(|error| not_connected(&error))?;
    if timeline != was && !options.any_timeline {
        return Err(OpenError::Timeline {
            was: was.to_string(),
            is: timeline.to_string(),
        });
    }
    Ok(Opened { meta, timeline })
}

/// A random id, a version 4 UUID's bytes.
pub(crate) fn random() -> Result<[u8; 16], OpenError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| OpenError::Entropy)?;
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    Ok(bytes)
}
