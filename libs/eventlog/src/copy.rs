//! Moves a store into another, byte for byte: every hash is what it was.

use trilby_model::Seq;

use crate::archive::{Archive, Row, Section};
use crate::error::Error;

/// Rows, or events, moved at a time.
const PAGE: usize = 1_000;

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Copied {
    /// Logs with events.
    pub logs: u64,
    /// Commits.
    pub commits: u64,
    /// Events.
    pub events: u64,
    /// Rows beside them.
    pub rows: u64,
}

/// Copies everything of `from` into `to`, which must be empty and is afterwards the same store:
/// same id, same incarnation, same chains.
///
/// Nobody may write to either meanwhile. Verify the copy before using it.
///
/// Errors: either store's; `Invalid` if `to` is not empty; `Corrupt` if a copied log does not end
/// where its head says, and if `from` is broken where it is read.
pub async fn copy(from: &dyn Archive, to: &dyn Archive) -> Result<Copied, Error> {
    to.import_meta(&from.store_meta().await?).await?;
    let mut copied = Copied::default();
    let mut after = None;
    loop {
        let heads = from.logs(after.as_ref(), PAGE).await?;
        let Some(last) = heads.last() else { break };
        after = Some(last.log.clone());
        for head in &heads {
            copy_log(from, to, head, &mut copied).await?;
        }
    }
    for section in Section::ALL {
        copy_section(from, to, section, &mut copied).await?;
    }
    Ok(copied)
}

async fn copy_log(
    from: &dyn Archive,
    to: &dyn Archive,
    head: &crate::Head,
    copied: &mut Copied,
) -> Result<(), Error> {
    copied.logs += 1;
    let mut end = (Seq::ZERO, None);
    loop {
        let commits = from.read(&head.log, end.0, PAGE).await?;
        let Some(last) = commits.last() else { break };
        end = (last.last, Some(last.hash));
        for commit in &commits {
            commit
                .check()
                .map_err(|error| Error::Corrupt(error.to_string()))?;
            copied.commits += 1;
            copied.events += u64::try_from(commit.events.len()).unwrap_or(0);
        }
        to.import_commits(commits).await?;
    }
    if end != (head.seq, Some(head.hash)) {
        return Err(Error::Corrupt(format!(
            "`{}` does not end where its head says",
            head.log
        )));
    }
    Ok(())
}

async fn copy_section(
    from: &dyn Archive,
    to: &dyn Archive,
    section: Section,
    copied: &mut Copied,
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let page = from.export(section, None, after, PAGE).await?;
        if !matches!(page.rows.first(), Some(Row::Head(_))) {
            copied.rows += u64::try_from(page.rows.len()).unwrap_or(0);
        }
        to.import_rows(page.rows).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
