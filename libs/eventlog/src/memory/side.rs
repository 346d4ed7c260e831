//! Side tables in memory.

use std::collections::BTreeMap;

use trilby_model::{LogId, Timestamp};

use super::state::{Id, count};
use crate::side::{Counter, Credential, OneTime, Personal, SealedKey, SideOutcome, SideWrite};

#[derive(Debug, Clone, Default)]
pub(super) struct SideTables {
    pub credentials: BTreeMap<(Id, String, u16, u32), Credential>,
    pub sealed_keys: BTreeMap<(Id, u16, String), SealedKey>,
    pub personal: BTreeMap<(Id, String, u16, u32), Personal>,
    pub one_time: BTreeMap<(Id, u16, [u8; 32]), OneTime>,
    pub counters: BTreeMap<(Id, String, u16), (LogId, Counter)>,
}

/// The condition of a write does not hold.
struct Refused;

impl SideTables {
    pub fn credentials(
        &self,
        log: &LogId,
        subject: &str,
        kind: u16,
    ) -> impl Iterator<Item = &Credential> {
        let key = |generation| (log.to_string(), subject.to_owned(), kind, generation);
        self.credentials
            .range(key(0)..=key(u32::MAX))
            .map(|(_, row)| row)
    }

    pub fn sealed_keys(&self, log: &LogId, kind: u16) -> impl Iterator<Item = &SealedKey> {
        self.sealed_keys
            .values()
            .filter(move |row| row.log == *log && row.kind == kind)
    }

    /// Error: the place of the first write whose condition does not hold; what was done before it
    /// stays in `self`, which the caller throws away.
    pub fn write_all(&mut self, writes: &[SideWrite]) -> Result<Vec<SideOutcome>, usize> {
        writes
            .iter()
            .enumerate()
            .map(|(index, write)| self.write(write).map_err(|Refused| index))
            .collect()
    }

    fn write(&mut self, write: &SideWrite) -> Result<SideOutcome, Refused> {
        match write {
            SideWrite::CredentialInsert(row) => {
                insert(&mut self.credentials, credential_key(row), row)?
            }
            SideWrite::CredentialReplace(row) => {
                if let Some(stands) = self.credentials.get_mut(&credential_key(row)) {
                    stands.clone_from(row);
                }
            }
            SideWrite::CredentialTake {
                log,
                subject,
                kind,
                generation,
            } => {
                let key = (log.to_string(), subject.clone(), *kind, *generation);
                self.credentials.remove(&key).ok_or(Refused)?;
            }
            SideWrite::CredentialDelete { log, subject, kind } => {
                self.credentials.retain(|_, row| {
                    row.log != *log
                        || row.subject != *subject
                        || kind.is_some_and(|kind| row.kind != kind)
                });
            }
            SideWrite::SealedKeyInsert(row) => {
                insert(&mut self.sealed_keys, sealed_key_key(row), row)?
            }
            SideWrite::SealedKeyReplace(row) => {
                self.sealed_keys.insert(sealed_key_key(row), row.clone());
            }
            SideWrite::SealedKeyDelete { log, kind, id } => {
                self.sealed_keys
                    .remove(&(log.to_string(), *kind, id.clone()));
            }
            SideWrite::PersonalInsert(row) => {
                let key = (
                    row.log.to_string(),
                    row.subject.clone(),
                    row.field,
                    row.generation,
                );
                insert(&mut self.personal, key, row)?;
            }
            SideWrite::PersonalDelete {
                log,
                subject,
                field,
            } => {
                self.personal.retain(|_, row| {
                    row.log != *log
                        || row.subject != *subject
                        || field.is_some_and(|field| row.field != field)
                });
            }
            SideWrite::OneTimeInsert(row) => {
                let key = (row.log.to_string(), row.purpose, row.key_hash);
                insert(&mut self.one_time, key, row)?;
            }
            SideWrite::CounterAdd {
                log,
                subject,
                kind,
                delta,
                now,
                until,
            } => {
                let key = (log.to_string(), subject.clone(), *kind);
                let stored = self.counters.get(&key).map(|(_, counter)| *counter);
                let counter = Counter::added(stored, *delta, *now, *until);
                self.counters.insert(key, (log.clone(), counter));
                return Ok(SideOutcome::Counter(counter));
            }
            SideWrite::CounterRaise {
                log,
                subject,
                kind,
                value,
                until,
            } => {
                let key = (log.to_string(), subject.clone(), *kind);
                if self
                    .counters
                    .get(&key)
                    .is_some_and(|(_, stored)| stored.value >= *value)
                {
                    return Err(Refused);
                }
                let counter = Counter {
                    value: *value,
                    until: *until,
                };
                self.counters.insert(key, (log.clone(), counter));
                return Ok(SideOutcome::Counter(counter));
            }
            SideWrite::CounterClear { log, subject, kind } => {
                self.counters
                    .remove(&(log.to_string(), subject.clone(), *kind));
            }
        }
        Ok(SideOutcome::Done)
    }

    pub fn purge(&mut self, now: Timestamp) -> u64 {
        let before = self.one_time.len() + self.counters.len();
        self.one_time.retain(|_, row| row.expires_at > now);
        self.counters
            .retain(|_, (_, counter)| counter.until.is_none_or(|until| until > now));
        count(before - self.one_time.len() - self.counters.len())
    }

    pub fn erase(&mut self, log: &LogId) {
        self.credentials.retain(|_, row| row.log != *log);
        self.sealed_keys.retain(|_, row| row.log != *log);
        self.personal.retain(|_, row| row.log != *log);
        self.one_time.retain(|_, row| row.log != *log);
        self.counters.retain(|_, (of, _)| of != log);
    }
}

fn credential_key(row: &Credential) -> (Id, String, u16, u32) {
    (
        row.log.to_string(),
        row.subject.clone(),
        row.kind,
        row.generation,
    )
}

fn sealed_key_key(row: &SealedKey) -> (Id, u16, String) {
    (row.log.to_string(), row.kind, row.id.clone())
}

fn insert<K: Ord, V: Clone>(table: &mut BTreeMap<K, V>, key: K, row: &V) -> Result<(), Refused> {
    if table.contains_key(&key) {
        return Err(Refused);
    }
    table.insert(key, row.clone());
    Ok(())
}
