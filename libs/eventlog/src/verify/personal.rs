//! Personal data, which is what the events are bound to for as long as it is there.
//!
//! A row is mostly in the log of the event that names it, and need not be: where a request came from is kept with the
//! place that was asked, whichever log says what was done. So a row that its own log does not know is looked for in all.

use std::collections::BTreeSet;

use trilby_model::{Hash, HashPrefix, LogId};

use super::NamedPersonal;
use super::report::{Check, Findings};
use super::rows::Stream;
use crate::archive::{Archive, Row, Section};
use crate::error::Error;

/// What the logs name, and the rows that are yet to be found among it.
pub(super) struct Personal {
    /// Beginnings of the digests that any log names: there is one for nearly every commit.
    named: BTreeSet<HashPrefix>,
    elsewhere: Vec<(LogId, NamedPersonal)>,
    /// Whether all logs were read and understood.
    complete: bool,
}

impl Personal {
    /// `all` says whether every log will be checked.
    pub fn new(all: bool) -> Self {
        Self {
            named: BTreeSet::new(),
            elsewhere: Vec::new(),
            complete: all,
        }
    }

    /// What is named is not all that there is to know.
    pub fn miss(&mut self) {
        self.complete = false;
    }

    /// Compares the rows of a log with what it names, if that is known. Rows may be gone: they are erased in their time.
    pub async fn check(
        &mut self,
        store: &dyn Archive,
        log: &LogId,
        named: Option<&BTreeSet<NamedPersonal>>,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        let Some(named) = named else {
            self.miss();
            return Ok(());
        };
        let own: BTreeSet<HashPrefix> = named.iter().map(|one| one.digest.prefix()).collect();
        let mut rows = Stream::of(store, Section::Personal, Some(log));
        while let Some(row) = rows.next().await? {
            let Row::Personal(row) = row else { continue };
            let found = NamedPersonal {
                digest: row.digest(),
                subject: row.subject,
                field: row.field,
                generation: row.generation,
            };
            if named.contains(&found) {
                continue;
            }
            let least = NamedPersonal {
                digest: Hash([0; 32]),
                ..found.clone()
            };
            let mut same = named.range(least..);
            if same.next().is_some_and(|one| one.is_of_row(&found)) {
                let what = "personal data is not what the event is bound to";
                broken(log, &found, what, findings);
            } else if own.contains(&found.digest.prefix()) {
                // Its own log knows it, of somebody else.
                broken(log, &found, "personal data is of another", findings);
            } else {
                self.elsewhere.push((log.clone(), found));
            }
        }
        self.named.extend(own);
        Ok(())
    }

    /// What no log names was put there by nobody; unless a log could not be asked.
    pub fn end(self, findings: &mut Findings) {
        if !self.complete {
            if !self.elsewhere.is_empty() {
                findings.leave_out(&[Check::Personal]);
            }
            return;
        }
        for (log, row) in &self.elsewhere {
            if !self.named.contains(&row.digest.prefix()) {
                broken(log, row, "no event names personal data", findings);
            }
        }
    }
}

fn broken(log: &LogId, row: &NamedPersonal, what: &str, findings: &mut Findings) {
    let message = format!(
        "{what}: field {} of `{}`, generation {}",
        row.field, row.subject, row.generation
    );
    findings.broken(Check::Personal, Some(log), None, message);
}
