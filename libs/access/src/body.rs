//! Bodies of requests: none, JSON or a form.

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use serde::de::DeserializeOwned;
use trilby_model::json;
use trilby_service::body::{self, Media};
use trilby_service::params::Params;
use trilby_service::problem::Problem;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::request_body::{RequestBody as OpenRequestBody, RequestBodyBuilder};
use utoipa::openapi::{RefOr, Required, Schema};

/// Schemas of an API's document by name, as utoipa gathers them.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// How an operation's body is read and described.
#[expect(
    async_fn_in_trait,
    reason = "read on actix's single-threaded executors"
)]
pub trait RequestBody: Sized + 'static {
    /// Whether there is a body at all.
    const PRESENT: bool;

    /// Reads it strictly; bounded, of the right content type, nothing ignored.
    ///
    /// Gives the value and the exact bytes, which idempotency compares.
    async fn read(request: &HttpRequest, payload: &mut Payload)
    -> Result<(Self, Vec<u8>), Problem>;

    /// Its description, and the schemas that it refers to.
    fn describe(schemas: &mut Schemas) -> Option<OpenRequestBody>;
}

/// No body. One that is sent is refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBody;

impl RequestBody for NoBody {
    const PRESENT: bool = false;

    async fn read(
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<(Self, Vec<u8>), Problem> {
        body::none(request, payload).await?;
        Ok((Self, Vec::new()))
    }

    fn describe(_: &mut Schemas) -> Option<OpenRequestBody> {
        None
    }
}

/// A JSON body.
#[derive(Debug, Clone)]
pub struct Json<T> {
    /// What it says.
    pub value: T,
    /// The text's tree, with exact numbers and the place of each part: for documents inside of bodies.
    pub source: json::Node,
}

impl<T> std::ops::Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> RequestBody for Json<T> {
    const PRESENT: bool = true;

    async fn read(
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<(Self, Vec<u8>), Problem> {
        let bytes =
            body::read(request, payload, Media::Json, body::default_limits(request)).await?;
        let decoded = body::decode::<T>(&bytes)?;
        Ok((
            Self {
                value: decoded.value,
                source: decoded.source,
            },
            bytes.to_vec(),
        ))
    }

    fn describe(schemas: &mut Schemas) -> Option<OpenRequestBody> {
        let content = ContentBuilder::new()
            .schema(Some(schema_of::<T>(schemas)))
            .build();
        Some(
            RequestBodyBuilder::new()
                .content("application/json", content)
                .required(Some(Required::True))
                .build(),
        )
    }
}

/// What a form's parameters are read into.
pub trait FromForm: Sized {
    /// Parameters that may be given more than once; every other one may not.
    const REPEATABLE: &'static [&'static str] = &[];

    /// Takes its parameters; what is left over is refused by the caller.
    fn from_form(params: &mut Params) -> Result<Self, Problem>;
}

/// A form body (`application/x-www-form-urlencoded`).
#[derive(Debug, Clone)]
pub struct Form<T> {
    /// What it says.
    pub value: T,
}

impl<T> std::ops::Deref for Form<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: FromForm + ToSchema + 'static> RequestBody for Form<T> {
    const PRESENT: bool = true;

    async fn read(
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<(Self, Vec<u8>), Problem> {
        let bytes =
            body::read(request, payload, Media::Form, body::default_limits(request)).await?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Problem::invalid("", "the form is not UTF-8"))?;
        let mut params = Params::parse_repeating(text, T::REPEATABLE)?;
        let value = T::from_form(&mut params)?;
        params.finish()?;
        Ok((Self { value }, bytes.to_vec()))
    }

    fn describe(schemas: &mut Schemas) -> Option<OpenRequestBody> {
        let content = ContentBuilder::new()
            .schema(Some(schema_of::<T>(schemas)))
            .build();
        Some(
            RequestBodyBuilder::new()
                .content("application/x-www-form-urlencoded", content)
                .required(Some(Required::True))
                .build(),
        )
    }
}

/// A reference to a type's schema, which is added with all that it refers to.
pub(crate) fn schema_of<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    let name = T::name().into_owned();
    T::schemas(schemas);
    schemas.push((name.clone(), T::schema()));
    RefOr::Ref(utoipa::openapi::Ref::from_schema_name(name))
}
