//! One log as a file that can be verified without a database, a server, or this program.
//!
//! JSON Lines: first the manifest, then each event with everything its hash covers. Bodies are
//! base-16 text of the exact bytes. [`crate::verify::Exports`] and `libs/eventlog/verify.py` read it.

use std::io::Write;

use serde_json::{Value, json};
use trilby_model::{LogId, Seq};

use crate::archive::Archive;
use crate::chain;
use crate::envelope::{Head, HeadState, Recorded};
use crate::error::Error;
use crate::meta::StoreMeta;

/// What an export says it is.
pub(crate) const FORMAT: &str = "trilby.log.export.v1";

/// Events read at a time.
const PAGE: usize = 1_000;

/// Writes a log.
///
/// Errors: `Invalid` if there is no such log; `Unavailable` if it cannot be read or written.
pub async fn export_log(
    store: &dyn Archive,
    log: &LogId,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let meta = store.store_meta().await?;
    let head = store.head(log).await?;
    let head = head.ok_or_else(|| Error::Invalid(format!("there is no log `{log}`")))?;
    line(out, &manifest(&meta, &head))?;
    let mut after = Seq::ZERO;
    while after < head.seq {
        let events = store.events(log, after, PAGE).await?;
        let Some(last) = events.last() else {
            return Err(Error::Corrupt(format!(
                "`{log}` ends at seq {after}, before its head"
            )));
        };
        after = last.seq;
        for one in events.iter().filter(|one| one.seq <= head.seq) {
            line(out, &event(one))?;
        }
    }
    Ok(())
}

fn line(out: &mut (dyn Write + Send), value: &Value) -> Result<(), Error> {
    writeln!(out, "{value}").map_err(|error| Error::Unavailable(error.to_string()))
}

/// What an export says before its events.
pub fn manifest(meta: &StoreMeta, head: &Head) -> Value {
    json!({
        "format": FORMAT,
        "store_id": hex::encode(meta.store_id),
        "log": head.log.to_string(),
        "kind": head.log.kind().number(),
        "genesis": chain::genesis(&meta.store_id, &head.log).to_string(),
        "seq": head.seq.get(),
        "hash": head.hash.to_string(),
        "state": match head.state {
            HeadState::Open => "open",
            HeadState::Sealed => "sealed",
            HeadState::Erased => "erased",
        },
    })
}

/// An event as an export has it.
pub fn event(event: &Recorded) -> Value {
    json!({
        "seq": event.seq.get(),
        "commit_first": event.commit_first.get(),
        "commit_last": event.commit_last.get(),
        "at": event.at.micros(),
        "etype": event.etype,
        "ever": event.ever,
        "incarnation": event.incarnation,
        "body": event.body.as_ref().map(hex::encode),
        "body_hash": event.body_hash.to_string(),
        "hash": event.hash.to_string(),
    })
}
