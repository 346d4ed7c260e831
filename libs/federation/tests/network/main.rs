//! Fetching over real sockets on loopback: what is taken, what is refused, and who is connected to.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod server;
mod tls;

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use server::Server;
use trilby_federation::fetch::{
    Fetch as _, FetchError, Fetched, GuardedFetch, Resolver, SystemResolver,
};
use trilby_federation::guard::{Guard, PrivateHost, Refused};

const HOST: &str = "idp.test";

/// Answers with one list after the other, the last for ever, and counts.
struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    n_asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = answers
            .iter()
            .map(|answer| answer.iter().map(|one| one.parse().unwrap()).collect());
        Arc::new(Self {
            answers: parsed.collect(),
            n_asked: AtomicUsize::new(0),
        })
    }
}

impl Resolver for Scripted {
    fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let n = self.n_asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.answers[n.min(self.answers.len() - 1)].clone())
    }
}

fn guard(host: &str, port: u16, http: bool) -> Guard {
    let addresses = BTreeSet::from(["127.0.0.1".parse().unwrap()]);
    Guard::new(vec![PrivateHost {
        host: host.to_owned(),
        port,
        addresses,
        http,
    }])
}

fn loopback() -> Arc<Scripted> {
    Scripted::new(&[&["127.0.0.1"]])
}

/// Fetches at most 64 bytes from a server that gives this answer.
async fn fetched(answer: &str) -> Result<Fetched, FetchError> {
    let server = Server::with(answer);
    let fetch = GuardedFetch::new(guard(HOST, server.port, true), loopback())
        .with_timeout(Duration::from_millis(400));
    fetch
        .get(&format!("http://{HOST}:{}/jwks", server.port), 64)
        .await
}

