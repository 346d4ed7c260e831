//! The activity log: each writer's chain of segments, and the records each segment binds.

use std::collections::BTreeMap;

use trilby_model::Hash;

use super::report::{Check, Findings};
use super::rows::Stream;
use crate::activity::{self, ActivityRecord, Segment};
use crate::archive::{Archive, Row, Section};
use crate::error::Error;

/// Segments and records lie in the order in which they were written: one pass over both.
pub(super) async fn verify(store: &dyn Archive, findings: &mut Findings) -> Result<(), Error> {
    let mut segments = Stream::new(store, Section::Segments);
    let mut records = Records {
        stream: Stream::new(store, Section::Activity),
        peeked: None,
    };
    let mut chains: BTreeMap<[u8; 16], (u64, Hash)> = BTreeMap::new();
    while let Some(row) = segments.next().await? {
        let Row::Segment(segment) = row else { continue };
        let last = chains
            .get(&segment.writer)
            .copied()
            .unwrap_or((0, Hash([0; 32])));
        if (segment.n, segment.prev_hash) != (last.0 + 1, last.1) {
            broken(findings, &segment, "does not follow the one before");
        }
        chains.insert(segment.writer, (segment.n, segment.hash()));
        check_records(&segment, &records.of(&segment, findings).await?, findings);
    }
    while let Some(record) = records.next().await? {
        foreign(&record, findings);
    }
    Ok(())
}

fn check_records(segment: &Segment, records: &[ActivityRecord], findings: &mut Findings) {
    if segment.expired && records.is_empty() {
        return;
    }
    let in_order = (0..).zip(records).all(|(i, record)| record.position == i);
    let whole = u32::try_from(records.len()) == Ok(segment.count);
    let leaves: Vec<Hash> = records
        .iter()
        .map(|record| activity::leaf(&record.activity))
        .collect();
    if !whole {
        broken(findings, segment, "does not have all of its records");
    } else if !in_order || activity::root(&leaves) != segment.root {
        broken(
            findings,
            segment,
            "does not have the records it was written with",
        );
    }
}

fn broken(findings: &mut Findings, segment: &Segment, what: &str) {
    let message = format!(
        "segment {} of writer {} {what}",
        segment.n,
        hex::encode(segment.writer)
    );
    findings.broken(Check::Activity, None, None, message);
}

fn foreign(record: &ActivityRecord, findings: &mut Findings) {
    let message = format!("record `{}` is in no segment", record.activity.id);
    findings.broken(Check::Activity, Some(&record.activity.log), None, message);
}

struct Records<'a> {
    stream: Stream<'a>,
    peeked: Option<ActivityRecord>,
}

impl Records<'_> {
    async fn next(&mut self) -> Result<Option<ActivityRecord>, Error> {
        if let Some(record) = self.peeked.take() {
            return Ok(Some(record));
        }
        Ok(match self.stream.next().await? {
            Some(Row::Activity(record)) => Some(record),
            Some(_) | None => None,
        })
    }

    /// The records of a segment, which come next. Those of a segment that is not there are passed over.
    async fn of(
        &mut self,
        segment: &Segment,
        findings: &mut Findings,
    ) -> Result<Vec<ActivityRecord>, Error> {
        let mut records = Vec::new();
        while let Some(record) = self.next().await? {
            if record.writer == segment.writer && record.segment == segment.n {
                records.push(record);
            } else if record.writer == segment.writer && record.segment < segment.n {
                foreign(&record, findings);
            } else {
                self.peeked = Some(record);
                break;
            }
        }
        Ok(records)
    }
}
