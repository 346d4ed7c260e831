//! Tables of processes. A suite of its own: the store of a single process has none.

use std::time::Duration;

use trilby_model::{NodeId, Seq, Timestamp};

use super::account;
use crate::node::{Applied, LIVE, Node, NodeKind, NodeTable, Told};

fn node(n: u8, kind: NodeKind, told: &[u64]) -> Node {
    Node {
        id: NodeId::from([n; 16]),
        kind,
        applied: Applied {
            until: Timestamp::from_micros(i64::from(n)),
            told: told
                .iter()
                .map(|seq| Told::of(&account(1), Seq::new(*seq)))
                .collect(),
        },
    }
}

/// What every table does.
pub async fn a_table_of_nodes(table: &dyn NodeTable) {
    let found = async |within| {
        let found = table.nodes(within).await.unwrap();
        let of = |(node, seen): (Node, Timestamp)| {
            assert!(seen <= found.now);
            node
        };
        found.nodes.into_iter().map(of).collect::<Vec<_>>()
    };
    let (two, one) = (
        node(2, NodeKind::Decision, &[1, 2, 3]),
        node(1, NodeKind::Token, &[]),
    );
    let first = table.node_seen(&two).await.unwrap();
    let second = table.node_seen(&one).await.unwrap();
    assert!(second >= first);
    assert_eq!(found(LIVE).await, [one.clone(), two]);
    // A row is what its process said last.
    let two = node(2, NodeKind::Decision, &[4]);
    table.node_seen(&two).await.unwrap();
    assert_eq!(found(Duration::from_secs(3_600)).await, [one.clone(), two]);
    table
        .node_gone(&node(2, NodeKind::Decision, &[]).id)
        .await
        .unwrap();
    assert_eq!(found(LIVE).await, [one]);
    // Whoever is not there can go.
    table.node_gone(&NodeId::from([9; 16])).await.unwrap();
}
