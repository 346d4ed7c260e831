//! The tables, and the one procedure that changes the control log.

use std::collections::BTreeMap;

use trilby_model::{LogId, Seq, Timestamp};

use super::SideTables;
use crate::activity::{ActivityRecord, Segment};
use crate::chain;
use crate::claim::{ClaimKey, ClaimOwner};
use crate::commit::{Commit, Committed};
use crate::envelope::{Head, HeadState, RecordedCommit};
use crate::error::AppendError;
use crate::log::OutboxRow;
use crate::meta::StoreMeta;
use crate::receipt::StoredReceipt;
use crate::revocation::{Dependency, Revocation};
use crate::seal::{self, Sealed};
use crate::snapshot::Snapshot;
use crate::trusting::{Trusting, TrustingChange};

/// A log's text id: the order in which tables give their rows.
pub(super) type Id = String;

#[derive(Debug)]
pub(super) struct Log {
    pub head: Head,
    pub commits: Vec<RecordedCommit>,
}

impl Log {
    /// The head, unless the log has no event.
    pub fn live_head(&self) -> Option<&Head> {
        (self.head.seq > Seq::ZERO).then_some(&self.head)
    }
}

#[derive(Debug)]
pub(super) struct State {
    pub meta: StoreMeta,
    pub logs: BTreeMap<Id, Log>,
    pub receipts: BTreeMap<(Id, [u8; 32]), StoredReceipt>,
    pub claims: BTreeMap<ClaimKey, ClaimOwner>,
    /// In the order in which they came.
    pub revocations: Vec<Revocation>,
    /// How many ever came.
    pub revocations_ever: usize,
    pub trusting: BTreeMap<([u8; 32], Id, String), Trusting>,
    pub outbox: BTreeMap<i64, OutboxRow>,
    pub outbox_last: i64,
    pub snapshots: BTreeMap<(Id, u32, Seq), Snapshot>,
    pub side: SideTables,
    pub writer: [u8; 16],
    pub segments: Vec<Segment>,
    pub activity: BTreeMap<(Id, String), ActivityRecord>,
}

