//! A server on free ports with routes to try things on, and a bare HTTP client that shows every byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;

use actix_web::HttpMessage;
use serde_json::Value;

use super::super::*;
use crate::body::{Decoded, Media};
use crate::clock::{ManualClock, SeededEntropy};
use crate::problem::ErrorForm;
use crate::request_id::RequestIds;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
}

fn test_routes(config: &mut web::ServiceConfig) {
    async fn create(ids: RequestIds, thing: Decoded<Thing>) -> HttpResponse {
        HttpResponse::Created()
            .json(serde_json::json!({"name": thing.value.name, "request_id": ids.id}))
    }
    async fn read(request: actix_web::HttpRequest) -> HttpResponse {
        request.extensions_mut().insert(OperationId("read_thing"));
        HttpResponse::Ok().json(serde_json::json!({"host_seen": request.connection_info().host()}))
    }
    async fn oauth(
        request: actix_web::HttpRequest,
        payload: web::Payload,
    ) -> Result<HttpResponse, Problem> {
        request.extensions_mut().insert(ErrorForm::OAuth);
        let mut payload = payload.into_inner();
        crate::body::read(&request, &mut payload, Media::Form, Limits { bytes: 64 }).await?;
        Ok(HttpResponse::Ok().finish())
    }
    async fn panics() -> HttpResponse {
        panic!("a bug with a secret tbk_x");
    }
    async fn slow(millis: web::Path<u64>) -> HttpResponse {
        tokio::time::sleep(Duration::from_millis(*millis)).await;
        HttpResponse::Ok().body("done")
    }
    async fn address(client: ClientAddress) -> HttpResponse {
        HttpResponse::Ok().body(client.0.to_string())
    }
    async fn number(_: web::Path<u64>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }
    config
        .service(resource(
            "/things",
            [("POST", web::to(create)), ("GET", web::to(read))],
        ))
        .service(resource("/oauth", [("POST", web::to(oauth))]))
        .service(resource("/panics", [("GET", web::to(panics))]))
        .service(resource("/slow/{millis}", [("GET", web::to(slow))]))
        .service(resource("/number/{n}", [("GET", web::to(number))]))
        .service(resource("/address", [("GET", web::to(address))]));
}

pub(super) struct Running {
    pub(super) api: SocketAddr,
    pub(super) operator: SocketAddr,
    pub(super) health: Health,
    pub(super) stop: Option<tokio::sync::oneshot::Sender<()>>,
    pub(super) ended: mpsc::Receiver<Result<(), String>>,
}

pub(super) fn settings() -> Settings {
    let free = [
        ("server.listen", "127.0.0.1:0"),
        ("server.operator_listen", "127.0.0.1:0"),
        ("server.workers", "2"),
    ];
    Settings::load(
        None,
        [],
        free.map(|(name, value)| (name.to_owned(), value.to_owned())),
    )
    .unwrap()
}

pub(super) fn start(settings: Settings) -> Running {
    let listeners = Listeners::open(&settings).unwrap();
    let (api, operator) = (
        listeners.api_address().unwrap(),
        listeners.operator_address(),
    );
    let health = Health::default();
    let server = Server::new(&settings, listeners, Telemetry::quiet().unwrap())
        .with_health(health.clone())
        .with_time(
            Arc::new(ManualClock::at(trilby_model::Timestamp::from_unix_seconds(
                1_795_000_000,
            ))),
            Arc::new(SeededEntropy::new(1)),
        )
        .document("identity", r#"{"openapi":"3.1.0"}"#)
        .routes(test_routes)
        .operator_routes(|config| {
            config.service(resource(
                "/operator/v1/ping",
                [("GET", web::to(HttpResponse::Ok))],
            ));
        });
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let result = runtime.block_on(server.run(async { drop(stopped.await) }));
        let _ = done.send(result.map_err(|error| error.to_string()));
    });
    Running {
        api,
        operator,
        health,
        stop: Some(stop),
        ended,
    }
}

impl Running {
    pub(super) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(super) fn wait(&self) -> Result<(), String> {
        self.ended.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(super) fn code(&self) -> String {
        let json = self.json();
        let code = json.get("code").or_else(|| json.get("error_code"));
        code.and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

pub(super) fn exchange(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    parse(&String::from_utf8_lossy(&text))
}

fn parse(text: &str) -> Answer {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answer {
        status,
        headers: headers.collect(),
        body: body.to_owned(),
    }
}

pub(super) fn get(address: SocketAddr, path: &str, headers: &str) -> Answer {
    exchange(
        address,
        &format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{headers}\r\n"),
    )
}

pub(super) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let length = body.len();
    exchange(
        address,
        &format!(
            "{method} {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        ),
    )
}

pub(super) const JSON: &str = "content-type: application/json\r\n";
