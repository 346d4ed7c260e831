use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use serde_json::json;

use super::*;

/// Answers one request with its own head and body as JSON, and a status.
fn echo(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let line = line.trim().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.parse().unwrap();
            }
            head.push(line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        let answer = json!({"head": head, "body": String::from_utf8(body).unwrap(), "code": "x"})
            .to_string();
        let text = format!(
            "HTTP/1.1 {status}\r\nETag: \"s7\"\r\nTrilby-Seq: 1@2\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
        stream.get_mut().write_all(text.as_bytes()).unwrap();
    });
    format!("http://{address}")
}

fn has(answer: &Answer, line: &str) -> bool {
    answer.json["head"]
        .as_array()
        .unwrap()
        .iter()
        .any(|known| known == line)
}

#[test]
fn every_status_is_an_answer_with_headers_and_json() {
    let answer = Client::new(echo("409 Conflict"))
        .get("/a?b=c")
        .expect_problem(409, "x");
    assert_eq!(
        (answer.etag(), answer.seq(), answer.text("/code")),
        ("\"s7\"", "1@2", "x")
    );
    assert!(has(&answer, "get /a?b=c http/1.1"));
    let redirect = Client::new(echo(
        "301 Moved Permanently\r\nlocation: http://127.0.0.1:1/",
    ))
    .get("/");
    assert_eq!(redirect.status, 301);
}

#[test]
fn bodies_tokens_and_strange_methods_are_sent_as_asked() {
    let posted = Client::new(echo("201 Created"))
        .with_token("t")
        .with_token("u")
        .post("/p", &json!({"a": 1}))
        .expect(201);
    assert!(
        has(&posted, "authorization: bearer u") && !has(&posted, "authorization: bearer t"),
        "{posted:?}"
    );
    assert!(has(&posted, "content-type: application/json"));
    assert_eq!(posted.text("/body"), "{\"a\":1}");
    let form = Client::new(echo("200 OK")).form("/f", &[("grant_type", "a b&c"), ("x", "ü")]);
    assert_eq!(form.text("/body"), "grant_type=a%20b%26c&x=%C3%BC");
    let brewed = Client::new(echo("200 OK"))
        .request("BREW", "/pot")
        .body("x")
        .send();
    assert!(
        has(&brewed, "brew /pot http/1.1") && brewed.text("/body") == "x",
        "{brewed:?}"
    );
    let deleted = Client::new(echo("200 OK"))
        .request("DELETE", "/d")
        .json(&json!({}))
        .send();
    assert_eq!(deleted.text("/body"), "{}");
    let empty = Client::new(echo("200 OK")).request("POST", "/e").send();
    assert!(
        has(&empty, "post /e http/1.1") && empty.text("/body").is_empty(),
        "{empty:?}"
    );
}

#[test]
fn a_server_that_is_gone_is_an_error_and_not_an_answer() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert!(
        Client::new(format!("http://{address}"))
            .request("GET", "/")
            .try_send()
            .is_err()
    );
}
