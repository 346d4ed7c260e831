use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn node(n: u8, kind: NodeKind, applied: Applied) -> Node {
    Node {
        id: NodeId::from([n; 16]),
        kind,
        applied,
    }
}

fn told() -> Told {
    Told::of(&LogId::Platform, Seq::new(7))
}

fn having() -> Applied {
    Applied {
        told: vec![told()],
        ..Applied::default()
    }
}

fn seen(after_s: i64, nodes: &[(Node, i64)]) -> Nodes {
    let now = NOW.plus_seconds(after_s);
    let each = nodes.iter();
    Nodes {
        now,
        nodes: each
            .map(|(node, ago_s)| (node.clone(), now.plus_seconds(-ago_s)))
            .collect(),
    }
}

fn ids(ids: &[u8]) -> Vec<NodeId> {
    ids.iter().map(|n| NodeId::from([*n; 16])).collect()
}

#[test]
fn only_decision_nodes_that_are_live_are_waited_for() {
    let mut waiting = Waiting::new(told());
    let nothing = Applied::default;
    let nodes = [
        (node(1, NodeKind::Decision, having()), 0),
        (node(2, NodeKind::Decision, nothing()), 4),
        (node(3, NodeKind::Decision, nothing()), 6),
        (node(4, NodeKind::Token, nothing()), 0),
    ];
    waiting.look(&seen(0, &nodes));
    assert!(!waiting.is_done());
    let all = [
        &nodes[..1],
        &[(node(2, NodeKind::Decision, having()), 0)],
        &nodes[2..],
    ]
    .concat();
    waiting.look(&seen(1, &all));
    assert!(waiting.is_done());
    // What one that was silent decides nobody knows.
    let so_far = waiting.so_far();
    assert_eq!((so_far.nodes, so_far.missing), (2, ids(&[3])));
}

#[test]
fn one_that_falls_silent_is_missing_and_one_that_left_is_not() {
    let mut waiting = Waiting::new(told());
    let nodes = [
        (node(1, NodeKind::Decision, Applied::default()), 4),
        (node(2, NodeKind::Decision, Applied::default()), 4),
    ];
    waiting.look(&seen(0, &nodes));
    waiting.look(&seen(
        3,
        &[(node(1, NodeKind::Decision, Applied::default()), 7)],
    ));
    assert_eq!(waiting.so_far().missing, ids(&[1]));
}

#[test]
fn who_comes_while_others_are_waited_for_is_waited_for() {
    let mut waiting = Waiting::new(told());
    waiting.look(&seen(0, &[(node(1, NodeKind::Decision, having()), 0)]));
    assert!(waiting.is_done());
    waiting.look(&seen(
        1,
        &[(node(2, NodeKind::Decision, Applied::default()), 0)],
    ));
    assert!(!waiting.is_done());
    // Having said so once is enough: by then a thousand others may have come.
    waiting.look(&seen(
        2,
        &[(node(1, NodeKind::Decision, Applied::default()), 0)],
    ));
    assert!(waiting.is_done());
    assert_eq!(waiting.so_far().nodes, 1);
}

#[test]
fn what_was_known_counts_from_after_the_commit() {
    let mut waiting = Waiting::new(told());
    let knowing = |after_s| {
        let until = NOW.plus_seconds(after_s);
        let applied = Applied {
            until,
            ..Applied::default()
        };
        node(1, NodeKind::Decision, applied)
    };
    waiting.look(&seen(0, &[(knowing(-1), 0)]));
    assert!(!waiting.is_done());
    waiting.look(&seen(2, &[(knowing(0), 0)]));
    assert!(waiting.is_done(), "the first look was after the commit");
}

#[test]
fn before_the_table_was_read_nothing_is_known() {
    let so_far = Waiting::new(told()).so_far();
    assert!(!so_far.is_known);
}
