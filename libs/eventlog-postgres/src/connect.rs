//! Connections: two pools, one for reading and one for appending, whose connections are checked when they are made and
//! thrown away as soon as the server behind them is of no more use.

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime,
    TimeoutType, Timeouts,
};
use tokio::time::error::Elapsed;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};
use trilby_eventlog::Error;

use crate::failure::{Fault, failure, not_connected};
use crate::options::{OpenError, Options, Role};
use crate::tls::{self, Mode, Tls};

/// How long a caller waits for a connection.
const WAIT: Duration = Duration::from_secs(5);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// What every connection begins with. The append's time is bounded, and with it how late a commit can become visible
/// after its revocations were looked for.
const SETTINGS: &str = "set synchronous_commit = on; set lock_timeout = '500ms'; set statement_timeout = '2s'; \
    set idle_in_transaction_session_timeout = '5s'; set timezone = 'UTC'; set bytea_output = 'hex'; \
    set client_min_messages = 'warning'; set plan_cache_mode = 'auto'; set standard_conforming_strings = on";

/// What a connection that appends begins with besides. Its statements are long and always the same: planned anew for each
/// group, the plan costs as much as the work. A plan that is kept must not rest on how small a table was when it was made.
const APPENDING: &str =
    "set plan_cache_mode = 'force_generic_plan'; set enable_seqscan = off; set jit = off";

/// What a connection that relays begins with besides. Its statements look rows up one by one, in a table that was empty a
/// moment ago and is large now, or the other way round: what the planner was told of it last says nothing. Nor does it wait
/// for the disk: what it forgot and the server did not is told again, and a lease that is lost is taken again.
const RELAYING: &str = "set synchronous_commit = off; set plan_cache_mode = 'force_generic_plan'; set enable_seqscan = off; set enable_bitmapscan = off; \
    set enable_hashjoin = off; set enable_mergejoin = off; set jit = off";

/// The server a store was opened on: cluster and timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeline {
    pub system_id: i64,
    pub timeline: i32,
}

impl std::fmt::Display for Timeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.system_id, self.timeline)
    }
}

/// How the connections of a migration call themselves; those of a role have its name.
const MIGRATES: &str = "trilby_migrate";

/// Reads a URL into what the driver wants.
fn config(url: &str, role: Option<Role>) -> Result<(Config, Tls), OpenError> {
    let (url, mode, roots) = tls::part(url)?;
    let mut config = Config::from_str(&url).map_err(|_| OpenError::Url)?;
    let tls = Tls::new(&mode, roots.as_deref())?;
    config.ssl_mode(match mode {
        Mode::Disable => SslMode::Disable,
        Mode::Require | Mode::VerifyFull => SslMode::Require,
    });
    config
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .connect_timeout(CONNECT)
        .keepalives_idle(Duration::from_secs(30))
        .tcp_user_timeout(Duration::from_secs(10));
    if config.get_application_name().is_none() {
        config.application_name(role.map_or(MIGRATES, Role::name));
    }
    Ok((config, tls))
}

/// One connection of its own, as a role.
pub(crate) async fn one(url: &str, role: Option<Role>) -> Result<Client, OpenError> {
    let (config, tls) = config(url, role)?;
    let connected = answered(config.connect(tls)).await.map_err(silent)?;
    let (client, connection) = connected.map_err(|error| not_connected(&error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %told(&error), "a database connection ended");
        }
    });
    if let Some(role) = role {
        let begun = answered(begin(&client, role)).await.map_err(silent)?;
        begun.map_err(|error| not_begun(&error, role))?;
    }
    Ok(client)
}

/// How long a connection that was made may take to become one of a pool's. Many at once on a busy host take their time:
/// this bounds silence, and no load should come near it.
const BEGIN: Duration = Duration::from_secs(15);

/// What a server says while a connection is made. The driver bounds only how long it takes to reach it.
async fn answered<T>(answer: impl Future<Output = T>) -> Result<T, Elapsed> {
    tokio::time::timeout(CONNECT, answer).await
}

fn silent(_: Elapsed) -> OpenError {
    OpenError::Unreachable(format!("it did not answer within {CONNECT:?}"))
}

