//! The outside issuer where Acme's customers log in: a small real one on loopback, in this process.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use anyhow::Context;
use serde_json::{Map, json};
use trilby_issuer::{Issuer, Now};
use trilby_service::clock::Clock;
use trilby_service::settings::PrivateIssuerHost;

use super::clock::StoryClock;
use super::memory::Memory;

/// The application that customers log in to, as the issuer knows it.
pub const CLIENT: &str = "shop-web";
/// Who Ana is to the issuer.
pub const ANA: &str = "ana-4711";
/// The fact that holds the issuer's port.
pub const PORT: &str = "issuer_port";

/// Starts the issuer, at the port that an earlier run registered if there was one.
pub fn issuer(memory: &Memory, clock: Arc<StoryClock>) -> anyhow::Result<Issuer> {
    let now: Now = Arc::new(move || clock.now().unix_seconds());
    let before = memory.fact(PORT).ok().and_then(|port| port.parse().ok());
    let issuer = match before {
        // Whoever has the port now: what the story left stands without its issuer.
        Some(port) => Issuer::start_at(port, Arc::clone(&now)).or_else(|_| Issuer::start(now)),
        None => Issuer::start(now),
    };
    furnished(issuer)
}

/// The same at the port that an installation elsewhere knows.
pub fn issuer_at(port: u16, clock: Arc<StoryClock>) -> anyhow::Result<Issuer> {
    furnished(Issuer::start_at(
        port,
        Arc::new(move || clock.now().unix_seconds()),
    ))
}

fn furnished(issuer: Result<Issuer, trilby_issuer::Error>) -> anyhow::Result<Issuer> {
    let issuer = issuer.context("cannot start the issuer where customers log in")?;
    issuer.add_client(CLIENT);
    let mut claims = Map::new();
    claims.insert("email".to_owned(), json!("ana@customer.example"));
    claims.insert("email_verified".to_owned(), json!(true));
    issuer.add_user("ana", ANA, claims);
    Ok(issuer)
}

/// What the operator's setting `tokens.private_issuer_hosts` says of it.
pub fn private_host(issuer: &Issuer) -> PrivateIssuerHost {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    PrivateIssuerHost {
        host: address.to_string(),
        port: issuer.port(),
        addresses: vec![address],
        http: true,
    }
}
