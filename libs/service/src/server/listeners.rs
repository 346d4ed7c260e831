//! The ports, opened before anything else is started.

use std::io;
use std::net::{SocketAddr, TcpListener};

use super::Error;
use crate::settings::Settings;

/// The ports, open. Connections wait until [`super::Server::run`].
#[derive(Debug)]
pub struct Listeners {
    api: Option<(TcpListener, SocketAddr)>,
    operator: TcpListener,
    operator_address: SocketAddr,
    public_url: String,
}

impl Listeners {
    /// Opens both ports.
    ///
    /// # Errors
    /// [`Error::PortInUse`], [`Error::Listen`]
    pub fn open(settings: &Settings) -> Result<Listeners, Error> {
        let api = open(
            settings.server.listen,
            "server.listen",
            "TRILBY_SERVER__LISTEN",
        )?;
        let operator = Self::operator_only(settings)?;
        let public_url = match &settings.server.public_url {
            Some(url) => url.as_str().to_owned(),
            None => format!("http://{}", api.1),
        };
        Ok(Listeners {
            api: Some(api),
            public_url,
            ..operator
        })
    }

    /// Opens the operator's port alone, for a process without an API.
    ///
    /// # Errors
    /// As [`Listeners::open`].
    pub fn operator_only(settings: &Settings) -> Result<Listeners, Error> {
        let server = &settings.server;
        let (operator, operator_address) = open(
            server.operator_listen,
            "server.operator_listen",
            "TRILBY_SERVER__OPERATOR_LISTEN",
        )?;
        let public_url = server.public_url.as_ref();
        Ok(Listeners {
            api: None,
            operator,
            operator_address,
            public_url: public_url.map_or_else(String::new, |url| url.as_str().to_owned()),
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

    /// Where the API is if there is one, with the port that was taken if 0 was asked for.
    #[must_use]
    pub fn api_address(&self) -> Option<SocketAddr> {
        self.api.as_ref().map(|(_, address)| *address)
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
        let api = self.api_address().map(|api| format!("api http://{api} "));
        format!(
            "trilby is ready: {}operator http://{}",
            api.unwrap_or_default(),
            self.operator_address
        )
    }

    pub(super) fn into_parts(self) -> (Option<TcpListener>, TcpListener) {
        (self.api.map(|(listener, _)| listener), self.operator)
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
