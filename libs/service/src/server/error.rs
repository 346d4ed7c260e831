//! Why the servers do not run.

use std::io;
use std::net::SocketAddr;

/// Why the servers do not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else listens there.
    #[error("port {} of {} is in use; stop the program that listens there, or set `{setting}` (`{variable}`) to another address", .address.port(), .address.ip())]
    PortInUse {
        /// Where.
        address: SocketAddr,
        /// Which setting says so.
        setting: &'static str,
        /// The same as an environment variable.
        variable: &'static str,
    },
    /// This address cannot be listened on.
    #[error("cannot listen on `{address}` (setting `{setting}`)")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Which setting says so.
        setting: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A server ended by itself.
    #[error("a server of this process ended")]
    Serve(#[source] io::Error),
}
