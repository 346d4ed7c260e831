//! Holding on to shards: leases are renewed each second, what is beyond a fair share is given back, and shards whose
//! newest records may be of a lost timeline are compared with the store first.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};
use trilby_eventlog::relay::{LEASE, RENEW};

use super::{RETRY, Shared, readback};
use crate::{Error, topics};

/// How long brokers may take to agree on a new topic.
const NEW_TOPIC: Duration = Duration::from_secs(10);

/// Goes on for good.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut ticks = interval(RENEW);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut comparing: Option<JoinHandle<()>> = None;
    let mut making: Option<JoinHandle<()>> = None;
    let (mut known, mut renewed_at) = (None, Some(Instant::now()));
    loop {
        ticks.tick().await;
        // What does not arrive may have no topic any more.
        if shared.state.brokers_ready().is_err()
            && making.as_ref().is_none_or(JoinHandle::is_finished)
        {
            making = Some(tokio::spawn(make(Arc::clone(&shared))));
        }
        match renew(&shared).await {
            Ok(incarnation) => {
                shared.state.store_answers();
                renewed_at = Some(Instant::now());
                if known
                    .replace(incarnation)
                    .is_some_and(|known| known != incarnation)
                {
                    shared.is_outlived.store(true, Ordering::SeqCst);
                    shared.producer.begin_anew();
                }
                let is_at_it = comparing.as_ref().is_some_and(|task| !task.is_finished());
                let unchecked = shared.shards.unchecked();
                if !is_at_it && !unchecked.is_empty() {
                    comparing = Some(tokio::spawn(compare(
                        Arc::clone(&shared),
                        unchecked,
                        incarnation,
                    )));
                }
            }
            Err(error) => {
                shared.state.store_fails(&error.to_string());
                // Others may hold the shards by now, or the store is about to be taken back: what waits for brokers that are
                // away is not told at any later time.
                if renewed_at.take_if(|at| at.elapsed() > LEASE).is_some() {
                    shared.producer.begin_anew();
                }
            }
        }
    }
}

async fn make(shared: Arc<Shared>) {
    match topics::make(&shared.options).await {
        Ok(()) => {}
        // That they are away was told.
        Err(error @ Error::Unavailable(_)) => tracing::debug!(%error, "the topics are not known"),
        Err(error) => tracing::warn!(%error, "the topics cannot be made yet"),
    }
}

async fn renew(shared: &Shared) -> Result<u32, trilby_eventlog::Error> {
    // What is answered holds from when it was asked.
    let asked = Instant::now();
    let incarnation = shared.store.meta().await?.incarnation;
    let leases = shared.store.lease(shared.id).await?;
    shared.shards.lease(&leases.held, incarnation, asked);
    let beyond = shared.shards.beyond(leases.share);
    if !beyond.is_empty() {
        shared.store.release(shared.id, Some(&beyond)).await?;
    }
    shared.state.holds(&shared.shards.held());
    Ok(incarnation)
}

async fn compare(shared: Arc<Shared>, shards: Vec<u16>, incarnation: u32) {
    let compared = async {
        // Cleared first: what is read before the next fence is waited for anew.
        if shared.is_outlived.swap(false, Ordering::SeqCst) {
            // What was read before that is through, or was given up.
            drop(shared.under_way.write().await);
        }
        readback::compare(&shared, &shards, incarnation).await?;
        shared.store.checked(&shards, incarnation).await?;
        Ok::<(), Error>(())
    };
    let compared = compared.await;
    let mut failing_since = shared.failing_since.lock().await;
    match compared {
        Ok(()) => {
            shared.shards.check(&shards, incarnation);
            *failing_since = None;
        }
        Err(error) => {
            let since = failing_since.get_or_insert_with(Instant::now).elapsed();
            // Of a topic that was made a moment ago not every broker knows.
            if since > NEW_TOPIC {
                tracing::warn!(%error, "the feed's newest records cannot be compared with the store yet");
            }
            sleep(RETRY).await;
        }
    }
}
