//! Rows of another store, taken over as they are.

use trilby_eventlog::archive::Row;
use trilby_eventlog::{ClaimScope, Error, RecordedCommit, StoreMeta};
use trilby_model::LogId;

use crate::pipeline::{Ask, Param, Value, boxed, params};
use crate::rows::{self, int};
use crate::statement::shard;
use crate::store::Postgres;

/// Rows sent in one transaction.
const CHUNK: usize = 250;

/// Takes over another store's identity; this one must be empty.
pub(crate) async fn meta(store: &Postgres, meta: &StoreMeta) -> Result<(), Error> {
    let sql = include_str!("queries/store_is_used.sql");
    let used = store.source().row(None, sql, &[]).await?;
    if used.is_none_or(|row| rows::get::<bool>(&row, 0).unwrap_or(true)) {
        return Err(Error::Invalid(
            "the store to copy to is not empty".to_owned(),
        ));
    }
    let number = |n: u32| {
        i32::try_from(n).map_err(|_| Error::Invalid("the store's identity is odd".to_owned()))
    };
    let (incarnation, level) = (number(meta.incarnation)?, number(meta.min_reader_level)?);
    let (id, fingerprint) = (&meta.store_id[..], &meta.store_key_fingerprint[..]);
    let ask = Ask::new(
        include_str!("queries/meta_replace.sql"),
        params![&id, &incarnation, &fingerprint, &level],
    );
    store.write_alone(&[], &[ask]).await?;
    store.learn_meta(meta.clone());
    Ok(())
}

/// Takes over commits, each of which must follow the last of its log.
pub(crate) async fn commits(store: &Postgres, commits: &[RecordedCommit]) -> Result<(), Error> {
    let logs: Vec<&LogId> = commits.iter().map(|commit| &commit.log).collect();
    let ids = store.numbers(&logs).await?;
    let (mut firsts, mut expected) = (Vec::new(), Vec::new());
    for (place, (commit, id)) in commits.iter().zip(&ids).enumerate() {
        let before = commits
            .iter()
            .take(place)
            .rev()
            .find(|one| one.log == commit.log);
        match before {
            Some(before) if before.last.next() == commit.first => {}
            Some(_) => return Err(not_following(&commit.log)),
            None => {
                firsts.push(*id);
                expected.push(int(commit.first) - 1);
            }
        }
    }
    let mut asks = vec![Ask::new(
        include_str!("queries/import_follows.sql"),
        params![&firsts, &expected],
    )];
    let events: Vec<Vec<Value>> = commits
        .iter()
        .zip(&ids)
        .flat_map(|(commit, id)| commit.events.iter().map(move |event| (id, event)))
        .map(|(id, event)| -> Vec<Value> {
            vec![
                Box::new(*id),
                Box::new(int(event.seq)),
                Box::new(int(event.commit_first)),
                Box::new(int(event.commit_last)),
                Box::new(event.at.micros()),
                Box::new(event.etype.clone()),
                Box::new(i32::from(event.ever)),
                Box::new(i32::try_from(event.incarnation).unwrap_or(i32::MAX)),
                Box::new(event.body.clone()),
                Box::new(event.body_hash.as_bytes().to_vec()),
                Box::new(event.hash.as_bytes().to_vec()),
            ]
        })
        .collect();
    let insert = include_str!("queries/event_insert.sql");
    asks.extend(events.iter().map(|values| ask(insert, values)));
    match store.write_alone(&ids, &asks).await {
        // The check is the only statement that can divide by zero.
        Err(Error::Unavailable(text)) if text.contains("(22012)") => {
            let log = commits.first().map(|commit| commit.log.to_string());
            Err(Error::Invalid(format!(
                "a commit of `{}` or of another log does not follow",
                log.unwrap_or_default()
            )))
        }
        done => done.map(drop),
    }
}

fn not_following(log: &LogId) -> Error {
    Error::Invalid(format!("a commit of `{log}` does not follow"))
}

fn ask<'a>(sql: &'a str, values: &'a [Value]) -> Ask<'a> {
    let params: Vec<Param<'_>> = values.iter().map(boxed).collect();
    Ask::new(sql, params)
}

/// Takes over rows.
pub(crate) async fn rows(store: &Postgres, rows: &[Row]) -> Result<(), Error> {
    for chunk in rows.chunks(CHUNK) {
        let mut logs: Vec<&LogId> = chunk.iter().filter_map(Row::log).collect();
        for row in chunk {
            if let Row::Claim(key, _) = row
                && let ClaimScope::Log(log) = &key.scope
            {
                logs.push(log);
            }
            if let Row::Activity(record) = row {
                make_hour(store, record.activity.at.micros()).await?;
            }
        }
        logs.sort_unstable();
        logs.dedup();
        let ids = store.numbers(&logs).await?;
        let id = |log: &LogId| {
            let place = logs.binary_search(&log).ok();
            place.and_then(|place| ids.get(place).copied()).unwrap_or(0)
        };
        let prepared: Vec<(&str, Vec<Value>)> =
            chunk.iter().flat_map(|row| statements(&id, row)).collect();
        let asks: Vec<Ask<'_>> = prepared
            .iter()
            .map(|(sql, values)| ask(sql, values))
            .collect();
        store.write_alone(&ids, &asks).await?;
    }
    store.known().forget_heads();
    Ok(())
}

