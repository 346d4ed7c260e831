//! One log, event by event.

use trilby_model::{Hash, LogId, Position, Seq, Timestamp};

use super::personal::Personal;
use super::report::{Check, FOLDED, Findings};
use super::rows::{self, Expected};
use super::{Fold, Options, PAGE, SnapshotVerdict};
use crate::archive::{Archive, Row, Section};
use crate::chain;
use crate::envelope::{Head, HeadState, Recorded, RecordedCommit};
use crate::error::Error;
use crate::meta::StoreMeta;
use crate::snapshot::Snapshot;

/// The logs to verify.
pub(super) async fn logs(
    store: &dyn Archive,
    options: &Options<'_>,
    findings: &mut Findings,
) -> Result<Vec<Head>, Error> {
    let mut heads = Vec::new();
    for row in rows::all(store, Section::Heads, options.log).await? {
        if let Row::Head(head) = row {
            heads.push(head);
        }
    }
    if let (Some(log), true) = (options.log, heads.is_empty()) {
        findings.incomplete(Check::Log, Some(log), None, "there is no such log");
    }
    check_reach(options, &heads, findings);
    Ok(heads)
}

/// Whoever begins after a seq has seen it: a log that ends before it has lost what came after its end. Of several logs
/// each has its own end, so that only one of them need be so long.
fn check_reach(options: &Options<'_>, heads: &[Head], findings: &mut Findings) {
    let since = options.since;
    let Some(longest) = heads.iter().max_by_key(|head| head.seq) else {
        return;
    };
    if longest.seq >= since {
        return;
    }
    let end = longest.seq;
    match options.log {
        Some(log) => {
            let message = format!(
                "the log ends at seq {end}, before seq {since}: what was there is lost, as after an older backup was restored"
            );
            findings.broken(Check::Log, Some(log), Some(since), message);
        }
        None => {
            let message = format!(
                "no log reaches seq {since}: the longest, {}, ends at {end}",
                longest.log
            );
            findings.incomplete(Check::Log, None, Some(since), message);
        }
    }
}

/// Whether an event that somebody was told of is still there.
pub(super) async fn verify_kept(
    store: &dyn Archive,
    kept: &Position,
    findings: &mut Findings,
) -> Result<(), Error> {
    let log = &kept.log;
    let found = store.commit_at(log, kept.seq).await?;
    let Some(point) = found.filter(|point| point.last == kept.seq) else {
        findings.broken(
            Check::Kept,
            Some(log),
            Some(kept.seq),
            "a kept position is no end of a commit",
        );
        return Ok(());
    };
    if kept.hash.is_some_and(|hash| hash != point.hash.prefix()) {
        findings.broken(
            Check::Kept,
            Some(log),
            Some(kept.seq),
            "a kept position has another hash: the log was rewritten",
        );
    }
    Ok(())
}

/// Everything about one log.
pub(super) async fn verify(
    store: &dyn Archive,
    meta: &StoreMeta,
    options: &Options<'_>,
    head: &Head,
    personal: &mut Personal,
    findings: &mut Findings,
) -> Result<(), Error> {
    findings.count_log();
    let snapshots = rows::snapshots(store, &head.log, findings).await?;
    let mut walk = Walk::begin(store, meta, options, head, snapshots).await?;
    loop {
        let page = store.events(&head.log, walk.seq, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for event in page {
            walk.event(event, findings);
        }
        walk.check_others(store, findings).await?;
    }
    walk.end(findings);
    // An erased log has given up what rests on its events.
    if !walk.folded() && head.state != HeadState::Erased {
        findings.leave_out(&FOLDED);
    }
    rows::verify(
        store,
        options,
        head,
        &walk.expected,
        walk.folded(),
        personal,
        findings,
    )
    .await
}

/// A walk over a log's events in order.
struct Walk<'a> {
    head: &'a Head,
    /// Of the last event seen.
    seq: Seq,
    hash: Hash,
    at: Timestamp,
    /// The commit being read.
    open: Option<RecordedCommit>,
    /// Commits of several logs, whose other halves are yet to be looked up.
    others: Vec<RecordedCommit>,
    fold: Option<Box<dyn Fold>>,
    /// A broken chain is not folded further.
    whole: bool,
    /// Whether an event still says something.
    has_bodies: bool,
    snapshots: Vec<Snapshot>,
    expected: Expected,
}

