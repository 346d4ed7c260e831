//! A store that announces nothing: its followers ask.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use trilby_directory::{Directory, Error, Options};
use trilby_eventlog::*;
use trilby_model::{LogId, Seq, Timestamp};

use crate::store::*;
use crate::through::Through;

/// A directory that hears nothing and has to ask, and its store, which counts and can fail.
pub async fn asking(memory: &Memory, options: Options) -> (Directory, Arc<Sink>, Arc<Through>) {
    asking_at(memory, NOW, options).await
}

/// On a node whose clock shows this.
async fn asking_at(
    memory: &Memory,
    now: Timestamp,
    options: Options,
) -> (Directory, Arc<Sink>, Arc<Through>) {
    let store = Arc::new(Through::new(memory.clone()));
    let sink = Arc::new(Sink::default());
    let directory = Directory::start(
        Arc::clone(&store) as _,
        &Polled::default(),
        SECRETS,
        Arc::clone(&sink) as _,
        now,
        options,
    )
    .await
    .unwrap();
    (directory, sink, store)
}

async fn rounds(n: u64) {
    tokio::time::sleep(Options::default().poll_every * u32::try_from(n).unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn what_others_write_is_seen_within_two_rounds() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    let (reader, _, store) = asking(&memory, Options::default()).await;
    assert_eq!(name(&reader, account(1)).await, "acme");
    append(&writer, account(1), vec![renamed("other")]).await;
    rounds(2).await;
    // Already brought up to date: whoever asks reads nothing.
    let n_before = store.n_reads.load(Ordering::SeqCst);
    assert_eq!(name(&reader, account(1)).await, "other");
    assert_eq!(store.n_reads.load(Ordering::SeqCst), n_before);
}

/// A directory with so many accounts in memory, and who writes them.
async fn many(n: u64) -> (Directory, Directory, Arc<Through>) {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    let (reader, _, store) = asking(&memory, Options::default()).await;
    for n in 0..n {
        append(&writer, account(n), vec![created(account(n))]).await;
        reader.account(account(n)).await.unwrap();
    }
    (writer, reader, store)
}

#[tokio::test(start_paused = true)]
async fn what_many_logs_have_is_read_by_few_questions() {
    let (writer, reader, store) = many(100).await;
    for n in 0..100 {
        append(&writer, account(n), vec![renamed("other")]).await;
    }
    // More than is read of a log together with others.
    for _ in 0..40 {
        append(&writer, account(7), vec![renamed("another")]).await;
    }
    let n_before = store.n_reads.load(Ordering::SeqCst);
    rounds(2).await;
    // Two for all, and what is left of the one.
    let n_asked = store.n_reads.load(Ordering::SeqCst) - n_before;
    assert!((2..=4).contains(&n_asked), "{n_asked}");
    for n in 0..100 {
        let wanted = if n == 7 { "another" } else { "other" };
        assert_eq!(name(&reader, account(n)).await, wanted);
    }
    assert_eq!(store.n_reads.load(Ordering::SeqCst) - n_before, n_asked);
}

#[tokio::test(start_paused = true)]
async fn logs_are_read_one_by_one_where_a_question_for_many_is_not_answered() {
    let (writer, reader, store) = many(100).await;
    for n in 0..100 {
        append(&writer, account(n), vec![renamed("other")]).await;
    }
    store.reads_one_by_one.store(true, Ordering::SeqCst);
    // Two questions are waited for.
    rounds(4).await;
    let n_before = store.n_reads.load(Ordering::SeqCst);
    for n in 0..100 {
        assert_eq!(name(&reader, account(n)).await, "other");
    }
    assert_eq!(store.n_reads.load(Ordering::SeqCst), n_before);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_folded_keeps_no_other_from_being_read() {
    let (writer, reader, store) = many(5).await;
    for n in 0..5 {
        append(&writer, account(n), vec![renamed("other")]).await;
    }
    let log = LogId::Account(account(2));
    let mut forged = store.read(&log, Seq::new(1), 10).await.unwrap().remove(0);
    forged.events[0].etype = "account.unheard_of".to_owned();
    store.shows(forged);
    rounds(2).await;
    let n_before = store.n_reads.load(Ordering::SeqCst);
    for n in [0, 1, 3, 4] {
        assert_eq!(name(&reader, account(n)).await, "other");
    }
    assert_eq!(store.n_reads.load(Ordering::SeqCst), n_before);
    // Nobody is given what was before.
    reader.account(account(2)).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn revocations_of_accounts_that_nobody_asked_for_are_heard() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    let (_reader, sink, _) = asking(&memory, Options::default()).await;
    append(&writer, account(1), vec![suspended(1)]).await;
    rounds(2).await;
    assert!(!sink.0.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_position_is_not_waited_for_where_nobody_will_tell() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    let (reader, _, _) = asking(&memory, Options::default()).await;
    reader.account(account(1)).await.unwrap();
    let token = append(&writer, account(1), vec![renamed("other")]).await;
    let begun = tokio::time::Instant::now();
    reader.at_least(&token.positions()[0]).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(50));
    assert_eq!(name(&reader, account(1)).await, "other");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_is_in_force_with_the_state_that_has_it() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    let (reader, sink, _) = asking(&memory, Options::default()).await;
    reader.account(account(1)).await.unwrap();
    let token = append(&writer, account(1), vec![suspended(1)]).await;
    reader.at_least(&token.positions()[0]).await.unwrap();
    let heard = sink.0.lock().unwrap().clone();
    let stored = memory
        .revocations_since(Timestamp::from_micros(0))
        .await
        .unwrap();
    assert_eq!(heard, stored, "no round has passed");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_under_a_snapshot_is_in_force_as_well() {
    let memory = Memory::for_tests();
    let (reader, sink, _) = asking(&memory, Options::default()).await;
    snapshot_of_an_ended_account(&memory, NOW).await;
    assert!(sink.0.lock().unwrap().is_empty());
    reader.account(account(1)).await.unwrap();
    assert_eq!(sink.0.lock().unwrap().len(), 1);
}

/// An account whose sessions were ended, and a snapshot of it after that, by a writer whose clock shows this.
async fn snapshot_of_an_ended_account(memory: &Memory, now: Timestamp) {
    let options = Options {
        snapshot_tail: 0,
        ..Options::default()
    };
    let (writer, _) = directory(memory, memory, options).await;
    append_at(&writer, account(1), vec![created(account(1))], now).await;
    append_at(&writer, account(1), vec![suspended(1)], now).await;
    let log = LogId::Account(account(1));
    while newest_snapshot(memory, &log)
        .await
        .is_none_or(|snapshot| snapshot.seq < Seq::new(2))
    {
        tokio::task::yield_now().await;
    }
}

const CLOCK_IS_WRONG_S: i64 = 600;

#[tokio::test(start_paused = true)]
async fn a_revocation_is_heard_whatever_its_writers_clock_shows() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    let early = NOW.plus_seconds(-CLOCK_IS_WRONG_S);
    append_at(&writer, account(1), vec![created(account(1))], early).await;
    let ahead = NOW.plus_seconds(CLOCK_IS_WRONG_S);
    let (reader, sink, _) = asking_at(&memory, ahead, Options::default()).await;
    rounds(1).await;
    append_at(&writer, account(1), vec![suspended(1)], early).await;
    rounds(2).await;
    assert!(reader.revocation_lag().unwrap() <= Duration::from_secs(1));
    assert_eq!(sink.0.lock().unwrap().len(), 1);
    // It is heard once: nothing new is asked for again.
    rounds(9).await;
    assert_eq!(sink.0.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_under_a_snapshot_is_in_force_whatever_its_writers_clock_shows() {
    let memory = Memory::for_tests();
    let ahead = NOW.plus_seconds(CLOCK_IS_WRONG_S);
    let options = Options {
        // No rounds: they hear of it as well.
        poll_every: Duration::from_secs(3_600),
        ..Options::default()
    };
    let (reader, sink, _) = asking_at(&memory, ahead, options).await;
    snapshot_of_an_ended_account(&memory, NOW.plus_seconds(-CLOCK_IS_WRONG_S)).await;
    assert!(sink.0.lock().unwrap().is_empty());
    reader.account(account(1)).await.unwrap();
    assert_eq!(sink.0.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_gone_what_is_known_grows_old_and_stays_in_use() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    for n in [1, 2] {
        append(&writer, account(n), vec![created(account(n))]).await;
    }
    let (reader, sink, store) = asking(&memory, Options::default()).await;
    reader.account(account(1)).await.unwrap();
    rounds(3).await;
    assert!(reader.revocation_lag().unwrap() <= Duration::from_secs(1));
    store.is_gone.store(true, Ordering::SeqCst);
    append(&writer, account(1), vec![renamed("unheard"), suspended(1)]).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let lag = reader.revocation_lag().unwrap();
    assert!(lag >= Duration::from_secs(60), "{lag:?}");
    assert!(reader.knows_revocations());
    // Decided on as before; what is not in memory is not decided at all.
    assert_eq!(name(&reader, account(1)).await, "acme");
    let cold = reader.account(account(2)).await;
    assert!(matches!(cold, Err(Error::Unavailable(_))), "{cold:?}");
    store.is_gone.store(false, Ordering::SeqCst);
    rounds(2).await;
    assert!(reader.revocation_lag().unwrap() <= Duration::from_secs(1));
    assert!(!sink.0.lock().unwrap().is_empty());
    assert_eq!(name(&reader, account(1)).await, "unheard");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_as_good_as_gone() {
    let memory = Memory::for_tests();
    let (reader, _, store) = asking(&memory, Options::default()).await;
    store.hangs.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(reader.revocation_lag().unwrap() >= Duration::from_secs(29));
    store.hangs.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(reader.revocation_lag().unwrap() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_was_taken_back_is_noticed_by_its_head() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    append(&writer, account(1), vec![renamed("lost")]).await;
    let (reader, _, store) = asking(&memory, Options::default()).await;
    assert_eq!(name(&reader, account(1)).await, "lost");
    // Another store of the same beginnings, where something else came after.
    let restored = Memory::for_tests();
    let writer = follower(&restored).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    append(&writer, account(1), vec![renamed("kept")]).await;
    store.becomes(restored);
    rounds(2).await;
    assert_eq!(name(&reader, account(1)).await, "kept");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_folded_stops_no_round() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    for n in [1, 2] {
        append(&writer, account(n), vec![created(account(n))]).await;
    }
    let (reader, sink, store) = asking(&memory, Options::default()).await;
    for n in [1, 2] {
        reader.account(account(n)).await.unwrap();
    }
    poison(&memory, 1).await;
    append(&writer, account(2), vec![renamed("well"), suspended(2)]).await;
    rounds(2).await;
    let asked = reader.account(account(1)).await;
    assert!(matches!(asked, Err(Error::Quarantined { .. })), "{asked:?}");
    assert_eq!(name(&reader, account(2)).await, "well");
    assert!(!sink.0.lock().unwrap().is_empty());
    // However often it is asked for, it is read once a moment.
    let n_before = store.n_reads.load(Ordering::SeqCst);
    for _ in 0..100 {
        assert!(reader.account(account(1)).await.is_err());
    }
    assert!(store.n_reads.load(Ordering::SeqCst) <= n_before + 2);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_heads_is_never_told_what_was() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    let options = Options {
        ask_heads: true,
        ..Options::default()
    };
    let (one, _, _) = asking(&memory, options.clone()).await;
    let (two, _, _) = asking(&memory, options).await;
    for n in 0..20 {
        let (here, there) = if n % 2 == 0 {
            (&one, &two)
        } else {
            (&two, &one)
        };
        append(here, account(1), vec![renamed(&format!("name-{n}"))]).await;
        assert_eq!(name(there, account(1)).await, format!("name-{n}"));
    }
    // Nor is a command refused for what another process has changed.
    append(&one, account(2), vec![created(account(2))]).await;
    let asked = two
        .execute(
            write(vec![LogId::Account(account(2))]),
            |states| match states.account(account(2)) {
                Some(_) => Ok(plan(Vec::new())),
                None => Err("not there".to_owned()),
            },
        )
        .await;
    assert!(asked.is_ok(), "{asked:?}");
}

#[tokio::test]
async fn a_hundred_who_ask_for_a_cold_log_read_it_once() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    for n in 0..300 {
        append(&writer, account(1), vec![renamed(&format!("name-{n}"))]).await;
    }
    let (reader, _, store) = asking(&memory, Options::default()).await;
    let asking: Vec<_> = (0..100)
        .map(|_| {
            let reader = reader.clone();
            tokio::spawn(async move { reader.account(account(1)).await.unwrap().seq() })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), Seq::new(301));
    }
    // One batch, and no look for more: the head is known.
    assert_eq!(store.n_reads.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_keeps_to_the_budget() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    for n in 0..40 {
        append(&writer, account(n), vec![created(account(n))]).await;
    }
    let reads_of_all_again = async |memory_bytes_max| {
        let options = Options {
            memory_bytes_max,
            // No rounds: they would read as well.
            poll_every: Duration::from_secs(3_600),
            ..Options::default()
        };
        let (reader, _, store) = asking(&memory, options).await;
        for n in 0..40 {
            reader.account(account(n)).await.unwrap();
        }
        let n_before = store.n_reads.load(Ordering::SeqCst);
        for n in 0..40 {
            assert_eq!(name(&reader, account(n)).await, "acme");
        }
        store.n_reads.load(Ordering::SeqCst) - n_before
    };
    assert_eq!(reads_of_all_again(64 * 1024 * 1024).await, 0);
    // Room for a dozen at most: each weighs more than 4 KiB.
    assert!(reads_of_all_again(50_000).await >= 28);
}

#[tokio::test(start_paused = true)]
async fn a_state_larger_than_its_share_is_held_all_the_same() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    for n in 0..100 {
        append(&writer, account(1), vec![renamed(&format!("name-{n}"))]).await;
    }
    let options = Options {
        memory_bytes_max: 10_000,
        poll_every: Duration::from_secs(3_600),
        ..Options::default()
    };
    let (reader, _, store) = asking(&memory, options).await;
    reader.account(account(1)).await.unwrap();
    let n_before = store.n_reads.load(Ordering::SeqCst);
    for _ in 0..10 {
        reader.account(account(1)).await.unwrap();
    }
    assert_eq!(store.n_reads.load(Ordering::SeqCst), n_before);
}
