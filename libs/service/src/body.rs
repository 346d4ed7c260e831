//! Request bodies, read strictly: bounded, of the right content type, without duplicate or unknown members.
//!
//! [`read`] takes the bytes, [`decode`] makes a typed value of them and remembers where each part stood, so
//! that later rules can still point at line and column.

mod decode;
mod patch;
mod strict;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use crate::params::Params;
use crate::problem::{Code, FieldError, Problem};

pub use decode::{Decoded, decode, from_node, node};
pub use patch::Patch;

/// What a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes.
    pub bytes: usize,
}

/// Tokens' bodies, by tokens.md 2.
pub const TOKEN_BODY_BYTES: usize = 64 * 1024;

/// Kinds of body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`; for PATCH also `application/merge-patch+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// Reads the whole body.
///
/// # Errors
/// `unsupported_media_type`, `payload_too_large`, `request_timeout`; `invalid_parameter` if the connection breaks off.
pub async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    media: Media,
    limits: Limits,
) -> Result<Bytes, Problem> {
    check_type(request, media)?;
    check_coding(request)?;
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > limits.bytes) {
        return Err(too_large(limits));
    }
    in_time(request, receive(payload, limits, declared.unwrap_or(0))).await
}

/// Waits for a body, but for no longer than the server has patience.
async fn in_time<T>(
    request: &HttpRequest,
    receiving: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let patience = request.extensions().get::<Patience>().copied();
    match patience {
        Some(Patience(longest)) => tokio::time::timeout(longest, receiving)
            .await
            .unwrap_or_else(|_| Err(too_slow())),
        None => receiving.await,
    }
}

/// How long a client may take to send a body; the middleware leaves it on every request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience(pub(crate) std::time::Duration);

async fn receive(payload: &mut Payload, limits: Limits, declared: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::with_capacity(declared);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > limits.bytes {
            return Err(too_large(limits));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Reads and decodes a JSON body.
///
/// # Errors
/// Those of [`read`] and [`decode`].
pub async fn json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: &mut Payload,
    limits: Limits,
) -> Result<Decoded<T>, Problem> {
    decode(&read(request, payload, Media::Json, limits).await?)
}

/// Reads a form body.
///
/// # Errors
/// Those of [`read`] and [`Params::parse`]; an empty parameter is `invalid_parameter` when it is taken.
pub async fn form(
    request: &HttpRequest,
    payload: &mut Payload,
    limits: Limits,
) -> Result<Params, Problem> {
    let bytes = read(request, payload, Media::Form, limits).await?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Problem::new(Code::InvalidParameter, "the form is not UTF-8"))?;
    Params::parse(text)
}

/// For operations without a body: refuses one.
///
/// # Errors
/// `invalid_parameter`, `request_timeout`
pub async fn none(request: &HttpRequest, payload: &mut Payload) -> Result<(), Problem> {
    in_time(request, nothing(payload)).await
}

async fn nothing(payload: &mut Payload) -> Result<(), Problem> {
    while let Some(chunk) = payload.next().await {
        if !chunk.map_err(broken)?.is_empty() {
            return Err(Problem::new(
                Code::InvalidParameter,
                "this operation takes no body",
            ));
        }
    }
    Ok(())
}

fn check_type(request: &HttpRequest, media: Media) -> Result<(), Problem> {
    let wanted: &[&str] = match media {
        Media::Json if request.method() == actix_web::http::Method::PATCH => {
            &["application/json", "application/merge-patch+json"]
        }
        Media::Json => &["application/json"],
        Media::Form => &["application/x-www-form-urlencoded"],
    };
    let given =
        crate::headers::single(request.headers(), header::CONTENT_TYPE.as_str())?.unwrap_or("");
    let mut parts = given.split(';');
    let essence = parts.next().unwrap_or("").trim().to_ascii_lowercase();
    let utf8 = parts.all(|parameter| is_harmless(parameter.trim()));
    if wanted.contains(&essence.as_str()) && utf8 {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        format!("the body must be `{}` in UTF-8", wanted.join("` or `")),
    )
    .error(FieldError::header(
        "Content-Type",
        Code::UnsupportedMediaType,
        "not supported here",
    ))
    .with_header(
        header::ACCEPT,
        header::HeaderValue::from_str(&wanted.join(", "))
            .unwrap_or(header::HeaderValue::from_static("*/*")),
    ))
}

/// Bodies are read as they come: one that says it is packed would be misread, and unpacking has no bound that the
/// sender could see.
fn check_coding(request: &HttpRequest) -> Result<(), Problem> {
    let name = header::CONTENT_ENCODING.as_str();
    match crate::headers::single(request.headers(), name)? {
        None => Ok(()),
        Some(coding) if coding.trim().eq_ignore_ascii_case("identity") => Ok(()),
        Some(_) => Err(
            Problem::new(Code::UnsupportedMediaType, "the body must not be packed")
                .error(FieldError::header(
                    "Content-Encoding",
                    Code::UnsupportedMediaType,
                    "not supported here",
                ))
                .with_header(
                    header::ACCEPT_ENCODING,
                    header::HeaderValue::from_static("identity"),
                ),
        ),
    }
}

/// A parameter of the content type that changes nothing: none, or the one encoding we read.
fn is_harmless(parameter: &str) -> bool {
    let lower = parameter.to_ascii_lowercase();
    match lower.split_once('=') {
        Some(("charset", charset)) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
        Some(_) => true,
        None => parameter.is_empty(),
    }
}

fn too_large(limits: Limits) -> Problem {
    Problem::new(
        Code::PayloadTooLarge,
        format!("the body is larger than {} bytes", limits.bytes),
    )
    .with("limit", limits.bytes)
}

fn too_slow() -> Problem {
    Problem::new(Code::RequestTimeout, "the body did not arrive in time")
}

fn broken(error: PayloadError) -> Problem {
    Problem::new(Code::InvalidParameter, "the body did not arrive whole").caused_by(error)
}

impl<T: DeserializeOwned + 'static> FromRequest for Decoded<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Decoded<T>, Problem>>>>;

    /// Reads the body under the limit of the server's settings.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        let limits = default_limits(&request);
        Box::pin(async move { json(&request, &mut payload, limits).await })
    }
}

/// The limit of the server's settings, which the middleware leaves on every request.
#[must_use]
pub fn default_limits(request: &HttpRequest) -> Limits {
    let of_server = request.extensions().get::<Limits>().copied();
    of_server.unwrap_or(Limits {
        bytes: TOKEN_BODY_BYTES,
    })
}
