//! From which address a request comes (tokens.md 10).
//!
//! The connection's address, unless that is a proxy the operator named: then the rightmost hop that is not
//! such a proxy. What a stranger writes into a forwarding header is never believed, because everything to
//! the left of the first untrusted hop is the stranger's own words.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::problem::Problem;
use crate::settings::{ForwardedHeader, Network};

/// The client's address. An extractor; it is there on every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Most hops that are looked at.
const HOPS_MAX: usize = 32;

impl ClientAddress {
    pub(super) fn of(
        peer: IpAddr,
        headers: &HeaderMap,
        header: ForwardedHeader,
        trusted: &[Network],
    ) -> ClientAddress {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut client = peer.to_canonical();
        if !is_trusted(client) {
            return ClientAddress(client);
        }
        for hop in hops(headers, header).iter().rev().take(HOPS_MAX) {
            // A hop that is no address hides whoever is behind it: the one who reported it has to stand for it.
            let Some(address) = hop_address(hop, header) else {
                break;
            };
            client = address;
            if !is_trusted(client) {
                break;
            }
        }
        ClientAddress(client)
    }
}

/// All hops, oldest first. Several headers of one name are one list.
fn hops(headers: &HeaderMap, header: ForwardedHeader) -> Vec<String> {
    headers
        .get_all(header.name())
        .map(|value| value.to_str().unwrap_or("unreadable"))
        .flat_map(|value| value.split(','))
        .map(|hop| hop.trim().to_owned())
        .collect()
}

fn hop_address(hop: &str, header: ForwardedHeader) -> Option<IpAddr> {
    let address = match header {
        ForwardedHeader::XForwardedFor => hop,
        ForwardedHeader::Forwarded => hop
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case("for"))
            .map(|(_, value)| value.trim_matches('"'))?,
    };
    parse(address).map(|address| address.to_canonical())
}

/// `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn parse(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse().ok().filter(|_| port_fits);
    }
    let (address, port) = text.split_once(':')?;
    address.parse().ok().filter(|_| is_port(port))
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

impl FromRequest for ClientAddress {
    type Error = Problem;
    type Future = Ready<Result<ClientAddress, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = request.extensions().get::<ClientAddress>().copied();
        ready(
            address.ok_or_else(|| {
                Problem::internal("the request did not pass the server's middleware")
            }),
        )
    }
}

#[cfg(test)]
mod tests;
