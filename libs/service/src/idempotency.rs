//! Idempotency keys: the same request twice is one change and one answer (identity.md 1.2).
//!
//! The receipt is a row of the log's store, written with the events. Here is what it is made of: the key's
//! and the request's hash, the answer without its secrets, and the list of requests that are running now.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::HeaderMap;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use trilby_model::LogId;

use crate::problem::{Code, FieldError, Problem};

/// The request header.
pub const HEADER: &str = "idempotency-key";
/// On an answer that was given before.
pub const REPLAYED_HEADER: &str = "idempotency-replayed";
/// Most keyed requests at once on this node.
pub const IN_FLIGHT_MAX: usize = 10_000;

/// An `Idempotency-Key`: 16 to 64 of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// The key of a request, if it has one.
    ///
    /// # Errors
    /// `invalid_parameter`
    pub fn of(headers: &HeaderMap) -> Result<Option<Key>, Problem> {
        match crate::headers::single(headers, HEADER)? {
            None => Ok(None),
            Some(text) => text.parse().map(Some),
        }
    }

    /// The key of a request that must have one.
    ///
    /// # Errors
    /// `missing_parameter`, `invalid_parameter`
    pub fn required(headers: &HeaderMap) -> Result<Key, Problem> {
        Key::of(headers)?.ok_or_else(|| {
            Problem::new(
                Code::MissingParameter,
                "this operation needs the header `Idempotency-Key`",
            )
            .error(FieldError::header(
                "Idempotency-Key",
                Code::MissingParameter,
                "is missing",
            ))
        })
    }

    /// As sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Key {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Key, Problem> {
        let fits = (16..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        match fits {
            true => Ok(Key(text.to_owned())),
            false => {
                let what = "must be 16 to 64 letters, digits, `_` or `-`";
                Err(
                    Problem::new(Code::InvalidParameter, format!("`Idempotency-Key` {what}"))
                        .error(FieldError::header(
                            "Idempotency-Key",
                            Code::InvalidParameter,
                            what,
                        )),
                )
            }
        }
    }
}

/// The receipt's key in its log: SHA-256 of principal and key, each with its length.
#[must_use]
pub fn receipt_key(principal_unique_id: &str, key: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    length_prefixed(&mut hash, principal_unique_id.as_bytes());
    length_prefixed(&mut hash, key.as_bytes());
    hash.finalize().into()
}

/// What makes a request the same: method, path with query, body. A query changes what is asked
/// (`?cascade=true`), so it counts.
#[must_use]
pub fn request_hash(method: &str, path_and_query: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), path_and_query.as_bytes(), body] {
        length_prefixed(&mut hash, part);
    }
    hash.finalize().into()
}

/// Feeds a hash with a part and its length (32 bits, big-endian), so that parts cannot run together.
pub(crate) fn length_prefixed(hash: &mut Sha256, part: &[u8]) {
    // Bodies are bounded far below 4 GiB; saturation keeps the function total.
    hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    hash.update(part);
}

/// An answer as a receipt keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredAnswer {
    /// Format of this record.
    pub v: u8,
    /// HTTP status.
    pub status: u16,
    /// `Location`, if the answer had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// `ETag`, if the answer had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Trilby-Seq`, if the answer had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<String>,
    /// The JSON body without secrets; absent for 204.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

impl StoredAnswer {
    /// The present format.
    pub const VERSION: u8 = 1;

    /// An answer; the named members of `body` are secrets and are withheld.
    #[must_use]
    pub fn new(status: StatusCode, mut body: Option<Value>, secrets: &[&str]) -> StoredAnswer {
        if let Some(Value::Object(members)) = &mut body {
            for secret in secrets {
                if let Some(value) = members.get_mut(*secret) {
                    *value = Value::Null;
                    members.insert(format!("{secret}_withheld"), Value::Bool(true));
                }
            }
        }
        StoredAnswer {
            v: StoredAnswer::VERSION,
            status: status.as_u16(),
            location: None,
            etag: None,
            seq: None,
            body,
        }
    }

    /// As the receipt's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From the receipt's bytes.
    ///
    /// # Errors
    /// `internal_error`: this version cannot read what another wrote, or the row is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<StoredAnswer, Problem> {
        let answer: StoredAnswer = serde_json::from_slice(bytes).map_err(Problem::internal)?;
        match answer.v {
            StoredAnswer::VERSION => Ok(answer),
            v => Err(Problem::internal(format!(
                "a receipt has the unknown format {v}"
            ))),
        }
    }

    /// The answer again, marked as such.
    ///
    /// # Errors
    /// `internal_error` if the receipt has no valid status.
    pub fn replay(&self) -> Result<HttpResponse, Problem> {
        let status = StatusCode::from_u16(self.status).map_err(Problem::internal)?;
        let mut response = HttpResponseBuilder::new(status);
        response.insert_header((REPLAYED_HEADER, "true"));
        let headers = [
            (header::LOCATION.as_str(), &self.location),
            (header::ETAG.as_str(), &self.etag),
            (trilby_model::brand::headers::SEQ, &self.seq),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                response.insert_header((name, value.as_str()));
            }
        }
        Ok(match &self.body {
            Some(body) => response.json(body),
            None => response.finish(),
        })
    }
}

/// A log and a [`receipt_key`] in it.
type Place = (LogId, [u8; 32]);

/// Keyed requests that are running on this node.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<Place>>>);

/// Holds a place in [`InFlight`]; the place is free again when it is dropped.
#[derive(Debug)]
pub struct InFlightGuard {
    registry: InFlight,
    key: Place,
}

impl InFlight {
    /// Takes the place of a key ([`receipt_key`]) in its log.
    ///
    /// # Errors
    /// `idempotency_in_progress` if it is taken, `busy` if too many are running.
    pub fn begin(&self, log: LogId, receipt_key: [u8; 32]) -> Result<InFlightGuard, Problem> {
        let key = (log, receipt_key);
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains(&key) {
            return Err(Problem::new(
                Code::IdempotencyInProgress,
                "a request with this idempotency key is still running; repeat it in a moment",
            )
            .retry_after(1));
        }
        if running.len() >= IN_FLIGHT_MAX {
            return Err(Problem::new(
                Code::Busy,
                "too many requests with idempotency keys are running",
            ));
        }
        running.insert(key.clone());
        Ok(InFlightGuard {
            registry: self.clone(),
            key,
        })
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let mut running = self
            .registry
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.key);
    }
}

#[cfg(test)]
mod tests;
