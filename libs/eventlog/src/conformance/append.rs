use futures::future::join_all;
use serde_json::json;
use trilby_model::{Seq, json as strict};

use super::*;
use crate::chain;
use crate::commit::{BYTES_MAX, EVENTS_MAX, LOGS_MAX};
use crate::error::AppendError;

pub async fn a_first_commit_starts_at_one(store: &impl Store) {
    let log = account(1);
    let committed = append(store, &log, 1).await;
    let head = store.head(&log).await.unwrap().unwrap();
    assert_eq!(head.seq, Seq::new(1));
    assert_eq!(committed.heads, std::slice::from_ref(&head));
    let genesis = chain::genesis(&store.store_meta().await.unwrap().store_id, &log);
    assert_eq!(committed.commits[0].prev_hash, genesis);
    let commits = store.read(&log, Seq::ZERO, 10).await.unwrap();
    assert_eq!(commits, committed.commits);
    assert_eq!(commits[0].hash, head.hash);
    assert_eq!(commits[0].events[0].data().unwrap(), json!({ "n": 0 }));
    assert_eq!(commits[0].events[0].meta().unwrap(), meta());
}

pub async fn seqs_go_on_and_hashes_follow(store: &impl Store) {
    let log = account(1);
    for n_events in [1, 3, 2] {
        append(store, &log, n_events).await;
    }
    let commits = store.read(&log, Seq::ZERO, 100).await.unwrap();
    let bounds: Vec<_> = commits
        .iter()
        .map(|one| (one.first.get(), one.last.get()))
        .collect();
    assert_eq!(bounds, [(1, 1), (2, 4), (5, 6)]);
    for pair in commits.windows(2) {
        assert_eq!(pair[0].hash, pair[1].prev_hash);
    }
    for one in &commits {
        one.check().unwrap();
    }
    assert_sound(store).await;
}

pub async fn several_events_are_one_commit(store: &impl Store) {
    let committed = append(store, &account(1), 3).await;
    let commit = &committed.commits[0];
    assert_eq!(commit.events.len(), 3);
    for one in &commit.events {
        assert_eq!(
            (one.commit_first, one.commit_last),
            (Seq::new(1), Seq::new(3))
        );
        assert_eq!(one.at, commit.at);
    }
}

pub async fn a_stale_commit_is_refused_and_told_the_heads(store: &impl Store) {
    let log = account(1);
    let first = append(store, &log, 1).await.heads[0].clone();
    let second = append(store, &log, 1).await.heads[0].clone();
    let stale = Entry {
        log: log.clone(),
        expected: Expected::at(&first),
        events: vec![event(9)],
    };
    let refused = store.append(commit(vec![stale])).await;
    assert_eq!(
        refused,
        Err(AppendError::Stale {
            heads: vec![second.clone()]
        })
    );
    // The right seq with another hash is another timeline.
    let forked = Expected::At {
        seq: second.seq,
        hash: first.hash,
    };
    let forked = Entry {
        log: log.clone(),
        expected: forked,
        events: vec![event(9)],
    };
    let refused = store.append(commit(vec![forked])).await;
    assert_eq!(
        refused,
        Err(AppendError::Stale {
            heads: vec![second.clone()]
        })
    );
    assert_eq!(store.head(&log).await.unwrap(), Some(second));
}

pub async fn a_new_log_is_refused_if_it_is_there(store: &impl Store) {
    let log = account(1);
    let head = append(store, &log, 1).await.heads[0].clone();
    let entry = Entry {
        log: log.clone(),
        expected: Expected::New,
        events: vec![event(1)],
    };
    let refused = store.append(commit(vec![entry])).await;
    assert_eq!(refused, Err(AppendError::Stale { heads: vec![head] }));
    let missing = Expected::At {
        seq: Seq::new(4),
        hash: trilby_model::Hash([1; 32]),
    };
    let entry = Entry {
        log: account(2),
        expected: missing,
        events: vec![event(1)],
    };
    let refused = store.append(commit(vec![entry])).await;
    assert_eq!(refused, Err(AppendError::Stale { heads: Vec::new() }));
    assert_eq!(store.head(&account(2)).await.unwrap(), None);
}

