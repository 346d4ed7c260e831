//! Records of decisions on their way into the activity log.
//!
//! Whoever decides has no right to write and no time to wait: it hands its records to the topic of decisions
//! ([`DecisionRecords`]), and a [`DecisionSink`] beside each relay stores them. Sinks share the partitions as a group. A
//! position is noted when what is before it is durable, so whatever happens between the two comes again, and is known to
//! the store by its id.

mod outgoing;
mod record;
mod sink;

pub use outgoing::DecisionRecords;
pub use sink::DecisionSink;
