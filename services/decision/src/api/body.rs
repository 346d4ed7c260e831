//! Bodies that are read as a tree: the standard has us pass over unknown members, and items of a batch fail one by one.

use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use trilby_access::{RequestBody, Schemas};
use trilby_model::json::Node;
use trilby_service::body::{self, Media};
use trilby_service::problem::Problem;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::request_body::{RequestBody as OpenRequestBody, RequestBodyBuilder};
use utoipa::openapi::{Ref, RefOr, Required};

/// A JSON body as a tree; `T` describes it in the API's document.
#[derive(Debug)]
pub struct Tree<T> {
    /// The body.
    pub node: Node,
    described_by: PhantomData<fn() -> T>,
}

impl<T: ToSchema + 'static> RequestBody for Tree<T> {
    const PRESENT: bool = true;

    async fn read(
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<(Self, Vec<u8>), Problem> {
        let bytes =
            body::read(request, payload, Media::Json, body::default_limits(request)).await?;
        let node = body::node(&bytes)?;
        Ok((
            Self {
                node,
                described_by: PhantomData,
            },
            bytes.to_vec(),
        ))
    }

    fn describe(schemas: &mut Schemas) -> Option<OpenRequestBody> {
        let name = T::name().into_owned();
        T::schemas(schemas);
        schemas.push((name.clone(), T::schema()));
        let content = ContentBuilder::new()
            .schema(Some(RefOr::Ref(Ref::from_schema_name(name))))
            .build();
        Some(
            RequestBodyBuilder::new()
                .content("application/json", content)
                .required(Some(Required::True))
                .build(),
        )
    }
}
