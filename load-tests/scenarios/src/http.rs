//! One kept connection, HTTP/1.1 on loopback, blocking: a caller is a thread.
//!
//! Requests are bytes that were written before the clock ran. Nothing here is more than the answers of our own services need.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longest an answer may take; longer than a service's own limit.
const PATIENCE: Duration = Duration::from_secs(40);
/// Shorter than a service keeps an idle connection (`server.keep_alive_ms`, 5 s), so that none is used as it goes.
const IDLE_MAX: Duration = Duration::from_secs(2);
/// Largest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Largest body of an answer.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How much is read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// A connection that is made when it is needed.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    open: Option<(TcpStream, Instant)>,
}

impl Connection {
    pub fn to(address: SocketAddr) -> Self {
        Self {
            address,
            open: None,
        }
    }

    /// Sends a whole request once, and reads the whole answer. After an error the next one goes over a new connection.
    pub fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        let kept = self.open.take();
        let mut stream = match kept.filter(|(_, used)| used.elapsed() < IDLE_MAX) {
            Some((stream, _)) => stream,
            None => connect(self.address)?,
        };
        stream.write_all(request)?;
        let (answer, keeps) = read(&mut stream)?;
        if keeps {
            self.open = Some((stream, Instant::now()));
        }
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The answer, and whether the connection is good for another.
fn read(stream: &mut TcpStream) -> io::Result<(Answer, bool)> {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; CHUNK_BYTES]);
    let mut more = |bytes: &mut Vec<u8>| -> io::Result<()> {
        let n = stream.read(&mut chunk)?;
        if n == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(chunk.get(..n).unwrap_or_default());
        Ok(())
    };
    let ends = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(wrong("a head that does not end"));
        }
        more(&mut bytes)?;
    };
    let head = Head::of(bytes.get(..ends).unwrap_or_default())?;
    if head.length > BODY_BYTES_MAX {
        return Err(wrong("a body that is too long"));
    }
    let whole = ends + 4 + head.length;
    while bytes.len() < whole {
        more(&mut bytes)?;
    }
    if bytes.len() > whole {
        return Err(wrong("more than one answer"));
    }
    let answer = Answer {
        status: head.status,
        body: bytes.split_off(ends + 4),
    };
    Ok((answer, head.keeps))
}

struct Head {
    status: u16,
    length: usize,
    keeps: bool,
}

impl Head {
    fn of(bytes: &[u8]) -> io::Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("a head that is no text"))?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| wrong("no status"))?;
        let (mut length, mut keeps) = (None, true);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().ok();
            } else if name.eq_ignore_ascii_case("connection") {
                keeps = !value.eq_ignore_ascii_case("close");
            }
        }
        let length = match status {
            204 | 304 => 0,
            _ => length.ok_or_else(|| wrong("a body without its length"))?,
        };
        Ok(Self {
            status,
            length,
            keeps,
        })
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_status_length_and_whether_the_connection_stays() {
        let head = Head::of(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nx: y").unwrap();
        assert_eq!((head.status, head.length, head.keeps), (200, 12, true));
        let head = Head::of(b"HTTP/1.1 503 x\r\ncontent-length: 0\r\nConnection: close").unwrap();
        assert_eq!((head.status, head.length, head.keeps), (503, 0, false));
        assert_eq!(Head::of(b"HTTP/1.1 204 No Content").unwrap().length, 0);
        assert!(Head::of(b"HTTP/1.1 200 OK").is_err());
        assert!(Head::of(b"nonsense").is_err());
    }
}
