//! Writes to side tables, each a statement that fails if its condition does not hold.

use tokio_postgres::Row;
use trilby_eventlog::{Counter, Error, SideOutcome, SideWrite};
use trilby_model::Timestamp;

use crate::pipeline::{Ask, Param, Value, boxed};
use crate::rows;

/// A side write as a statement.
pub(crate) struct Prepared {
    sql: &'static str,
    values: Vec<Value>,
    counts: bool,
}

impl Prepared {
    pub fn ask(&self) -> Ask<'_> {
        let params: Vec<Param<'_>> = self.values.iter().map(boxed).collect();
        Ask::new(self.sql, params)
    }

    /// What the statement gave.
    pub fn outcome(&self, found: &[Row]) -> Result<SideOutcome, Error> {
        if !self.counts {
            return Ok(SideOutcome::Done);
        }
        let row = found
            .first()
            .ok_or_else(|| Error::Corrupt("a counter is gone".to_owned()))?;
        rows::counter(row, 0).map(SideOutcome::Counter)
    }
}

macro_rules! prepared {
    ($name:literal, $counts:literal, $($value:expr),*) => {
        Prepared {
            sql: include_str!(concat!("queries/", $name, ".sql")),
            values: vec![$(crate::pipeline::value($value)),*],
            counts: $counts,
        }
    };
}

/// The statement of a write to a log of this number.
pub(crate) fn prepare(log_id: i64, write: &SideWrite) -> Prepared {
    let micros = |at: &Option<Timestamp>| at.map(Timestamp::micros);
    match write {
        SideWrite::CredentialInsert(row) => prepared!(
            "credential_insert",
            false,
            log_id,
            row.subject.clone(),
            i32::from(row.kind),
            i64::from(row.generation),
            row.body.0.clone(),
            micros(&row.expires_at)
        ),
        SideWrite::CredentialReplace(row) => prepared!(
            "credential_replace",
            false,
            log_id,
            row.subject.clone(),
            i32::from(row.kind),
            i64::from(row.generation),
            row.body.0.clone(),
            micros(&row.expires_at)
        ),
        SideWrite::CredentialTake {
            subject,
            kind,
            generation,
            ..
        } => prepared!(
            "credential_take",
            false,
            log_id,
            subject.clone(),
            i32::from(*kind),
            i64::from(*generation)
        ),
        SideWrite::CredentialDelete { subject, kind, .. } => prepared!(
            "credential_delete",
            false,
            log_id,
            subject.clone(),
            kind.map(i32::from)
        ),
        SideWrite::SealedKeyInsert(row) => prepared!(
            "sealed_key_insert",
            false,
            log_id,
            i32::from(row.kind),
            row.id.clone(),
            row.kek_id.clone(),
            row.body.0.clone()
        ),
        SideWrite::SealedKeyReplace(row) => prepared!(
            "sealed_key_replace",
            false,
            log_id,
            i32::from(row.kind),
            row.id.clone(),
            row.kek_id.clone(),
            row.body.0.clone()
        ),
        SideWrite::SealedKeyDelete { kind, id, .. } => prepared!(
            "sealed_key_delete",
            false,
            log_id,
            i32::from(*kind),
            id.clone()
        ),
        SideWrite::PersonalInsert(row) => prepared!(
            "personal_insert",
            false,
            log_id,
            row.subject.clone(),
            i32::from(row.field),
            i64::from(row.generation),
            row.salt.to_vec(),
            row.body.0.clone()
        ),
        SideWrite::PersonalDelete { subject, field, .. } => prepared!(
            "personal_delete",
            false,
            log_id,
            subject.clone(),
            field.map(i32::from)
        ),
        SideWrite::OneTimeInsert(row) => prepared!(
            "one_time_insert",
            false,
            log_id,
            i32::from(row.purpose),
            row.key_hash.to_vec(),
            row.expires_at.micros()
        ),
        SideWrite::CounterAdd {
            subject,
            kind,
            delta,
            now,
            until,
            ..
        } => prepared!(
            "counter_add",
            true,
            log_id,
            subject.clone(),
            i32::from(*kind),
            *delta,
            micros(until),
            now.micros()
        ),
        SideWrite::CounterRaise {
            subject,
            kind,
            value,
            until,
            ..
        } => prepared!(
            "counter_raise",
            true,
            log_id,
            subject.clone(),
            i32::from(*kind),
            *value,
            micros(until)
        ),
        SideWrite::CounterClear { subject, kind, .. } => prepared!(
            "counter_delete",
            false,
            log_id,
            subject.clone(),
            i32::from(*kind)
        ),
    }
}

/// The counter that a write would have given, if it is one that counts: whose and of what sort.
pub(crate) fn counter_of(write: &SideWrite) -> Option<(&str, u16)> {
    match write {
        SideWrite::CounterAdd { subject, kind, .. }
        | SideWrite::CounterRaise { subject, kind, .. } => Some((subject, *kind)),
        SideWrite::CredentialInsert(_)
        | SideWrite::CredentialReplace(_)
        | SideWrite::CredentialTake { .. }
        | SideWrite::CredentialDelete { .. }
        | SideWrite::SealedKeyInsert(_)
        | SideWrite::SealedKeyReplace(_)
        | SideWrite::SealedKeyDelete { .. }
        | SideWrite::PersonalInsert(_)
        | SideWrite::PersonalDelete { .. }
        | SideWrite::OneTimeInsert(_)
        | SideWrite::CounterClear { .. } => None,
    }
}

/// A counter that is not there counts nothing.
pub(crate) const NOTHING: Counter = Counter {
    value: 0,
    until: None,
};
