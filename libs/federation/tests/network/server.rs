//! A server that says the same to everybody and then holds the line.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Listens on loopback until the process ends.
pub struct Server {
    pub port: u16,
    n_connections: Arc<AtomicUsize>,
    n_requests: Arc<AtomicUsize>,
    first_byte: Arc<AtomicUsize>,
}

const NOTHING: usize = 256;

impl Server {
    /// With this answer, given once a request's head has come (or anything that is no HTTP).
    pub fn with(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let n_connections = Arc::new(AtomicUsize::new(0));
        let n_requests = Arc::new(AtomicUsize::new(0));
        let first_byte = Arc::new(AtomicUsize::new(NOTHING));
        let answer = answer.to_owned();
        let (n, first) = (Arc::clone(&n_connections), Arc::clone(&first_byte));
        let asked = Arc::clone(&n_requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                n.fetch_add(1, Ordering::SeqCst);
                let (answer, first) = (answer.clone(), Arc::clone(&first));
                let asked = Arc::clone(&asked);
                thread::spawn(move || serve(stream, &answer, &first, &asked));
            }
        });
        Self {
            port,
            n_connections,
            n_requests,
            first_byte,
        }
    }

    pub fn n_connections(&self) -> usize {
        self.n_connections.load(Ordering::SeqCst)
    }

    pub fn n_requests(&self) -> usize {
        self.n_requests.load(Ordering::SeqCst)
    }

    /// The first byte that anybody sent.
    pub fn first_byte(&self) -> Option<usize> {
        Some(self.first_byte.load(Ordering::SeqCst)).filter(|byte| *byte != NOTHING)
    }
}

fn serve(mut stream: TcpStream, answer: &str, first: &AtomicUsize, asked: &AtomicUsize) {
    let mut head = Vec::new();
    let mut byte = [0];
    while stream.read_exact(&mut byte).is_ok() {
        if head.is_empty() {
            first.store(usize::from(byte[0]), Ordering::SeqCst);
        }
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            asked.fetch_add(1, Ordering::SeqCst);
            drop(stream.write_all(answer.as_bytes()));
            drop(stream.flush());
        }
    }
}
