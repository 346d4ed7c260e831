//! Which addresses may be called at all.
//!
//! Accounts give us URLs, and documents behind those URLs give us more. Each passes here twice: [`Guard::target`] looks at
//! the URL, [`Target::check`] at every address that its host has. The connection then goes to a checked address, without a
//! second look-up, so that a resolver cannot change its mind in between.
//!
//! The one exception is what the operator configured, [`PrivateHost`]: an exact host and port with the addresses it may
//! have. No API can add one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use url::{Host, Url};

mod address;

pub use address::is_public;

/// The port of everything but private hosts, unless the installation lists more.
const HTTPS_PORT: u16 = 443;
/// The longest URL, in bytes.
const URL_BYTES_MAX: usize = 2048;
/// More addresses than this no host needs.
const ADDRESSES_MAX: usize = 16;

/// A host that the operator lets us call although the world must not make us: an inner issuer, or one on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateHost {
    /// Its name or address, as URLs write it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The addresses it may have.
    pub addresses: BTreeSet<IpAddr>,
    /// Whether plain `http` is meant; then `https` is not.
    pub http: bool,
}

/// The rules of one installation.
#[derive(Debug, Clone)]
pub struct Guard {
    private: Vec<PrivateHost>,
    ports: BTreeSet<u16>,
    own: BTreeSet<IpAddr>,
}

/// Why an address is not called. Says nothing about what lies behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not an absolute URL in its plain spelling.
    #[error("it is not a plain URL")]
    Url,
    /// Not `https`.
    #[error("it is not https")]
    Scheme,
    /// User name or password.
    #[error("it has user info")]
    UserInfo,
    /// An address instead of a name, in whatever spelling.
    #[error("its host is an address, not a name")]
    Literal,
    /// A name that is not one of the public name space.
    #[error("its host is not a public name")]
    Name,
    /// A port that is not allowed.
    #[error("its port is not allowed")]
    Port,
    /// The host has no address, too many, or one that is not public; or nobody could say.
    ///
    /// One answer for all of these, on purpose: whoever registers a provider could otherwise learn which names the operator's own
    /// resolver knows. So its text has to be true of each.
    #[error("its host has no address that may be called, or could not be looked up")]
    Address,
}

/// A URL that may be called, if its host has the right addresses.
#[derive(Debug, Clone)]
pub struct Target {
    url: Url,
    host: String,
    port: u16,
    /// For a private host: the addresses it may have.
    private: Option<BTreeSet<IpAddr>>,
    own: BTreeSet<IpAddr>,
}

impl Default for Guard {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Guard {
    /// Public https hosts on port 443, and these.
    #[must_use]
    pub fn new(private: Vec<PrivateHost>) -> Self {
        Self {
            private,
            ports: BTreeSet::from([HTTPS_PORT]),
            own: BTreeSet::new(),
        }
    }

    /// With further ports of public hosts.
    #[must_use]
    pub fn with_ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports.extend(ports);
        self
    }

    /// With the installation's own public addresses, which are not called either.
    #[must_use]
    pub fn with_own_addresses(mut self, own: impl IntoIterator<Item = IpAddr>) -> Self {
        self.own.extend(own);
        self
    }

    /// Whether an issuer's URL may be registered: what [`Guard::target`] says of it, without any look-up.
    ///
    /// Errors: see [`Refused`].
    pub fn allows(&self, url: &str) -> Result<(), Refused> {
        self.target(url).map(|_| ())
    }

    /// Looks at a URL.
    ///
    /// Errors: see [`Refused`].
    pub fn target(&self, text: &str) -> Result<Target, Refused> {
        // What a lenient reader strips or turns around is not ours to guess.
        if text.len() > URL_BYTES_MAX
            || text
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == '\\')
        {
            return Err(Refused::Url);
        }
        let url = Url::parse(text).map_err(|_| Refused::Url)?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Refused::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(Refused::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(Refused::Url);
        }
        let host = url.host_str().ok_or(Refused::Url)?.to_owned();
        let port = url.port_or_known_default().ok_or(Refused::Port)?;
        let private = self.private_host(text, &host, port, https);
        if private.is_none() {
            self.public_url(&url, https, port)?;
        }
        Ok(Target {
            host,
            port,
            private: private.map(|private| private.addresses.clone()),
            own: self.own.clone(),
            url,
        })
    }

    /// The operator's entry for exactly this host, port and scheme, if the URL spells the host as the entry does.
    fn private_host(&self, text: &str, host: &str, port: u16, https: bool) -> Option<&PrivateHost> {
        let is_spelled_out = text
            .split_once("://")
            .and_then(|(_, rest)| rest.get(..host.len()))
            .is_some_and(|spelled| spelled.eq_ignore_ascii_case(host));
        self.private.iter().find(|private| {
            is_spelled_out
                && private.host.eq_ignore_ascii_case(host)
                && private.port == port
                && private.http != https
        })
    }

    fn public_url(&self, url: &Url, https: bool, port: u16) -> Result<(), Refused> {
        if !https {
            return Err(Refused::Scheme);
        }
        match url.host() {
            Some(Host::Domain(name)) if is_public_name(name) => {}
            Some(Host::Domain(_)) => return Err(Refused::Name),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(Refused::Literal),
            None => return Err(Refused::Url),
        }
        if !self.ports.contains(&port) {
            return Err(Refused::Port);
        }
        Ok(())
    }
}

/// Names that only ever mean something inside of a network or a machine.
const INNER_DOMAINS: [&str; 6] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "home.arpa",
    "onion",
];

fn is_public_name(name: &str) -> bool {
    let inner = |domain: &&str| {
        name.strip_suffix(*domain)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    name.contains('.') && !name.ends_with('.') && !INNER_DOMAINS.iter().any(inner)
}

impl Target {
    /// The URL, normalized.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The host whose addresses are to be looked up.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Checks every address of the host: one that is not allowed refuses all.
    ///
    /// Errors: [`Refused::Address`].
    pub fn check(&self, addresses: &[IpAddr]) -> Result<(), Refused> {
        let allowed = |address: &IpAddr| match &self.private {
            Some(private) => private.contains(address),
            None => is_public(*address) && !self.own.contains(address),
        };
        let few = (1..=ADDRESSES_MAX).contains(&addresses.len());
        if few && addresses.iter().all(allowed) {
            Ok(())
        } else {
            Err(Refused::Address)
        }
    }
}
