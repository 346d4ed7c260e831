//! Requests byte by byte, for what no HTTP client would send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer as it came.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    pub body: String,
}

impl RawAnswer {
    /// The code of a problem.
    pub fn code(&self) -> Option<String> {
        let json: Value = serde_json::from_str(&self.body).ok()?;
        Some(json.get("code")?.as_str()?.to_owned())
    }
}

/// Opens a connection to `http://host:port`.
pub fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends these bytes and reads until the server closes. `None` if it closes without an answer.
pub fn exchange(url: &str, bytes: &[u8]) -> Option<RawAnswer> {
    let mut stream = connect(url);
    // A server that has refused already may not read to the end.
    let _ = stream.write_all(bytes);
    finish(&mut stream)
}

/// Reads an answer to the end of the connection.
pub fn finish(stream: &mut TcpStream) -> Option<RawAnswer> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    if bytes.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Some(RawAnswer {
        status: status.unwrap_or_else(|| panic!("no HTTP answer: {text}")),
        body: body.to_owned(),
    })
}
