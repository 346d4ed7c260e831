//! A rolling upgrade from one release to the next, back again, and up again, with processes of both over one store that is
//! written all the time. The next release brings a table's column and a new version of an event, which it writes only once
//! the store says that all who read it can.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use trilby_eventlog::{AppendError, Archive, EventLog, conformance};
use trilby_eventlog_postgres::{OpenError, Options, Postgres, Role};
use trilby_model::Seq;
use trilby_testkit::simulation::{Random, Run};

use crate::support::common::{self, Database, account};

const PROCESSES: u64 = 3;
const LOGS: u64 = 4;
const UPGRADES: u64 = 1;

/// What the next release's migration does: it only adds.
const EXPAND: &str = "alter table receipt add column if not exists note text;
    insert into refinery_schema_history (version, name, applied_on, checksum)
        select max(version) + 1, 'note', max(applied_on), '0' from refinery_schema_history";

/// A release, by the newest version of `test.happened` that it reads: its reader level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Release(u16);

const OLD: Release = Release(1);
const NEW: Release = Release(2);

impl Release {
    fn options(self, database: &Database) -> Options {
        Options {
            reader_level: u32::from(self.0),
            ..database.options(Role::Identity)
        }
    }
}

/// What a process did.
#[derive(Debug, Default)]
struct Did {
    written: BTreeMap<u16, usize>,
    read: usize,
    /// Versions that it met and does not know.
    unknown: usize,
}

/// A running process: reads every log on from where it was, and writes.
struct Process {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Did>,
}

impl Process {
    /// `waits`: writes what is new only when the store allows it.
    async fn start(
        release: Release,
        database: &Database,
        waits: bool,
        random: Random,
    ) -> Result<Self, OpenError> {
        let store = Postgres::open(&release.options(database)).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(go_on(release, store, waits, Arc::clone(&stop), random));
        Ok(Self { stop, task })
    }

    async fn stop(self) -> Did {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}

async fn go_on(
    release: Release,
    store: Postgres,
    waits: bool,
    stop: Arc<AtomicBool>,
    mut random: Random,
) -> Did {
    let mut did = Did::default();
    let mut after = BTreeMap::new();
    loop {
        // Once more at the end: it has seen all that was written while it ran.
        let is_last = stop.load(Ordering::SeqCst);
        for n in 0..LOGS {
            let log = account(n);
            let after = after.entry(n).or_insert(Seq::ZERO);
            for commit in store.read(&log, *after, 500).await.unwrap() {
                *after = commit.last;
                did.read += commit.events.len();
                let unknown = commit.events.iter().filter(|event| event.ever > release.0);
                did.unknown += unknown.count();
            }
        }
        if is_last {
            return did;
        }
        let allowed = store.store_meta().await.unwrap().min_reader_level;
        let version = match waits && allowed < u32::from(release.0) {
            true => OLD.0,
            false => release.0,
        };
        let mut wish = common::commit(&store, random.below(LOGS), 1).await;
        wish.entries[0].events[0].ever = version;
        match store.append(wish).await {
            Ok(_) => *did.written.entry(version).or_default() += 1,
            Err(AppendError::Stale { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Replaces the processes one after the other; what those did that went.
async fn roll(
    running: &mut Vec<Process>,
    release: Release,
    database: &Database,
    random: &mut Random,
) -> Vec<Did> {
    let mut did = Vec::new();
    for at in 0..running.len() {
        let gone = running.remove(at).stop().await;
        did.push(gone);
        let next = Process::start(release, database, true, Random::new(random.draw())).await;
        running.insert(at, next.unwrap());
        tokio::time::sleep(random.millis(100, 300)).await;
    }
    did
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn no_reader_meets_a_version_that_it_cannot_fold() {
    let mut run = Run::of("F22");
    let (mut n_rolls, mut n_written, mut n_new) = (0, 0, 0);
    while run.goes_on(UPGRADES) {
        let database = Database::new();
        let admin = database.open(Role::Admin).await;
        for n in 0..LOGS {
            common::append(&admin, n, 1).await;
        }
        let mut running = Vec::new();
        for _ in 0..PROCESSES {
            let random = Random::new(run.random.draw());
            running.push(Process::start(OLD, &database, true, random).await.unwrap());
        }
        let mut did = Vec::new();
        database.client().await.batch_execute(EXPAND).await.unwrap();
        for release in [NEW, OLD, NEW] {
            did.extend(roll(&mut running, release, &database, &mut run.random).await);
            n_rolls += 1;
        }
        let written_new = |did: &[Did]| -> usize {
            did.iter()
                .filter_map(|one| one.written.get(&NEW.0).copied())
                .sum()
        };
        assert_eq!(written_new(&did), 0, "nothing new before all can read it");
        admin.raise_reader_level(u32::from(NEW.0)).await.unwrap();
        tokio::time::sleep(run.random.millis(200, 400)).await;
        // The way back is closed from now on.
        let back = Process::start(OLD, &database, true, Random::new(0)).await;
        let found = back.err();
        let refused = matches!(found, Some(OpenError::NewerReaders { found: 2, known: 1 }));
        assert!(refused, "{found:?}");
        for process in running {
            did.push(process.stop().await);
        }
        assert!(did.iter().all(|one| one.unknown == 0), "{did:#?}");
        assert!(did.iter().all(|one| one.read > 0), "{did:#?}");
        assert!(written_new(&did) > 10, "{did:#?}");
        n_new += written_new(&did);
        n_written += did
            .iter()
            .flat_map(|one| one.written.values())
            .sum::<usize>();
        conformance::assert_sound(&admin).await;
    }
    run.tell(&[
        ("rolls", n_rolls),
        ("written", n_written),
        ("new_versions", n_new),
    ]);
}

/// The control: a release that does not wait is met by those who do not know what it writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_release_that_does_not_wait_is_noticed() {
    let database = Database::new();
    let old = Process::start(OLD, &database, true, Random::new(1));
    let old = old.await.unwrap();
    let hasty = Process::start(NEW, &database, false, Random::new(2));
    let hasty = hasty.await.unwrap();
    let client = database.client().await;
    let sql = format!("select count(*) from event where ever = {}", NEW.0);
    while client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let written = hasty.stop().await;
    assert!(written.written[&NEW.0] > 0, "{written:?}");
    assert_eq!(old.stop().await.unknown, written.written[&NEW.0]);
}