/// A login that cannot take on its role.
fn not_begun(error: &tokio_postgres::Error, role: Role) -> OpenError {
    let name = role.name();
    match error.code() {
        Some(code) if *code == SqlState::INVALID_PARAMETER_VALUE => OpenError::Refused(format!(
            "the role `{name}` does not exist: run the migration, or restore the roles"
        )),
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            OpenError::Refused(format!("the login is no member of the role `{name}`"))
        }
        _ => not_connected(error),
    }
}

/// An error with its causes: the driver says "error connecting" and keeps the reason to itself.
pub(crate) fn told(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

async fn begin(client: &Client, role: Role) -> Result<(), tokio_postgres::Error> {
    let name = role.name();
    client
        .batch_execute(&format!("{SETTINGS}; set role {name}"))
        .await
}

/// Makes a new connection one of a pool's; gives the timeline it is on.
async fn begin_in_pool(
    client: &Client,
    role: Role,
    purpose: Use,
) -> Result<Timeline, tokio_postgres::Error> {
    begin(client, role).await?;
    if let Some(settings) = purpose.settings() {
        client.batch_execute(settings).await?;
    }
    timeline(client).await
}

/// On which timeline a server is.
pub(crate) async fn timeline(client: &Client) -> Result<Timeline, tokio_postgres::Error> {
    let row = client
        .query_one(include_str!("queries/timeline.sql"), &[])
        .await?;
    Ok(Timeline {
        system_id: row.try_get(0)?,
        timeline: row.try_get(1)?,
    })
}

/// What a pool's connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Appending,
    Relaying,
    Other,
}

impl Use {
    const fn settings(self) -> Option<&'static str> {
        match self {
            Self::Appending => Some(APPENDING),
            Self::Relaying => Some(RELAYING),
            Self::Other => None,
        }
    }
}

/// A pool whose connections have a role, and are all on one timeline if that is given.
pub(crate) fn pool(
    options: &Options,
    size: usize,
    purpose: Use,
    expected: Option<Timeline>,
) -> Result<Pool, OpenError> {
    let (role, lifetime) = (options.role, options.connection_lifetime);
    let (config, tls) = config(&options.url, Some(role))?;
    let manager = Manager::from_config(
        config,
        tls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    Pool::builder(manager)
        .max_size(size.max(1))
        // The one used last: its statements are planned, and what it needs is in the processor's caches.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: Some(WAIT),
            create: Some(CONNECT),
            recycle: Some(CONNECT),
        })
        .post_create(Hook::async_fn(move |client, _| {
            Box::pin(async move {
                let begun = tokio::time::timeout(BEGIN, begin_in_pool(client, role, purpose));
                let found = begun
                    .await
                    .map_err(|_| HookError::message("the database does not answer"))?
                    .map_err(HookError::Backend)?;
                if expected.is_some_and(|expected| expected != found) {
                    tracing::error!(%found, "the database is on another timeline: fence the store, then start again");
                    return Err(HookError::message("the database is on another timeline"));
                }
                Ok(())
            })
        }))
        .pre_recycle(Hook::sync_fn(move |_, metrics| {
            if metrics.created.elapsed() > lifetime {
                return Err(HookError::message("the connection has had its time"));
            }
            Ok(())
        }))
        .build()
        .map_err(|_| OpenError::Options("the pool of connections has no runtime"))
}

/// A connection of a pool.
pub(crate) async fn get(pool: &Pool) -> Result<Object, Error> {
    use deadpool_postgres::PoolError;
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) if error.as_db_error().is_some() => failure(&error),
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            Error::Unavailable(told(&error))
        }
        PoolError::Timeout(TimeoutType::Wait) => {
            Error::Unavailable("no connection to the database is free".to_owned())
        }
        PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => Error::Unavailable(
            format!("the database took no connection within {CONNECT:?}"),
        ),
        PoolError::Closed => Error::Unavailable("the store is closed".to_owned()),
        PoolError::NoRuntimeSpecified => Error::Unavailable("the pool has no runtime".to_owned()),
        PoolError::PostCreateHook(error) => Error::Unavailable(error.to_string()),
    })
}

/// Throws a connection away if an error says that it is of no more use.
pub(crate) fn put_back(client: Object, error: Option<&Fault>) {
    if error.is_some_and(crate::failure::spoils) {
        drop(Object::take(client));
    }
}