pub async fn malformed_commits_are_refused(store: &impl Store) {
    let log = account(1);
    let with_data = |data: Value| {
        let event = NewEvent { data, ..event(0) };
        commit(vec![Entry {
            log: log.clone(),
            expected: Expected::New,
            events: vec![event],
        }])
    };
    let named = |etype: &str, ever: u16| {
        let event = NewEvent {
            etype: etype.to_owned(),
            ever,
            ..event(0)
        };
        commit(vec![Entry {
            log: log.clone(),
            expected: Expected::New,
            events: vec![event],
        }])
    };
    let good = || Entry {
        log: log.clone(),
        expected: Expected::New,
        events: vec![event(0)],
    };
    let mut bad = vec![
        with_data(json!({ "f": 1.5 })),
        with_data(json!({ "deep": [{ "f": -0.0 }] })),
        with_data(json!({ "n": 9_007_199_254_740_992_u64 })),
        with_data(json!({ "n": -9_007_199_254_740_992_i64 })),
        with_data(json!([1])),
        named("happened", 1),
        named("Test.happened", 1),
        named("test.", 1),
        named("test.happened", 0),
        commit(Vec::new()),
        commit(vec![Entry {
            events: Vec::new(),
            ..good()
        }]),
        commit(vec![good(), good()]),
        Commit {
            meta: json!("text"),
            ..commit(vec![good()])
        },
        Commit {
            meta: json!({ "with": [] }),
            ..commit(vec![good()])
        },
        Commit {
            meta: json!({ "f": 0.5 }),
            ..commit(vec![good()])
        },
        Commit {
            claims_taken: vec![claim(&account(2), "x")],
            ..commit(vec![good()])
        },
        Commit {
            claims_taken: vec![claim(&log, "x"), claim(&log, "x")],
            ..commit(vec![good()])
        },
        Commit {
            receipt: Some(receipt(&account(2), 1)),
            ..commit(vec![good()])
        },
        Commit {
            revocations: vec![revocation(&account(2), "x")],
            ..commit(vec![good()])
        },
    ];
    let mut beyond = claim(&log, "x");
    beyond.event = 1;
    bad.push(Commit {
        claims_released: vec![beyond],
        ..commit(vec![good()])
    });
    let mut early = revocation(&log, "x");
    early.before = Some(Seq::new(2));
    bad.push(Commit {
        revocations: vec![early],
        ..commit(vec![good()])
    });
    for one in bad {
        let refused = store.append(one.clone()).await;
        assert!(
            matches!(refused, Err(AppendError::Invalid(_))),
            "{one:?}: {refused:?}"
        );
    }
    assert_eq!(store.head(&log).await.unwrap(), None);
    store
        .append(with_data(json!({ "n": 9_007_199_254_740_991_u64 })))
        .await
        .unwrap();
}

pub async fn bounds_are_kept(store: &impl Store) {
    let too_large = |refused: Result<Committed, AppendError>, wanted: &str| match refused {
        Err(AppendError::TooLarge {
            what,
            limit,
            actual,
        }) => {
            assert_eq!(what, wanted);
            assert!(actual > limit);
        }
        other => panic!("{wanted}: {other:?}"),
    };
    let mut many_logs = Vec::new();
    for n in 0..=LOGS_MAX {
        many_logs.push(entry(store, &account(u64::try_from(n).unwrap()), vec![event(0)]).await);
    }
    too_large(store.append(commit(many_logs)).await, "logs");
    let log = account(1);
    let n_events = u64::try_from(EVENTS_MAX).unwrap();
    let many = entry(store, &log, (0..=n_events).map(event).collect()).await;
    too_large(store.append(commit(vec![many])).await, "events");
    let long = NewEvent {
        data: json!({ "text": "x".repeat(BYTES_MAX) }),
        ..event(0)
    };
    let long = entry(store, &log, vec![long]).await;
    too_large(store.append(commit(vec![long])).await, "bytes");
    assert_eq!(store.head(&log).await.unwrap(), None);
    let most = entry(store, &log, (0..n_events).map(event).collect()).await;
    store.append(commit(vec![most])).await.unwrap();
}

