//! The two ids of a request: ours, and the one an enforcement point may send.

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use trilby_model::{RequestId, Timestamp};

use crate::clock::{Clock, EntropySource};
use crate::problem::Problem;

/// The header that AuthZEN clients send and want back.
pub const ECHO_HEADER: &str = "x-request-id";

/// Longest echoed id; what is longer is cut (authzen.md 7).
pub const ECHO_MAX: usize = 256;

/// The ids of the request being answered. An extractor; it is there on every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestIds {
    /// Ours, UUIDv7: in the answer, the log, the events and the decision record.
    pub id: RequestId,
    /// The client's `X-Request-ID`, as far as it is echoed.
    pub echo: Option<String>,
    /// Whether the client's id was cut or cleaned for the echo.
    pub echo_cut: bool,
}

impl RequestIds {
    /// Draws our id and reads the client's.
    pub(crate) fn of(
        headers: &HeaderMap,
        clock: &dyn Clock,
        entropy: &dyn EntropySource,
    ) -> RequestIds {
        let (echo, echo_cut) = match headers.get(ECHO_HEADER) {
            Some(value) => read_echo(value),
            None => (None, false),
        };
        RequestIds {
            id: fresh(clock.now(), entropy),
            echo,
            echo_cut,
        }
    }

    /// The headers of the answer.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let ours = (
            trilby_model::brand::headers::REQUEST_ID,
            Some(self.id.as_str()),
        );
        let theirs = (ECHO_HEADER, self.echo.as_deref());
        [ours, theirs].into_iter().filter_map(|(name, value)| {
            let value = HeaderValue::from_str(value?).ok()?;
            Some((HeaderName::from_static(name), value))
        })
    }
}

/// A fresh UUIDv7 of this millisecond.
pub fn fresh(now: Timestamp, entropy: &dyn EntropySource) -> RequestId {
    uuid_v7(now, entropy).into()
}

/// A fresh UUIDv7: `RequestId::from` and `DecisionId::from` take it.
pub fn uuid_v7(now: Timestamp, entropy: &dyn EntropySource) -> [u8; 16] {
    let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
    let mut random = [0; 10];
    for (byte, seed) in random.iter_mut().zip(entropy.seed()) {
        *byte = seed;
    }
    uuid::Builder::from_unix_timestamp_millis(millis, &random)
        .into_uuid()
        .into_bytes()
}

/// Visible ASCII and blanks come back as they came; other bytes cannot be sent back safely and are dropped.
fn read_echo(value: &HeaderValue) -> (Option<String>, bool) {
    let bytes = value.as_bytes();
    let echo: String = bytes
        .iter()
        .filter(|byte| byte.is_ascii_graphic() || **byte == b' ')
        .take(ECHO_MAX)
        .map(|byte| char::from(*byte))
        .collect();
    let cut = echo.len() != bytes.len();
    (Some(echo).filter(|echo| !echo.is_empty()), cut)
}

impl FromRequest for RequestIds {
    type Error = Problem;
    type Future = Ready<Result<RequestIds, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let ids = request.extensions().get::<RequestIds>().cloned();
        ready(
            ids.ok_or_else(|| {
                Problem::internal("the request did not pass the server's middleware")
            }),
        )
    }
}

#[cfg(test)]
mod tests;
