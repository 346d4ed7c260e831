//! The one place that reads a token before its signature was checked.
//!
//! It gives a hint and nothing else: which account's log holds the key. A wrong hint finds no key,
//! and whatever key is found, [`crate::verify`] compares its account with everything the token
//! says. Reviewed as a whole; no other file decodes without verifying.

use trilby_model::{AccountId, json};

/// The account whose key signed this token, if the token tells the truth.
pub(crate) fn account_hint(payload: &str) -> Option<AccountId> {
    let node = json::parse(payload).ok()?;
    node.pointer("/trilby/acct")?
        .to_serde()
        .as_str()?
        .parse()
        .ok()
}