impl<'a> Walk<'a> {
    async fn begin(
        store: &dyn Archive,
        meta: &StoreMeta,
        options: &Options<'_>,
        head: &'a Head,
        snapshots: Vec<Snapshot>,
    ) -> Result<Self, Error> {
        let mut walk = Self {
            head,
            seq: Seq::ZERO,
            hash: chain::genesis(&meta.store_id, &head.log),
            at: Timestamp::from_micros(i64::MIN),
            open: None,
            others: Vec::new(),
            fold: None,
            whole: true,
            has_bodies: false,
            snapshots,
            expected: Expected::default(),
        };
        if options.is_whole() {
            // An erased log says nothing any more.
            let folds = options.folds.filter(|_| head.state != HeadState::Erased);
            walk.fold = folds.map(|folds| folds.begin(&head.log));
            return Ok(walk);
        }
        // A commit is read whole or not at all.
        let begun = store.commit_at(&head.log, options.since).await?;
        let begun = begun.filter(|commit| commit.last != options.since);
        let after = begun.map_or(options.since, |commit| before(commit.first));
        if after == Seq::ZERO {
            return Ok(walk);
        }
        if let Some(event) = store
            .events(&head.log, before(after), 1)
            .await?
            .into_iter()
            .next()
        {
            (walk.seq, walk.hash, walk.at) = (event.seq, event.hash, event.at);
        }
        Ok(walk)
    }

    fn folded(&self) -> bool {
        self.fold.is_some() && self.whole
    }

    fn broken(
        &mut self,
        check: Check,
        seq: Seq,
        message: impl Into<String>,
        findings: &mut Findings,
    ) {
        self.whole = false;
        findings.broken(check, Some(&self.head.log), Some(seq), message);
    }

    fn event(&mut self, event: Recorded, findings: &mut Findings) {
        self.check_chain(&event, findings);
        self.has_bodies |= event.body.is_some();
        let prev_hash = std::mem::replace(&mut self.hash, event.hash);
        (self.seq, self.at) = (event.seq, event.at);
        self.join(event, prev_hash, findings);
    }

    /// After a break the walk goes on from what is stored, so that one fault is one finding.
    fn check_chain(&mut self, event: &Recorded, findings: &mut Findings) {
        let is_erased = self.head.state == HeadState::Erased;
        for (seq, what) in chain_faults(self.seq, &self.hash, self.at, event, is_erased) {
            self.broken(Check::Chain, seq, what, findings);
        }
    }

    /// Collects events into commits.
    fn join(&mut self, event: Recorded, prev_hash: Hash, findings: &mut Findings) {
        let open = self.open.as_ref().and_then(|open| open.events.last());
        let continues = open.is_some_and(|open| of_one_commit(open, &event));
        if !continues {
            if let Some(open) = self.open.take() {
                self.broken(
                    Check::Commits,
                    open.first,
                    "the commit is cut short",
                    findings,
                );
            }
            if event.commit_first != event.seq || event.commit_last < event.seq {
                self.broken(
                    Check::Commits,
                    event.seq,
                    chain::Fault::Bounds.to_string(),
                    findings,
                );
                return;
            }
            self.open = Some(RecordedCommit {
                log: event.log.clone(),
                first: event.commit_first,
                last: event.commit_last,
                prev_hash,
                hash: event.hash,
                incarnation: event.incarnation,
                at: event.at,
                events: Vec::new(),
            });
        }
        let Some(open) = &mut self.open else { return };
        open.hash = event.hash;
        let ends = event.seq == open.last;
        open.events.push(event);
        if ends && let Some(commit) = self.open.take() {
            self.commit(commit, findings);
        }
    }

    fn commit(&mut self, commit: RecordedCommit, findings: &mut Findings) {
        findings.count_commit(commit.events.len());
        self.fold_commit(&commit, findings);
        if !commit.with().is_empty() {
            self.others.push(commit);
        }
    }

