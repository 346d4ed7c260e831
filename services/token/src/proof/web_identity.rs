//! A token of an outside issuer.
//!
//! In a fixed order, without the network until the token could be good: form, provider, algorithm, then keys, signature,
//! claims, tests, nonce. Whether it was used before is asked last of all, when everything else about the session stands.

use trilby_access::{Facts, Services};
use trilby_federation::{ChoiceError, Presented, Refusal, VerifiedIdentity, choose};
use trilby_model::{AccountId, Arn, Timestamp};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};

use super::{Proof, Proved};
use crate::TokenParts;
use crate::federation::{Door, Named, candidates, keys, nonce};
use crate::issue::refused_at_the_door;

/// A token as it was presented, and what for.
#[derive(Debug)]
pub struct Outside {
    /// The token.
    pub token: Secret<String>,
    /// The nonce of ours that went with the login.
    pub nonce: Option<String>,
    /// Which provider is meant.
    pub provider: Option<Named>,
    /// The account in which the provider must count.
    pub account: AccountId,
    /// The role that is asked for, for the account's records.
    pub role: Option<Arn>,
}

/// An outside identity that was verified, and the provider through which it counts.
#[derive(Debug, Clone)]
pub struct WebIdentity {
    pub(crate) identity: VerifiedIdentity,
    pub(crate) door: Door,
    /// Until when the nonce is good that it uses up, if it uses one.
    pub(crate) nonce_until: Option<Timestamp>,
}

/// Verifies a token.
///
/// Errors: the codes of verification, which speak of the caller's own token and of public facts; `rate_limited`; faults.
/// The account's record has them too.
pub async fn verify(
    services: &Services,
    facts: &Facts,
    outside: &Outside,
) -> Result<Proof, Problem> {
    let presented = Presented::parse(outside.token.expose()).map_err(|refusal| of(&refusal));
    let digest = presented.as_ref().ok().map(Presented::digest);
    let verified = match presented {
        Ok(presented) => check(services, facts, outside, &presented).await,
        Err(problem) => Err(problem),
    };
    match verified {
        Ok(web) => Ok(Proof {
            proved: Proved::WebIdentity(Box::new(web)),
        }),
        Err(problem) => {
            let role = outside.role.as_ref();
            Err(refused_at_the_door(services, problem, outside.account, role, digest, facts).await)
        }
    }
}

/// As [`verify`], for a dry run: nothing is recorded, and nothing can be issued on what it gives.
///
/// Errors: as [`verify`].
pub(crate) async fn try_out(
    services: &Services,
    facts: &Facts,
    outside: &Outside,
) -> Result<(VerifiedIdentity, Door), Problem> {
    let presented = Presented::parse(outside.token.expose()).map_err(|refusal| of(&refusal))?;
    let web = check(services, facts, outside, &presented).await?;
    Ok((web.identity, web.door))
}

async fn check(
    services: &Services,
    facts: &Facts,
    outside: &Outside,
    presented: &Presented,
) -> Result<WebIdentity, Problem> {
    let parts = services.part::<TokenParts>()?;
    let issuer = presented.issuer().map_err(|refusal| of(&refusal))?;
    let named = outside.provider.as_ref();
    let doors = candidates(services, outside.account, Some(issuer), named).await?;
    let chosen = choose(doors.iter().map(|door| &door.provider), issuer);
    let chosen = chosen.map_err(|error| match error {
        ChoiceError::Ambiguous => Problem::new(Code::InvalidParameter, error.to_string()),
        ChoiceError::Unknown | ChoiceError::Disabled => of(&Refusal::from(error)),
    })?;
    let door = doors
        .iter()
        .find(|door| door.provider.id == chosen.id)
        .ok_or_else(|| Problem::internal("the chosen provider is none of the candidates"))?;
    parts.throttles.provider(&door.provider.id, facts.now)?;
    let outcome = believe(services, facts, outside, presented, door).await;
    if let Err(problem) = &outcome
        && !problem.status().is_server_error()
    {
        parts
            .throttles
            .provider_failed(&door.provider.id, facts.now);
    }
    outcome
}

async fn believe(
    services: &Services,
    facts: &Facts,
    outside: &Outside,
    presented: &Presented,
    door: &Door,
) -> Result<WebIdentity, Problem> {
    let parts = services.part::<TokenParts>()?;
    let refuse = |refusal: Refusal| of(&refusal);
    let candidate = presented.for_provider(&door.provider).map_err(refuse)?;
    let outstanding = match &outside.nonce {
        None => None,
        Some(nonce) => {
            let good = nonce::check(&parts.claim_key, nonce, facts.now);
            Some(good.ok_or_else(|| of(&Refusal::NonceMismatch))?)
        }
    };
    let keys = keys::of(services, door, candidate.kid()).await?;
    let keys = keys.map_err(refuse)?;
    let expected = outstanding.as_ref().map(|(hash, _)| hash);
    let identity = candidate.verify(&keys, expected, facts.now);
    let identity = identity.map_err(|refusal| match (&refusal, expected) {
        (Refusal::NonceMismatch, None) => Problem::new(
            Code::NonceMismatch,
            "the provider wants a nonce, and none came with the token",
        ),
        _ => of(&refusal),
    })?;
    let nonce_until = identity.nonce().and(outstanding.map(|(_, until)| until));
    Ok(WebIdentity {
        identity,
        door: door.clone(),
        nonce_until,
    })
}

/// What the caller is told of its own token.
pub(crate) fn of(refusal: &Refusal) -> Problem {
    let code = match refusal {
        Refusal::Malformed { .. } => Code::MalformedToken,
        Refusal::UnknownIssuer => Code::UnknownIssuer,
        Refusal::ProviderDisabled => Code::ProviderDisabled,
        Refusal::UnsupportedAlgorithm => Code::UnsupportedTokenAlg,
        Refusal::KeyNotFound => Code::KeyNotFound,
        Refusal::BadSignature => Code::BadSignature,
        Refusal::WrongAudience => Code::WrongAudience,
        Refusal::Expired => Code::TokenExpired,
        Refusal::NotYetValid => Code::TokenNotYetValid,
        Refusal::TooOld => Code::TokenTooOld,
        Refusal::ClaimMissing { .. } => Code::ClaimMissing,
        Refusal::ClaimMismatch { .. } => Code::ClaimMismatch,
        Refusal::NonceMismatch => Code::NonceMismatch,
        Refusal::Replayed => Code::TokenReplayed,
        Refusal::KeysUnavailable => Code::IssuerKeysUnavailable,
    };
    let problem = Problem::new(code, refusal.to_string());
    if code == Code::IssuerKeysUnavailable {
        return problem.retry_after(RETRY_S);
    }
    problem
}

/// When to come again for keys that could not be had, in seconds.
const RETRY_S: u64 = 5;
