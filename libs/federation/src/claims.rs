//! The claims of an outside token, strictly: the registered ones typed, the rest as they came.
//!
//! Absent is never "nothing to check": what a check needs must be there, once, in its own type.

use trilby_model::federation::ProviderSettings;
use trilby_model::json::{Node, Value};

use crate::provider::Provider;
use crate::refusal::Refusal;

/// Times beyond this are nonsense (the year 36812), and keep sums far from overflow.
const TIME_MAX: i64 = 1 << 40;
const AUDIENCES_MAX: usize = 20;
const SUBJECT_BYTES_MAX: usize = 255;

/// All claims of a token, as JSON.
pub(crate) type All = serde_json::Map<String, serde_json::Value>;

/// Checked claims.
pub(crate) struct Claims {
    pub subject: String,
    /// The audience that counts: the authorized party if there are several, else the one.
    pub audience: String,
    pub issued_at: i64,
    pub expires_at: i64,
    pub nonce: Option<String>,
    pub all: All,
}

impl Claims {
    /// Step 7 of verification: types, audience, times. `now` is Unix seconds. That the issuer is the provider's was asked
    /// before the key was: [`crate::Presented::for_provider`].
    pub fn read(node: &Node, provider: &Provider, now: i64) -> Result<Self, Refusal> {
        let settings = &provider.settings;
        let subject = required_string(node, "sub")?;
        if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
            return Err(Refusal::mismatch("sub"));
        }
        let audience = audience(node, provider)?;
        let (issued_at, expires_at) = times(node, settings, now)?;
        Ok(Self {
            subject: subject.to_owned(),
            audience,
            issued_at,
            expires_at,
            nonce: optional_string(node, "nonce")?.map(str::to_owned),
            all: all(node)?,
        })
    }
}

/// Every claim, without an e-mail address that the issuer did not verify: nothing behind this point can rest on one.
fn all(node: &Node) -> Result<All, Refusal> {
    let mut all = match node.to_serde() {
        serde_json::Value::Object(all) => all,
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)
        | serde_json::Value::Array(_) => {
            return Err(Refusal::malformed("its claims are not an object"));
        }
    };
    // The text `"true"` is not true.
    if !matches!(all.get("email_verified"), Some(serde_json::Value::Bool(_))) {
        all.remove("email_verified");
    }
    if all.get("email_verified") != Some(&serde_json::Value::Bool(true)) {
        all.remove("email");
    }
    Ok(all)
}

fn audience(node: &Node, provider: &Provider) -> Result<String, Refusal> {
    let named: Vec<&str> = match node.get("aud").map(|aud| &aud.value) {
        None => return Err(Refusal::missing("aud")),
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) if many.len() <= AUDIENCES_MAX => many
            .iter()
            .map(|one| one.as_str().ok_or(Refusal::mismatch("aud")))
            .collect::<Result<_, _>>()?,
        Some(
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_),
        ) => {
            return Err(Refusal::mismatch("aud"));
        }
    };
    let party = optional_string(node, "azp")?;
    let ours = named
        .iter()
        .find(|audience| provider.accepts_audience(audience))
        .ok_or(Refusal::WrongAudience)?;
    if named.len() == 1 {
        return Ok((*ours).to_owned());
    }
    // A token for several is for us only if we are the one it was made for.
    match party {
        Some(party) if provider.accepts_audience(party) => Ok(party.to_owned()),
        Some(_) | None => Err(Refusal::WrongAudience),
    }
}

fn times(node: &Node, settings: &ProviderSettings, now: i64) -> Result<(i64, i64), Refusal> {
    let skew = i64::from(settings.clock_skew_seconds);
    let expires_at = time(node, "exp")?.ok_or_else(|| Refusal::missing("exp"))?;
    let issued_at = time(node, "iat")?.ok_or_else(|| Refusal::missing("iat"))?;
    let not_before = time(node, "nbf")?;
    if expires_at <= now.saturating_sub(skew) {
        return Err(Refusal::Expired);
    }
    let latest = now.saturating_add(skew);
    if issued_at > latest {
        return Err(Refusal::NotYetValid);
    }
    if not_before.is_some_and(|not_before| not_before > latest) {
        return Err(Refusal::NotYetValid);
    }
    if now.saturating_sub(issued_at) > i64::from(settings.max_token_age_seconds) {
        return Err(Refusal::TooOld);
    }
    if expires_at.saturating_sub(issued_at) > i64::from(settings.max_token_lifetime_seconds) {
        return Err(Refusal::mismatch("exp"));
    }
    Ok((issued_at, expires_at))
}

/// Whole seconds as JSON writes an integer: no fraction, no exponent, no text.
fn time(node: &Node, claim: &str) -> Result<Option<i64>, Refusal> {
    let Some(value) = node.get(claim) else {
        return Ok(None);
    };
    let Value::Number(digits) = &value.value else {
        return Err(Refusal::mismatch(claim));
    };
    match digits.parse::<i64>() {
        Ok(seconds) if (0..=TIME_MAX).contains(&seconds) => Ok(Some(seconds)),
        Ok(_) | Err(_) => Err(Refusal::mismatch(claim)),
    }
}

fn optional_string<'a>(node: &'a Node, claim: &str) -> Result<Option<&'a str>, Refusal> {
    match node.get(claim) {
        None => Ok(None),
        Some(value) => value
            .as_str()
            .map(Some)
            .ok_or_else(|| Refusal::mismatch(claim)),
    }
}

fn required_string<'a>(node: &'a Node, claim: &str) -> Result<&'a str, Refusal> {
    optional_string(node, claim)?.ok_or_else(|| Refusal::missing(claim))
}
