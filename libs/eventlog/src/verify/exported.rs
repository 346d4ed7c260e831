//! Exports ([`crate::export`]), with nothing but themselves: no database, no key, no server.
//!
//! Checked: hashes of bodies and chain from the log's genesis on, seqs without gaps, bounds of commits, time never running
//! backwards, the end being where the manifest says, and positions that somebody kept. What lies beside the log in its store
//! is not in an export, and the other halves of its commits are in other logs: both are named as left out.
//!
//! Files are read line by line, so that their size does not matter. `verify.py` does the same in another language; both are
//! held to the files in `tests/exports`.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;
use trilby_model::{Hash, LogId, Position, Seq, Timestamp};

use super::log::{chain_faults, of_one_commit};
use super::report::{BESIDE, Check, Findings, Report};
use crate::chain::{self, Fault};
use crate::envelope::Recorded;
use crate::export::FORMAT;

/// Longest line: twice the bytes of the largest commit, as its body is in base 16, and far more than all else in it.
const LINE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// A verification of exports of one store, file by file.
pub struct Exports<'a> {
    /// Each with whether its log was among the files.
    kept: Vec<(&'a Position, bool)>,
    /// The store of the first file.
    store_id: Option<[u8; 16]>,
    findings: Findings,
}

impl<'a> Exports<'a> {
    /// Begins, with the positions that were answered before: each must still be what it was.
    #[must_use]
    pub fn new(kept: &'a [Position]) -> Self {
        Self {
            kept: kept.iter().map(|position| (position, false)).collect(),
            store_id: None,
            findings: Findings::of_exports(),
        }
    }

    /// Verifies a file. `name` is what findings call it.
    ///
    /// Errors: only if it cannot be read; whatever is wrong in it is a finding.
    pub fn file(&mut self, name: &str, mut from: impl BufRead) -> io::Result<()> {
        let mut text = Vec::new();
        let manifest = match line(&mut from, &mut text)? {
            Line::Whole => Manifest::parse(&text),
            Line::End => Err("it is empty".to_owned()),
            Line::TooLong => Err("its first line is too long".to_owned()),
        };
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(what) => {
                let message = format!("`{name}` is no export of a log: {what}");
                self.findings.broken(Check::Files, None, None, message);
                return Ok(());
            }
        };
        self.findings.count_log();
        let mut walk = self.begin(&manifest, name);
        loop {
            let event = match line(&mut from, &mut text)? {
                Line::End => break,
                Line::TooLong => Err("the line is too long".to_owned()),
                Line::Whole => event(&manifest.log, &text),
            };
            match event {
                Ok(event) => walk.event(event, &mut self.findings),
                Err(what) => {
                    // What comes after it hangs in the air.
                    let message = format!("the line after it in `{name}` is no event: {what}");
                    walk.broken(Check::Files, walk.seq, message, &mut self.findings);
                    return Ok(());
                }
            }
        }
        walk.end(&mut self.findings);
        Ok(())
    }

    fn begin<'b>(&mut self, manifest: &'b Manifest, name: &str) -> Walk<'b>
    where
        'a: 'b,
    {
        let log = &manifest.log;
        let store_id = *self.store_id.get_or_insert(manifest.store_id);
        self.findings.of_store(&store_id);
        if store_id != manifest.store_id {
            let message = format!("`{name}` is of another store than the files before");
            self.findings.broken(Check::Log, Some(log), None, message);
        }
        let genesis = chain::genesis(&manifest.store_id, log);
        if genesis != manifest.genesis {
            let message = "the genesis hash is not that of this log in this store";
            self.findings.broken(Check::Chain, Some(log), None, message);
        }
        let mut kept = Vec::new();
        for (position, is_met) in &mut self.kept {
            if position.log == *log {
                *is_met = true;
                kept.push(*position);
            }
        }
        Walk {
            manifest,
            kept,
            seq: Seq::ZERO,
            hash: genesis,
            at: Timestamp::from_micros(i64::MIN),
            open: None,
            n_events: 0,
        }
    }

    /// What came of it.
    #[must_use]
    pub fn report(mut self) -> Report {
        for (position, _) in self.kept.iter().filter(|(_, is_met)| !is_met) {
            let message = "a kept position is of a log that is in none of the files";
            let (log, seq) = (Some(&position.log), Some(position.seq));
            self.findings.incomplete(Check::Kept, log, seq, message);
        }
        self.findings.leave_out(&BESIDE);
        self.findings.report()
    }
}

/// What was read from a file.
enum Line {
    Whole,
    TooLong,
    End,
}

