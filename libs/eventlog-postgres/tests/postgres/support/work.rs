//! Commands that can be counted: each has an id, a receipt under it, and is in its log once or not at all.

use std::collections::BTreeMap;

use serde_json::json;
use trilby_eventlog::{
    AppendError, Archive, Claim, ClaimKey, ClaimScope, Commit, Entry, EventLog, Expected, NewEvent,
    NewReceipt, conformance,
};
use trilby_model::{LogId, Seq};

use super::common::{account, at, salt};

/// Logs that are written, beside the hot one.
pub const LOGS: u64 = 5;

/// The run whose commands are all in one log, and in no other.
pub const HOT: u64 = 1 << 32;

/// A command: which run, which writer, which of that one's commands.
pub type Id = (u64, u64, u64);

pub fn log_of((run, writer, _): Id) -> LogId {
    match run {
        HOT => account(LOGS),
        _ => account(writer % LOGS),
    }
}

pub fn key_of((round, writer, n): Id) -> [u8; 32] {
    let mut key = [0; 32];
    for (i, part) in [round, writer, n].into_iter().enumerate() {
        key[i * 8..i * 8 + 8].copy_from_slice(&part.to_be_bytes());
    }
    key
}

/// A command's commit: one to three events, a name and a receipt; every third also an event in the organization's log, if not all
/// are in the hot one.
pub async fn commit_of(store: &dyn EventLog, id: Id) -> Result<Commit, trilby_eventlog::Error> {
    let log = log_of(id);
    let mut entries = Vec::new();
    let mut wanted = vec![(log.clone(), 1 + id.2 % 3)];
    if id.0 != HOT && id.2.is_multiple_of(3) {
        wanted.push(("o-4k7m2xq9ab".parse().unwrap(), 1));
    }
    for (log, n_events) in wanted {
        let expected = match store.head(&log).await? {
            Some(head) => Expected::at(&head),
            None => Expected::New,
        };
        let event = |part: u64| NewEvent {
            etype: "test.happened".to_owned(),
            ever: 1,
            data: json!({ "id": [id.0, id.1, id.2], "part": part }),
        };
        entries.push(Entry {
            log,
            expected,
            events: (0..n_events).map(event).collect(),
        });
    }
    let receipt = NewReceipt {
        log: log.clone(),
        key: key_of(id),
        request_hash: [0; 32],
        status: 200,
        response: None,
    };
    let claim = Claim {
        key: ClaimKey {
            scope: ClaimScope::Store,
            kind: 1,
            mac: key_of(id),
        },
        log,
        event: 0,
    };
    Ok(Commit {
        receipt: Some(receipt),
        claims_taken: vec![claim],
        ..Commit::new(at(0), json!({}), salt(), entries)
    })
}

/// What a service does with a command: the seq of its first event, or that nothing is known.
pub async fn execute(store: &dyn EventLog, id: Id) -> Result<Seq, String> {
    loop {
        let commit = commit_of(store, id)
            .await
            .map_err(|error| error.to_string())?;
        match store.append(commit).await {
            Ok(committed) => return Ok(committed.commits[0].first),
            Err(AppendError::Receipt(receipt)) => return Ok(receipt.first),
            Err(AppendError::Stale { .. }) => {}
            Err(AppendError::Unavailable(why)) => return Err(why),
            Err(error) => panic!("{id:?}: {error}"),
        }
    }
}

/// As [`execute`], for as long as it takes.
pub async fn execute_surely(store: &dyn EventLog, id: Id) -> Seq {
    for _ in 0..600 {
        match execute(store, id).await {
            Ok(seq) => return seq,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
    panic!("{id:?} was not written in a minute");
}

/// How often each command's first event is in its log, and where.
pub async fn found(store: &dyn EventLog) -> BTreeMap<Id, Vec<Seq>> {
    let mut found: BTreeMap<Id, Vec<Seq>> = BTreeMap::new();
    for log in (0..=LOGS).map(account) {
        let mut after = Seq::ZERO;
        loop {
            let commits = store.read(&log, after, 500).await.unwrap();
            let Some(last) = commits.last() else { break };
            after = last.last;
            for commit in &commits {
                let data = commit.events[0].data().unwrap();
                let part = |i: usize| data["id"][i].as_u64().unwrap();
                let id = (part(0), part(1), part(2));
                found.entry(id).or_default().push(commit.first);
            }
        }
    }
    found
}

/// Chains, heads, receipts, outbox: I2. What was acknowledged is there once, at the place that was told: I1. A command's
/// name is taken if and only if the command is there: I5.
pub async fn assert_sound(
    store: &dyn Archive,
    told: &BTreeMap<Id, Seq>,
    tried: impl IntoIterator<Item = Id>,
) {
    conformance::assert_sound(store).await;
    let found = found(store).await;
    for (id, seq) in told {
        assert_eq!(found.get(id), Some(&vec![*seq]), "{id:?} was acknowledged");
    }
    for id in tried {
        let places = found.get(&id).map_or(0, Vec::len);
        assert!(places <= 1, "{id:?} is there {places} times");
        let key = ClaimKey {
            scope: ClaimScope::Store,
            kind: 1,
            mac: key_of(id),
        };
        let owner = store.claim(&key).await.unwrap();
        assert_eq!(
            owner.map(|owner| owner.seq),
            found.get(&id).map(|seqs| seqs[0]),
            "{id:?}"
        );
        let receipt = store.receipt(&log_of(id), &key_of(id)).await.unwrap();
        assert_eq!(
            receipt.map(|one| one.first),
            found.get(&id).map(|seqs| seqs[0]),
            "{id:?}"
        );
    }
}