pub async fn time_never_runs_backwards(store: &impl Store) {
    let (one, two) = (account(1), account(2));
    let late = Commit {
        at: at(600),
        ..commit(vec![entry(store, &one, vec![event(0)]).await])
    };
    assert_eq!(store.append(late).await.unwrap().heads[0].at, at(600));
    let early = Commit {
        at: at(0),
        ..commit(vec![entry(store, &one, vec![event(1)]).await])
    };
    assert_eq!(store.append(early).await.unwrap().heads[0].at, at(600));
    // A commit has one time, not before that of any log it writes.
    let both = vec![
        entry(store, &two, vec![event(0)]).await,
        entry(store, &one, vec![event(2)]).await,
    ];
    let both = store
        .append(Commit {
            at: at(1),
            ..commit(both)
        })
        .await
        .unwrap();
    assert_eq!((both.heads[0].at, both.heads[1].at), (at(600), at(600)));
    assert_sound(store).await;
}

pub async fn every_event_has_its_own_salt(store: &impl Store) {
    let committed = append(store, &account(1), 2).await;
    let salt = |n: usize| {
        let body = committed.commits[0].events[n].body.as_ref().unwrap();
        let body: Value = serde_json::from_slice(body).unwrap();
        body["salt"].as_str().unwrap().to_owned()
    };
    assert_eq!(salt(0).len(), 32);
    assert_ne!(salt(0), salt(1));
}

pub async fn bodies_are_canonical_json(store: &impl Store) {
    let data = json!({ "z": 1, "ä": "\u{1}é\"", "a": { "y": [], "x": null }, "n": -3 });
    let event = NewEvent {
        data: data.clone(),
        ..event(0)
    };
    let entry = entry(store, &account(1), vec![event]).await;
    let committed = store.append(commit(vec![entry])).await.unwrap();
    let recorded = &committed.commits[0].events[0];
    let body = recorded.body.as_ref().unwrap();
    let text = std::str::from_utf8(body).unwrap();
    assert!(
        text.starts_with(
            r#"{"data":{"a":{"x":null,"y":[]},"n":-3,"z":1,"ä":"\u0001é\""},"meta":{"#
        ),
        "{text}"
    );
    let parsed: Value = serde_json::from_str(text).unwrap();
    assert_eq!(strict::canonical(&parsed), text);
    assert_eq!(recorded.data().unwrap(), data);
    assert_eq!(chain::body_hash(body), recorded.body_hash);
}

pub async fn reading_gives_whole_commits(store: &impl Store) {
    let log = account(1);
    for n_events in [2, 3, 1, 4] {
        append(store, &log, n_events).await;
    }
    let lasts = async |after: u64, limit: usize| {
        let commits = store.read(&log, Seq::new(after), limit).await.unwrap();
        commits.iter().map(|one| one.last.get()).collect::<Vec<_>>()
    };
    assert_eq!(lasts(0, 100).await, [2, 5, 6, 10]);
    assert_eq!(lasts(0, 5).await, [2, 5]);
    assert_eq!(lasts(0, 4).await, [2]);
    assert_eq!(
        lasts(2, 1).await,
        [5],
        "one commit comes whatever the limit"
    );
    assert_eq!(
        lasts(3, 100).await,
        [5, 6, 10],
        "a commit is never cut at its start"
    );
    assert_eq!(lasts(6, 100).await, [10]);
    assert_eq!(lasts(10, 100).await, [0; 0]);
    assert_eq!(lasts(99, 100).await, [0; 0]);
}

