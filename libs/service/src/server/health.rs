//! `/livez` and `/readyz`.
//!
//! Live: the process answers. Ready: it may be sent requests. A process that is stopping is live and not
//! ready, so that a balancer looks elsewhere while running requests finish.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::{Shared, resource};

type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What must hold for the process to be ready. Clones share one registry.
#[derive(Clone, Default)]
pub struct Health(Arc<Registry>);

#[derive(Default)]
struct Registry {
    draining: AtomicBool,
    checks: RwLock<Vec<(&'static str, Check)>>,
}

impl Health {
    /// Adds a condition. The check is called for every `/readyz` and must not wait: it looks at what a
    /// background task found out.
    pub fn check(
        &self,
        name: &'static str,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        let mut checks = self
            .0
            .checks
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        checks.push((name, Box::new(check)));
    }

    /// From now on the process is not ready.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Whether the process is stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::SeqCst)
    }

    fn report(&self, audience: Audience) -> Report {
        let checks = self.0.checks.read().unwrap_or_else(PoisonError::into_inner);
        let mut outcomes: Vec<_> = checks
            .iter()
            .map(|(name, check)| (*name, check()))
            .collect();
        if self.is_draining() {
            outcomes.push(("running", Err("the process is stopping".to_owned())));
        }
        let checks: Vec<_> = outcomes
            .into_iter()
            .map(|(name, outcome)| Outcome {
                name,
                ok: outcome.is_ok(),
                detail: outcome.err().filter(|_| audience == Audience::Operator),
            })
            .collect();
        Report {
            status: if checks.iter().all(|check| check.ok) {
                "ready"
            } else {
                "not_ready"
            },
            checks,
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health")
            .field("draining", &self.is_draining())
            .finish_non_exhaustive()
    }
}

/// Who asks: why a check fails is for the operator only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    Everyone,
    Operator,
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    checks: Vec<Outcome>,
}

#[derive(Serialize)]
struct Outcome {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

pub(super) fn routes(config: &mut web::ServiceConfig, audience: Audience) {
    let ready = move |shared: web::Data<Shared>| async move { readiness(&shared.health, audience) };
    config
        .service(resource("/livez", [("GET", web::to(live))]))
        .service(resource("/readyz", [("GET", web::to(ready))]));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "live"}))
}

fn readiness(health: &Health, audience: Audience) -> HttpResponse {
    let report = health.report(audience);
    let status = match report.status {
        "ready" => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    HttpResponse::build(status).json(report)
}
