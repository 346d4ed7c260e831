//! The activity log in memory.

use std::collections::BTreeSet;

use trilby_model::{Hash, Timestamp};

use super::state::{State, count};
use crate::activity::{self, Activity, ActivityRecord, SEGMENT_RECORDS_MAX, Segment};
use crate::error::Error;

impl State {
    pub fn activity_append(&mut self, records: Vec<Activity>) -> Result<(), Error> {
        let mut ids = BTreeSet::new();
        for record in &records {
            activity::check(record)?;
            let key = (record.log.to_string(), record.id.clone());
            if self.activity.contains_key(&key) || !ids.insert(key) {
                return Err(activity::doubled(record));
            }
        }
        for batch in records.chunks(SEGMENT_RECORDS_MAX) {
            self.write_segment(batch);
        }
        Ok(())
    }

    fn write_segment(&mut self, batch: &[Activity]) {
        let last = self
            .segments
            .iter()
            .rfind(|segment| segment.writer == self.writer);
        let n = last.map_or(1, |segment| segment.n + 1);
        let prev_hash = last.map_or(Hash([0; 32]), Segment::hash);
        let Some(segment) = Segment::of(self.writer, n, prev_hash, batch) else {
            return;
        };
        for (position, activity) in (0..).zip(batch) {
            let key = (activity.log.to_string(), activity.id.clone());
            self.ensure(&activity.log);
            self.activity.insert(
                key,
                ActivityRecord {
                    activity: activity.clone(),
                    writer: self.writer,
                    segment: n,
                    position,
                },
            );
        }
        self.segments.push(segment);
    }

    pub fn activity_purge(&mut self, before: Timestamp) -> u64 {
        let mut over = BTreeSet::new();
        for segment in self
            .segments
            .iter_mut()
            .filter(|segment| segment.last_at < before)
        {
            segment.expired = true;
            over.insert((segment.writer, segment.n));
        }
        let n_before = self.activity.len();
        self.activity
            .retain(|_, record| !over.contains(&(record.writer, record.segment)));
        count(n_before - self.activity.len())
    }
}
