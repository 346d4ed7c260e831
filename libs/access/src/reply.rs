//! Answers: body, `ETag`, `Location`, `Trilby-Seq`.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use trilby_model::brand::headers;
use trilby_model::{ConsistencyToken, Seq};
use trilby_service::idempotency::{REPLAYED_HEADER, StoredAnswer};
use trilby_service::problem::Problem;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::body::{Schemas, schema_of};
use crate::operation::Operation;

/// The body of a success.
pub trait ReplyBody: Sized + 'static {
    /// Its schema, if there is a body.
    fn schema(schemas: &mut Schemas) -> Option<RefOr<Schema>>;

    /// Its text, if there is a body.
    fn text(&self) -> Result<Option<Vec<u8>>, serde_json::Error>;
}

/// An answer without a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoContent;

impl ReplyBody for NoContent {
    fn schema(_: &mut Schemas) -> Option<RefOr<Schema>> {
        None
    }

    fn text(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        Ok(None)
    }
}

impl<T: Serialize + ToSchema + 'static> ReplyBody for T {
    fn schema(schemas: &mut Schemas) -> Option<RefOr<Schema>> {
        Some(schema_of::<T>(schemas))
    }

    fn text(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(Some)
    }
}

/// A success on its way to the client.
#[derive(Debug)]
pub struct Reply<Op: Operation> {
    sent: Sent,
    operation: PhantomData<fn() -> Op>,
}

/// A success without the operation's types: everything about it but its body is the same for all of them, and is
/// compiled once.
#[derive(Debug)]
pub(crate) struct Sent {
    content: Content,
    status: u16,
    content_type: &'static str,
    etag: Option<Seq>,
    location: Option<String>,
    token: Option<ConsistencyToken>,
    replayed: bool,
    /// Whether a receipt keeps it: then it is spelled as the receipt will spell it.
    kept: bool,
    withheld: &'static [&'static str],
    headers: Vec<(HeaderName, HeaderValue)>,
}

enum Content {
    Value(Box<dyn AnyBody>),
    Text(Vec<u8>),
    Nothing,
}

/// Without the body: it may hold a secret.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value",
            Self::Text(_) => "Text",
            Self::Nothing => "Nothing",
        })
    }
}

/// A body of some operation.
trait AnyBody: Any {
    fn bytes(&self) -> Result<Option<Vec<u8>>, serde_json::Error>;
}

impl<T: ReplyBody> AnyBody for T {
    fn bytes(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        self.text()
    }
}

impl<Op: Operation> Reply<Op> {
    /// A success with this body. `Trilby-Seq` is where the state stood that the grant gave, unless [`Reply::at`] says
    /// otherwise.
    pub fn new(body: Op::Reply) -> Self {
        Self::of(Content::Value(Box::new(body)))
    }

    fn of(content: Content) -> Self {
        Sent::new(content, Op::SUCCESS).into()
    }

    /// Members of the body that are secrets: sent now, and never again.
    #[must_use]
    pub fn withholding(mut self, members: &'static [&'static str]) -> Self {
        self.sent.withheld = members;
        self.no_store()
    }

    /// The body as it will be sent, if it was made now.
    pub fn body(&self) -> Option<&Op::Reply> {
        match &self.sent.content {
            Content::Value(body) => {
                let body: &dyn Any = &**body;
                body.downcast_ref()
            }
            Content::Text(_) | Content::Nothing => None,
        }
    }

    /// Changes the body before it is sent. Does nothing to an answer from a receipt.
    #[must_use]
    pub fn map_body(mut self, change: impl FnOnce(Op::Reply) -> Op::Reply) -> Self {
        self.sent.content = match self.sent.content {
            // A reply is made of this operation's body only, so it is one.
            Content::Value(body) => {
                let body: Box<dyn Any> = body;
                match body.downcast::<Op::Reply>() {
                    Ok(body) => Content::Value(Box::new(change(*body))),
                    Err(_) => Content::Nothing,
                }
            }
            other => other,
        };
        self
    }

    /// The same success with this body, even if it is an answer from a receipt: for what is asked anew each time.
    #[must_use]
    pub fn with_body(mut self, body: Op::Reply) -> Self {
        self.sent.content = Content::Value(Box::new(body));
        self
    }

    /// The resource's `ETag`: the seq of its last change.
    #[must_use]
    pub fn etag(mut self, changed: Seq) -> Self {
        self.sent.etag = Some(changed);
        self
    }

    /// Where the new resource is: a path below the public URL.
    #[must_use]
    pub fn location(mut self, path: impl Into<String>) -> Self {
        self.sent.location = Some(path.into());
        self
    }

    /// Where each log stood.
    #[must_use]
    pub fn at(mut self, token: ConsistencyToken) -> Self {
        self.sent = self.sent.at(token);
        self
    }

    /// Where each log stands that the answer is about, if it is known yet: after a write, where it wrote.
    pub fn token(&self) -> Option<&ConsistencyToken> {
        self.sent.token.as_ref()
    }

    /// Another status than the operation's usual success (202, 304).
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.sent.status = status.as_u16();
        self
    }

    /// 201 if the resource was made, the usual status if it was replaced. For operations with
    /// [`Operation::CREATES`].
    #[must_use]
    pub fn created(self, created: bool) -> Self {
        match created {
            true => self.status(StatusCode::CREATED),
            false => self,
        }
    }

    /// Another content type than JSON's usual one (`application/jwk-set+json`).
    #[must_use]
    pub fn content_type(mut self, content_type: &'static str) -> Self {
        self.sent.content_type = content_type;
        self
    }

    /// A body as it stands, of the given content type: signed documents, tokens.
    #[must_use]
    pub fn verbatim(content_type: &'static str, text: Vec<u8>) -> Self {
        Self::of(Content::Text(text)).content_type(content_type)
    }

    /// An answer without its body (304).
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.sent.content = Content::Nothing;
        self
    }

    /// A further header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.sent.headers.push((name, value));
        self
    }

    /// Forbids every cache: the answer has a secret or a token.
    #[must_use]
    pub fn no_store(self) -> Self {
        self.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
            .header(header::PRAGMA, HeaderValue::from_static("no-cache"))
    }

    pub(crate) fn into_sent(self) -> Sent {
        self.sent
    }
}