pub async fn several_logs_are_read_as_each_is(store: &impl Store) {
    let logs: Vec<LogId> = (1..=12).map(account).collect();
    for (log, n_commits) in logs.iter().zip(0_u64..) {
        for n_events in 1..=n_commits {
            append(store, log, n_events).await;
        }
    }
    // From the start, from within, from the end and from beyond it; the first has no event at all.
    for (after, limit) in [(0, 100), (0, 1), (1, 4), (3, 2), (6, 100), (10_000, 100)] {
        let of: Vec<(LogId, Seq)> = logs
            .iter()
            .rev()
            .map(|log| (log.clone(), Seq::new(after)))
            .collect();
        let mut each = Vec::new();
        for (log, after) in &of {
            each.push(store.read(log, *after, limit).await.unwrap());
        }
        let together = store.read_many(&of, limit).await.unwrap();
        assert_eq!(together, each, "after {after}, {limit} events");
    }
    assert!(store.read_many(&[], 100).await.unwrap().is_empty());
    // More than a commit may have.
    let (long, short) = (account(20), account(21));
    for _ in 0..3 {
        append(store, &long, 200).await;
        append(store, &short, 1).await;
    }
    let of = [(long.clone(), Seq::new(200)), (short, Seq::new(1))];
    for limit in [0, 1, 2, 199, 200, 399, 400, 1_000] {
        let mut each = Vec::new();
        for (log, after) in &of {
            each.push(store.read(log, *after, limit).await.unwrap());
        }
        assert_eq!(store.read_many(&of, limit).await.unwrap(), each, "{limit}");
    }
}

pub async fn an_unknown_log_is_empty(store: &impl Store) {
    let log = account(1);
    assert_eq!(store.head(&log).await.unwrap(), None);
    assert!(store.read(&log, Seq::ZERO, 10).await.unwrap().is_empty());
    assert_eq!(store.commit_at(&log, Seq::new(1)).await.unwrap(), None);
    assert_eq!(store.head_at(&log, at(0)).await.unwrap(), None);
    assert!(store.heads(&[log]).await.unwrap().is_empty());
    assert!(store.logs(None, 10).await.unwrap().is_empty());
    assert_sound(store).await;
}

pub async fn logs_are_listed_in_order(store: &impl Store) {
    for log in [organization(), account(2), LogId::Platform, account(1)] {
        append(store, &log, 1).await;
    }
    let names = |heads: Vec<crate::Head>| {
        heads
            .iter()
            .map(|head| head.log.to_string())
            .collect::<Vec<_>>()
    };
    let all = names(store.logs(None, 10).await.unwrap());
    assert_eq!(
        all,
        ["000000000001", "000000000002", "o-4k7m2xq9ab", "platform"]
    );
    let page = names(store.logs(Some(&account(1)), 2).await.unwrap());
    assert_eq!(page, ["000000000002", "o-4k7m2xq9ab"]);
    let asked = names(
        store
            .heads(&[organization(), account(3), account(1)])
            .await
            .unwrap(),
    );
    assert_eq!(asked, ["o-4k7m2xq9ab", "000000000001"]);
}

