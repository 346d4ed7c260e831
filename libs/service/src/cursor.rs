//! Sealed paging cursors: what the store wrote for itself and only the store can read.
//!
//! A cursor is encrypted and authenticated under a sub-key of the store key, so that it tells nothing and
//! cannot be made up. It is still input (R26): it opens to a typed value that is compared and bound as a
//! parameter, and it is good only for the account, kind and filter it was made for, for an hour.

mod schema;
#[cfg(test)]
mod tests;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use trilby_model::{ConsistencyToken, LogId, Timestamp};
use zeroize::Zeroizing;

use crate::problem::{Code, FieldError, Problem};

/// How long a cursor is good.
pub const LIFETIME_S: i64 = 3_600;

/// Longest cursor that is looked at. Ours are a few hundred bytes.
pub const CURSOR_MAX_BYTES: usize = 4_096;

/// Most items of a page, and how many without `limit`.
pub const LIMIT_MAX: usize = 1_000;
/// Items of a page when the request does not say.
pub const LIMIT_DEFAULT: usize = 100;

const LABEL: &[u8] = b"trilby.cursor.v1";
const VERSION: u8 = 1;

/// Where a walk over a list stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Which list: `users`, `policies`, …
    pub kind: String,
    /// Whose list.
    pub log: LogId,
    /// [`filter_hash`] of the filters.
    #[serde(with = "hash_text")]
    pub filter: [u8; 32],
    /// Sort key of the last item given out (name, then id).
    pub last: Vec<String>,
    /// The state that the walk is pinned to.
    pub seq: ConsistencyToken,
}

/// What a cursor must have been made for.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Which list.
    pub kind: &'a str,
    /// Whose list.
    pub log: &'a LogId,
    /// [`filter_hash`] of this request's filters.
    pub filter: [u8; 32],
}

/// The key cursors are sealed with.
pub struct CursorKey(Zeroizing<[u8; 32]>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<T> {
    exp: i64,
    v: T,
}

impl CursorKey {
    /// The store key's sub-key `trilby.cursor.v1`, derived by the store key's holder.
    #[must_use]
    pub fn new(sub_key: &[u8; 32]) -> CursorKey {
        CursorKey(Zeroizing::new(*sub_key))
    }

    fn aead(&self) -> Result<LessSafeKey, Unsealable> {
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_ref()).map_err(|_| Unsealable)?;
        Ok(LessSafeKey::new(key))
    }

    /// Seals a cursor, good from `now` for an hour. `nonce` is fresh randomness.
    ///
    /// # Errors
    /// [`Unsealable`], a fault of ours.
    pub fn seal(
        &self,
        cursor: &Cursor,
        now: Timestamp,
        nonce: [u8; NONCE_LEN],
    ) -> Result<String, Unsealable> {
        self.seal_value("list", cursor, now, nonce)
    }

    /// Opens a cursor of this list.
    ///
    /// # Errors
    /// `invalid_cursor`, whatever is wrong with it.
    pub fn open(
        &self,
        text: &str,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<Cursor, Problem> {
        let cursor: Cursor = self.open_value("list", text, now)?;
        let fits = cursor.kind == expected.kind
            && cursor.log == *expected.log
            && cursor.filter == expected.filter;
        match fits {
            true => Ok(cursor),
            false => Err(invalid("was made for another list or other filters")),
        }
    }

    /// Seals another typed value, such as a search's page token. `purpose` keeps kinds of value apart.
    ///
    /// # Errors
    /// [`Unsealable`], a fault of ours.
    pub fn seal_value<T: Serialize>(
        &self,
        purpose: &str,
        value: &T,
        now: Timestamp,
        nonce: [u8; NONCE_LEN],
    ) -> Result<String, Unsealable> {
        let sealed = Sealed {
            exp: now.unix_seconds().saturating_add(LIFETIME_S),
            v: value,
        };
        let mut body = serde_json::to_vec(&sealed).map_err(|_| Unsealable)?;
        self.aead()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(purpose), &mut body)
            .map_err(|_| Unsealable)?;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&nonce);
        bytes.append(&mut body);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens what [`CursorKey::seal_value`] sealed for the same purpose.
    ///
    /// # Errors
    /// `invalid_cursor`, whatever is wrong with it.
    pub fn open_value<T: DeserializeOwned>(
        &self,
        purpose: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<T, Problem> {
        let sealed: Sealed<T> = self
            .unseal(purpose, text)
            .ok_or_else(|| invalid("is not one of ours"))?;
        match now.unix_seconds() < sealed.exp {
            true => Ok(sealed.v),
            false => Err(invalid("is older than an hour")),
        }
    }

    fn unseal<T: DeserializeOwned>(&self, purpose: &str, text: &str) -> Option<Sealed<T>> {
        if text.len() > CURSOR_MAX_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
        if *version != VERSION {
            return None;
        }
        let mut body = body.to_vec();
        let plain = self
            .aead()
            .ok()?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                aad(purpose),
                &mut body,
            )
            .ok()?;
        serde_json::from_slice(plain).ok()
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey")
    }
}

/// A cursor could not be sealed: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("a cursor could not be sealed")]
pub struct Unsealable;

impl From<Unsealable> for Problem {
    fn from(fault: Unsealable) -> Problem {
        Problem::internal(fault)
    }
}

/// What identifies the filters of a list: names and values, in whatever order they came.
#[must_use]
pub fn filter_hash<'a>(filters: impl IntoIterator<Item = (&'a str, &'a str)>) -> [u8; 32] {
    let mut filters: Vec<_> = filters.into_iter().collect();
    filters.sort_unstable();
    let mut hash = Sha256::new();
    for (name, value) in filters {
        crate::idempotency::length_prefixed(&mut hash, name.as_bytes());
        crate::idempotency::length_prefixed(&mut hash, value.as_bytes());
    }
    hash.finalize().into()
}

/// How many items a page has, of the query's `limit`.
///
/// # Errors
/// `invalid_parameter`
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    let what = format!("must be 1 to {LIMIT_MAX}");
    let problem = Problem::new(Code::InvalidParameter, format!("parameter `limit` {what}"));
    Err(problem.error(FieldError::parameter("limit", Code::InvalidParameter, what)))
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List<T> {
    /// The items, by name, then id.
    pub items: Vec<T>,
    /// Where to go on; `null` at the end.
    pub next_cursor: Option<String>,
    /// The state the list was read from.
    pub seq: ConsistencyToken,
    /// `true` if a later page could not be read from the first page's state.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub seq_drift: bool,
}

fn aad(purpose: &str) -> Aad<Vec<u8>> {
    let mut text = LABEL.to_vec();
    text.push(0);
    text.extend_from_slice(purpose.as_bytes());
    Aad::from(text)
}

fn invalid(what: &str) -> Problem {
    Problem::new(Code::InvalidCursor, format!("the cursor {what}")).error(FieldError::parameter(
        "cursor",
        Code::InvalidCursor,
        what,
    ))
}

mod hash_text {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(hash))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        bytes
            .try_into()
            .map_err(|_| D::Error::custom("not 32 bytes"))
    }
}
