//! The HTTP servers of a process: the API's port, if it has an API, and the operator's.
//!
//! Every request passes one middleware (`outermost`), which gives it its ids and its span, bounds its time
//! and headers, survives a panic and writes problems in their final form. Below it are the services' routes;
//! what no route knows is a 404 problem.
//!
//! Order of a start: [`Listeners::open`] (the port is ours or there is one clear error), then the services
//! are built with [`Listeners::public_url`], then [`Server::run`].

mod client;
mod docs;
mod error;
mod health;
mod listeners;
mod outermost;
mod resource;
mod stop;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};

pub use client::ClientAddress;
pub use docs::Document;
pub use error::Error;
pub use health::Health;
pub use listeners::Listeners;
pub use outermost::OperationId;
pub use resource::resource;
pub use stop::stop_signal;

use crate::body::Limits;
use crate::clock::{Clock, EntropySource, SystemClock, SystemEntropy};
use crate::problem::{self, Problem};
use crate::settings::{self, Settings};
use crate::telemetry::Telemetry;

/// How often histograms are condensed; without it they would grow until somebody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Longest a forced stop may take after the grace is over.
const FORCED_STOP: Duration = Duration::from_secs(2);

/// Adds routes to an application; called once per worker.
pub type Routes = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// What the middleware and the built-in routes of both ports share.
pub(crate) struct Shared {
    pub(crate) public_url: String,
    pub(crate) server: settings::Server,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn EntropySource>,
    pub(crate) health: Health,
    pub(crate) documents: Vec<Document>,
    pub(crate) telemetry: Telemetry,
}

/// The servers of a process, before they run.
pub struct Server {
    shared: Shared,
    listeners: Listeners,
    workers: usize,
    api: Vec<Routes>,
    operator: Vec<Routes>,
}

impl Server {
    /// Servers on open listeners, with the built-in routes only.
    #[must_use]
    pub fn new(settings: &Settings, listeners: Listeners, telemetry: Telemetry) -> Server {
        let shared = Shared {
            public_url: listeners.public_url().to_owned(),
            server: settings.server.clone(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            health: Health::default(),
            documents: Vec::new(),
            telemetry,
        };
        Server {
            shared,
            listeners,
            workers: settings.workers(),
            api: Vec::new(),
            operator: Vec::new(),
        }
    }

    /// Takes time and randomness from elsewhere than the host.
    #[must_use]
    pub fn with_time(mut self, clock: Arc<dyn Clock>, entropy: Arc<dyn EntropySource>) -> Server {
        self.shared.clock = clock;
        self.shared.entropy = entropy;
        self
    }

    /// Uses the health registry that other parts already hold.
    #[must_use]
    pub fn with_health(mut self, health: Health) -> Server {
        self.shared.health = health;
        self
    }

    /// Adds routes to the API's port.
    #[must_use]
    pub fn routes(
        mut self,
        routes: impl Fn(&mut web::ServiceConfig) + Send + Sync + 'static,
    ) -> Server {
        self.api.push(Arc::new(routes));
        self
    }

    /// Adds routes to the operator's port.
    #[must_use]
    pub fn operator_routes(
        mut self,
        routes: impl Fn(&mut web::ServiceConfig) + Send + Sync + 'static,
    ) -> Server {
        self.operator.push(Arc::new(routes));
        self
    }

    /// Adds a service's OpenAPI document, for `/openapi/{service}.json` and `/docs`.
    #[must_use]
    pub fn document(mut self, service: &'static str, json: impl Into<String>) -> Server {
        self.shared.documents.push(Document {
            service,
            json: json.into(),
        });
        self
    }

    /// Serves until `stop` is done, then lets running requests finish within the grace of the settings.
    ///
    /// # Errors
    /// [`Error`] if a server cannot start or ends by itself.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let grace = Duration::from_millis(self.shared.server.shutdown_grace_ms);
        let drain = Duration::from_millis(self.shared.server.drain_ms);
        let shared = web::Data::new(self.shared);
        let (api_listener, operator_listener) = self.listeners.into_parts();
        let api = api_listener
            .map(|api| serve(&shared, self.workers, api, self.api, built_in_api))
            .transpose()?;
        let operator = serve(
            &shared,
            1,
            operator_listener,
            self.operator,
            built_in_operator,
        )?;
        let handles: Vec<_> = api
            .iter()
            .chain([&operator])
            .map(actix_web::dev::Server::handle)
            .collect();
        let stop_all = |gracefully| {
            let stops = handles.iter().map(move |handle| handle.stop(gracefully));
            futures::future::join_all(stops)
        };
        let servers = api.into_iter().chain([operator]);
        let mut servers = std::pin::pin!(futures::future::try_join_all(servers));
        let upkeep = upkeep(&shared);
        let stopped = tokio::select! {
            ended = &mut servers => ended.map(|_| ()),
            () = upkeep => Ok(()),
            () = async { stop.await; drain_for(&shared.health, drain).await } => {
                tracing::info!("stopping: no new connections, running requests may finish");
                let graceful = futures::future::join(stop_all(true), &mut servers);
                let drained = tokio::select! {
                    drained = tokio::time::timeout(grace, graceful) => drained.is_ok(),
                    () = stop_signal() => false,
                };
                if !drained {
                    tracing::warn!("stopped before all requests were answered");
                    let _ = tokio::time::timeout(FORCED_STOP, stop_all(false)).await;
                }
                Ok(())
            }
        };
        stopped.map_err(Error::Serve)
    }
}

/// Says that the process is not ready, and lets it serve for a while longer: those who were told nothing yet still come.
/// A second signal ends the while.
async fn drain_for(health: &Health, drain: Duration) {
    health.drain();
    if drain.is_zero() {
        return;
    }
    tracing::info!(drain_ms = drain.as_millis(), "draining: not ready any more");
    tokio::select! {
        () = tokio::time::sleep(drain) => {}
        () = stop_signal() => {}
    }
}

/// Condenses the metrics again and again; never done.
async fn upkeep(shared: &Shared) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        shared.telemetry.upkeep();
    }
}

fn serve(
    shared: &web::Data<Shared>,
    workers: usize,
    listener: std::net::TcpListener,
    routes: Vec<Routes>,
    built_in: fn(&mut web::ServiceConfig),
) -> Result<actix_web::dev::Server, Error> {
    let settings = &shared.server;
    let (for_app, limits) = (
        shared.clone(),
        Limits {
            bytes: settings.body_limit_bytes,
        },
    );
    let server = HttpServer::new(move || {
        let mut app = App::new()
            .app_data(for_app.clone())
            .app_data(web::Data::new(limits))
            .wrap(from_fn(outermost::outermost))
            .configure(built_in);
        for routes in &routes {
            app = app.configure(|config| routes(config));
        }
        app.default_service(web::to(not_found))
    })
    .workers(workers)
    .max_connections(settings.connections_max)
    .keep_alive(Duration::from_millis(settings.keep_alive_ms))
    .client_request_timeout(Duration::from_millis(settings.header_timeout_ms))
    .shutdown_timeout(settings.shutdown_grace_ms.div_ceil(1_000).saturating_add(1))
    .disable_signals()
    .listen(listener)
    .map_err(Error::Serve)?;
    Ok(server.run())
}

fn built_in_api(config: &mut web::ServiceConfig) {
    health::routes(config, health::Audience::Everyone);
    docs::routes(config);
    problem::pages(config);
}

fn built_in_operator(config: &mut web::ServiceConfig) {
    health::routes(config, health::Audience::Operator);
    config.service(resource("/metrics", [("GET", web::to(metrics))]));
}

async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(shared.telemetry.render_metrics())
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found())
}
