//! The two ports, opened before anything else is started.

use std::io;
use std::net::{SocketAddr, TcpListener};

use super::Error;
use crate::settings::Settings;

/// Both ports, open. Connections wait until [`super::Server::run`].
#[derive(Debug)]
pub struct Listeners {
    api: TcpListener,
    operator: TcpListener,
    api_address: SocketAddr,
    operator_address: SocketAddr,
    public_url: String,
}

impl Listeners {
    /// Opens both ports.
    ///
    /// # Errors
    /// [`Error::PortInUse`], [`Error::Listen`]
    pub fn open(settings: &Settings) -> Result<Listeners, Error> {
        let server = &settings.server;
        let (api, api_address) = open(server.listen, "server.listen", "TRILBY_SERVER__LISTEN")?;
        let (operator, operator_address) = open(
            server.operator_listen,
            "server.operator_listen",
            "TRILBY_SERVER__OPERATOR_LISTEN",
        )?;
        let public_url = match &server.public_url {
            Some(url) => url.as_str().to_owned(),
            None => format!("http://{api_address}"),
        };
        Ok(Listeners {
            api,
            operator,
            api_address,
            operator_address,
            public_url,
        })
    }

    /// Whether both ports are free, and leaves them so: for a process that is not to be reached yet, and should not find
    /// out at the end.
    ///
    /// # Errors
    /// As [`Listeners::open`].
    pub fn check(settings: &Settings) -> Result<(), Error> {
        Listeners::open(settings).map(drop)
    }

    /// Where the API is, with the port that was taken if 0 was asked for.
    #[must_use]
    pub fn api_address(&self) -> SocketAddr {
        self.api_address
    }

    /// Where the operator's port is.
    #[must_use]
    pub fn operator_address(&self) -> SocketAddr {
        self.operator_address
    }

    /// What links, issuers and tokens begin with: configured, or the loopback address. No slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The line a process prints when it serves; scripts and tests wait for it.
    #[must_use]
    pub fn ready_line(&self) -> String {
        format!(
            "trilby is ready: api http://{} operator http://{}",
            self.api_address, self.operator_address
        )
    }

    pub(super) fn into_parts(self) -> (TcpListener, TcpListener) {
        (self.api, self.operator)
    }
}

fn open(
    address: SocketAddr,
    setting: &'static str,
    variable: &'static str,
) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortInUse {
            address,
            setting,
            variable,
        },
        _ => Error::Listen {
            address,
            setting,
            source,
        },
    };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    Ok((listener, local))
}
