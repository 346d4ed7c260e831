//! The bare server: actix-web reads the same bodies into the same kind of types, and says yes. Not a decision is made.
//!
//! It runs as processes of its own, as many as decide, so that both share the machine with the callers alike.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::{App, HttpServer, web};
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::request;
use crate::http::Connection;

/// The path of a single question, and of many. An account stands before it, as before ours.
pub const EVALUATION: &str = "/access/v1/evaluation";
pub const EVALUATIONS: &str = "/access/v1/evaluations";
/// Longest a start may take.
const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

#[derive(Deserialize)]
#[expect(dead_code, reason = "read, and nothing done with it")]
struct Thing {
    r#type: String,
    id: String,
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read, and nothing done with it")]
struct Action {
    name: String,
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read, and nothing done with it")]
struct Question {
    subject: Thing,
    action: Action,
    resource: Thing,
    context: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Questions {
    evaluations: Vec<Question>,
}

#[derive(Serialize)]
struct Decision {
    decision: bool,
}

#[derive(Serialize)]
struct Decisions {
    evaluations: Vec<Decision>,
}

async fn one(_: web::Json<Question>) -> web::Json<Decision> {
    web::Json(Decision { decision: true })
}

async fn many(asked: web::Json<Questions>) -> web::Json<Decisions> {
    let evaluations = asked
        .evaluations
        .iter()
        .map(|_| Decision { decision: true });
    web::Json(Decisions {
        evaluations: evaluations.collect(),
    })
}

/// Serves until it is killed.
pub fn serve(address: SocketAddr) -> anyhow::Result<()> {
    let app = || {
        App::new()
            .route(
                &format!("/accounts/{{account}}{EVALUATION}"),
                web::post().to(one),
            )
            .route(
                &format!("/accounts/{{account}}{EVALUATIONS}"),
                web::post().to(many),
            )
    };
    let server = HttpServer::new(app).bind(address)?.run();
    Ok(actix_web::rt::System::new().block_on(server)?)
}

/// Processes of it. They are killed when this is dropped.
pub struct Bare {
    children: Vec<Child>,
    pub addresses: Vec<SocketAddr>,
}

impl Bare {
    /// Starts so many and waits until they answer.
    pub fn start(n_processes: usize) -> anyhow::Result<Self> {
        let mut bare = Self {
            children: Vec::new(),
            addresses: Vec::new(),
        };
        for _ in 0..n_processes {
            let address = trilby_cluster::member::free_address()?;
            let mut program = Command::new(std::env::current_exe()?);
            program.arg("bare").arg(address.to_string());
            bare.children.push(
                program
                    .stdin(Stdio::null())
                    .spawn()
                    .context("the bare server")?,
            );
            bare.addresses.push(address);
        }
        let begun = Instant::now();
        for address in &bare.addresses {
            let mut connection = Connection::to(*address);
            while connection
                .send(&request("GET", "/", None, &[], ""))
                .is_err()
            {
                ensure!(
                    begun.elapsed() < PATIENCE,
                    "the bare server does not answer"
                );
                std::thread::sleep(GLANCE);
            }
        }
        Ok(bare)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        for child in &mut self.children {
            // Gone already, or not ours to kill any more.
            child.kill().ok();
            child.wait().ok();
        }
    }
}
