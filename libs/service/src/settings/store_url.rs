//! Where a shared store is.

use std::fmt;
use std::str::FromStr;

/// What URLs of stores begin with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// `postgres://[user@]host[:port]/database[?options]`. Never holds a password, so it can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The user in it, if there is one.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once("://")?;
        let authority = rest.split('/').next()?;
        authority.rsplit_once('@').map(|(user, _)| user)
    }

    /// `host[:port]/database`: which store it is, without how it is spoken to.
    #[must_use]
    pub fn place(&self) -> &str {
        let (_, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let rest = rest.split('?').next().unwrap_or_default();
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        match authority.rfind('@') {
            Some(at) => rest.get(at.saturating_add(1)..).unwrap_or_default(),
            None => rest,
        }
    }

    /// The same with this user, and without the one that was in it.
    #[must_use]
    pub fn with_user(&self, user: &str) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", &self.0));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let hosts = authority
            .rsplit_once('@')
            .map_or(authority, |(_, hosts)| hosts);
        format!("{scheme}://{user}@{hosts}/{path}")
    }
}

impl FromStr for StoreUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = SCHEMES
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))
            .ok_or("does not begin with `postgres://`")?;
        let (authority, path) = rest
            .split_once('/')
            .ok_or("names no database: `postgres://host:5432/trilby`")?;
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) || names_a_password(path) {
            return Err(
                "must hold no password: it belongs in `log.password_file` or `TRILBY_STORE_PASSWORD`",
            );
        }
        let database = path.split('?').next().unwrap_or_default();
        if hosts.is_empty() || database.is_empty() || user == Some("") {
            return Err("is not `postgres://host:5432/database`");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("has white space in it");
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether a parameter is a password, however its name is spelled.
fn names_a_password(path: &str) -> bool {
    let parameters = path
        .split_once('?')
        .map_or("", |(_, parameters)| parameters);
    parameters.split('&').any(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        percent_encoding::percent_decode_str(name).decode_utf8_lossy() == "password"
    })
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
