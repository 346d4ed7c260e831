//! The proxy from both of its sides.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use trilby_cluster::Topology;
use trilby_cluster::proxy::Proxy;

/// A replica that answers each connection once: with what it was sent, or as told.
struct Replica {
    address: SocketAddr,
    is_ready: Arc<AtomicBool>,
    hangs_up: Arc<AtomicBool>,
    n_served: Arc<AtomicUsize>,
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut piece = [0; 1024];
    loop {
        let n = stream.read(&mut piece).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&piece[..n]));
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        let whole = |body: &str| {
            let length = text
                .to_ascii_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            match length {
                Some(length) => body.len() >= length,
                None => {
                    !text.to_ascii_lowercase().contains("chunked") || body.ends_with("0\r\n\r\n")
                }
            }
        };
        if n == 0 || body.is_some_and(whole) {
            return text;
        }
    }
}

impl Replica {
    fn start(name: &'static str) -> Replica {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let replica = Replica {
            address: listener.local_addr().unwrap(),
            is_ready: Arc::new(AtomicBool::new(true)),
            hangs_up: Arc::new(AtomicBool::new(false)),
            n_served: Arc::new(AtomicUsize::new(0)),
        };
        let (ready, hangs_up, served) = (
            Arc::clone(&replica.is_ready),
            Arc::clone(&replica.hangs_up),
            Arc::clone(&replica.n_served),
        );
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                if request.starts_with("GET /readyz ") {
                    let status = if ready.load(Ordering::SeqCst) {
                        200
                    } else {
                        503
                    };
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    );
                    stream.write_all(answer.as_bytes()).ok();
                    continue;
                }
                served.fetch_add(1, Ordering::SeqCst);
                if hangs_up.load(Ordering::SeqCst) {
                    continue;
                }
                let body = format!("{name}: {request}");
                let answer = match request.contains(" /v1/chunked ") {
                    true => format!(
                        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                        body.len()
                    ),
                    false => format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    ),
                };
                stream.write_all(answer.as_bytes()).ok();
            }
        });
        replica
    }
}

fn free(port_of: &TcpListener) -> SocketAddr {
    port_of.local_addr().unwrap()
}

fn proxy(identity: &[SocketAddr]) -> Proxy {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let topology = Topology::of_deploy().unwrap();
    Proxy::start(
        listen,
        topology,
        vec![identity.to_vec(), Vec::new(), Vec::new()],
    )
    .unwrap()
}

/// Sends bytes and reads one answer by its length, or to the end of its chunks.
fn exchange(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    read_request(stream)
}

fn ask(proxy: &Proxy, path: &str) -> String {
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    exchange(
        &mut stream,
        &format!("GET {path} HTTP/1.1\r\nhost: h\r\n\r\n"),
    )
}

#[test]
fn requests_pass_whole_and_a_client_may_stay() {
    let replica = Replica::start("one");
    let proxy = proxy(&[replica.address]);
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    let long = "x".repeat(50_000);
    for body in ["hello", "", &long] {
        let request = format!(
            "POST /v1/accounts/1/users HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n{body}",
            body.len()
        );
        let answer = exchange(&mut stream, &request);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("connection: keep-alive"), "{answer}");
        assert!(
            answer.contains("x-forwarded-for: 192.0.2.7, 127.0.0.1"),
            "{answer}"
        );
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")));
    }
    let chunked = "POST /v1/chunked HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let answer = exchange(&mut stream, chunked);
    assert!(
        answer.contains("5\r\nhello\r\n0\r\n\r\n") && answer.ends_with("0\r\n\r\n"),
        "{answer}"
    );
}

#[test]
fn replicas_serve_in_turn_and_one_that_is_not_ready_is_left_out() {
    let (one, two) = (Replica::start("one"), Replica::start("two"));
    let proxy = proxy(&[one.address, two.address]);
    for _ in 0..10 {
        assert!(ask(&proxy, "/v1/bootstrap").starts_with("HTTP/1.1 200"));
    }
    let served = |replica: &Replica| replica.n_served.load(Ordering::SeqCst);
    assert_eq!((served(&one), served(&two)), (5, 5));
    one.is_ready.store(false, Ordering::SeqCst);
    while ask(&proxy, "/v1/bootstrap").contains("one: ")
        || ask(&proxy, "/v1/bootstrap").contains("one: ")
    {
        sleep(Duration::from_millis(10));
    }
    let before = served(&one);
    for _ in 0..6 {
        ask(&proxy, "/v1/bootstrap");
    }
    assert_eq!(served(&one), before);
}

#[test]
fn a_replica_that_takes_no_connection_is_passed_over() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let two = Replica::start("two");
    let proxy = proxy(&[free(&gone), two.address]);
    drop(gone);
    for _ in 0..6 {
        assert!(ask(&proxy, "/v1/bootstrap").starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn what_was_sent_is_not_sent_again() {
    let (one, two) = (Replica::start("one"), Replica::start("two"));
    for replica in [&one, &two] {
        replica.hangs_up.store(true, Ordering::SeqCst);
    }
    let proxy = proxy(&[one.address, two.address]);
    let answer = ask(&proxy, "/v1/bootstrap");
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"),
        "{answer}"
    );
    let served = one.n_served.load(Ordering::SeqCst) + two.n_served.load(Ordering::SeqCst);
    assert_eq!(served, 1);
    // A service without any replica is a 503 as well.
    assert!(ask(&proxy, "/v1/token").starts_with("HTTP/1.1 503"));
}

#[test]
fn what_is_not_http_is_refused() {
    let replica = Replica::start("one");
    let proxy = proxy(&[replica.address]);
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    assert!(
        exchange(&mut stream, "GET / HTTP/1.1\r\nnonsense\r\n\r\n").starts_with("HTTP/1.1 400")
    );
    let endless = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(70_000));
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    assert!(exchange(&mut stream, &endless).starts_with("HTTP/1.1 400"));
}
