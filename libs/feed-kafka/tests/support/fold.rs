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
    /// Those of them after which others of their log had been heard: whoever believes what it hears last goes back.
    pub n_back: usize,
    /// Commits before which one is missing.
    pub n_holes: usize,
    /// How often the feed said that it may have missed something.
    pub n_gaps: usize,
    /// Commits too large for the feed, where they end.
    pub moved: Vec<(LogId, Seq)>,
    /// Logs that were taken back, to where.
    pub rewound: Vec<(LogId, Seq)>,
    /// Commits that contradict what was heard.
    pub n_other_pasts: usize,
    may_rewind: bool,
}

impl Fold {
    /// One that does not panic where the store was taken back.
    pub fn that_may_rewind() -> Self {
        Self {
            may_rewind: true,
            ..Self::default()
        }
    }

    pub fn hear(&mut self, message: &FeedMessage) {
        match message {
            FeedMessage::Commit(commit) => self.commit(commit),
            FeedMessage::Moved { log, last } => self.moved.push((log.clone(), *last)),
            FeedMessage::Gap(_) => self.n_gaps += 1,
            FeedMessage::Rewound { log, keep, hash } => self.rewind(log, *keep, *hash),
            FeedMessage::Revocation(..) | FeedMessage::Heartbeat(_) => {}
        }
    }

    pub fn commit(&mut self, commit: &RecordedCommit) {
        commit.check().unwrap();
        let known = self.logs.entry(commit.log.clone()).or_default();
        let end = known.last_key_value().map(|(seq, hash)| (*seq, *hash));
        let (applied, hash) = end.unwrap_or((Seq::ZERO, commit.prev_hash));
        let same = match commit.last <= applied {
            true => known.get(&commit.last) == Some(&commit.hash),
            false => commit.first.get() != applied.get() + 1 || commit.prev_hash == hash,
        };
        if !same {
            assert!(self.may_rewind, "another past");
            self.n_other_pasts += 1;
        } else if commit.last <= applied {
            self.n_twice += 1;
            self.n_back += usize::from(commit.last < applied);
        } else if commit.first.get() == applied.get() + 1 {
            known.insert(commit.last, commit.hash);
        } else {
            self.n_holes += 1;
        }
    }

    pub fn rewind(&mut self, log: &LogId, keep: Seq, hash: Hash) {
        assert!(self.may_rewind, "`{log}` was not taken back");
        let known = self.logs.entry(log.clone()).or_default();
        known.retain(|seq, _| *seq <= keep);
        // It stands where one of the commits that were heard ended.
        assert_eq!(known.get(&keep), Some(&hash));
        self.rewound.push((log.clone(), keep));
    }

    /// Takes over what another has, as whoever reads the store does.
    pub fn catch_up(&mut self, whole: &Self) {
        for (log, commits) in &whole.logs {
            let known = self.logs.entry(log.clone()).or_default();
            known.extend(commits.iter().map(|(seq, hash)| (*seq, *hash)));
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