/// A number of rows.
pub(super) fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl State {
    pub fn new(meta: StoreMeta) -> Self {
        Self {
            writer: meta.store_id,
            meta,
            logs: BTreeMap::new(),
            receipts: BTreeMap::new(),
            claims: BTreeMap::new(),
            revocations: Vec::new(),
            revocations_ever: 0,
            trusting: BTreeMap::new(),
            outbox: BTreeMap::new(),
            outbox_last: 0,
            snapshots: BTreeMap::new(),
            side: SideTables::default(),
            segments: Vec::new(),
            activity: BTreeMap::new(),
        }
    }

    pub fn head(&self, log: &LogId) -> Option<&Head> {
        self.logs.get(&log.to_string()).and_then(Log::live_head)
    }

    pub fn commits(&self, log: &LogId) -> impl Iterator<Item = &RecordedCommit> {
        self.logs
            .get(&log.to_string())
            .into_iter()
            .flat_map(|log| &log.commits)
    }

    /// The log, made without events if it is not there.
    pub fn ensure(&mut self, log: &LogId) -> &mut Log {
        let meta = &self.meta;
        self.logs.entry(log.to_string()).or_insert_with(|| Log {
            head: Head {
                log: log.clone(),
                seq: Seq::ZERO,
                hash: chain::genesis(&meta.store_id, log),
                at: Timestamp::from_micros(0),
                state: HeadState::Open,
            },
            commits: Vec::new(),
        })
    }

    /// All checks first, then all changes.
    pub fn append(&mut self, commit: &Commit) -> Result<Committed, AppendError> {
        seal::check(commit)?;
        if let Some(receipt) = &commit.receipt
            && let Some(stored) = self.receipts.get(&(receipt.log.to_string(), receipt.key))
        {
            return Err(AppendError::Receipt(Box::new(stored.clone())));
        }
        let heads: Vec<Option<Head>> = commit
            .entries
            .iter()
            .map(|entry| self.head_or_state(&entry.log))
            .collect();
        seal::check_heads(&self.meta, commit, &heads)?;
        self.check_alive(&commit.alive)?;
        let sealed = seal::seal(&self.meta, commit, &heads)?;
        let claims = self.claims_after(commit, &sealed)?;
        let mut side = self.side.clone();
        let outcomes = side
            .write_all(&commit.side)
            .map_err(|index| AppendError::Side { index })?;

        self.claims = claims;
        self.side = side;
        for write in &commit.side {
            self.ensure(write.log());
        }
        self.write(commit, &sealed);
        Ok(Committed {
            heads: sealed.heads,
            commits: sealed.commits,
            revocations: sealed.revocations,
            side: outcomes,
        })
    }

    /// The head of a log with events, or of a closed one without.
    fn head_or_state(&self, log: &LogId) -> Option<Head> {
        let log = self.logs.get(&log.to_string())?;
        let speaks = log.head.seq > Seq::ZERO || log.head.state != HeadState::Open;
        speaks.then(|| log.head.clone())
    }

    fn check_alive(&self, alive: &[Dependency]) -> Result<(), AppendError> {
        let dead: Vec<_> = alive
            .iter()
            .filter(|one| self.revocations.iter().any(|row| one.is_ended_by(row)))
            .cloned()
            .collect();
        if dead.is_empty() {
            Ok(())
        } else {
            Err(AppendError::Dead { dependencies: dead })
        }
    }

    fn claims_after(
        &self,
        commit: &Commit,
        sealed: &Sealed,
    ) -> Result<BTreeMap<ClaimKey, ClaimOwner>, AppendError> {
        let mut claims = self.claims.clone();
        for released in &commit.claims_released {
            if claims
                .get(&released.key)
                .is_some_and(|owner| owner.log == released.log)
            {
                claims.remove(&released.key);
            }
        }
        for taken in &commit.claims_taken {
            if claims.contains_key(&taken.key) {
                return Err(AppendError::ClaimTaken {
                    key: taken.key.clone(),
                });
            }
            let seq = sealed.seq_of(&taken.log, taken.event).unwrap_or(Seq::ZERO);
            claims.insert(
                taken.key.clone(),
                ClaimOwner {
                    log: taken.log.clone(),
                    seq,
                },
            );
        }
        Ok(claims)
    }

    fn write(&mut self, commit: &Commit, sealed: &Sealed) {
        for (head, recorded) in sealed.heads.iter().zip(&sealed.commits) {
            let log = self.ensure(&head.log);
            log.head = head.clone();
            log.commits.push(recorded.clone());
            self.outbox_last += 1;
            self.outbox.insert(
                self.outbox_last,
                OutboxRow {
                    id: self.outbox_last,
                    log: recorded.log.clone(),
                    first: recorded.first,
                    last: recorded.last,
                },
            );
        }
        for row in &sealed.revocations {
            self.add_revocation(row.clone());
        }
        self.write_receipt(commit, sealed);
        for change in &commit.trusting {
            self.write_trusting(change, sealed);
        }
    }

    pub fn add_revocation(&mut self, row: Revocation) {
        self.revocations.push(row);
        self.revocations_ever += 1;
    }

    fn write_receipt(&mut self, commit: &Commit, sealed: &Sealed) {
        let Some(receipt) = &commit.receipt else {
            return;
        };
        let Some(recorded) = sealed.commits.iter().find(|one| one.log == receipt.log) else {
            return;
        };
        self.receipts.insert(
            (receipt.log.to_string(), receipt.key),
            StoredReceipt {
                log: receipt.log.clone(),
                key: receipt.key,
                request_hash: receipt.request_hash,
                first: recorded.first,
                last: recorded.last,
                status: receipt.status,
                response: receipt.response.clone(),
                created_at: recorded.at,
            },
        );
    }

    fn write_trusting(&mut self, change: &TrustingChange, sealed: &Sealed) {
        match change {
            TrustingChange::Put {
                key,
                log,
                role,
                event,
            } => {
                let seq = sealed.seq_of(log, *event).unwrap_or(Seq::ZERO);
                let row = Trusting {
                    key: *key,
                    log: log.clone(),
                    role: role.clone(),
                    seq,
                };
                self.trusting
                    .insert((*key, log.to_string(), role.clone()), row);
            }
            TrustingChange::Remove { key, log, role } => {
                self.trusting.remove(&(*key, log.to_string(), role.clone()));
            }
        }
    }

    pub fn purge(
        &mut self,
        now: Timestamp,
        receipts_before: Timestamp,
        revocations_before: Timestamp,
    ) -> u64 {
        let before = self.receipts.len() + self.revocations.len();
        self.receipts
            .retain(|_, row| row.created_at >= receipts_before);
        self.revocations.retain(|row| row.at >= revocations_before);
        count(before - self.receipts.len() - self.revocations.len()) + self.side.purge(now)
    }
}
