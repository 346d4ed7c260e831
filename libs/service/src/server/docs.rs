//! `/openapi/{service}.json` and, at `/docs`, Swagger UI from files inside the binary.
//!
//! The pages load nothing from outside: the content security policy forbids it, and the validator that
//! Swagger UI would call on the internet is off.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::Config;

use super::{Shared, resource};
use crate::problem::Problem;

/// Scripts and data from here only; Swagger UI sets inline styles and shows icons from `data:`.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// One service's OpenAPI document.
#[derive(Debug, Clone)]
pub struct Document {
    /// `identity`, `token` or `decision`.
    pub service: &'static str,
    /// The document.
    pub json: String,
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource(
            "/openapi/{service}.json",
            [("GET", web::to(document))],
        ))
        .service(resource("/docs", [("GET", web::to(to_slash))]))
        .service(resource("/docs/{file:.*}", [("GET", web::to(file))]));
}

async fn document(
    shared: web::Data<Shared>,
    service: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let document = shared
        .documents
        .iter()
        .find(|document| document.service == service.as_str())
        .ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type("application/json")
        .body(document.json.clone()))
}

/// The page's own addresses are relative, so it must end with a slash.
async fn to_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

async fn file(shared: web::Data<Shared>, file: web::Path<String>) -> Result<HttpResponse, Problem> {
    let paths: Vec<_> = shared
        .documents
        .iter()
        .map(|document| {
            (
                document.service,
                format!("/openapi/{}.json", document.service),
            )
        })
        .collect();
    let urls = paths
        .iter()
        .map(|(service, path)| utoipa_swagger_ui::Url::new(service, path));
    let config = Config::new(urls).validator_url("none");
    let found = utoipa_swagger_ui::serve(&file, Arc::new(config))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let file = found.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_POLICY))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}
