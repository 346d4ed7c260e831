//! An access key and its secret.
//!
//! Every path does one look-up of the key's account and one HMAC; an unknown key, an inactive one and a wrong secret
//! are one answer.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use trilby_access::{Facts, Services, problem};
use trilby_account::{Account, AccountStatus, Ref, UserStatus};
use trilby_credential::{CredentialKind, Mac, Peppers};
use trilby_model::{AccessKeyId, AccountId, LogId, Timestamp, UserId};
use trilby_service::Secret;
use trilby_service::headers::single;
use trilby_service::problem::{Code, Problem};

use super::{Proof, Proved};
use crate::throttle::Network;
use crate::{TokenParts, key_use, lookup};

/// Longest id or secret that is looked at.
const PART_BYTES_MAX: usize = 256;

/// An access key as it was presented.
#[derive(Debug)]
pub struct Presented {
    id: String,
    secret: Secret<String>,
}

impl Presented {
    /// A key from a form's `client_id` and `client_secret`.
    #[must_use]
    pub fn new(id: String, secret: String) -> Self {
        Self {
            id,
            secret: Secret::new(secret),
        }
    }

    /// The key of `Authorization: Basic`, if the request has such a header.
    ///
    /// Errors: `invalid_parameter` for a header of another scheme or form.
    pub fn basic(facts: &Facts) -> Result<Option<Self>, Problem> {
        let Some(value) = single(&facts.headers, "authorization")? else {
            return Ok(None);
        };
        let refuse = || {
            Problem::new(
                Code::InvalidParameter,
                "the `Authorization` header must be `Basic` with a client id and secret",
            )
        };
        let (scheme, encoded) = value.split_once(' ').ok_or_else(refuse)?;
        if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 8 * PART_BYTES_MAX {
            return Err(refuse());
        }
        let bytes = STANDARD.decode(encoded.trim()).map_err(|_| refuse())?;
        let text = Secret::new(String::from_utf8(bytes).map_err(|_| refuse())?);
        let (id, secret) = text.expose().split_once(':').ok_or_else(refuse)?;
        // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        let plain = |part: &str| {
            let spaced = part.replace('+', " ");
            percent_decode_str(&spaced)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| refuse())
        };
        let (id, secret) = (plain(id)?, plain(secret)?);
        if id.is_empty() || secret.is_empty() {
            return Err(refuse());
        }
        Ok(Some(Self::new(id, secret)))
    }
}

/// Checks a key's secret, and that key, user and account are in service.
///
/// Errors: `invalid_credentials`; `rate_limited`; faults.
pub async fn verify(
    services: &Services,
    facts: &Facts,
    presented: &Presented,
) -> Result<Proof, Problem> {
    let parts = services.part::<TokenParts>()?;
    let network = Network::of(facts.address);
    let id: Option<AccessKeyId> = presented.id.parse().ok();
    parts
        .throttles
        .access_key(id.as_ref(), network, facts.now)?;
    let proof = check(services, id, presented, facts).await?;
    let Some(proof) = proof else {
        parts.throttles.failed(network, facts.now);
        return Err(refused());
    };
    if let Proved::AccessKey { account, key, .. } = &proof.proved {
        key_use::note(services, *account, key, facts.now).await;
    }
    Ok(proof)
}

/// The one answer to everything that is wrong with a key.
fn refused() -> Problem {
    Problem::new(
        Code::InvalidCredentials,
        "the access key or its secret is not accepted",
    )
    .with_oauth_error("invalid_client")
}

async fn check(
    services: &Services,
    id: Option<AccessKeyId>,
    presented: &Presented,
    facts: &Facts,
) -> Result<Option<Proof>, Problem> {
    let (now, address) = (facts.now, facts.address);
    let account = match &id {
        Some(id) => lookup::of_access_key(services, id).await?,
        None => None,
    };
    let stored = match (&id, account) {
        (Some(id), Some(account)) => stored(services, account, id).await?,
        (Some(_) | None, _) => None,
    };
    let peppers = services.part::<Peppers>()?;
    let secret = presented.secret.expose();
    let right = peppers.verify(stored.as_ref(), secret) && secret.len() <= PART_BYTES_MAX;
    let (Some(key), Some(account)) = (id, account) else {
        return Ok(None);
    };
    let view = services
        .directory()
        .account(account)
        .await
        .map_err(problem::of_directory)?;
    let user =
        standing(&view.state, &key, now).filter(|_| may_come_from(&view.state, &key, address));
    Ok(user.filter(|_| right).map(|user| Proof {
        proved: Proved::AccessKey { account, user, key },
    }))
}

async fn stored(
    services: &Services,
    account: AccountId,
    id: &AccessKeyId,
) -> Result<Option<Mac>, Problem> {
    let kind = CredentialKind::AccessKey.number();
    let row = services
        .log()
        .credential(&LogId::Account(account), id.as_str(), kind)
        .await;
    let row = row.map_err(|error| problem::of_directory(error.into()))?;
    Ok(row.and_then(|row| Mac::from_bytes(&row.body.0)))
}

/// The user of a key that opens now.
pub(crate) fn standing(state: &Account, key: &AccessKeyId, now: Timestamp) -> Option<UserId> {
    if state.status() != AccountStatus::Active {
        return None;
    }
    let key = state.access_key(key).filter(|key| key.opens_at(now))?;
    let user = state
        .user(&Ref::Id(key.user.clone()))
        .filter(|user| user.status == UserStatus::Active)?;
    Some(user.id.clone())
}

/// Whether the key may be used from this address. A key bound to networks opens for nobody without an address.
fn may_come_from(state: &Account, key: &AccessKeyId, address: Option<IpAddr>) -> bool {
    let Some(key) = state.access_key(key) else {
        return false;
    };
    key.allowed_cidrs.is_empty()
        || address.is_some_and(|address| {
            key.allowed_cidrs
                .iter()
                .any(|cidr| holds(cidr, address.to_canonical()))
        })
}

/// Whether a network in CIDR notation holds an address. What is no network holds none.
fn holds(cidr: &str, address: IpAddr) -> bool {
    let Some((network, length)) = cidr.split_once('/') else {
        return false;
    };
    let (Ok(network), Ok(length)) = (network.parse(), length.parse::<u32>()) else {
        return false;
    };
    let (network, address, bits) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => (
            u128::from(network.to_bits()),
            u128::from(address.to_bits()),
            u32::BITS,
        ),
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            (network.to_bits(), address.to_bits(), u128::BITS)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let Some(host_bits) = bits.checked_sub(length) else {
        return false;
    };
    let differing = network ^ address;
    // A shift by all bits (a network of length 0 in IPv6) leaves nothing that could differ.
    differing.checked_shr(host_bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_own_addresses_only() {
        let holds = |cidr: &str, address: &str| holds(cidr, address.parse().unwrap());
        assert!(holds("192.0.2.0/24", "192.0.2.255"));
        assert!(!holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("192.0.2.7/32", "192.0.2.7"));
        assert!(!holds("192.0.2.7/32", "192.0.2.6"));
        assert!(holds("0.0.0.0/0", "255.255.255.255"));
        assert!(!holds("0.0.0.0/0", "::1"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        for bad in [
            "",
            "192.0.2.0",
            "192.0.2.0/33",
            "192.0.2.0/-1",
            "x/8",
            "192.0.2.0/",
        ] {
            assert!(!holds(bad, "192.0.2.0"), "{bad}");
        }
    }
}
