//! Looking up the addresses of a host.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};

/// Looks up addresses. Blocking: called where blocking is allowed, once for each fetch.
pub trait Resolver: Send + Sync {
    /// All addresses of `host`, which may be an address itself.
    ///
    /// Errors: the host has none, or nobody could say.
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        // The port is only there because the interface wants one.
        let found = (host.trim_matches(['[', ']']), 0).to_socket_addrs()?;
        Ok(found.map(|address| address.ip()).collect())
    }
}
