//! A small proxy: one port, requests to the replicas of their service in turn.
//!
//! It leaves out replicas that say they are not ready. A replica that takes no connection is passed over for the next:
//! nothing was sent, so nothing can happen twice. What was sent is never sent again: if no answer comes, the client
//! gets a 503 and decides itself. No TLS, no HTTP/2, no upgrades; for this host alone.

mod message;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::Context;

use crate::topology::Topology;
use message::{Message, Wrong};

/// How often replicas are asked whether they are ready.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Longest such an answer may take.
const LOOK_PATIENCE: Duration = Duration::from_millis(500);
/// Longest a connection to a replica may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_millis(500);
/// Longest a replica may take to answer; longer than its own limit.
const ANSWER_PATIENCE: Duration = Duration::from_secs(40);
/// How long an idle client is kept.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Most clients at once; more are not accepted until others leave.
const CLIENTS_MAX: usize = 1_024;

/// One replica of a service.
#[derive(Debug)]
struct Backend {
    address: SocketAddr,
    is_ready: AtomicBool,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    topology: Topology,
    /// By service, as in the topology.
    backends: RwLock<Vec<Vec<Arc<Backend>>>>,
    turn: AtomicUsize,
    n_clients: AtomicUsize,
    stopped: AtomicBool,
}

/// A proxy at work. It stops when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Serves on this address for the replicas of each service, in the topology's order.
    ///
    /// # Errors
    /// The address is taken.
    pub fn start(
        listen: SocketAddr,
        topology: Topology,
        replicas: Vec<Vec<SocketAddr>>,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).with_context(|| format!("port of {listen}"))?;
        let backends = replicas.into_iter().map(|service| {
            let backends = service.into_iter().map(|address| {
                Arc::new(Backend {
                    address,
                    is_ready: AtomicBool::new(true),
                })
            });
            backends.collect()
        });
        let shared = Arc::new(Shared {
            topology,
            backends: RwLock::new(backends.collect()),
            turn: AtomicUsize::new(0),
            n_clients: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let address = listener.local_addr()?;
        shared.look();
        let looking = Arc::clone(&shared);
        thread::spawn(move || {
            while !looking.stopped.load(Ordering::SeqCst) {
                sleep(LOOK_EVERY);
                looking.look();
            }
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { address, shared })
    }

    /// Where it serves.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it has stopped.
        drop(TcpStream::connect_timeout(&self.address, CONNECT_PATIENCE));
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        while shared.n_clients.load(Ordering::SeqCst) >= CLIENTS_MAX {
            sleep(Duration::from_millis(1));
        }
        shared.n_clients.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            shared.serve(&client);
            shared.n_clients.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

impl Shared {
    /// Asks every replica whether it is ready.
    fn look(&self) {
        let agent = agent();
        let backends = self.backends.read().unwrap_or_else(PoisonError::into_inner);
        for backend in backends.iter().flatten() {
            let answer = agent
                .get(format!("http://{}/readyz", backend.address))
                .call();
            let is_ready = answer.is_ok_and(|answer| answer.status().as_u16() == 200);
            backend.is_ready.store(is_ready, Ordering::SeqCst);
        }
    }

    /// Serves one client until it leaves.
    fn serve(&self, client: &TcpStream) {
        let peer = client.peer_addr().ok();
        let set = client
            .set_read_timeout(Some(IDLE_MAX))
            .and_then(|()| client.set_nodelay(true));
        if set.is_err() {
            return;
        }
        while !self.stopped.load(Ordering::SeqCst) {
            match self.exchange(client, peer) {
                Ok(true) => {}
                Ok(false) | Err(_) => return,
            }
        }
    }

    /// One request and its answer. Whether the client may send another.
    fn exchange(&self, mut client: &TcpStream, peer: Option<SocketAddr>) -> Result<bool, Wrong> {
        let mut request = match Message::read_head(client) {
            Ok(request) => request,
            Err(Wrong::Gone) => return Ok(false),
            Err(Wrong::Malformed) => {
                client.write_all(&refusal(
                    400,
                    "invalid_parameter",
                    "the request is malformed",
                ))?;
                return Ok(false);
            }
        };
        let keeps = !request.closes();
        if request.expects_continue() {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.set_hop("connection", Some("close"));
        request.set_hop("expect", None);
        if let Some(peer) = peer {
            request.append("x-forwarded-for", &peer.ip().to_string());
        }
        let Some(mut backend) = self.connect(&request.target()) else {
            request.skip_body(client)?;
            client.write_all(&refusal(
                503,
                "unavailable",
                "no replica of this service is there",
            ))?;
            return Ok(false);
        };
        let answered = forward(&mut request, client, &mut backend);
        match answered {
            Ok(mut answer) => {
                let framed = answer.has_length() || request.is_head() || answer.has_no_body();
                answer.set_hop(
                    "connection",
                    Some(if keeps && framed {
                        "keep-alive"
                    } else {
                        "close"
                    }),
                );
                client.write_all(&answer.head_bytes())?;
                if !request.is_head() && !answer.has_no_body() {
                    answer.copy_body(&backend, &mut client, true)?;
                }
                Ok(keeps && framed)
            }
            Err(_) => {
                client.write_all(&refusal(503, "unavailable", "the replica gave no answer"))?;
                Ok(false)
            }
        }
    }

    /// A connection to one of a service's replicas: those that are ready in turn, then the others.
    fn connect(&self, path: &str) -> Option<TcpStream> {
        let backends = self.backends.read().unwrap_or_else(PoisonError::into_inner);
        let service = backends.get(self.topology.service_of(path))?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (ready, others): (Vec<_>, Vec<_>) = service
            .iter()
            .partition(|backend| backend.is_ready.load(Ordering::SeqCst));
        let n_ready = ready.len().max(1);
        let ready = ready.iter().cycle().skip(turn % n_ready).take(ready.len());
        ready.chain(others.iter()).find_map(|backend| {
            let backend = TcpStream::connect_timeout(&backend.address, CONNECT_PATIENCE).ok()?;
            backend.set_read_timeout(Some(ANSWER_PATIENCE)).ok()?;
            backend.set_nodelay(true).ok()?;
            Some(backend)
        })
    }
}

/// Sends a request on and reads the head of its answer.
fn forward(
    request: &mut Message,
    client: &TcpStream,
    backend: &mut TcpStream,
) -> Result<Message, Wrong> {
    backend.write_all(&request.head_bytes())?;
    let sent = request.copy_body(client, backend, false);
    loop {
        let answer = match Message::read_head(&*backend) {
            Ok(answer) => answer,
            // An answer that comes before the whole body was sent (413) is an answer; none is what the body came to.
            Err(wrong) => return Err(sent.err().unwrap_or(wrong)),
        };
        if !answer.is_interim() {
            return Ok(answer);
        }
    }
}

fn refusal(status: u16, code: &str, detail: &str) -> Vec<u8> {
    let body = serde_json::json!({
        "type": format!("/problems/{}", code.replace('_', "-")),
        "title": "The proxy has no answer",
        "status": status,
        "code": code,
        "detail": detail,
    })
    .to_string();
    let retry = if status == 503 {
        "retry-after: 1\r\n"
    } else {
        ""
    };
    format!(
        "HTTP/1.1 {status} Refused\r\ncontent-type: application/problem+json\r\n{retry}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A client for questions about readiness.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(LOOK_PATIENCE))
        .max_idle_connections(0)
        .proxy(None)
        .build()
        .into()
}
