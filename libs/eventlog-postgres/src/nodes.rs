//! Which processes are at work on the store, and what each knows.

use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::Row;
use trilby_eventlog::{Applied, Error, Node, NodeKind, NodeTable, Nodes};
use trilby_model::{NodeId, Timestamp};

use crate::pipeline::{Ask, params};
use crate::rows::{get, odd};
use crate::store::Postgres;

/// Whether a process is there is known again a second later: nobody waits for the disk.
const UNHURRIED: &str = "select set_config('synchronous_commit', 'off', true)";

#[async_trait]
impl NodeTable for Postgres {
    async fn node_seen(&self, node: &Node) -> Result<Timestamp, Error> {
        let (id, kind) = (node.id.as_str(), i32::from(node.kind.code()));
        let applied = node.applied.to_bytes();
        let ask = Ask::new(
            include_str!("queries/node_seen.sql"),
            params![&id, &kind, &applied],
        );
        let asks = [Ask::new(UNHURRIED, Vec::new()), ask];
        let found = self.write_alone(&[], &asks).await?;
        let row = found.last().and_then(|rows| rows.first());
        moment(
            row.ok_or_else(|| odd("a row of a process is not there"))?,
            0,
        )
    }

    async fn node_gone(&self, id: &NodeId) -> Result<(), Error> {
        let id = id.as_str();
        let ask = Ask::new(include_str!("queries/node_gone.sql"), params![&id]);
        self.write_alone(&[], &[ask]).await.map(drop)
    }

    async fn nodes(&self, within: Duration) -> Result<Nodes, Error> {
        let within = i64::try_from(within.as_micros()).unwrap_or(i64::MAX);
        let sql = include_str!("queries/node_list.sql");
        let rows = self.source().rows(None, sql, &[&within]).await?;
        let first = rows.first().ok_or_else(|| odd("the store has no clock"))?;
        let now = moment(first, 0)?;
        let nodes = rows.iter().map(node).filter_map(Result::transpose);
        Ok(Nodes {
            now,
            nodes: nodes.collect::<Result<_, Error>>()?,
        })
    }
}

/// The process of a row. None where none was found, or one of a kind that only later programs know.
fn node(row: &Row) -> Result<Option<(Node, Timestamp)>, Error> {
    let Some(id) = get::<Option<String>>(row, 1)? else {
        return Ok(None);
    };
    let code = u8::try_from(get::<i32>(row, 2)?).ok();
    let Some(kind) = code.and_then(NodeKind::from_code) else {
        return Ok(None);
    };
    let id = id.parse().map_err(|_| odd("a process has no id"))?;
    let applied = Applied::from_bytes(&get::<Vec<u8>>(row, 4)?);
    let node = Node { id, kind, applied };
    Ok(Some((node, moment(row, 3)?)))
}

fn moment(row: &Row, index: usize) -> Result<Timestamp, Error> {
    get(row, index).map(Timestamp::from_micros)
}
