//! How many fetches an account may cause.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use trilby_model::{AccountId, Timestamp};

/// Fetches for the providers of one account in one minute.
const FETCHES_PER_MINUTE: u32 = 60;

/// Counts of the present minute; forgotten with it.
#[derive(Debug, Default)]
pub(super) struct Budget(Mutex<(i64, HashMap<AccountId, u32>)>);

impl Budget {
    /// Takes one fetch; whether there was one left.
    pub fn take(&self, account: AccountId, now: Timestamp) -> bool {
        let minute = now.unix_seconds().div_euclid(60);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.0 != minute {
            *counts = (minute, HashMap::new());
        }
        let n = counts.1.entry(account).or_default();
        *n = n.saturating_add(1);
        *n <= FETCHES_PER_MINUTE
    }
}