    fn fold_commit(&mut self, commit: &RecordedCommit, findings: &mut Findings) {
        if !self.folded() {
            return;
        }
        let Some(fold) = &mut self.fold else { return };
        let effects = match fold.apply(commit) {
            Ok(effects) => effects,
            Err(message) => {
                findings.incomplete(Check::Fold, Some(&commit.log), Some(commit.first), message);
                self.fold = None;
                return;
            }
        };
        self.expected.apply(commit, &effects);
        for snapshot in self
            .snapshots
            .iter()
            .filter(|snapshot| snapshot.seq == commit.last)
        {
            if fold.compare(snapshot) == SnapshotVerdict::Different {
                findings.broken(
                    Check::Snapshots,
                    Some(&commit.log),
                    Some(commit.last),
                    "the snapshot is not what the fold gives",
                );
            }
        }
    }

    /// Both halves of a commit of several logs must be there.
    async fn check_others(
        &mut self,
        store: &dyn Archive,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        for commit in std::mem::take(&mut self.others) {
            for other in commit.with() {
                let found = store.commit_at(&other.log, other.seq).await?;
                if found.is_none_or(|point| point.last != other.seq) {
                    let message = format!("its other half in `{}` is not there", other.log);
                    self.broken(Check::Commits, commit.first, message, findings);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, findings: &mut Findings) {
        if let Some(open) = self.open.take() {
            self.broken(
                Check::Commits,
                open.first,
                "the commit is cut short",
                findings,
            );
        }
        let head = self.head;
        if head.state == HeadState::Erased && self.has_bodies {
            let message = "the head says that the log was erased, and its events have bodies";
            self.broken(Check::Head, head.seq, message, findings);
        }
        if head.seq != self.seq {
            let message = format!(
                "the head is at seq {}, the last event at {}",
                head.seq, self.seq
            );
            self.broken(Check::Head, head.seq.max(self.seq), message, findings);
        } else if head.hash != self.hash {
            self.broken(
                Check::Head,
                head.seq,
                "the head does not have the last event's hash",
                findings,
            );
        } else if head.seq > Seq::ZERO && head.at != self.at {
            self.broken(
                Check::Head,
                head.seq,
                "the head does not have the last event's time",
                findings,
            );
        }
    }
}

/// What does not fit about an event that comes after the one of this seq, hash and time, and where.
pub(super) fn chain_faults(
    seq: Seq,
    hash: &Hash,
    at: Timestamp,
    event: &Recorded,
    may_lack_body: bool,
) -> Vec<(Seq, String)> {
    if event.seq != seq.next() {
        let what = format!("after seq {seq} comes {}", event.seq);
        return vec![(seq.next(), what)];
    }
    let mut faults = Vec::new();
    if event.at < at {
        faults.push(chain::Fault::Time.to_string());
    }
    let body = event.body.as_ref();
    if body.is_some_and(|body| chain::body_hash(body) != event.body_hash) {
        faults.push(chain::Fault::Body.to_string());
    } else if chain::event_hash(hash, &chain::link(event)) != event.hash {
        faults.push(chain::Fault::Hash.to_string());
    }
    if body.is_none() && !may_lack_body {
        faults.push("the body is missing".to_owned());
    }
    faults.into_iter().map(|what| (event.seq, what)).collect()
}

/// Whether an event may come after another of the same commit.
pub(super) fn of_one_commit(one: &Recorded, next: &Recorded) -> bool {
    (one.commit_first, one.commit_last, one.at) == (next.commit_first, next.commit_last, next.at)
}

fn before(seq: Seq) -> Seq {
    Seq::new(seq.get().saturating_sub(1))
}

/// Whether a commit with exactly these bounds is there.
pub(super) async fn has_commit(
    store: &dyn Archive,
    log: &LogId,
    first: Seq,
    last: Seq,
) -> Result<bool, Error> {
    let point = store.commit_at(log, last).await?;
    Ok(point.is_some_and(|point| point.first == first && point.last == last))
}
