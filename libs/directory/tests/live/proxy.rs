//! F7: between a feed and its reader stands a proxy that doubles, reorders, drops and delays. The same with a real broker is
//! in `libs/feed-kafka`.

use std::sync::Arc;
use std::time::Duration;

use trilby_directory::Options;
use trilby_eventlog::{Feed, Memory};
use trilby_testkit::proxied::{Proxied, Source};
use trilby_testkit::simulation::Run;

use crate::counts::Counts;
use crate::store::NOW;

/// Runs of the short form.
const RUNS: u64 = 24;
const ACCOUNTS: u64 = 4;

const GAPS: &str = "trilby_feed_gaps_total";

/// Gives whether a follower that checks nothing went wrong.
async fn one_run(seed: u64) -> bool {
    let memory = Memory::for_tests();
    let source = Source {
        writes: Arc::new(memory.clone()),
        reads: Arc::new(memory.clone()),
        told: memory.subscribe().await.unwrap(),
        now: NOW,
    };
    let options = Options {
        // The store is not asked for news: what is known is what the feed tells, and what that makes to be read.
        poll_every: Duration::from_secs(3_600),
        ..Options::default()
    };
    let mut proxied = Proxied::begin(source, 0..ACCOUNTS, options, seed).await;
    proxied.go_on().await;
    proxied.is_asked_for_the_end().await;
    proxied.is_naive_wrong()
}

#[test]
fn a_proxy_that_doubles_reorders_drops_and_delays_makes_nobody_wrong() {
    let mut run = Run::of("F7");
    let counts = Counts::default();
    let (mut n_runs, mut n_naive_wrong) = (0, 0);
    metrics::with_local_recorder(&&counts, || {
        while run.goes_on(RUNS) {
            let seed = run.random.draw();
            let before = counts.of(GAPS);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap();
            n_naive_wrong += usize::from(runtime.block_on(one_run(seed)));
            n_runs += 1;
            let is_biting = counts.of(GAPS) > before;
            assert!(
                is_biting,
                "seed {seed}: nothing was missing, so nothing is shown"
            );
        }
    });
    assert_eq!(counts.of("trilby_log_forks_total"), 0);
    // The control: without the check of continuity such a feed leads astray.
    assert!(n_naive_wrong > 0, "in none of {n_runs}");
    let n_gaps = usize::try_from(counts.of(GAPS)).unwrap();
    run.tell(&[
        ("runs", n_runs),
        ("gaps", n_gaps),
        ("naive_followers_wrong", n_naive_wrong),
    ]);
}
