//! Requests and answers as they pass: the head is read, the body goes through unread.

use std::io::{self, Read, Write};

/// Longest head that passes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Longest line that gives a chunk's length.
const CHUNK_LINE_MAX: usize = 1_024;
/// Bytes of a body that pass at once.
const PIECE: usize = 16 * 1024;

/// Why a message does not pass.
#[derive(Debug)]
pub enum Wrong {
    /// Whoever should send or take it is gone.
    Gone,
    /// It is not HTTP/1.1.
    Malformed,
}

impl From<io::Error> for Wrong {
    fn from(_: io::Error) -> Self {
        Wrong::Gone
    }
}

/// A message: its head, and how its body ends.
#[derive(Debug)]
pub struct Message {
    first: String,
    headers: Vec<(String, String)>,
    /// What came with the head already.
    rest: Vec<u8>,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Bytes(u64),
    Chunked,
    /// Of an answer: with the connection. Of a request: none.
    Open,
}

impl Message {
    /// Reads a head.
    pub fn read_head(mut from: impl Read) -> Result<Self, Wrong> {
        let mut bytes = Vec::with_capacity(1_024);
        let mut piece = [0; 4_096];
        let end = loop {
            let n = from.read(&mut piece)?;
            let Some(piece) = piece.get(..n).filter(|piece| !piece.is_empty()) else {
                return Err(Wrong::Gone);
            };
            let searched = bytes.len().saturating_sub(3);
            bytes.extend_from_slice(piece);
            let found = bytes
                .get(searched..)
                .and_then(|new| new.windows(4).position(|window| window == b"\r\n\r\n"));
            if let Some(at) = found {
                break searched + at;
            }
            if bytes.len() > HEAD_BYTES_MAX {
                return Err(Wrong::Malformed);
            }
        };
        let rest = bytes.split_off(end + 4);
        bytes.truncate(end);
        let text = String::from_utf8(bytes).map_err(|_| Wrong::Malformed)?;
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').ok_or(Wrong::Malformed)?;
            Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        let headers = headers.collect::<Result<Vec<_>, Wrong>>()?;
        Ok(Self {
            first,
            headers,
            rest,
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path of a request.
    pub fn target(&self) -> String {
        self.first.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    fn status(&self) -> u16 {
        let status = self.first.split(' ').nth(1);
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// Whether a request asks for a head alone.
    pub fn is_head(&self) -> bool {
        self.first.starts_with("HEAD ")
    }

    /// Whether an answer comes before the answer.
    pub fn is_interim(&self) -> bool {
        (100..200).contains(&self.status())
    }

    /// Whether an answer of this status has no body.
    pub fn has_no_body(&self) -> bool {
        matches!(self.status(), 204 | 304)
    }

    /// Whether the sender closes the connection after it.
    pub fn closes(&self) -> bool {
        let old = self.first.ends_with("HTTP/1.0");
        let said = self.header("connection").unwrap_or_default();
        old || said.to_ascii_lowercase().contains("close")
    }

    /// Whether a client waits to be told to send the body.
    pub fn expects_continue(&self) -> bool {
        self.header("expect")
            .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    /// Whether its end can be told without its connection's.
    pub fn has_length(&self) -> bool {
        self.length() != Length::Open
    }

    /// Puts a header of this hop in place, or takes it away.
    pub fn set_hop(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(known, _)| known != name);
        if let Some(value) = value {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Adds to the value of a header.
    pub fn append(&mut self, name: &str, value: &str) {
        let value = match self.header(name) {
            Some(before) => format!("{before}, {value}"),
            None => value.to_owned(),
        };
        self.set_hop(name, Some(&value));
    }

    /// The head as it is sent on.
    pub fn head_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    fn length(&self) -> Length {
        if let Some(coding) = self.header("transfer-encoding")
            && coding.to_ascii_lowercase().contains("chunked")
        {
            return Length::Chunked;
        }
        match self.header("content-length").map(str::parse) {
            Some(Ok(bytes)) => Length::Bytes(bytes),
            Some(Err(_)) | None => Length::Open,
        }
    }

    /// Passes the body on. A body of open length ends with the connection if this is an answer, and is none otherwise.
    pub fn copy_body(
        &mut self,
        from: impl Read,
        to: &mut impl Write,
        is_answer: bool,
    ) -> Result<(), Wrong> {
        let rest = std::mem::take(&mut self.rest);
        let mut from = rest.as_slice().chain(from);
        match self.length() {
            Length::Bytes(bytes) => copy(&mut from, to, bytes)?,
            Length::Chunked => copy_chunks(&mut from, to)?,
            Length::Open if is_answer => {
                io::copy(&mut from, to)?;
            }
            Length::Open => {}
        }
        to.flush()?;
        Ok(())
    }

    /// Reads the body and forgets it.
    pub fn skip_body(&mut self, from: impl Read) -> Result<(), Wrong> {
        self.copy_body(from, &mut io::sink(), false)
    }
}

fn copy(from: &mut impl Read, to: &mut impl Write, bytes: u64) -> Result<(), Wrong> {
    let mut piece = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let n = from.read(piece.get_mut(..most).unwrap_or_default())?;
        let Some(read) = piece.get(..n).filter(|read| !read.is_empty()) else {
            return Err(Wrong::Gone);
        };
        to.write_all(read)?;
        left = left.saturating_sub(u64::try_from(n).unwrap_or(u64::MAX));
    }
    Ok(())
}

fn copy_chunks(from: &mut impl Read, to: &mut impl Write) -> Result<(), Wrong> {
    loop {
        let line = read_line(from)?;
        to.write_all(&line)?;
        let text = String::from_utf8_lossy(&line);
        let size = text.split([';', '\r']).next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| Wrong::Malformed)?;
        if size == 0 {
            break;
        }
        copy(from, to, size.saturating_add(2))?;
    }
    // Trailers, up to the empty line.
    loop {
        let line = read_line(from)?;
        to.write_all(&line)?;
        if line == b"\r\n" {
            return Ok(());
        }
    }
}

fn read_line(from: &mut impl Read) -> Result<Vec<u8>, Wrong> {
    let mut line = Vec::new();
    let mut byte = [0; 1];
    while !line.ends_with(b"\r\n") {
        from.read_exact(&mut byte)?;
        line.extend_from_slice(&byte);
        if line.len() > CHUNK_LINE_MAX {
            return Err(Wrong::Malformed);
        }
    }
    Ok(line)
}