fn line(from: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<Line> {
    text.clear();
    from.take(LINE_BYTES_MAX).read_until(b'\n', text)?;
    Ok(match text.last() {
        None => Line::End,
        Some(b'\n') => Line::Whole,
        // The last line may lack its end.
        Some(_) if u64::try_from(text.len()).is_ok_and(|length| length < LINE_BYTES_MAX) => {
            Line::Whole
        }
        Some(_) => Line::TooLong,
    })
}

/// What an export says before its events.
struct Manifest {
    log: LogId,
    store_id: [u8; 16],
    genesis: Hash,
    seq: Seq,
    hash: Hash,
    is_erased: bool,
}

impl Manifest {
    fn parse(line: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Stored {
            format: String,
            store_id: String,
            log: String,
            kind: u8,
            genesis: String,
            seq: u64,
            hash: String,
            state: String,
        }
        let stored: Stored = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        if stored.format != FORMAT {
            return Err(format!("its format is not `{FORMAT}`"));
        }
        let log: LogId = stored
            .log
            .parse()
            .map_err(|_| "its log is not named as logs are")?;
        if stored.kind != log.kind().number() {
            return Err("its kind is not that of its log".to_owned());
        }
        let mut store_id = [0; 16];
        hex::decode_to_slice(&stored.store_id, &mut store_id)
            .map_err(|_| "its store has no id in base 16")?;
        Ok(Self {
            log,
            store_id,
            genesis: hash(&stored.genesis)?,
            seq: Seq::new(stored.seq),
            hash: hash(&stored.hash)?,
            is_erased: match stored.state.as_str() {
                "open" | "sealed" => false,
                "erased" => true,
                _ => return Err("its state is unknown".to_owned()),
            },
        })
    }
}

fn event(log: &LogId, line: &[u8]) -> Result<Recorded, String> {
    #[derive(Deserialize)]
    struct Stored {
        seq: u64,
        commit_first: u64,
        commit_last: u64,
        at: i64,
        etype: String,
        ever: u16,
        incarnation: u32,
        body: Option<String>,
        body_hash: String,
        hash: String,
    }
    let stored: Stored = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let body = stored.body.map(hex::decode).transpose();
    Ok(Recorded {
        log: log.clone(),
        seq: Seq::new(stored.seq),
        commit_first: Seq::new(stored.commit_first),
        commit_last: Seq::new(stored.commit_last),
        at: Timestamp::from_micros(stored.at),
        etype: stored.etype,
        ever: stored.ever,
        incarnation: stored.incarnation,
        body: body.map_err(|_| "its body is not in base 16")?,
        body_hash: hash(&stored.body_hash)?,
        hash: hash(&stored.hash)?,
    })
}

fn hash(text: &str) -> Result<Hash, String> {
    text.parse()
        .map_err(|_| "a hash is not 64 digits of base 16".to_owned())
}

/// Whether a body is the JSON that bodies are.
fn is_body(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(rename = "salt")]
        _salt: IgnoredAny,
        #[serde(rename = "meta")]
        _meta: IgnoredAny,
        #[serde(rename = "data")]
        _data: IgnoredAny,
    }
    serde_json::from_slice::<Body>(body).is_ok()
}

/// A walk over an export's events in order. It keeps none of them.
struct Walk<'a> {
    manifest: &'a Manifest,
    /// Those of this log that were not come by yet.
    kept: Vec<&'a Position>,
    /// Of the last event seen.
    seq: Seq,
    hash: Hash,
    at: Timestamp,
    /// The last event seen, if its commit goes on.
    open: Option<Recorded>,
    /// Events of the commit that is read.
    n_events: usize,
}

impl Walk<'_> {
    fn broken(&self, check: Check, seq: Seq, message: impl Into<String>, findings: &mut Findings) {
        findings.broken(check, Some(&self.manifest.log), Some(seq), message);
    }

    /// After a break the walk goes on from what is there, so that one fault is one finding.
    fn event(&mut self, event: Recorded, findings: &mut Findings) {
        let may_lack = self.manifest.is_erased;
        for (seq, what) in chain_faults(self.seq, &self.hash, self.at, &event, may_lack) {
            self.broken(Check::Chain, seq, what, findings);
        }
        if event.body.as_deref().is_some_and(|body| !is_body(body)) {
            let what = "the body is no event's body";
            self.broken(Check::Chain, event.seq, what, findings);
        }
        findings.of_incarnation(event.incarnation);
        (self.seq, self.hash, self.at) = (event.seq, event.hash, event.at);
        match self.open.take() {
            Some(open) if of_one_commit(&open, &event) => {}
            open => {
                if let Some(open) = open {
                    self.cut_short(&open, findings);
                }
                self.n_events = 0;
                if event.commit_first != event.seq || event.commit_last < event.seq {
                    let what = Fault::Bounds.to_string();
                    self.broken(Check::Commits, event.seq, what, findings);
                    return;
                }
            }
        }
        self.n_events += 1;
        if event.seq == event.commit_last {
            findings.count_commit(self.n_events);
            self.compare_kept(findings);
        } else {
            // Its body was looked at.
            self.open = Some(Recorded {
                body: None,
                ..event
            });
        }
    }

    fn cut_short(&self, open: &Recorded, findings: &mut Findings) {
        let what = "the commit is cut short";
        self.broken(Check::Commits, open.commit_first, what, findings);
    }

    /// At the end of a commit.
    fn compare_kept(&mut self, findings: &mut Findings) {
        let (seq, prefix) = (self.seq, self.hash.prefix());
        let here = self.kept.extract_if(.., |position| position.seq == seq);
        let n_other = here
            .filter(|position| position.hash.is_some_and(|hash| hash != prefix))
            .count();
        if n_other > 0 {
            let what = "a kept position has another hash: the log was rewritten";
            self.broken(Check::Kept, seq, what, findings);
        }
    }

    fn end(&mut self, findings: &mut Findings) {
        if let Some(open) = self.open.take() {
            self.cut_short(&open, findings);
        }
        let manifest = self.manifest;
        if manifest.seq != self.seq {
            let what = format!(
                "the manifest says that the log ends at seq {}, its last event is at {}",
                manifest.seq, self.seq
            );
            self.broken(Check::Head, manifest.seq.max(self.seq), what, findings);
        } else if manifest.hash != self.hash {
            let what = "the manifest does not have the last event's hash";
            self.broken(Check::Head, self.seq, what, findings);
        }
        for position in std::mem::take(&mut self.kept) {
            let what = "a kept position is no end of a commit";
            self.broken(Check::Kept, position.seq, what, findings);
        }
    }
}