pub async fn concurrent_writers_of_one_log_leave_no_gap(store: &impl Store) {
    let log = account(1);
    let writers = (0..16_u64).map(|writer| {
        let (store, log) = (store.clone(), log.clone());
        async move {
            let mut n_refused = 0_u32;
            for n in 0..5 {
                loop {
                    let entry = entry(&store, &log, vec![event(writer * 100 + n)]).await;
                    match store.append(commit(vec![entry])).await {
                        Ok(_) => break,
                        Err(AppendError::Stale { .. }) => n_refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            n_refused
        }
    });
    join_all(writers).await;
    let mut seen: Vec<u64> = Vec::new();
    for commit in store.read(&log, Seq::ZERO, 1_000).await.unwrap() {
        seen.push(commit.events[0].data().unwrap()["n"].as_u64().unwrap());
    }
    seen.sort_unstable();
    let wanted: Vec<u64> = (0..16)
        .flat_map(|writer| (0..5).map(move |n| writer * 100 + n))
        .collect();
    assert_eq!(seen, wanted, "each command is there exactly once");
    assert_sound(store).await;
}

/// Commits each of which follows the one before, none of which is sent yet.
async fn chained(store: &impl Store, log: &LogId, n: u64) -> Vec<Commit> {
    append(store, log, 1).await;
    let meta = store.store_meta().await.unwrap();
    let mut head = store.head(log).await.unwrap().unwrap();
    let mut commits = Vec::new();
    for n in 0..n {
        let next = commit(vec![Entry {
            log: log.clone(),
            expected: Expected::at(&head),
            events: vec![event(n)],
        }]);
        let sealed = crate::seal::seal(&meta, &next, &[Some(head)]).unwrap();
        head = sealed.heads[0].clone();
        commits.push(next);
    }
    commits
}

pub async fn a_commit_may_follow_one_that_is_under_way(store: &impl Store) {
    let log = account(1);
    let commits = chained(store, &log, 20).await;
    // Polled in their order, all before the first is answered.
    let answers = join_all(commits.into_iter().map(|one| store.append(one))).await;
    for (n, answer) in answers.into_iter().enumerate() {
        let n = u64::try_from(n).unwrap();
        assert_eq!(answer.unwrap().heads[0].seq, Seq::new(n + 2));
    }
    let commits = store.read(&log, Seq::ZERO, 100).await.unwrap();
    assert_eq!(commits.len(), 21);
    assert_sound(store).await;
}

pub async fn what_follows_a_refused_commit_is_refused(store: &impl Store) {
    let other = entry(store, &account(2), vec![event(0)]).await;
    let mut holder = commit(vec![other]);
    holder.claims_taken = vec![claim(&account(2), "name")];
    store.append(holder).await.unwrap();
    let log = account(1);
    let mut commits = chained(store, &log, 4).await;
    commits[1].claims_taken = vec![claim(&log, "name")];
    let answers = join_all(commits.into_iter().map(|one| store.append(one))).await;
    let [first, second, third, fourth] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert!(first.is_ok(), "{first:?}");
    assert!(
        matches!(second, Err(AppendError::ClaimTaken { .. })),
        "{second:?}"
    );
    for answer in [third, fourth] {
        assert!(
            matches!(answer, Err(AppendError::Stale { .. })),
            "{answer:?}"
        );
    }
    assert_eq!(store.head(&log).await.unwrap().unwrap().seq, Seq::new(2));
    assert_sound(store).await;
}

/// The log knows no event types: one that no fold knows is stored and given back, and other logs
/// are read as before. Refusing it is the fold's matter.
pub async fn a_strange_event_harms_no_other_log(store: &impl Store) {
    let strange = NewEvent {
        etype: "mystery.appeared".to_owned(),
        ever: 999,
        data: json!({}),
    };
    let poisoned = entry(store, &account(1), vec![strange]).await;
    store.append(commit(vec![poisoned])).await.unwrap();
    append(store, &account(2), 2).await;
    append(store, &account(1), 1).await;
    let commits = store.read(&account(1), Seq::ZERO, 10).await.unwrap();
    assert_eq!(
        (
            commits[0].events[0].etype.as_str(),
            commits[0].events[0].ever
        ),
        ("mystery.appeared", 999)
    );
    assert_eq!(
        store.read(&account(2), Seq::ZERO, 10).await.unwrap().len(),
        1
    );
    assert_sound(store).await;
}

pub async fn a_receipt_gives_the_same_answer(store: &impl Store) {
    let log = account(1);
    append(store, &log, 1).await;
    let first = Commit {
        receipt: Some(receipt(&log, 5)),
        ..commit(vec![entry(store, &log, vec![event(1), event(2)]).await])
    };
    store.append(first).await.unwrap();
    let stored = store.receipt(&log, &[5; 32]).await.unwrap().unwrap();
    assert_eq!(
        (stored.first, stored.last, stored.status),
        (Seq::new(2), Seq::new(3), 201)
    );
    assert_eq!(stored.response.as_deref(), Some(&b"{\"id\":1}"[..]));
    assert_eq!((stored.request_hash, stored.created_at), ([4; 32], at(0)));
    let again = Commit {
        receipt: Some(receipt(&log, 5)),
        ..commit(vec![entry(store, &log, vec![event(1)]).await])
    };
    assert_eq!(
        store.append(again).await,
        Err(AppendError::Receipt(Box::new(stored)))
    );
    assert_eq!(store.head(&log).await.unwrap().unwrap().seq, Seq::new(3));
    assert_eq!(store.receipt(&account(2), &[5; 32]).await.unwrap(), None);
    // The same key in another log is another key.
    let other = Commit {
        receipt: Some(receipt(&account(2), 5)),
        ..commit(vec![entry(store, &account(2), vec![event(1)]).await])
    };
    store.append(other).await.unwrap();
    assert_sound(store).await;
}

pub async fn a_receipt_comes_before_a_conflict(store: &impl Store) {
    let log = account(1);
    let wish = Commit {
        receipt: Some(receipt(&log, 1)),
        claims_taken: vec![claim(&log, "name")],
        ..commit(vec![entry(store, &log, vec![event(1)]).await])
    };
    store.append(wish.clone()).await.unwrap();
    append(store, &log, 1).await;
    // Now stale, and the name is taken; still the answer is the receipt.
    assert!(matches!(
        store.append(wish).await,
        Err(AppendError::Receipt(_))
    ));
}

pub async fn a_receipt_of_a_refused_commit_is_not_kept(store: &impl Store) {
    let log = account(1);
    append(store, &log, 1).await;
    let stale = Entry {
        log: log.clone(),
        expected: Expected::New,
        events: vec![event(1)],
    };
    let stale = Commit {
        receipt: Some(receipt(&log, 1)),
        ..commit(vec![stale])
    };
    assert!(store.append(stale).await.is_err());
    assert_eq!(store.receipt(&log, &[1; 32]).await.unwrap(), None);
}

pub async fn a_receipt_tells_all_logs_of_its_commit(store: &impl Store) {
    let (one, two) = (account(1), organization());
    append(store, &two, 3).await;
    let both = vec![
        entry(store, &two, vec![event(0)]).await,
        entry(store, &one, vec![event(0), event(1)]).await,
    ];
    let committed = store
        .append(Commit {
            receipt: Some(receipt(&one, 1)),
            ..commit(both)
        })
        .await
        .unwrap();
    append(store, &one, 1).await;
    let stored = store.receipt(&one, &[1; 32]).await.unwrap().unwrap();
    let token = crate::receipt::token(store, &stored).await.unwrap();
    let wanted = format!(
        "{one}@2.{},{two}@4.{}",
        committed.heads[1].hash.prefix(),
        committed.heads[0].hash.prefix()
    );
    assert_eq!(token.to_string(), wanted);
}

pub async fn old_receipts_are_purged(store: &impl Store) {
    let log = account(1);
    for (n, seconds) in [(1, 0), (2, 100)] {
        let entry = entry(store, &log, vec![event(0)]).await;
        let wish = Commit {
            at: at(seconds),
            receipt: Some(receipt(&log, n)),
            ..commit(vec![entry])
        };
        store.append(wish).await.unwrap();
    }
    assert_eq!(store.purge(at(200), at(100), at(0)).await.unwrap(), 1);
    assert_eq!(store.receipt(&log, &[1; 32]).await.unwrap(), None);
    assert!(store.receipt(&log, &[2; 32]).await.unwrap().is_some());
}
