use trilby_model::Seq;

use super::*;
use crate::activity::Activity;
use crate::archive::{Row, Section};
use crate::error::AppendError;
use crate::log::EventLog;
use crate::memory::Memory;
use crate::side::{OneTime, SideWrite};
use crate::trusting::TrustingChange;

/// Something in every table.
async fn fill(store: &impl Store) {
    let (one, two) = (account(1), organization());
    append(store, &one, 3).await;
    let entries = vec![
        entry(store, &one, vec![event(1)]).await,
        entry(store, &two, vec![event(2)]).await,
    ];
    let mark = OneTime {
        log: one.clone(),
        purpose: 1,
        key_hash: [1; 32],
        expires_at: at(50),
    };
    let trusting = TrustingChange::Put {
        key: [8; 32],
        log: one.clone(),
        role: "TROL1".to_owned(),
        event: 0,
    };
    let wish = Commit {
        claims_taken: vec![claim(&one, "n")],
        receipt: Some(receipt(&one, 1)),
        revocations: vec![revocation(&one, "u")],
        side: vec![SideWrite::OneTimeInsert(mark)],
        trusting: vec![trusting],
        ..commit(entries)
    };
    store.append(wish).await.unwrap();
    for n in 0..3 {
        let record = Activity {
            log: one.clone(),
            at: at(n),
            kind: "session.issued".to_owned(),
            id: format!("TSES{n}"),
            body: b"{}".to_vec(),
        };
        store.activity_append(vec![record]).await.unwrap();
    }
}

async fn rows(store: &dyn Archive, section: Section) -> Vec<Row> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.export(section, None, after, 2).await.unwrap();
        assert!(page.rows.len() <= 2);
        all.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

