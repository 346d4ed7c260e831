//! A small, real OIDC issuer on loopback: discovery, keys with rotation, RS256 and ES256, and a login by redirect.
//!
//! It stands where Google or Keycloak would stand, in the demo and in tests, and knows nothing of who trusts it. Beside
//! honest tokens it makes dishonest ones ([`Issuer::forged`], [`Issuer::unsigned`], [`Issuer::mac_signed`]), because what
//! refuses them has to be shown.
//!
//! Plain HTTP, one thread, on `127.0.0.1` and a free port. Not for the world: whoever can reach it is whom he says.

mod keys;
mod server;
mod state;
mod token;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Map, Value};

pub use keys::Algorithm;
use state::State;

/// What went wrong in starting an issuer, or in making a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No port, or no thread.
    #[error("the issuer could not be started")]
    Start(#[source] std::io::Error),
    /// A key could not be made, or did not sign.
    #[error("the cryptographic library failed")]
    Crypto,
}

/// Unix seconds, from wherever the caller takes them.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A running issuer. It stops when it is dropped.
pub struct Issuer {
    state: Arc<State>,
    server: actix_web::dev::ServerHandle,
}

/// How often each document was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetches {
    /// The discovery document.
    pub discovery: u64,
    /// The keys.
    pub keys: u64,
}

impl Issuer {
    /// Starts an issuer whose tokens are as old as `now` says.
    ///
    /// Errors: [`Error::Start`], [`Error::Crypto`].
    pub fn start(now: Now) -> Result<Self, Error> {
        Self::start_at(0, now)
    }

    /// The same at a port that it had before, so that its `iss` is what it was.
    ///
    /// Errors: [`Error::Start`] also if the port is taken, [`Error::Crypto`].
    pub fn start_at(port: u16, now: Now) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(Error::Start)?;
        let address = listener.local_addr().map_err(Error::Start)?;
        let state = Arc::new(State::new(format!("http://{address}"), now)?);
        let server = server::run(listener, Arc::clone(&state)).map_err(Error::Start)?;
        Ok(Self { state, server })
    }

    /// Its `iss`: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.state.url
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        let port = self.url().rsplit(':').next();
        port.and_then(|port| port.parse().ok()).unwrap_or_default()
    }

    /// Lets `client_id` have tokens by `GET /authorize`.
    pub fn add_client(&self, client_id: &str) {
        self.state.write().clients.insert(client_id.to_owned());
    }

    /// Lets `login` log in as `subject`, with these claims besides the registered ones.
    pub fn add_user(&self, login: &str, subject: &str, claims: Map<String, Value>) {
        let user = state::User {
            subject: subject.to_owned(),
            claims,
        };
        self.state.write().users.insert(login.to_owned(), user);
    }

    /// Sets the `Cache-Control` of the keys.
    pub fn set_cache_control(&self, value: Option<&str>) {
        self.state.write().cache_control = value.map(str::to_owned);
    }

    /// Answers 503 to everything, or no longer.
    pub fn set_down(&self, is_down: bool) {
        self.state.write().is_down = is_down;
    }

    /// Gives the keys another address in the discovery document: `/jwks.json` or whatever is named.
    pub fn set_jwks_path(&self, path: &str) {
        self.state.write().jwks_path = path.to_owned();
    }

    /// Fresh keys sign from now on; the old ones stay published.
    ///
    /// Errors: [`Error::Crypto`].
    pub fn rotate(&self) -> Result<(), Error> {
        self.state.rotate()
    }

    /// Publishes only the keys that sign now.
    pub fn withdraw_old_keys(&self) {
        self.state.write().old.clear();
    }

    /// How often it was asked.
    #[must_use]
    pub fn fetches(&self) -> Fetches {
        Fetches {
            discovery: self.state.n_discovery.load(Ordering::SeqCst),
            keys: self.state.n_keys.load(Ordering::SeqCst),
        }
    }

    /// The registered claims of an honest token: `iss`, `sub`, `aud`, `iat` now, `exp` in five minutes.
    #[must_use]
    pub fn claims(&self, subject: &str, audience: &str) -> Map<String, Value> {
        self.state.claims(subject, audience)
    }

    /// A token with exactly these claims, signed with the present key.
    ///
    /// Errors: [`Error::Crypto`].
    pub fn token(
        &self,
        algorithm: Algorithm,
        claims: &Map<String, Value>,
    ) -> Result<String, Error> {
        self.state.token(algorithm, claims)
    }

    /// As [`Issuer::token`], with further or other members of the header.
    ///
    /// Errors: [`Error::Crypto`].
    pub fn token_with_header(
        &self,
        algorithm: Algorithm,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
    ) -> Result<String, Error> {
        let state = self.state.read();
        let key = state.present.of(algorithm);
        let mut whole = token::header(algorithm.as_str(), &key.kid);
        whole.extend(header.clone());
        token::signed(key, &whole, claims)
    }

    /// A token under the present key's id, signed with a key that nobody published.
    ///
    /// Errors: [`Error::Crypto`].
    pub fn forged(
        &self,
        algorithm: Algorithm,
        claims: &Map<String, Value>,
    ) -> Result<String, Error> {
        let stranger = keys::KeyPair::generate(algorithm)?;
        let state = self.state.read();
        let header = token::header(algorithm.as_str(), &state.present.of(algorithm).kid);
        token::signed(&stranger, &header, claims)
    }

    /// A token that says `alg: none`, with this as its signature.
    #[must_use]
    pub fn unsigned(&self, claims: &Map<String, Value>, signature: &str) -> String {
        let state = self.state.read();
        let header = token::header("none", &state.present.of(Algorithm::Es256).kid);
        format!("{}.{signature}", token::signing_input(&header, claims))
    }

    /// A token that says `alg: HS256`, its MAC keyed with the published key: what a verifier that mixes up key types takes.
    #[must_use]
    pub fn mac_signed(&self, claims: &Map<String, Value>) -> String {
        let state = self.state.read();
        token::mac_signed(state.present.of(Algorithm::Rs256), claims)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        // The command is sent here and now; nobody has to wait for the thread.
        drop(self.server.stop(false));
    }
}