impl<Op: Operation> From<Sent> for Reply<Op> {
    fn from(sent: Sent) -> Self {
        Self {
            sent,
            operation: PhantomData,
        }
    }
}

impl Sent {
    fn new(content: Content, status: u16) -> Self {
        Self {
            content,
            status,
            content_type: "application/json",
            etag: None,
            location: None,
            token: None,
            replayed: false,
            kept: false,
            withheld: &[],
            headers: Vec::new(),
        }
    }

    /// The same answer as before, from its receipt.
    pub(crate) fn again(stored: StoredAnswer) -> Result<Self, Problem> {
        let content = match &stored.body {
            Some(body) => Content::Text(spelled(body)?),
            None => Content::Nothing,
        };
        let etag = stored
            .etag
            .as_deref()
            .and_then(|etag| etag.parse().ok())
            .map(Seq::new);
        Ok(Self {
            replayed: true,
            etag,
            location: stored.location,
            ..Self::new(content, stored.status)
        })
    }

    /// What a receipt keeps of it, which a repetition is answered with, byte by byte the same but for secrets.
    pub(crate) fn keep(&mut self) -> Result<StoredAnswer, Problem> {
        self.kept = true;
        let status = StatusCode::from_u16(self.status).map_err(Problem::internal)?;
        let body = self.text()?.as_deref().map(value).transpose()?;
        let mut stored = StoredAnswer::new(status, body, self.withheld);
        stored.etag = self.etag.map(|seq| seq.to_string());
        stored.location = self.location.clone();
        Ok(stored)
    }

    pub(crate) fn at(mut self, token: ConsistencyToken) -> Self {
        self.token = Some(token);
        self
    }

    pub(crate) fn token_or(mut self, token: Option<ConsistencyToken>) -> Self {
        self.token = self.token.or(token);
        self
    }

    pub(crate) fn status_code(&self) -> u16 {
        self.status
    }

    fn text(&self) -> Result<Option<Vec<u8>>, Problem> {
        match &self.content {
            Content::Value(body) => body.bytes().map_err(Problem::internal),
            Content::Text(text) => Ok(Some(text.clone())),
            Content::Nothing => Ok(None),
        }
    }

    /// The response.
    pub(crate) fn into_response(self) -> Result<HttpResponse, Problem> {
        let status = StatusCode::from_u16(self.status).map_err(Problem::internal)?;
        let mut response = HttpResponse::build(status);
        if let Some(token) = &self.token {
            response.insert_header((headers::SEQ, token.to_string()));
        }
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag_text(etag)));
        }
        if let Some(location) = &self.location {
            response.insert_header((header::LOCATION, location.as_str()));
        }
        if self.replayed {
            response.insert_header((REPLAYED_HEADER, "true"));
        }
        let cached = self
            .headers
            .iter()
            .any(|(name, _)| name == header::CACHE_CONTROL);
        if !cached {
            // Answers about rights are for their caller, now.
            response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        }
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        let text = match (self.text()?, self.kept) {
            (Some(text), true) => Some(spelled(&value(&text)?)?),
            (text, _) => text,
        };
        Ok(match text {
            Some(text) => response.content_type(self.content_type).body(text),
            None => response.finish(),
        })
    }
}

fn value(text: &[u8]) -> Result<serde_json::Value, Problem> {
    serde_json::from_slice(text).map_err(Problem::internal)
}

fn spelled(value: &serde_json::Value) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(Problem::internal)
}

/// An `ETag` as it is written, quotes included.
#[must_use]
pub fn etag_text(changed: Seq) -> String {
    format!("\"s{changed}\"")
}
