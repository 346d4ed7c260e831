//! The rows that rest on a log's events.

use std::collections::{BTreeMap, BTreeSet};

use trilby_model::{LogId, Seq, Timestamp};

use super::log::has_commit;
use super::personal::Personal;
use super::report::{Check, Findings};
use super::{Effects, NamedPersonal, Options, PAGE};
use crate::archive::{Archive, Row, Section};
use crate::claim::{ClaimKey, ClaimOwner};
use crate::envelope::{Head, HeadState, RecordedCommit};
use crate::error::Error;
use crate::revocation::{Revocation, RevocationKind};
use crate::snapshot::Snapshot;
use crate::trusting::{Trusting, TrustingChange};

/// All rows of a section, of one log or of all.
pub(super) async fn all(
    store: &dyn Archive,
    section: Section,
    log: Option<&LogId>,
) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = store.export(section, log, after, PAGE).await?;
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(rows),
        }
    }
}

/// Which rows the events of a log make.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    claims: BTreeMap<ClaimKey, Seq>,
    revocations: BTreeMap<(RevocationKind, [u8; 16], Seq), (Seq, Timestamp)>,
    trusting: BTreeMap<([u8; 32], String), Seq>,
    personal: BTreeSet<NamedPersonal>,
}

impl Expected {
    pub fn apply(&mut self, commit: &RecordedCommit, effects: &Effects) {
        let seq = |event: usize| commit.first.plus(u64::try_from(event).unwrap_or(u64::MAX));
        for claim in &effects.claims_released {
            self.claims.remove(&claim.key);
        }
        for claim in &effects.claims_taken {
            self.claims.insert(claim.key.clone(), seq(claim.event));
        }
        for one in &effects.revocations {
            let seq = seq(one.event);
            let before = one.before.unwrap_or(seq);
            let row = self
                .revocations
                .entry((one.kind, one.id_hash, seq))
                .or_insert((before, commit.at));
            row.0 = row.0.max(before);
        }
        self.personal.extend(effects.personal.iter().cloned());
        for change in &effects.trusting {
            match change {
                TrustingChange::Put {
                    key, role, event, ..
                } => {
                    self.trusting.insert((*key, role.clone()), seq(*event));
                }
                TrustingChange::Remove { key, role, .. } => {
                    self.trusting.remove(&(*key, role.clone()));
                }
            }
        }
    }

    /// The rows themselves, those of `log`.
    pub fn into_rows(self, log: &LogId) -> impl Iterator<Item = Row> {
        let claims = self.claims.into_iter().map(|(key, seq)| {
            let log = log.clone();
            Row::Claim(key, ClaimOwner { log, seq })
        });
        let revocations = self.revocations.into_iter();
        let revocations = revocations.map(|((kind, id_hash, seq), (before, at))| {
            Row::Revocation(Revocation {
                log: log.clone(),
                kind,
                id_hash,
                seq,
                before,
                at,
            })
        });
        let trusting = self.trusting.into_iter().map(|((key, role), seq)| {
            let log = log.clone();
            Row::Trusting(Trusting {
                key,
                log,
                role,
                seq,
            })
        });
        claims.chain(revocations).chain(trusting)
    }
}

/// A log's snapshots that are whole; the others are findings.
pub(super) async fn snapshots(
    store: &dyn Archive,
    log: &LogId,
    findings: &mut Findings,
) -> Result<Vec<Snapshot>, Error> {
    let mut whole = Vec::new();
    for row in all(store, Section::Snapshots, Some(log)).await? {
        let Row::Snapshot(snapshot) = row else {
            continue;
        };
        let mut broken = |message: String| {
            findings.broken(Check::Snapshots, Some(log), Some(snapshot.seq), message)
        };
        if let Err(error) = snapshot.open() {
            broken(error.to_string());
            continue;
        }
        match store.commit_at(log, snapshot.seq).await? {
            Some(point) if point.last == snapshot.seq && point.hash == snapshot.head_hash => {
                whole.push(snapshot)
            }
            Some(_) | None => broken("the snapshot is not of this log's commit".to_owned()),
        }
    }
    Ok(whole)
}

/// Receipts, outbox, revocations, claims and trusting rows of one log.
pub(super) async fn verify(
    store: &dyn Archive,
    options: &Options<'_>,
    head: &Head,
    expected: &Expected,
    folded: bool,
    personal: &mut Personal,
    findings: &mut Findings,
) -> Result<(), Error> {
    let log = &head.log;
    for row in all(store, Section::Receipts, Some(log)).await? {
        if let Row::Receipt(receipt) = row
            && !has_commit(store, log, receipt.first, receipt.last).await?
        {
            findings.broken(
                Check::Receipts,
                Some(log),
                Some(receipt.first),
                "a receipt names a commit that is not there",
            );
        }
    }
    for row in all(store, Section::Outbox, Some(log)).await? {
        if let Row::Outbox(row) = row
            && !has_commit(store, log, row.first, row.last).await?
        {
            findings.broken(
                Check::Outbox,
                Some(log),
                Some(row.first),
                "the outbox names a commit that is not there",
            );
        }
    }
    revocations(store, options, head, expected, folded, findings).await?;
    // An erased log has given up its claims and index rows; its events still say that it took them.
    let folded = folded && head.state != HeadState::Erased;
    claims(store, head, folded.then_some(expected), findings).await?;
    trusting(store, head, folded.then_some(expected), findings).await?;
    let named = folded.then_some(&expected.personal);
    personal.check(store, log, named, findings).await
}

