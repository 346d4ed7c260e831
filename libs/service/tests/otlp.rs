//! Traces reach a collector: a real server, a real request, and a receiver on loopback that takes what comes.

#![cfg(feature = "otlp")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use trilby_service::Settings;
use trilby_service::server::{Listeners, OperationId, Server, resource};
use trilby_service::telemetry::Telemetry;

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Takes one request after another and hands on what was posted.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                match line.trim() {
                    "" => break,
                    text => lines.push(text.to_lowercase()),
                }
            }
            let length = lines
                .iter()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            stream
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            let _ = sender.send((lines.join("\n"), body));
        }
    });
    (address, received)
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_request_becomes_a_span_in_the_callers_trace() {
    let (endpoint, received) = collector();
    let set = [
        ("server.listen", "127.0.0.1:0"),
        ("server.operator_listen", "127.0.0.1:0"),
        ("server.workers", "1"),
        ("telemetry.otlp_endpoint", endpoint.as_str()),
    ];
    let settings = Settings::load(
        None,
        [],
        set.map(|(name, value)| (name.to_owned(), value.to_owned())),
    )
    .unwrap();
    let telemetry = Telemetry::start(&settings).unwrap();
    let listeners = Listeners::open(&settings).unwrap();
    let address = listeners.api_address().unwrap();
    let server = Server::new(&settings, listeners, telemetry.clone()).routes(|config| {
        async fn hello(request: HttpRequest) -> HttpResponse {
            request.extensions_mut().insert(OperationId("say_hello"));
            HttpResponse::Ok().finish()
        }
        config.service(resource("/hello", [("GET", web::to(hello))]));
    });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(server.run(async { drop(stopped.await) }))
            .unwrap();
    });
    let answer = ureq::get(format!("http://{address}/hello"))
        .header("traceparent", format!("00-{TRACE_ID}-00f067aa0ba902b7-01"))
        .call()
        .unwrap();
    let request_id = answer.headers()["trilby-request-id"]
        .to_str()
        .unwrap()
        .to_owned();

    // Stopping the server and dropping the last handle sends what is left.
    drop(stop);
    running.join().unwrap();
    drop(telemetry);

    let (head, body) = received
        .recv_timeout(Duration::from_secs(20))
        .expect("the collector got nothing");
    assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
    assert!(
        head.contains("content-type: application/x-protobuf"),
        "{head}"
    );
    for part in [
        "say_hello",
        "http.response.status_code",
        "service.name",
        request_id.as_str(),
    ] {
        assert!(
            contains(&body, part.as_bytes()),
            "`{part}` is not in the exported span"
        );
    }
    let trace_id: Vec<u8> = (0..16)
        .map(|at| u8::from_str_radix(&TRACE_ID[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    assert!(
        contains(&body, &trace_id),
        "the span is not in the caller's trace"
    );
}