fn ok(headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn a_json_document_comes_with_its_age() {
    let with = |cache: &str| ok(&format!("{JSON}{cache}"), "{}");
    let plain = fetched(&with("")).await.unwrap();
    assert_eq!(
        (plain.body.as_slice(), plain.max_age_s),
        (b"{}".as_slice(), None)
    );
    assert_eq!(
        fetched(&with("Cache-Control: public, max-age=77\r\n"))
            .await
            .unwrap()
            .max_age_s,
        Some(77)
    );
    assert_eq!(
        fetched(&with("Cache-Control: no-store, max-age=77\r\n"))
            .await
            .unwrap()
            .max_age_s,
        Some(0)
    );
    assert_eq!(
        fetched(&with("Cache-Control: max-age=x\r\n"))
            .await
            .unwrap()
            .max_age_s,
        None
    );
    let suffix = ok(
        "Content-Type: application/jwk-set+json; charset=utf-8\r\n",
        "{}",
    );
    assert!(fetched(&suffix).await.is_ok());
}

#[tokio::test]
async fn what_is_not_plain_json_is_not_taken() {
    for headers in [
        "",
        "Content-Type: text/html\r\n",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/jsonp\r\n",
    ] {
        assert_eq!(
            fetched(&ok(headers, "{}")).await.unwrap_err(),
            FetchError::WrongType,
            "{headers}"
        );
    }
    let gzip = ok(&format!("{JSON}Content-Encoding: gzip\r\n"), "bomb");
    assert_eq!(fetched(&gzip).await.unwrap_err(), FetchError::WrongType);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server =
        Server::with("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    let fetch = GuardedFetch::new(guard(HOST, server.port, true), loopback());
    let url = format!("http://{HOST}:{}/jwks", server.port);
    assert_eq!(
        fetch.get(&url, 64).await.unwrap_err(),
        FetchError::Status(302)
    );
    assert_eq!(server.n_requests(), 1);
    assert_eq!(
        fetched("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
            .await
            .unwrap_err(),
        FetchError::Status(500)
    );
}

#[tokio::test]
async fn a_body_has_a_bound() {
    let full = "x".repeat(64);
    assert_eq!(fetched(&ok(JSON, &full)).await.unwrap().body.len(), 64);
    assert_eq!(
        fetched(&ok(JSON, &"x".repeat(65))).await.unwrap_err(),
        FetchError::TooLarge
    );
    let unsaid = format!(
        "HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n1000\r\n{}\r\n0\r\n\r\n",
        "x".repeat(4096)
    );
    assert_eq!(fetched(&unsaid).await.unwrap_err(), FetchError::TooLarge);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let slow = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 40\r\n\r\n{{");
    assert_eq!(fetched(&slow).await.unwrap_err(), FetchError::TimedOut);
    assert_eq!(fetched("").await.unwrap_err(), FetchError::TimedOut);
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_checked() {
    let server = Server::with(&ok(JSON, "{}"));
    let resolver = Scripted::new(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let fetch = GuardedFetch::new(
        guard(HOST, server.port, true),
        Arc::clone(&resolver) as Arc<dyn Resolver>,
    );
    let url = format!("http://{HOST}:{}/", server.port);
    assert!(fetch.get(&url, 64).await.is_ok());
    assert_eq!(resolver.n_asked.load(Ordering::SeqCst), 1);
    assert_eq!(
        fetch.get(&url, 64).await.unwrap_err(),
        FetchError::Refused(Refused::Address)
    );
    assert_eq!(server.n_connections(), 1);
}

#[tokio::test]
async fn one_address_that_is_not_allowed_refuses_all() {
    let server = Server::with(&ok(JSON, "{}"));
    let resolver = Scripted::new(&[&["127.0.0.1", "127.0.0.2"]]);
    let fetch = GuardedFetch::new(guard(HOST, server.port, true), resolver);
    let got = fetch
        .get(&format!("http://{HOST}:{}/", server.port), 64)
        .await;
    assert_eq!(got.unwrap_err(), FetchError::Refused(Refused::Address));
    assert_eq!(server.n_connections(), 0);
}

#[tokio::test]
async fn loopback_is_not_called_unless_the_operator_says_so() {
    let server = Server::with(&ok(JSON, "{}"));
    let fetch = GuardedFetch::new(Guard::default(), Arc::new(SystemResolver));
    for url in [
        format!("http://127.0.0.1:{}/", server.port),
        format!("https://127.0.0.1:{}/", server.port),
        format!("http://localhost:{}/", server.port),
    ] {
        assert!(
            matches!(fetch.get(&url, 64).await, Err(FetchError::Refused(_))),
            "{url}"
        );
    }
    assert_eq!(server.n_connections(), 0);
}

/// Knows no host.
struct Nothing;

impl Resolver for Nothing {
    fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[tokio::test]
async fn whether_an_inner_host_exists_is_not_told() {
    let inner: [Arc<dyn Resolver>; 2] = [Scripted::new(&[&["10.0.0.5"]]), Arc::new(Nothing)];
    let mut told = Vec::new();
    for resolver in inner {
        let fetch = GuardedFetch::new(Guard::default(), resolver);
        let refused = fetch.get("https://wiki.inner.example.com/", 64).await;
        told.push(refused.unwrap_err());
    }
    assert_eq!(told[0], told[1]);
    // One answer names both, so that it is true of either.
    let said = told[0].to_string();
    assert!(said.contains("no address that may be called"), "{said}");
    assert!(said.contains("could not be looked up"), "{said}");
}

#[tokio::test]
async fn https_is_never_answered_in_clear() {
    let server = Server::with(&ok(JSON, "{}"));
    let fetch = GuardedFetch::new(guard(HOST, server.port, false), loopback())
        .with_timeout(Duration::from_millis(400));
    let got = fetch
        .get(&format!("https://{HOST}:{}/", server.port), 64)
        .await;
    assert!(
        matches!(got, Err(FetchError::Unreachable | FetchError::TimedOut)),
        "{got:?}"
    );
    // What came was a TLS handshake record, not a request.
    assert_eq!(server.first_byte(), Some(0x16));
}

#[tokio::test]
async fn a_host_that_the_operator_named_may_be_an_address() {
    let server = Server::with(&ok(JSON, "{}"));
    let fetch = GuardedFetch::new(
        guard("127.0.0.1", server.port, true),
        Arc::new(SystemResolver),
    );
    assert!(
        fetch
            .get(&format!("http://127.0.0.1:{}/", server.port), 64)
            .await
            .is_ok()
    );
}