async fn revocations(
    store: &dyn Archive,
    options: &Options<'_>,
    head: &Head,
    expected: &Expected,
    folded: bool,
    findings: &mut Findings,
) -> Result<(), Error> {
    let log = &head.log;
    let mut missing = expected.revocations.clone();
    for row in all(store, Section::Revocations, Some(log)).await? {
        let Row::Revocation(row) = row else { continue };
        let at = store.commit_at(log, row.seq).await?.map(|point| point.at);
        if at != Some(row.at) || row.before > row.seq {
            findings.broken(
                Check::Revocations,
                Some(log),
                Some(row.seq),
                "a revocation does not fit its event",
            );
        }
        let told = missing.remove(&(row.kind, row.id_hash, row.seq));
        if folded && told.is_none_or(|(before, _)| before != row.before) {
            findings.broken(
                Check::Revocations,
                Some(log),
                Some(row.seq),
                "no event says this revocation",
            );
        }
    }
    let purged = |at: Timestamp| options.revocations_from.is_some_and(|from| at < from);
    for ((_, _, seq), (_, at)) in missing {
        if folded && !purged(at) {
            findings.broken(
                Check::Revocations,
                Some(log),
                Some(seq),
                "a revocation is missing",
            );
        }
    }
    Ok(())
}

async fn claims(
    store: &dyn Archive,
    head: &Head,
    expected: Option<&Expected>,
    findings: &mut Findings,
) -> Result<(), Error> {
    let log = &head.log;
    let mut missing = expected
        .map(|expected| expected.claims.clone())
        .unwrap_or_default();
    for row in all(store, Section::Claims, Some(log)).await? {
        let Row::Claim(key, owner) = row else {
            continue;
        };
        let told = missing.remove(&key);
        if owner.seq > head.seq || owner.seq == Seq::ZERO {
            findings.broken(
                Check::Claims,
                Some(log),
                Some(owner.seq),
                "a claim names an event that is not there",
            );
        } else if expected.is_some() && told != Some(owner.seq) {
            findings.broken(
                Check::Claims,
                Some(log),
                Some(owner.seq),
                "no event says this claim",
            );
        }
    }
    for (key, seq) in missing {
        let message = format!("a claim of kind {} is missing", key.kind);
        findings.broken(Check::Claims, Some(log), Some(seq), message);
    }
    Ok(())
}

async fn trusting(
    store: &dyn Archive,
    head: &Head,
    expected: Option<&Expected>,
    findings: &mut Findings,
) -> Result<(), Error> {
    let log = &head.log;
    let mut missing = expected
        .map(|expected| expected.trusting.clone())
        .unwrap_or_default();
    for row in all(store, Section::Trusting, Some(log)).await? {
        let Row::Trusting(row) = row else { continue };
        let told = missing.remove(&(row.key, row.role));
        if row.seq > head.seq || row.seq == Seq::ZERO {
            findings.broken(
                Check::Trusting,
                Some(log),
                Some(row.seq),
                "a trusting row names an event that is not there",
            );
        } else if expected.is_some() && told != Some(row.seq) {
            findings.broken(
                Check::Trusting,
                Some(log),
                Some(row.seq),
                "no event says this trusting row",
            );
        }
    }
    for (_, seq) in missing {
        findings.broken(
            Check::Trusting,
            Some(log),
            Some(seq),
            "a trusting row is missing",
        );
    }
    Ok(())
}

/// Rows of one section, one after the other, a page at a time.
pub(super) struct Stream<'a> {
    store: &'a dyn Archive,
    section: Section,
    log: Option<&'a LogId>,
    page: std::vec::IntoIter<Row>,
    next: Option<Option<u64>>,
}

impl<'a> Stream<'a> {
    pub fn new(store: &'a dyn Archive, section: Section) -> Self {
        Self::of(store, section, None)
    }

    /// Those of one log.
    pub fn of(store: &'a dyn Archive, section: Section, log: Option<&'a LogId>) -> Self {
        Self {
            store,
            section,
            log,
            page: Vec::new().into_iter(),
            next: Some(None),
        }
    }

    pub async fn next(&mut self) -> Result<Option<Row>, Error> {
        loop {
            if let Some(row) = self.page.next() {
                return Ok(Some(row));
            }
            let Some(after) = self.next else {
                return Ok(None);
            };
            let page = self
                .store
                .export(self.section, self.log, after, PAGE)
                .await?;
            self.page = page.rows.into_iter();
            self.next = page.next.map(Some);
        }
    }
}
