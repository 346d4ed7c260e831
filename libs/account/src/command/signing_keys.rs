//! Public halves of the keys that sign the account's sessions.

use crate::decide::{Desk, Verdict};
use crate::event::{
    SigningKeyActivated, SigningKeyPublished, SigningKeyRetired, SigningKeyRevoked,
};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::{SigningKey, SigningKeyState};
use crate::value::{PublicJwk, Reason};

/// How long verifiers may go without asking for keys, twice: a key waits at least that long between
/// being published and being used.
pub const PENDING_S_MIN: i64 = 1_200;

/// What a public key may say about itself (RFC 7517, RFC 7518 section 6, RFC 8037).
const PUBLIC_MEMBERS: [&str; 9] = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];

/// Makes a public key known; the caller files the private half, sealed, under its `kid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishSigningKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// JOSE algorithm.
    pub alg: String,
    /// The public key: `kid`, `alg`, `use` and what its type needs, nothing private.
    pub jwk: PublicJwk,
}

/// Lets sessions be signed with a published key; the one that signed until now retires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivateSigningKey {
    /// The key.
    pub kid: String,
    /// The account's decision-point metadata signed with it, as a compact JWS.
    pub metadata: Option<String>,
}

/// Lets nothing that a key signed be believed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeSigningKey {
    /// The key.
    pub kid: String,
    /// Why.
    pub reason: Option<Reason>,
}

impl PublishSigningKey {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        if desk.account.signing_keys().contains_key(&self.kid) {
            return Err(Rejection::exists(ThingKind::SigningKey, &self.kid));
        }
        if let Some(why) = self.fault() {
            let pointer = "/jwk";
            return Err(Rejection::InvalidParameter { pointer, why });
        }
        let live = desk.account.signing_keys().values().filter(|key| {
            matches!(
                key.state,
                SigningKeyState::Pending | SigningKeyState::Active { .. }
            )
        });
        within(Quota::SigningKeys, count(live.count()) + 1)?;
        let fact = SigningKeyPublished {
            kid: self.kid.clone(),
            alg: self.alg.clone(),
            jwk: self.jwk.clone(),
        };
        Ok(vec![fact.into()])
    }

    /// What is wrong with the key. A private member here would be in the log for ever.
    fn fault(&self) -> Option<&'static str> {
        let member = |name| self.jwk.get(name).map(String::as_str);
        let needed: &[&str] = match (self.alg.as_str(), member("kty")) {
            ("ES256", Some("EC")) => &["crv", "x", "y"],
            ("EdDSA", Some("OKP")) => &["crv", "x"],
            ("RS256", Some("RSA")) => &["n", "e"],
            (_, _) => return Some("has an algorithm that does not fit its type"),
        };
        if !self
            .jwk
            .keys()
            .all(|name| PUBLIC_MEMBERS.contains(&name.as_str()))
        {
            return Some("has members that no public key has");
        }
        if !needed.iter().all(|name| member(name).is_some()) {
            return Some("lacks members that its type needs");
        }
        let fits = member("kid") == Some(&self.kid)
            && member("alg") == Some(&self.alg)
            && member("use") == Some("sig");
        (!fits).then_some("must repeat kid and alg, and have use `sig`")
    }
}

impl ActivateSigningKey {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let key = find(desk, &self.kid)?;
        let old = desk.account.active_signing_key();
        match key.state {
            SigningKeyState::Active { .. } if key.metadata == self.metadata => {
                return Ok(Vec::new());
            }
            SigningKeyState::Active { .. } => {}
            SigningKeyState::Pending => {
                let waited_s = desk.ctx.now.seconds_since(key.stamp.created_at);
                if old.is_some() && waited_s < PENDING_S_MIN {
                    let why = "was published less than 20 minutes ago";
                    return Err(Rejection::state(ThingKind::SigningKey, &self.kid, why));
                }
            }
            SigningKeyState::Retiring { .. } | SigningKeyState::Revoked => {
                let why = "is retired or revoked";
                return Err(Rejection::state(ThingKind::SigningKey, &self.kid, why));
            }
        }
        let retired = old.filter(|old| old.kid != key.kid).map(|old| {
            let kid = old.kid.clone();
            SigningKeyRetired { kid }.into()
        });
        let activated = SigningKeyActivated {
            kid: self.kid.clone(),
            metadata: self.metadata.clone(),
        };
        Ok(retired.into_iter().chain([activated.into()]).collect())
    }
}

impl RevokeSigningKey {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let key = find(desk, &self.kid)?;
        if key.state == SigningKeyState::Revoked {
            return Ok(Vec::new());
        }
        let fact = SigningKeyRevoked {
            kid: self.kid.clone(),
            reason: self.reason.clone(),
        };
        Ok(vec![fact.into()])
    }
}

fn find<'a>(desk: &Desk<'a>, kid: &String) -> Result<&'a SigningKey, Rejection> {
    let key = desk.account.signing_keys().get(kid);
    key.ok_or_else(|| Rejection::not_found(ThingKind::SigningKey, kid))
}
