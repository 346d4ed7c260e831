//! Moves a store into another, byte for byte: every hash is what it was. What only mirrors the events can be made anew
//! from them on the way.

use trilby_model::Seq;

use crate::archive::{Archive, Row, Section};
use crate::envelope::{Head, HeadState};
use crate::error::Error;
use crate::verify::{Expected, Folds};

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

/// Copies everything of `from` but snapshots into `to`, which must be empty and is afterwards the same store:
/// same id, same incarnation, same chains.
///
/// Nobody may write to either meanwhile. Verify the copy before using it.
///
/// Errors: either store's; `Invalid` if `to` is not empty; `Corrupt` if a copied log does not end
/// where its head says, and if `from` is broken where it is read.
pub async fn copy(from: &dyn Archive, to: &dyn Archive) -> Result<Copied, Error> {
    moved(from, to, None).await
}

/// As [`copy`], but the indexes are what the events say, whatever `from` has in them: claims, revocations and who is
/// trusted.
///
/// Errors: as [`copy`]; `Corrupt` also for an event that no fold takes.
pub async fn rebuild(
    from: &dyn Archive,
    to: &dyn Archive,
    folds: &dyn Folds,
) -> Result<Copied, Error> {
    moved(from, to, Some(folds)).await
}

/// The sections that mirror the events.
const INDEXES: [Section; 3] = [Section::Claims, Section::Revocations, Section::Trusting];

async fn moved(
    from: &dyn Archive,
    to: &dyn Archive,
    folds: Option<&dyn Folds>,
) -> Result<Copied, Error> {
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
        // Whoever wrote them, the copy's readers make their own.
        if section == Section::Snapshots {
            continue;
        }
        if folds.is_none() || !INDEXES.contains(&section) {
            copy_section(from, to, section, &mut copied).await?;
        }
    }
    if let Some(folds) = folds {
        index_all(from, to, folds, &mut copied).await?;
    }
    Ok(copied)
}

/// Writes the indexes of all logs; after the heads, which they rest on.
async fn index_all(
    from: &dyn Archive,
    to: &dyn Archive,
    folds: &dyn Folds,
    copied: &mut Copied,
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let heads = from.logs(after.as_ref(), PAGE).await?;
        let Some(last) = heads.last() else {
            return Ok(());
        };
        after = Some(last.log.clone());
        // An erased log has given up its rows, and its bodies with them.
        for head in heads.iter().filter(|head| head.state != HeadState::Erased) {
            let mut rows = indexed(from, head, folds)
                .await?
                .into_rows(&head.log)
                .peekable();
            while rows.peek().is_some() {
                let page: Vec<Row> = rows.by_ref().take(PAGE).collect();
                copied.rows += u64::try_from(page.len()).unwrap_or(0);
                to.import_rows(page).await?;
            }
        }
    }
}

/// What the events of a log say of its indexes.
async fn indexed(from: &dyn Archive, head: &Head, folds: &dyn Folds) -> Result<Expected, Error> {
    let mut fold = folds.begin(&head.log);
    let mut expected = Expected::default();
    let mut end = Seq::ZERO;
    loop {
        let commits = from.read(&head.log, end, PAGE).await?;
        let Some(last) = commits.last() else {
            return Ok(expected);
        };
        end = last.last;
        for commit in &commits {
            let effects = fold.apply(commit).map_err(|what| {
                Error::Corrupt(format!("`{}` seq {}: {what}", head.log, commit.first))
            })?;
            expected.apply(commit, &effects);
        }
    }
}

async fn copy_log(
    from: &dyn Archive,
    to: &dyn Archive,
    head: &Head,
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
