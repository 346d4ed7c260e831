//! A way to a server that can be held, so that nothing arrives any more until it is let go, and cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Open,
    /// What is sent waits, and new connections too.
    Held,
    /// Connections end at once.
    Cut,
}

/// See the module. Its threads end with the program.
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    way: Mutex<Way>,
    changed: Condvar,
    streams: Mutex<Vec<TcpStream>>,
}

impl Wire {
    /// To a server, open.
    pub fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            way: Mutex::new(Way::Open),
            changed: Condvar::new(),
            streams: Mutex::default(),
        });
        let for_all = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (shared, server) = (Arc::clone(&for_all), server.clone());
                let client = client.unwrap();
                thread::spawn(move || shared.connect(&client, &server));
            }
        });
        Self { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, way: Way) {
        *self.shared.way.lock().unwrap() = way;
        self.shared.changed.notify_all();
        if way == Way::Cut {
            for stream in self.shared.streams.lock().unwrap().drain(..) {
                // It may be over already.
                stream.shutdown(Shutdown::Both).ok();
            }
        }
    }
}

impl Shared {
    /// Waits until something goes through. Whether it does.
    fn is_open(&self) -> bool {
        let way = self.way.lock().unwrap();
        let way = self.changed.wait_while(way, |way| *way == Way::Held);
        *way.unwrap() == Way::Open
    }

    fn connect(self: Arc<Self>, client: &TcpStream, server: &str) {
        if !self.is_open() {
            return;
        }
        let Ok(server) = TcpStream::connect(server) else {
            return;
        };
        for stream in [client, &server] {
            stream.set_nodelay(true).ok();
            self.streams
                .lock()
                .unwrap()
                .push(stream.try_clone().unwrap());
        }
        thread::scope(|scope| {
            scope.spawn(|| self.pass(client, &server));
            scope.spawn(|| self.pass(&server, client));
        });
    }

    /// One direction, until either end is closed.
    fn pass(&self, mut from: &TcpStream, mut to: &TcpStream) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if !self.is_open() || to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        // The other direction ends too.
        from.shutdown(Shutdown::Both).ok();
        to.shutdown(Shutdown::Both).ok();
    }
}
