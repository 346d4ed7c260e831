//! The guarded HTTP client: checked addresses, no redirects, no proxy, nothing kept between calls.

use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use ureq::http::{HeaderMap, Uri, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::resolver::Resolver;
use super::{Fetch, FetchError, Fetched};
use crate::guard::{Guard, Refused, Target};

/// Longest wait for a connection.
const CONNECT_TIMEOUT_S: u64 = 3;
/// Longest fetch in all.
pub const TIMEOUT_S: u64 = 5;
/// Fetches at once; each holds a blocking thread.
const AT_ONCE_MAX: usize = 16;
const RESPONSE_HEADER_BYTES_MAX: usize = 16 * 1024;

/// Fetches over HTTP what a [`Guard`] lets pass.
pub struct GuardedFetch {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolver>,
    permits: Arc<Semaphore>,
    tls: TlsConfig,
    timeout: Duration,
}

impl GuardedFetch {
    /// A client under `guard`, with the public web's certificate authorities.
    #[must_use]
    pub fn new(guard: Guard, resolver: Arc<dyn Resolver>) -> Self {
        Self {
            guard: Arc::new(guard),
            resolver,
            permits: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            tls: tls(RootCerts::WebPki),
            timeout: Duration::from_secs(TIMEOUT_S),
        }
    }

    /// Trusting these certificate authorities (X.509, DER) instead: of an inner network whose issuers have certificates of
    /// its own.
    #[must_use]
    pub fn with_authorities(mut self, authorities: &[Vec<u8>]) -> Self {
        let certificates = authorities
            .iter()
            .map(|der| Certificate::from_der(der).to_owned())
            .collect();
        self.tls = tls(RootCerts::Specific(Arc::new(certificates)));
        self
    }

    /// With another time limit for the whole fetch.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The rules that URLs must pass.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    fn agent(&self, checked: Vec<SocketAddr>) -> ureq::Agent {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .max_response_header_size(RESPONSE_HEADER_BYTES_MAX)
            .timeout_connect(Some(Duration::from_secs(CONNECT_TIMEOUT_S)))
            .timeout_global(Some(self.timeout))
            .user_agent("trilby")
            .accept("application/json")
            .accept_encoding("identity")
            .tls_config(self.tls.clone())
            .build();
        ureq::Agent::with_parts(config, DefaultConnector::default(), Pinned(checked))
    }
}

fn tls(authorities: RootCerts) -> TlsConfig {
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(authorities)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}

/// Answers every look-up with the addresses that were checked: there is no second look-up.
#[derive(Debug)]
struct Pinned(Vec<SocketAddr>);

impl ureq::unversioned::resolver::Resolver for Pinned {
    fn resolve(
        &self,
        _: &Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        self.0.iter().for_each(|address| addresses.push(*address));
        if addresses.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(addresses)
    }
}

#[async_trait::async_trait]
impl Fetch for GuardedFetch {
    fn allows(&self, url: &str) -> Result<(), Refused> {
        self.guard.allows(url)
    }

    async fn get(&self, url: &str, bytes_max: usize) -> Result<Fetched, FetchError> {
        let target = self.guard.target(url).map_err(FetchError::Refused)?;
        let permit = Arc::new(self.permit().await?);
        let addresses = self.look_up(&target, Arc::clone(&permit)).await?;
        let checked = addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, target.port()))
            .collect();
        let agent = self.agent(checked);
        let work = tokio::task::spawn_blocking(move || {
            // Given back only when the thread is, however long that takes.
            let _permit = permit;
            call(&agent, &target, bytes_max)
        });
        in_time(self.timeout, work).await?
    }
}

impl GuardedFetch {
    /// One of the blocking threads; not waited for longer than for a connection.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, FetchError> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(Duration::from_secs(CONNECT_TIMEOUT_S), waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(FetchError::TooMany),
        }
    }

    async fn look_up(
        &self,
        target: &Target,
        permit: Arc<OwnedSemaphorePermit>,
    ) -> Result<Vec<IpAddr>, FetchError> {
        let resolver = Arc::clone(&self.resolver);
        let host = target.host().to_owned();
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            resolver.addresses(&host)
        });
        let addresses = in_time(Duration::from_secs(CONNECT_TIMEOUT_S), work)
            .await?
            // A name that is not known and one of an inner host are one answer: neither tells what exists inside.
            .map_err(|_| FetchError::Refused(Refused::Address))?;
        target.check(&addresses).map_err(FetchError::Refused)?;
        Ok(addresses)
    }
}

async fn in_time<T>(limit: Duration, work: tokio::task::JoinHandle<T>) -> Result<T, FetchError> {
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(FetchError::Unreachable),
        Err(_) => Err(FetchError::TimedOut),
    }
}

fn call(agent: &ureq::Agent, target: &Target, bytes_max: usize) -> Result<Fetched, FetchError> {
    let mut response = agent
        .get(target.url())
        .call()
        .map_err(|error| of_library(&error))?;
    if response.status().as_u16() != 200 {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    if !is_plain_json(response.headers()) {
        return Err(FetchError::WrongType);
    }
    let max_age_s = max_age(response.headers());
    // One byte more than allowed tells "too large" from "exactly full".
    let limit = u64::try_from(bytes_max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut body = Vec::new();
    let mut reader = response.body_mut().as_reader().take(limit);
    reader
        .read_to_end(&mut body)
        .map_err(|error| of_reading(&error))?;
    if body.len() > bytes_max {
        return Err(FetchError::TooLarge);
    }
    Ok(Fetched { body, max_age_s })
}

fn of_library(error: &ureq::Error) -> FetchError {
    match error {
        ureq::Error::Timeout(_) => FetchError::TimedOut,
        _ => FetchError::Unreachable,
    }
}

fn of_reading(error: &std::io::Error) -> FetchError {
    if error.kind() == std::io::ErrorKind::TimedOut {
        FetchError::TimedOut
    } else {
        FetchError::Unreachable
    }
}

/// `application/json` or `application/…+json`, and no encoding that we did not ask for.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_json =
        essence == "application/json" || essence.contains('/') && essence.ends_with("+json");
    let is_plain = text(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    is_json && is_plain
}

/// `max-age` of `Cache-Control`; nothing may be kept under `no-store` and `no-cache`.
fn max_age(headers: &HeaderMap) -> Option<u64> {
    let mut found = None;
    for value in headers.get_all(header::CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or_default().split(',') {
            let directive = directive.trim().to_ascii_lowercase();
            if directive == "no-store" || directive == "no-cache" {
                return Some(0);
            }
            if let Some(seconds) = directive.strip_prefix("max-age=") {
                found = seconds.trim_matches('"').parse().ok();
            }
        }
    }
    found
}
