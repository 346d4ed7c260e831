//! Several statements in one transaction and one round trip.
//!
//! All of them are on their way before the first answers. If one fails, those after it do nothing and the `commit` at the
//! end undoes the rest. As everything is sent when the future is first polled, one that is dropped later leaves no
//! transaction open.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Statement};

use crate::failure::Fault;

/// A value for a statement.
pub(crate) type Param<'a> = &'a (dyn ToSql + Sync);

/// A value that is kept for a statement.
pub(crate) type Value = Box<dyn ToSql + Sync + Send>;

/// A value to keep.
pub(crate) fn value(value: impl ToSql + Sync + Send + 'static) -> Value {
    Box::new(value)
}

/// A kept value, for a statement.
pub(crate) fn boxed(value: &Value) -> Param<'_> {
    &**value
}

/// A value for a statement.
pub(crate) fn param<T: ToSql + Sync>(value: &T) -> Param<'_> {
    value
}

/// Values for a statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        [$($crate::pipeline::param($value)),*]
    };
}
pub(crate) use params;

/// A statement with its values.
pub(crate) struct Ask<'a> {
    pub sql: &'a str,
    pub params: Vec<Param<'a>>,
}

impl<'a> Ask<'a> {
    pub fn new(sql: &'a str, params: impl Into<Vec<Param<'a>>>) -> Self {
        Self {
            sql,
            params: params.into(),
        }
    }
}

/// How the transaction begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Begin {
    /// To write.
    Write,
    /// To read what each statement finds.
    Read,
    /// To read as of one moment.
    Snapshot,
    /// Inside a transaction that goes on.
    Held,
}

impl Begin {
    const fn sql(self) -> &'static str {
        match self {
            Self::Write => "begin",
            Self::Read => "begin read only",
            Self::Snapshot => "begin isolation level repeatable read read only",
            Self::Held => "select",
        }
    }

    const fn end(self) -> &'static str {
        match self {
            Self::Write | Self::Read | Self::Snapshot => "commit",
            Self::Held => "select",
        }
    }
}

/// Which logs' rows exist for a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Logs<'a> {
    /// By their public ids.
    Named(&'a [String]),
    /// By their numbers.
    Numbered(&'a [i64]),
}

/// What failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Which statement, if it was one of those asked and not the transaction's own.
    pub index: Option<usize>,
    pub error: Fault,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            index: None,
            error: error.into(),
        }
    }
}

/// How long a transaction may take to be answered. The server gives a statement two seconds and a lock half a one; whoever
/// is silent for longer is gone or hangs, and the connection with it.
pub(crate) const ANSWER: Duration = Duration::from_secs(5);

/// How long one may take that begins with [`LONG`].
const LONG_ANSWER: Duration = Duration::from_secs(65);

/// Gives the statements after it a minute each.
pub(crate) const LONG: &str = "select set_config('statement_timeout', '60s', true)";

/// Has the statements after it planned for their own values. Of a table of many partitions, a plan for any values opens all.
pub(crate) const OWN_PLAN: &str = "select set_config('plan_cache_mode', 'force_custom_plan', true)";

/// Runs one statement that needs no transaction around it; gives its rows.
pub(crate) async fn run_one(client: &Object, ask: &Ask<'_>) -> Result<Vec<Row>, Failed> {
    let rows = async {
        let statement = client.prepare_cached(ask.sql).await?;
        Ok(client.query(&statement, &ask.params).await?)
    };
    within(ANSWER, rows).await
}

/// Runs the statements; gives the rows of each.
pub(crate) async fn run(
    client: &Object,
    begin: Begin,
    logs: Logs<'_>,
    asks: &[Ask<'_>],
) -> Result<Vec<Vec<Row>>, Failed> {
    let rows = run_to_end(client, begin, logs, asks);
    match (begin, asks.iter().any(|ask| ask.sql == LONG)) {
        // Everything is read within it, for as long as that takes.
        (Begin::Held, _) => rows.await,
        (_, true) => within(LONG_ANSWER, rows).await,
        (_, false) => within(ANSWER, rows).await,
    }
}

/// An answer, if it comes in time. What was sent may be done all the same.
async fn within<T>(
    time: Duration,
    answer: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    let silence = |_| Failed {
        index: None,
        error: Fault::Silence(time),
    };
    tokio::time::timeout(time, answer)
        .await
        .map_err(silence)
        .flatten()
}

async fn run_to_end(
    client: &Object,
    begin: Begin,
    logs: Logs<'_>,
    asks: &[Ask<'_>],
) -> Result<Vec<Vec<Row>>, Failed> {
    let mut statements = Vec::with_capacity(asks.len());
    for (index, ask) in asks.iter().enumerate() {
        let prepared = client.prepare_cached(ask.sql).await;
        statements.push(prepared.map_err(|error| Failed {
            index: Some(index),
            error: error.into(),
        })?);
    }
    let (opening, by_name);
    let mut steps: Vec<Step<'_>> = Vec::with_capacity(asks.len() + 3);
    let n_own = match &logs {
        Logs::Named(names) => {
            by_name = (
                client
                    .prepare_cached(include_str!("queries/logs_named.sql"))
                    .await?,
                [param(names)],
            );
            steps.push(plain(client, begin.sql()));
            steps.push(query(client, &by_name.0, &by_name.1));
            2
        }
        // Numbers need no question: they go with the beginning.
        Logs::Numbered(ids) => {
            opening = format!("{}; set local trilby.logs = '{}'", begin.sql(), list(ids));
            steps.push(plain(client, &opening));
            1
        }
    };
    for (statement, ask) in statements.iter().zip(asks) {
        steps.push(query(client, statement, &ask.params));
    }
    steps.push(plain(client, begin.end()));
    let mut answers = in_order(steps).await.into_iter();
    // The first are the transaction's own, and so is the last.
    for _ in 0..n_own {
        answers.next().transpose()?;
    }
    let mut rows = Vec::with_capacity(asks.len());
    for index in 0..asks.len() {
        let answer = answers.next().transpose();
        let found = answer.map_err(|error| Failed {
            index: Some(index),
            error: error.into(),
        })?;
        rows.push(found.unwrap_or_default());
    }
    answers.next().transpose()?;
    Ok(rows)
}

/// Numbers of logs, as the policies of the tables want them.
pub(crate) fn list(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

type Answer = Result<Vec<Row>, Error>;

type Step<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

fn plain<'a>(client: &'a Object, sql: &'a str) -> Step<'a> {
    Box::pin(async move { client.batch_execute(sql).await.map(|()| Vec::new()) })
}

fn query<'a>(client: &'a Object, statement: &'a Statement, params: &'a [Param<'a>]) -> Step<'a> {
    Box::pin(async move { client.query(statement, params).await })
}

/// Waits for all, polling them in their order, so that they are sent in it.
async fn in_order(steps: Vec<Step<'_>>) -> Vec<Answer> {
    let mut steps: Vec<(Step<'_>, Option<Answer>)> =
        steps.into_iter().map(|step| (step, None)).collect();
    std::future::poll_fn(move |context| {
        let mut waits = false;
        for (step, answer) in &mut steps {
            if answer.is_none() {
                match step.as_mut().poll(context) {
                    Poll::Ready(done) => *answer = Some(done),
                    Poll::Pending => waits = true,
                }
            }
        }
        if waits {
            return Poll::Pending;
        }
        Poll::Ready(
            steps
                .iter_mut()
                .filter_map(|(_, answer)| answer.take())
                .collect(),
        )
    })
    .await
}
