//! A proxy before Postgres that cuts connections where a commit is decided: before the server sees it, or after the server
//! has done it and before the client knows. That is at a `commit`, or where an append is run that has no transaction around
//! it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The simple query `commit`, as the protocol has it: type, length, text, zero.
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";

/// What runs a prepared statement and ends what it began: an `Execute` of the nameless portal, then `Sync`.
const RUN: &[u8] = b"E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04";

/// By this the text of an append is known when it is prepared.
const APPENDS: &[u8] = b"set_config('trilby.logs'";

pub struct Proxy {
    pub port: u16,
    cuts: Arc<AtomicU64>,
}

/// Cuts every n-th commit that begins to write; in turns before and after the server has it.
pub async fn start(server: String, every: u64) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (cuts, seen) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&cuts);
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let (server, cuts, seen) = (server.clone(), Arc::clone(&counted), Arc::clone(&seen));
            tokio::spawn(async move {
                let server = TcpStream::connect(server).await.unwrap();
                // An error is a connection that ended.
                let _ = pass(client, server, every, &seen, &cuts).await;
            });
        }
    });
    Proxy { port, cuts }
}

impl Proxy {
    pub fn n_cuts(&self) -> u64 {
        self.cuts.load(Ordering::SeqCst)
    }
}

fn position(data: &[u8], what: &[u8]) -> Option<usize> {
    data.windows(what.len()).position(|window| window == what)
}

/// Up to the zero.
fn text(data: &[u8]) -> &[u8] {
    data.split(|byte| *byte == 0).next().unwrap_or_default()
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    every: u64,
    seen: &AtomicU64,
    cuts: &AtomicU64,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = async move {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = from_server.read(&mut buffer).await?;
            if n == 0 {
                return Ok(());
            }
            to_client.write_all(&buffer[..n]).await?;
        }
    };
    let forth = async move {
        let mut buffer = vec![0; 64 * 1024];
        let mut writes = false;
        // Whether a prepared append was sent that is to be run next, and the names of such.
        let (mut appends, mut names) = (false, HashSet::new());
        loop {
            let n = from_client.read(&mut buffer).await?;
            if n == 0 {
                return Ok::<(), std::io::Error>(());
            }
            let data = &buffer[..n];
            // Reads begin with `begin read only` or `begin isolation …`.
            writes |= data.windows(6).any(|window| window == b"begin;");
            match data.first() {
                Some(b'P') if position(data, APPENDS).is_some() => {
                    names.insert(text(&data[5..]).to_vec());
                }
                // The portal has no name, so the statement's comes at once.
                Some(b'B') => appends = names.contains(text(&data[6..])),
                _ => {}
            }
            let end = match position(data, COMMIT).filter(|_| std::mem::take(&mut writes)) {
                None if appends => position(data, RUN).inspect(|_| appends = false),
                end => end,
            };
            if let Some(at) = end {
                let count = seen.fetch_add(1, Ordering::SeqCst);
                if count % every == every - 1 {
                    let cut = cuts.fetch_add(1, Ordering::SeqCst);
                    if cut.is_multiple_of(2) {
                        to_server.write_all(&data[..at]).await?;
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    } else {
                        to_server.write_all(data).await?;
                        // The server does what it got; what it says of it is dropped with the connection.
                        return Err(std::io::ErrorKind::ConnectionReset.into());
                    }
                    return Err(std::io::ErrorKind::ConnectionAborted.into());
                }
            }
            to_server.write_all(data).await?;
        }
    };
    tokio::select! {
        done = back => done,
        done = forth => done,
    }
}
