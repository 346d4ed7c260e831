//! Processes at work on a store in memory: those of one test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use trilby_model::{NodeId, Timestamp};

use crate::error::Error;
use crate::node::{Node, NodeTable, Nodes};

/// Not seen for so long, a process is forgotten.
const FORGOTTEN_S: i64 = 24 * 3600;

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A table of processes. Clones are the same table.
#[derive(Clone)]
pub struct MemoryNodes {
    clock: Clock,
    rows: Arc<Mutex<BTreeMap<NodeId, (Node, Timestamp)>>>,
}

impl MemoryNodes {
    /// An empty table with this clock.
    pub fn new(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            clock: Arc::new(clock),
            rows: Arc::default(),
        }
    }
}

#[async_trait]
impl NodeTable for MemoryNodes {
    async fn node_seen(&self, node: &Node) -> Result<Timestamp, Error> {
        let now = (self.clock)();
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|_, (_, seen)| *seen >= now.plus_seconds(-FORGOTTEN_S));
        rows.insert(node.id.clone(), (node.clone(), now));
        Ok(now)
    }

    async fn node_gone(&self, id: &NodeId) -> Result<(), Error> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.remove(id);
        Ok(())
    }

    async fn nodes(&self, within: Duration) -> Result<Nodes, Error> {
        let now = (self.clock)();
        let within = i64::try_from(within.as_micros()).unwrap_or(i64::MAX);
        let since = Timestamp::from_micros(now.micros().saturating_sub(within));
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = rows.values().filter(|(_, seen)| *seen >= since);
        Ok(Nodes {
            now,
            nodes: seen.cloned().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_table_in_memory_is_one() {
        let table = MemoryNodes::new(|| Timestamp::from_unix_seconds(1_800_000_000));
        crate::conformance::nodes::a_table_of_nodes(&table).await;
    }
}
