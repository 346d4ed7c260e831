//! Checks a store against itself, and against positions somebody kept.
//!
//! Checked for each log: hashes of bodies and chain, seqs without gaps, bounds of commits, time
//! never running backwards, the head being the last event, both halves of commits of several
//! logs; receipts, outbox, revocations and snapshots naming commits that are there. With a
//! [`Folds`] that knows the events: claims, revocations, the trusting index and snapshots are what
//! the events make of them, and personal data is what they are bound to. For the store: the activity
//! log's chains, and the files themselves. That a head is sealed is said nowhere else and believed.
//!
//! A chain alone is no proof against someone who can rewrite all of it. A `Trilby-Seq` kept from
//! before is: give it as [`Options::kept`].
//!
//! Verify a store that nobody writes to, or one opened for reading at one moment.

use trilby_model::{Hash, LogId, Position, Seq, Timestamp};

use crate::archive::Archive;
use crate::claim::Claim;
use crate::envelope::RecordedCommit;
use crate::error::Error;
use crate::revocation::NewRevocation;
use crate::snapshot::Snapshot;
use crate::trusting::TrustingChange;

mod activity;
mod exported;
mod log;
mod personal;
mod report;
mod rows;

pub use exported::Exports;
use personal::Personal;
use report::Findings;
pub use report::{Check, Finding, Report, Status};
pub(crate) use rows::Expected;

/// Rows read at a time.
const PAGE: usize = 2_000;

/// What to verify.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// One log, or all of them and the activity log.
    pub log: Option<&'a LogId>,
    /// Begin after this seq, or with the commit that it is inside of, trusting the hash stored there. Folds need the
    /// beginning: with a seq above 0 they are not run. A log that ends before it is verified whole, and told.
    pub since: Seq,
    /// Positions that were answered before; each must still be what it was.
    pub kept: &'a [Position],
    /// What knows the events.
    pub folds: Option<&'a dyn Folds>,
    /// Why there is nothing that knows the events, where it was wanted: then what rests on it is incomplete. What was not
    /// wanted is only named.
    pub folds_missing: Option<&'a str>,
    /// Revocations from before this may have been purged.
    pub revocations_from: Option<Timestamp>,
}

impl Options<'_> {
    /// Whether logs are read from their beginning, as folds need it.
    fn is_whole(&self) -> bool {
        self.since == Seq::ZERO
    }
}

/// What the events of a commit make of the tables beside the log: the same that was given to
/// [`crate::Commit`] when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effects {
    /// Names taken.
    pub claims_taken: Vec<Claim>,
    /// Names given up.
    pub claims_released: Vec<Claim>,
    /// Sessions ended.
    pub revocations: Vec<NewRevocation>,
    /// Changes of the trusting index.
    pub trusting: Vec<TrustingChange>,
    /// Rows of personal data that the commit names, of this log or of another. They may be gone.
    pub personal: Vec<NamedPersonal>,
}

/// A row of personal data, as the event that binds it names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedPersonal {
    /// Unique id of whom it is about.
    pub subject: String,
    /// Which datum.
    pub field: u16,
    /// Which of that datum's rows.
    pub generation: u32,
    /// [`crate::Personal::digest`] of it.
    pub digest: Hash,
}

impl NamedPersonal {
    /// Whether both are of the same row, whatever it says.
    fn is_of_row(&self, other: &Self) -> bool {
        (&self.subject, self.field, self.generation)
            == (&other.subject, other.field, other.generation)
    }
}

/// Whether a snapshot is what the fold gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotVerdict {
    /// It is.
    Same,
    /// It is not.
    Different,
    /// It was made by another version of the fold and would not be used.
    Foreign,
}

/// Begins a fold for each log.
pub trait Folds: Send + Sync {
    /// The fold of a log, before its first commit.
    fn begin(&self, log: &LogId) -> Box<dyn Fold>;
}

/// A fold of one log.
pub trait Fold: Send {
    /// Takes the next commit. An error says that the fold does not know an event.
    fn apply(&mut self, commit: &RecordedCommit) -> Result<Effects, String>;

    /// Compares a snapshot taken where the fold stands.
    fn compare(&mut self, snapshot: &Snapshot) -> SnapshotVerdict;
}

/// Verifies a store, or one log of it.
///
/// Errors: only if the store cannot be read at all; whatever is wrong in it is a finding.
pub async fn verify(store: &dyn Archive, options: &Options<'_>) -> Result<Report, Error> {
    let meta = store.store_meta().await?;
    let mut findings = Findings::new(&meta, options);
    match store.integrity().await {
        Ok(faults) => {
            for fault in faults {
                findings.broken(Check::Files, None, None, fault);
            }
        }
        Err(error) => unreadable(Err(error), None, &mut findings)?,
    }
    if let (true, Some(why)) = (options.is_whole(), options.folds_missing) {
        let message = format!("nothing was compared with what the events say: {why}");
        findings.incomplete(Check::Fold, None, None, message);
    }
    let mut personal = Personal::new(options.log.is_none());
    let logs = match log::logs(store, options, &mut findings).await {
        Ok(logs) => logs,
        Err(error) => {
            // Which logs there are is not known; what can be checked without is.
            unreadable(Err(error), options.log, &mut findings)?;
            personal.miss();
            Vec::new()
        }
    };
    for log in logs {
        let outcome = log::verify(store, &meta, options, &log, &mut personal, &mut findings).await;
        if outcome.is_err() {
            personal.miss();
        }
        unreadable(outcome, Some(&log.log), &mut findings)?;
    }
    personal.end(&mut findings);
    for position in options.kept {
        let outcome = log::verify_kept(store, position, &mut findings).await;
        unreadable(outcome, Some(&position.log), &mut findings)?;
    }
    if options.log.is_none() {
        let outcome = activity::verify(store, &mut findings).await;
        unreadable(outcome, None, &mut findings)?;
    }
    Ok(findings.report())
}

/// What the store cannot have been given is a finding; a store that does not answer is a failure.
fn unreadable(
    outcome: Result<(), Error>,
    log: Option<&LogId>,
    findings: &mut Findings,
) -> Result<(), Error> {
    match outcome {
        Ok(()) => Ok(()),
        Err(Error::Corrupt(what)) => {
            findings.broken(Check::Files, log, None, what);
            Ok(())
        }
        Err(Error::Unavailable(what) | Error::Busy(what)) => {
            findings.incomplete(Check::Files, log, None, what);
            Ok(())
        }
        Err(error @ Error::Invalid(_)) => Err(error),
    }
}
