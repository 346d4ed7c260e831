//! The route registry: one row per operation, and from it the route, the API's document and the access matrix.

mod document;
mod nouns;
mod row;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, Route, web};
use trilby_service::problem::{Code, Problem};
use utoipa::openapi::{Info, OpenApi};

use crate::browsers;
use crate::operation::{Browsers, Operation};
use crate::pipeline;
use crate::services::Services;

pub use document::BEARER;
pub use row::Row;

type Running = Pin<Box<dyn Future<Output = Result<HttpResponse, Problem>>>>;
type Run = fn(HttpRequest, web::Payload, Services) -> Running;
type Describe =
    Arc<dyn Fn(&mut crate::body::Schemas) -> utoipa::openapi::path::Operation + Send + Sync>;

#[derive(Clone)]
struct Entry {
    row: Row,
    run: Run,
    describe: Describe,
}

/// The operations of one service, or of several that share a port.
#[derive(Clone, Default)]
pub struct Registry {
    entries: Vec<Entry>,
}

/// Why the registered operations cannot be served together. A mistake of the program, found at start and in tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two operations have the same method and path template.
    #[error("operations `{one}` and `{two}` have the same route")]
    SameRoute {
        /// One of them.
        one: &'static str,
        /// The other.
        two: &'static str,
    },
    /// Two operations have the same id.
    #[error("operation id `{id}` is used twice")]
    SameId {
        /// The id.
        id: &'static str,
    },
    /// A constant of an operation makes no sense.
    #[error("operation `{id}`: {reason}")]
    Senseless {
        /// The operation.
        id: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an operation.
    pub fn add<Op: Operation>(&mut self) -> &mut Self {
        self.entries.push(Entry {
            row: Row::of::<Op>(),
            run: |request, payload, services| {
                Box::pin(async move { pipeline::run::<Op>(&request, payload, &services).await })
            },
            describe: Arc::new(document::operation::<Op>),
        });
        self
    }

    /// The operations of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    /// A row per operation, in the order of registration.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.entries.iter().map(|entry| entry.row.clone()).collect()
    }

    /// Whether the operations can be served together.
    ///
    /// Errors: the first contradiction found.
    pub fn check(&self) -> Result<(), Error> {
        let mut routes: BTreeMap<(String, &str), &'static str> = BTreeMap::new();
        let mut ids: BTreeMap<&str, ()> = BTreeMap::new();
        for Entry { row, .. } in &self.entries {
            row.check()?;
            if ids.insert(row.id, ()).is_some() {
                return Err(Error::SameId { id: row.id });
            }
            if let Some(one) = routes.insert((shape(row.path), row.method.as_str()), row.id) {
                return Err(Error::SameRoute { one, two: row.id });
            }
        }
        Ok(())
    }

    /// Adds the routes to an actix application. Call once per worker; [`Registry::check`] before.
    pub fn configure(&self, config: &mut web::ServiceConfig, services: &Services) {
        let mut by_path: BTreeMap<String, (&'static str, Vec<&Entry>)> = BTreeMap::new();
        for entry in &self.entries {
            // Templates that differ only in the names of their parameters are one resource to the router.
            by_path
                .entry(order(entry.row.path))
                .or_insert_with(|| (entry.row.path, Vec::new()))
                .1
                .push(entry);
        }
        for (path, mut entries) in by_path.into_values() {
            entries.sort_by_key(|entry| entry.row.method);
            let preflight = preflight(&entries, services);
            let routes = entries
                .into_iter()
                .map(|entry| (entry.row.method.as_str(), route(entry.run, services)))
                .chain(preflight);
            config.service(trilby_service::server::resource(path, routes));
        }
    }

    /// Answers the paths of these operations with a 404 that says which service has them, in a process that has not. To be
    /// added after the process's own routes.
    pub fn configure_elsewhere(&self, config: &mut web::ServiceConfig, service: &'static str) {
        let paths: BTreeMap<String, &'static str> = self
            .entries
            .iter()
            .map(|entry| (order(entry.row.path), entry.row.path))
            .collect();
        for path in paths.into_values() {
            config.service(
                web::resource(path)
                    .default_service(web::to(move || async move { elsewhere(service) })),
            );
        }
    }

    /// The API's document (OpenAPI 3.1).
    #[must_use]
    pub fn openapi(&self, info: Info) -> OpenApi {
        document::document(
            info,
            self.entries
                .iter()
                .map(|entry| (&entry.row, &*entry.describe)),
        )
    }
}

fn elsewhere(service: &'static str) -> Result<HttpResponse, Problem> {
    let what = format!("this path is the {service} service's, and another service answers here");
    Err(Problem::new(Code::NotFound, what).with("service", service))
}

/// One way in for all operations, so that it is compiled once.
fn route(run: Run, services: &Services) -> Route {
    let services = services.clone();
    web::to(move |request: HttpRequest, payload: web::Payload| {
        run(request, payload, services.clone())
    })
}

/// The route of a path's preflights, if any of its operations is for pages in browsers.
fn preflight(entries: &[&Entry], services: &Services) -> Option<(&'static str, Route)> {
    let for_pages = entries
        .iter()
        .filter(|entry| entry.row.browsers == Browsers::OfAccount);
    let methods: Vec<&str> = for_pages.map(|entry| entry.row.method.as_str()).collect();
    if methods.is_empty() {
        return None;
    }
    let (services, methods) = (services.clone(), methods.join(", "));
    let route = web::to(move |request: HttpRequest| {
        let (services, methods) = (services.clone(), methods.clone());
        async move { browsers::preflight(&request, &services, &methods).await }
    });
    Some(("OPTIONS", route))
}

/// The template without the names of its parameters.
fn shape(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') {
            "{}"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A key by which literal segments come before parameters, because actix takes the first that fits. (`~` is greater
/// than every character of a literal segment.)
fn order(path: &str) -> String {
    shape(path).replace("{}", "~")
}

#[cfg(test)]
mod tests;