pub async fn a_written_store_verifies(store: &impl Store) {
    fill(store).await;
    let report = verify::verify(store, &Options::default()).await.unwrap();
    assert_eq!(
        (report.status, report.exit_code()),
        (Status::Ok, 0),
        "{:?}",
        report.findings
    );
    assert_eq!((report.logs, report.commits, report.events), (2, 3, 5));
    let one = account(1);
    let head = store.head(&one).await.unwrap().unwrap();
    let kept = [head.position()];
    let options = Options {
        log: Some(&one),
        since: Seq::new(3),
        kept: &kept,
        ..Options::default()
    };
    let report = verify::verify(store, &options).await.unwrap();
    assert_eq!((report.status, report.events), (Status::Ok, 1));
    let mut other = head.position();
    other.hash = Some(trilby_model::HashPrefix([0; 8]));
    let kept = [other];
    let report = verify::verify(
        store,
        &Options {
            kept: &kept,
            ..Options::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(report.exit_code(), 2);
    assert_eq!(
        (report.findings[0].log.clone(), report.findings[0].seq),
        (Some(one), Some(head.seq))
    );
    let nobody = account(9);
    let report = verify::verify(
        store,
        &Options {
            log: Some(&nobody),
            ..Options::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(report.exit_code(), 3);
}

/// Longer than announced commits stay in an outbox.
const SETTLES: std::time::Duration = std::time::Duration::from_millis(300);

/// To memory and back again is tested by the backends that are not memory.
pub async fn a_copy_is_the_same_store(store: &impl Store) {
    fill(store).await;
    // A store that announces for good empties its outbox meanwhile: what was copied is what stands at the end.
    let (copied, copy) = loop {
        let before = rows(store, Section::Outbox).await;
        let copy = Memory::for_tests();
        let copied = crate::copy::copy(store, &copy).await.unwrap();
        tokio::time::sleep(SETTLES).await;
        if rows(store, Section::Outbox).await == before {
            break (copied, copy);
        }
    };
    assert_eq!((copied.logs, copied.commits, copied.events), (2, 3, 5));
    assert_eq!(
        copy.store_meta().await.unwrap(),
        store.store_meta().await.unwrap()
    );
    for section in Section::ALL {
        let (mut ours, mut theirs) = (rows(store, section).await, rows(&copy, section).await);
        if !matches!(section, Section::Segments | Section::Activity) {
            ours.sort_by_key(|row| format!("{row:?}"));
            theirs.sort_by_key(|row| format!("{row:?}"));
        }
        assert_eq!(ours, theirs, "{section:?}");
    }
    for head in store.logs(None, 10).await.unwrap() {
        let commits = store.read(&head.log, Seq::ZERO, 100).await.unwrap();
        assert_eq!(copy.read(&head.log, Seq::ZERO, 100).await.unwrap(), commits);
    }
    assert_sound(&copy).await;
    append(&copy, &account(1), 1).await;
    append(store, &account(1), 1).await;
    assert_eq!(
        copy.head(&account(1)).await.unwrap(),
        store.head(&account(1)).await.unwrap()
    );
    let again = crate::copy::copy(store, &copy).await;
    assert!(
        matches!(again, Err(crate::Error::Invalid(_))),
        "only into an empty store"
    );
}

pub async fn a_closed_log_takes_nothing(store: &impl Store) {
    let log = account(1);
    append(store, &log, 1).await;
    store.close_log(&log, false).await.unwrap();
    let wish = commit(vec![entry(store, &log, vec![event(0)]).await]);
    assert_eq!(
        store.append(wish).await,
        Err(AppendError::NotOpen { log: log.clone() })
    );
    assert!(store.close_log(&account(2), false).await.is_err());
    append(store, &account(3), 1).await;
    assert_sound(store).await;
}

pub async fn an_erased_log_keeps_its_chain(store: &impl Store) {
    fill(store).await;
    let (one, two) = (account(1), organization());
    let before = store.head(&one).await.unwrap().unwrap();
    store.close_log(&one, true).await.unwrap();
    let head = store.head(&one).await.unwrap().unwrap();
    assert_eq!(
        (head.hash, head.state),
        (before.hash, crate::HeadState::Erased)
    );
    let commits = store.read(&one, Seq::ZERO, 100).await.unwrap();
    assert!(
        commits
            .iter()
            .flat_map(|one| &one.events)
            .all(|event| event.body.is_none())
    );
    assert!(commits[0].events[0].data().is_err());
    assert_eq!(store.claim(&claim(&one, "n").key).await.unwrap(), None);
    assert_eq!(store.one_time(&one, 1, &[1; 32]).await.unwrap(), None);
    assert_eq!(store.receipt(&one, &[1; 32]).await.unwrap(), None);
    assert!(
        store.read(&two, Seq::ZERO, 9).await.unwrap()[0].events[0]
            .data()
            .is_ok()
    );
    assert_sound(store).await;
}

/// A store may do it in parts.
pub async fn a_log_of_many_events_is_erased_whole(store: &impl Store) {
    const EVENTS: usize = 2_100;
    let (log, other) = (account(1), account(2));
    for _ in 0..EVENTS / 100 {
        append(store, &log, 100).await;
    }
    append(store, &other, 1).await;
    store.close_log(&log, true).await.unwrap();
    let events = store.events(&log, Seq::ZERO, 9_999).await.unwrap();
    assert_eq!(events.len(), EVENTS);
    assert!(events.iter().all(|event| event.body.is_none()));
    let others = store.events(&other, Seq::ZERO, 9).await.unwrap();
    assert!(others[0].body.is_some());
    assert_sound(store).await;
}

pub async fn a_fence_shows_in_hashes(store: &impl Store) {
    let log = account(1);
    append(store, &log, 1).await;
    assert_eq!(store.fence(0).await.unwrap(), 2);
    let committed = append(store, &log, 1).await;
    assert_eq!(committed.commits[0].incarnation, 2);
    assert_eq!(store.fence(300_000_000).await.unwrap(), 300_000_000);
    assert_eq!(store.fence(5).await.unwrap(), 300_000_001);
    let committed = append(store, &log, 1).await;
    assert_eq!(committed.commits[0].incarnation, 300_000_001);
    assert_eq!(store.raise_reader_level(3).await.unwrap(), 3);
    assert_eq!(store.raise_reader_level(2).await.unwrap(), 3);
    assert_eq!(store.store_meta().await.unwrap().min_reader_level, 3);
    assert_sound(store).await;
}
