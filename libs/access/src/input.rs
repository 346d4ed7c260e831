//! What comes in: path, query, body, and the facts of the request.

use std::net::IpAddr;

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpMessage, HttpRequest};
use trilby_account::Precondition as Condition;
use trilby_directory::Freshness;
use trilby_model::{RequestId, Timestamp, TraceParent};
use trilby_service::clock::Clock;
use trilby_service::headers::single;
use trilby_service::idempotency::Key;
use trilby_service::problem::Problem;
use trilby_service::server::ClientAddress;
use trilby_service::{RequestIds, Secret};

use crate::operation::{Idempotency, Operation, Rule};
use crate::{conditional, freshness};

/// An operation's input, complete and strict.
#[derive(Debug)]
pub struct Input<Op: Operation> {
    /// The path's parameters.
    pub path: Op::Path,
    /// The query's parameters.
    pub query: Op::Query,
    /// The body.
    pub body: Op::Body,
    /// The request's own facts.
    pub facts: Facts,
    /// The body's bytes, which idempotency compares.
    pub(crate) raw_body: Vec<u8>,
}

/// What is known of a request besides its parameters.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Our id of it.
    pub request_id: RequestId,
    /// When it came.
    pub now: Timestamp,
    /// The path as asked, without the query.
    pub path: String,
    /// Path and query as asked.
    pub path_and_query: String,
    /// Address of the client.
    pub address: Option<IpAddr>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// `Referer`.
    pub referer: Option<String>,
    /// Whether the client came over TLS.
    pub secure: bool,
    /// How fresh or how old the answer must be.
    pub freshness: Freshness,
    /// The trace it is part of, for what it leads to elsewhere.
    pub trace: Option<TraceParent>,
    /// What must hold of the resource before it is changed.
    pub precondition: Condition,
    /// The client's key for repetitions.
    pub idempotency_key: Option<Key>,
    /// All headers.
    pub headers: HeaderMap,
}

impl Facts {
    /// Reads the headers that mean the same for every operation.
    pub(crate) fn of(
        rule: &Rule,
        request: &HttpRequest,
        clock: &dyn Clock,
        secure: bool,
    ) -> Result<Self, Problem> {
        let headers = request.headers();
        let ids = request_ids(request)?;
        let idempotency_key = match rule.idempotency {
            Idempotency::None => None,
            Idempotency::Optional => Key::of(headers)?,
            Idempotency::Required => Some(Key::required(headers)?),
        };
        Ok(Self {
            request_id: ids.id,
            now: clock.now(),
            path: request.path().to_owned(),
            path_and_query: request.uri().to_string(),
            address: request
                .extensions()
                .get::<ClientAddress>()
                .map(|client| client.0),
            user_agent: text(headers, header::USER_AGENT.as_str()),
            referer: text(headers, header::REFERER.as_str()),
            secure,
            trace: request.extensions().get::<TraceParent>().cloned(),
            freshness: freshness::read(headers, rule.history)?,
            precondition: conditional::read(headers, rule.method, rule.precondition)?,
            idempotency_key,
            headers: headers.clone(),
        })
    }

    /// The token of `Authorization: Bearer`, if the request has that header.
    ///
    /// Errors: `unauthenticated` for a header of another scheme or form.
    pub fn bearer(&self) -> Result<Option<Secret<String>>, Problem> {
        bearer(&self.headers)
    }

    /// A header that may be given once.
    ///
    /// Errors: `invalid_parameter` if it is given twice.
    pub fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        single(&self.headers, name)
    }
}

pub(crate) fn request_ids(request: &HttpRequest) -> Result<RequestIds, Problem> {
    let ids = request.extensions().get::<RequestIds>().cloned();
    ids.ok_or_else(|| Problem::internal("the request did not pass the server's middleware"))
}

pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<Secret<String>>, Problem> {
    let value = match single(headers, header::AUTHORIZATION.as_str()) {
        Ok(None) => return Ok(None),
        Ok(Some(value)) => value,
        Err(_) => return Err(Problem::unauthenticated()),
    };
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        None if value.eq_ignore_ascii_case("bearer") => return Err(Problem::unauthenticated()),
        // In another way than ours.
        Some(_) | None => return Err(Problem::no_token()),
    };
    if token.is_empty() || token.contains(' ') {
        return Err(Problem::unauthenticated());
    }
    Ok(Some(Secret::new(token.to_owned())))
}

/// A header whose value is only ever compared: taken if it is given once and readable.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    single(headers, name).ok().flatten().map(str::to_owned)
}
