//! What somebody makes of a feed who asks the store nothing.

use std::collections::BTreeMap;

use trilby_eventlog::{FeedMessage, Head, RecordedCommit};
use trilby_model::{Hash, LogId, Seq};

/// Each log's commits that continue what was heard before them.
#[derive(Debug, Default)]
pub struct Fold {
    logs: BTreeMap<LogId, BTreeMap<Seq, Hash>>,
    /// Commits heard before.
    pub n_twice: usize,
    /// Commits before which one is missing.
    pub n_holes: usize,
    /// How often the feed said that it may have missed something.
    pub n_gaps: usize,
    /// Commits too large for the feed, where they end.
    pub moved: Vec<(LogId, Seq)>,
}

impl Fold {
    pub fn hear(&mut self, message: &FeedMessage) {
        match message {
            FeedMessage::Commit(commit) => self.commit(commit),
            FeedMessage::Moved { log, last } => self.moved.push((log.clone(), *last)),
            FeedMessage::Gap(_) => self.n_gaps += 1,
            FeedMessage::Rewound { log, .. } => panic!("`{log}` was not taken back"),
            FeedMessage::Revocation(..) | FeedMessage::Heartbeat(_) => {}
        }
    }

    pub fn commit(&mut self, commit: &RecordedCommit) {
        commit.check().unwrap();
        let known = self.logs.entry(commit.log.clone()).or_default();
        let end = known.last_key_value().map(|(seq, hash)| (*seq, *hash));
        let (applied, hash) = end.unwrap_or((Seq::ZERO, commit.prev_hash));
        if commit.last <= applied {
            assert_eq!(known.get(&commit.last), Some(&commit.hash), "another past");
            self.n_twice += 1;
        } else if commit.first.get() == applied.get() + 1 {
            assert_eq!(commit.prev_hash, hash, "another past");
            known.insert(commit.last, commit.hash);
        } else {
            self.n_holes += 1;
        }
    }

    /// Whether it stands where these logs end.
    pub fn is_at(&self, heads: &[Head]) -> bool {
        heads.iter().all(|head| {
            let known = self.logs.get(&head.log);
            let end = known.and_then(|known| known.last_key_value());
            end == Some((&head.seq, &head.hash))
        })
    }

    /// How many commits it has.
    pub fn n_commits(&self) -> usize {
        self.logs.values().map(BTreeMap::len).sum()
    }
}
