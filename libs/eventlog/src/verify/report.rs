//! What verification found.

use serde::Serialize;
use trilby_model::{LogId, Seq};

use super::Options;
use crate::meta::StoreMeta;

/// Findings listed; more are only counted.
const FINDINGS_MAX: usize = 1_000;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything that was to be checked holds.
    Ok,
    /// Something does not hold.
    Broken,
    /// Nothing was found broken, but not everything could be checked.
    Incomplete,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The files, and whether rows can be read at all.
    Files,
    /// The log is there.
    Log,
    /// Hashes, seqs and times of the events.
    Chain,
    /// Bounds of commits, and both halves of those of several logs.
    Commits,
    /// The head is the last event.
    Head,
    /// Positions that somebody kept.
    Kept,
    /// Receipts name commits that are there.
    Receipts,
    /// The outbox names commits that are there.
    Outbox,
    /// Revocations are what the events say.
    Revocations,
    /// Claims are what the events say.
    Claims,
    /// The trusting index is what the events say.
    Trusting,
    /// Personal data is what the events are bound to.
    Personal,
    /// Snapshots are whole, and what the fold gives.
    Snapshots,
    /// Every event is known.
    Fold,
    /// Segments of the activity log.
    Activity,
}

impl Check {
    /// Its name, as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Log => "log",
            Self::Chain => "chain",
            Self::Commits => "commits",
            Self::Head => "head",
            Self::Kept => "kept",
            Self::Receipts => "receipts",
            Self::Outbox => "outbox",
            Self::Revocations => "revocations",
            Self::Claims => "claims",
            Self::Trusting => "trusting",
            Self::Personal => "personal",
            Self::Snapshots => "snapshots",
            Self::Fold => "fold",
            Self::Activity => "activity",
        }
    }
}

/// What is compared with a fold of the events.
pub(super) const FOLDED: [Check; 6] = [
    Check::Claims,
    Check::Trusting,
    Check::Personal,
    Check::Fold,
    Check::Snapshots,
    Check::Revocations,
];

/// What an export does not have: all that lies beside the log in its store, and the other halves of its commits.
pub(super) const BESIDE: [Check; 10] = [
    Check::Commits,
    Check::Receipts,
    Check::Outbox,
    Check::Revocations,
    Check::Claims,
    Check::Trusting,
    Check::Personal,
    Check::Snapshots,
    Check::Fold,
    Check::Activity,
];

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `broken` or `incomplete`.
    pub status: Status,
    /// What was checked.
    pub check: Check,
    /// In which log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogId>,
    /// At which event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// What is wrong.
    pub message: String,
}

/// The outcome of a verification; as JSON for `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What came of it.
    pub status: Status,
    /// The store, in hexadecimal.
    pub store_id: String,
    /// Its incarnation; of exports the last that wrote anything.
    pub incarnation: u32,
    /// Logs read.
    pub logs: u64,
    /// Commits read.
    pub commits: u64,
    /// Events read.
    pub events: u64,
    /// Checks left out, wholly or in part: nothing that knows the events was given, or could be used; not everything was
    /// to be read.
    pub unchecked: Vec<Check>,
    /// What was found, the first thousand.
    pub findings: Vec<Finding>,
    /// How many were found.
    pub findings_total: u64,
}

impl Report {
    /// The exit code of `trilby log verify`: 0 well, 2 broken, 3 incomplete.
    pub fn exit_code(&self) -> u8 {
        match self.status {
            Status::Ok => 0,
            Status::Broken => 2,
            Status::Incomplete => 3,
        }
    }
}

/// A report in the making.
pub(super) struct Findings {
    report: Report,
}

impl Findings {
    pub fn new(meta: &StoreMeta, options: &Options<'_>) -> Self {
        let mut findings = Self::empty();
        findings.of_store(&meta.store_id);
        findings.report.incarnation = meta.incarnation;
        if options.folds.is_none() || !options.is_whole() {
            findings.leave_out(&FOLDED);
        }
        if options.log.is_some() {
            findings.leave_out(&[Check::Activity]);
        }
        findings
    }

    /// Of exports, which say themselves of which store they are.
    pub fn of_exports() -> Self {
        Self::empty()
    }

    fn empty() -> Self {
        Self {
            report: Report {
                status: Status::Ok,
                store_id: String::new(),
                incarnation: 0,
                logs: 0,
                commits: 0,
                events: 0,
                unchecked: Vec::new(),
                findings: Vec::new(),
                findings_total: 0,
            },
        }
    }

    pub fn of_store(&mut self, store_id: &[u8; 16]) {
        self.report.store_id = hex::encode(store_id);
    }

    /// The newest incarnation that wrote anything.
    pub fn of_incarnation(&mut self, incarnation: u32) {
        self.report.incarnation = self.report.incarnation.max(incarnation);
    }

    /// Names checks that were not made of everything.
    pub fn leave_out(&mut self, checks: &[Check]) {
        for check in checks {
            if !self.report.unchecked.contains(check) {
                self.report.unchecked.push(*check);
            }
        }
    }

    pub fn broken(
        &mut self,
        check: Check,
        log: Option<&LogId>,
        seq: Option<Seq>,
        message: impl Into<String>,
    ) {
        self.report.status = Status::Broken;
        self.add(Status::Broken, check, log, seq, message.into());
    }

    pub fn incomplete(
        &mut self,
        check: Check,
        log: Option<&LogId>,
        seq: Option<Seq>,
        message: impl Into<String>,
    ) {
        if self.report.status == Status::Ok {
            self.report.status = Status::Incomplete;
        }
        self.add(Status::Incomplete, check, log, seq, message.into());
    }

    fn add(
        &mut self,
        status: Status,
        check: Check,
        log: Option<&LogId>,
        seq: Option<Seq>,
        message: String,
    ) {
        self.report.findings_total += 1;
        if self.report.findings.len() < FINDINGS_MAX {
            let log = log.cloned();
            self.report.findings.push(Finding {
                status,
                check,
                log,
                seq,
                message,
            });
        }
    }

    pub fn count_log(&mut self) {
        self.report.logs += 1;
    }

    pub fn count_commit(&mut self, n_events: usize) {
        self.report.commits += 1;
        self.report.events += u64::try_from(n_events).unwrap_or(0);
    }

    pub fn report(self) -> Report {
        self.report
    }
}
