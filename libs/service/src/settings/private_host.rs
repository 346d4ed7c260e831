//! Hosts of outside issuers that are not part of the public web, as the operator writes them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// `http://127.0.0.1:9000=127.0.0.1`: scheme, host and port, then the addresses that the host may have, with `+` between
/// them. A host that is an address may leave them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateIssuerHost {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The addresses it may have.
    pub addresses: Vec<IpAddr>,
    /// Whether plain `http` is meant; then `https` is not.
    pub http: bool,
}

impl FromStr for PrivateIssuerHost {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (origin, addresses) = match text.split_once('=') {
            Some((origin, addresses)) => (origin, Some(addresses)),
            None => (text, None),
        };
        let (http, authority) = match origin.split_once("://") {
            Some(("http", authority)) => (true, authority),
            Some(("https", authority)) => (false, authority),
            Some(_) | None => return Err(()),
        };
        let (host, port) = authority.rsplit_once(':').ok_or(())?;
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return Err(());
        }
        let addresses: Vec<IpAddr> = match addresses {
            Some(list) => list
                .split('+')
                .map(|address| address.parse().map_err(|_| ()))
                .collect::<Result<_, ()>>()?,
            None => vec![host.trim_matches(['[', ']']).parse().map_err(|_| ())?],
        };
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port: port.parse().ok().filter(|port| *port > 0).ok_or(())?,
            addresses,
            http,
        })
    }
}

impl fmt::Display for PrivateIssuerHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.http { "http" } else { "https" };
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        write!(
            f,
            "{scheme}://{}:{}={}",
            self.host,
            self.port,
            addresses.join("+")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_hosts_are_read_and_written_alike() {
        for (text, written) in [
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000=127.0.0.1"),
            ("http://[::1]:9000", "http://[::1]:9000=::1"),
            (
                "https://Login.internal:8443=10.0.0.5+10.0.0.6",
                "https://login.internal:8443=10.0.0.5+10.0.0.6",
            ),
        ] {
            let host: PrivateIssuerHost = text.parse().unwrap();
            assert_eq!(host.to_string(), written);
            assert_eq!(written.parse(), Ok(host));
        }
        for bad in [
            "",
            "127.0.0.1:9000",
            "ftp://127.0.0.1:9000",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://login.internal:8443",
            "http://login.internal:8443=",
            "http://login.internal:8443=10.0.0.5+",
            "http://*:8443=10.0.0.5",
            "http://a/b:8443=10.0.0.5",
            "http://:8443=10.0.0.5",
        ] {
            assert_eq!(bad.parse::<PrivateIssuerHost>(), Err(()), "{bad}");
        }
    }
}
