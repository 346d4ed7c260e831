//! Where readers read: the pool, or one connection that holds still at one moment.

use std::time::Instant;

use deadpool_postgres::{Object, Pool};
use tokio::sync::Mutex;
use tokio_postgres::Row;
use trilby_eventlog::Error;

use crate::connect::{get, put_back};
use crate::failure::{Class, class, failure};
use crate::pipeline::{self, Ask, Begin, Logs, Param};

/// How often a question is asked that was not answered.
const ATTEMPTS_MAX: u32 = 3;

/// Where readers read.
pub(crate) enum Source {
    /// Each question by itself, of what was committed before it.
    Pool(Pool),
    /// Everything as of one moment.
    Held(Box<Mutex<Object>>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pool(_) => "Pool",
            Self::Held(_) => "Held",
        })
    }
}

impl Source {
    /// Holds still: what is read from now on is of this moment.
    pub async fn hold(pool: &Pool) -> Result<Self, Error> {
        let client = get(pool).await?;
        let begin = "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; \
            begin isolation level repeatable read read only; select 1";
        let begun = client.batch_execute(begin).await;
        begun.map_err(|error| failure(&error))?;
        Ok(Self::Held(Box::new(Mutex::new(client))))
    }

    /// Asks several things at one moment.
    pub async fn ask(&self, logs: Logs<'_>, asks: &[Ask<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        match self {
            Self::Pool(pool) => {
                let (mut attempt, begun) = (0, Instant::now());
                loop {
                    attempt += 1;
                    let client = get(pool).await?;
                    let answer = match (asks, logs) {
                        // By itself a question is of one moment, and no log's rows exist for it.
                        ([ask], Logs::Named([])) => {
                            pipeline::run_one(&client, ask).await.map(|rows| vec![rows])
                        }
                        ([_], _) => pipeline::run(&client, Begin::Read, logs, asks).await,
                        _ => pipeline::run(&client, Begin::Snapshot, logs, asks).await,
                    };
                    put_back(client, answer.as_ref().err().map(|failed| &failed.error));
                    match answer {
                        Ok(rows) => return Ok(rows),
                        // After a failover each old connection is found to be dead by whoever uses it next.
                        Err(failed)
                            if attempt < ATTEMPTS_MAX
                                && begun.elapsed() < pipeline::ANSWER
                                && class(&failed.error) != Class::Final => {}
                        Err(failed) => return Err(failure(&failed.error)),
                    }
                }
            }
            Self::Held(client) => {
                let client = client.lock().await;
                let answer = pipeline::run(&client, Begin::Held, logs, asks).await;
                answer.map_err(|failed| failure(&failed.error))
            }
        }
    }

    /// Rows of one question about one log, or about none.
    pub async fn rows(
        &self,
        log: Option<&str>,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Error> {
        let names: Vec<String> = log.map(ToOwned::to_owned).into_iter().collect();
        let ask = Ask::new(sql, params);
        let mut answers = self.ask(Logs::Named(&names), &[ask]).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// The same, planned for these values.
    pub async fn rows_planned(
        &self,
        log: &str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Error> {
        let names = [log.to_owned()];
        let asks = [Ask::new(pipeline::OWN_PLAN, []), Ask::new(sql, params)];
        let mut answers = self.ask(Logs::Named(&names), &asks).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// The row of one question, if there is one.
    pub async fn row(
        &self,
        log: Option<&str>,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<Row>, Error> {
        Ok(self.rows(log, sql, params).await?.into_iter().next())
    }
}
