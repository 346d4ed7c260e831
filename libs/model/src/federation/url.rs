//! URLs of issuers and of their keys: kept as written, because issuers are compared byte for byte.

use crate::names::name;

/// The longest issuer, in bytes.
const ISSUER_MAX_BYTES: usize = 255;
/// The longest address of keys, in bytes.
const JWKS_URL_MAX_BYTES: usize = 2048;

/// A URL taken apart, as far as anything here asks.
struct Parts<'a> {
    host: &'a str,
    port: Option<u16>,
    rest: &'a str,
}

/// `http(s)://host[:port]rest`, host of plain ASCII labels.
///
/// Only one spelling is read: no user info, brackets, escapes in the host, back-slashes or white space. What a lenient
/// reader would mend is refused, so that no two readers can see two hosts.
fn parts(text: &str) -> Result<Parts<'_>, &'static str> {
    if !text.bytes().all(|b| (b'!'..=b'~').contains(&b)) {
        return Err(
            "it may hold only visible ASCII characters; a host in another script is written as its A-label",
        );
    }
    if text.contains(['\\', '"', '<', '>', '^', '`', '{', '|', '}']) {
        return Err("it holds a character that no URL has");
    }
    let after = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .ok_or("it must begin with `https://`")?;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let (host, port) = match authority.split_once(':') {
        None => (authority, None),
        Some((host, digits)) => (host, Some(port(digits)?)),
    };
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(label_fits) {
        return Err("its host is not a host name");
    }
    Ok(Parts { host, port, rest })
}

fn port(digits: &str) -> Result<u16, &'static str> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    match digits.parse::<u16>() {
        Ok(port) if plain && port > 0 => Ok(port),
        Ok(_) | Err(_) => Err("its port is not a number from 1 to 65535"),
    }
}

macro_rules! url_accessors {
    ($type:ident) => {
        impl $type {
            /// Whether the scheme is `https`; plain `http` is for hosts that the operator allowed, and for no other.
            #[must_use]
            pub fn is_https(&self) -> bool {
                self.as_str().starts_with("https://")
            }

            /// The host as written.
            #[must_use]
            pub fn host(&self) -> &str {
                parts(self.as_str()).map_or("", |parts| parts.host)
            }

            /// The port, written or that of the scheme.
            #[must_use]
            pub fn port(&self) -> u16 {
                let parts = parts(self.as_str());
                let by_scheme = if self.is_https() { 443 } else { 80 };
                parts.ok().and_then(|parts| parts.port).unwrap_or(by_scheme)
            }
        }
    };
}

fn issuer(text: &str) -> Result<(), &'static str> {
    if text.len() > ISSUER_MAX_BYTES {
        return Err("it must have at most 255 bytes");
    }
    let parts = parts(text)?;
    if parts.rest.contains(['?', '#']) {
        return Err("it may have no query and no fragment");
    }
    Ok(())
}

fn jwks_url(text: &str) -> Result<(), &'static str> {
    if text.len() > JWKS_URL_MAX_BYTES {
        return Err("it must have at most 2048 bytes");
    }
    if parts(text)?.rest.contains('#') {
        return Err("it may have no fragment");
    }
    Ok(())
}

name!(
    /// Who issues tokens: compared with `iss` byte for byte, never normalized.
    IssuerUrl, "an issuer", issuer,
    pattern: r"^https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?(/[^?#\s]*)?$", example: "https://accounts.google.com", says: "an issuer: an https URL without user info, query or fragment"
);
name!(
    /// Where an issuer's keys are.
    JwksUrl, "an address of keys", jwks_url,
    pattern: r"^https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?][^#\s]*)?$", example: "https://www.googleapis.com/oauth2/v3/certs", says: "the https URL of a JSON Web Key Set"
);
url_accessors!(IssuerUrl);
url_accessors!(JwksUrl);

impl IssuerUrl {
    /// The issuer without its scheme: what condition keys of its claims begin with (`accounts.google.com:sub`).
    #[must_use]
    pub fn without_scheme(&self) -> &str {
        self.as_str().split_once("://").map_or("", |(_, rest)| rest)
    }

    /// The address of the discovery document (OpenID Connect Discovery 1.0, section 4).
    #[must_use]
    pub fn discovery_url(&self) -> String {
        format!(
            "{}/.well-known/openid-configuration",
            self.as_str().trim_end_matches('/')
        )
    }
}