async fn make_hour(store: &Postgres, moment: i64) -> Result<(), Error> {
    let ask = Ask::new("select make_activity_hour($1)", params![&moment]);
    store.write_alone(&[], &[ask]).await.map(drop)
}

macro_rules! insert {
    ($name:literal, $($value:expr),*) => {
        vec![(
            include_str!(concat!("queries/", $name, ".sql")),
            vec![$(crate::pipeline::value($value)),*],
        )]
    };
}

fn statements(id: &impl Fn(&LogId) -> i64, row: &Row) -> Vec<(&'static str, Vec<Value>)> {
    let own = row.log().map_or(0, id);
    let micros = trilby_model::Timestamp::micros;
    match row {
        Row::Head(head) => insert!(
            "head_replace",
            own,
            int(head.seq),
            head.hash.as_bytes().to_vec(),
            head.at.micros(),
            i16::from(head.state.code())
        ),
        Row::Receipt(row) => insert!(
            "receipt_insert",
            own,
            row.key.to_vec(),
            row.request_hash.to_vec(),
            int(row.first),
            int(row.last),
            i16::try_from(row.status).unwrap_or(i16::MAX),
            row.response.clone(),
            row.created_at.micros()
        ),
        Row::Claim(key, owner) => {
            let scope = match &key.scope {
                ClaimScope::Store => 0,
                ClaimScope::Log(log) => id(log),
            };
            insert!(
                "claim_insert",
                scope,
                i32::from(key.kind),
                key.mac.to_vec(),
                own,
                int(owner.seq)
            )
        }
        Row::Revocation(row) => insert!(
            "revocation_insert",
            own,
            i16::from(row.kind.code()),
            row.id_hash.to_vec(),
            int(row.seq),
            int(row.before),
            row.at.micros()
        ),
        Row::Trusting(row) => insert!(
            "trusting_put",
            row.key.to_vec(),
            own,
            row.role.clone(),
            int(row.seq)
        ),
        Row::Outbox(row) => insert!(
            "outbox_import",
            shard(&row.log),
            row.id,
            own,
            int(row.first),
            int(row.last),
            vec![0_u8; 16]
        ),
        Row::Snapshot(row) => insert!(
            "snapshot_put",
            row.log.to_string(),
            i64::from(row.state_schema),
            int(row.seq),
            row.fold_fingerprint.to_vec(),
            row.head_hash.as_bytes().to_vec(),
            row.body.clone()
        ),
        Row::Credential(row) => insert!(
            "credential_insert",
            own,
            row.subject.clone(),
            i32::from(row.kind),
            i64::from(row.generation),
            row.body.0.clone(),
            row.expires_at.map(micros)
        ),
        Row::SealedKey(row) => insert!(
            "sealed_key_insert",
            own,
            i32::from(row.kind),
            row.id.clone(),
            row.kek_id.clone(),
            row.body.0.clone()
        ),
        Row::Personal(row) => insert!(
            "personal_insert",
            own,
            row.subject.clone(),
            i32::from(row.field),
            i64::from(row.generation),
            row.salt.to_vec(),
            row.body.0.clone()
        ),
        Row::OneTime(row) => insert!(
            "one_time_insert",
            own,
            i32::from(row.purpose),
            row.key_hash.to_vec(),
            row.expires_at.micros()
        ),
        Row::Counter(_, subject, kind, counter) => insert!(
            "counter_put",
            own,
            subject.clone(),
            i32::from(*kind),
            counter.value,
            counter.until.map(micros)
        ),
        Row::Segment(row) => insert!(
            "segment_insert",
            row.writer.to_vec(),
            i64::try_from(row.n).unwrap_or(i64::MAX),
            row.first_at.micros(),
            row.last_at.micros(),
            i64::from(row.count),
            row.prev_hash.as_bytes().to_vec(),
            row.root.as_bytes().to_vec(),
            row.expired
        ),
        Row::Activity(row) => {
            let one = &row.activity;
            let mut both = insert!(
                "activity_import",
                own,
                one.at.micros(),
                one.kind.clone(),
                one.id.clone(),
                one.body.clone(),
                row.writer.to_vec(),
                i64::try_from(row.segment).unwrap_or(i64::MAX),
                i32::try_from(row.position).unwrap_or(i32::MAX)
            );
            if crate::activity::is_listed(one) {
                both.extend(insert!(
                    "activity_id_insert",
                    own,
                    one.id.clone(),
                    one.at.micros()
                ));
            }
            both
        }
    }
}
