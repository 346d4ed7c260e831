//! The rules that hold between and within the members of a provider's settings.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::{ProviderFields, RequiredClaim, Sharing};
use crate::federation::Invalid;
use crate::federation::claim_test::CLAIM_TESTS_MAX;

/// The most audiences of one provider or link.
pub(in crate::federation) const AUDIENCES_MAX: usize = 50;
const EXPOSED_MAX: usize = 50;
const REQUIRED_MAX: usize = 10;
const DAY_S: u32 = 86_400;

pub(super) fn check(fields: &ProviderFields) -> Result<(), Invalid> {
    count("/audiences", fields.audiences.len(), 1..=AUDIENCES_MAX)?;
    count("/allowed_algs", fields.allowed_algs.len(), 1..=9)?;
    count(
        "/exposed_claims",
        fields.exposed_claims.len(),
        0..=EXPOSED_MAX,
    )?;
    count(
        "/require_claims",
        fields.require_claims.len(),
        0..=CLAIM_TESTS_MAX,
    )?;
    let numbers = [
        ("/clock_skew_seconds", fields.clock_skew_seconds, 0..=120),
        (
            "/max_token_age_seconds",
            fields.max_token_age_seconds,
            60..=DAY_S,
        ),
        (
            "/max_token_lifetime_seconds",
            fields.max_token_lifetime_seconds,
            60..=7 * DAY_S,
        ),
        ("/max_token_bytes", fields.max_token_bytes, 512..=20_000),
        (
            "/stale_max_seconds",
            fields.stale_max_seconds,
            0..=7 * DAY_S,
        ),
    ];
    for (pointer, value, range) in numbers {
        if !range.contains(&value) {
            let (min, max) = range.into_inner();
            return Err(Invalid::new(
                pointer,
                format!("must be from {min} to {max}"),
            ));
        }
    }
    exposed_names_differ(fields)?;
    required_claims(fields)
}

fn count(pointer: &str, n: usize, range: RangeInclusive<usize>) -> Result<(), Invalid> {
    if range.contains(&n) {
        return Ok(());
    }
    let (min, max) = range.into_inner();
    Err(Invalid::new(
        pointer,
        format!("must have {min} to {max} members"),
    ))
}

/// Two claims under one condition key would be one claim to every policy.
fn exposed_names_differ(fields: &ProviderFields) -> Result<(), Invalid> {
    let mut names = BTreeSet::new();
    for claim in &fields.exposed_claims {
        // Condition keys do not tell case apart.
        if !names.insert(claim.condition_name().to_lowercase()) {
            let message = format!("names `{}` twice", claim.condition_name());
            return Err(Invalid::new("/exposed_claims", message));
        }
    }
    Ok(())
}

fn required_claims(fields: &ProviderFields) -> Result<(), Invalid> {
    let n = fields.required_claims.len();
    match fields.sharing {
        Sharing::Private if n > 0 => {
            return Err(Invalid::new(
                "/required_claims",
                "is only for a shared issuer",
            ));
        }
        Sharing::Private => {}
        Sharing::Shared => count("/required_claims", n, 1..=REQUIRED_MAX)?,
    }
    for (index, RequiredClaim { any_of }) in fields.required_claims.iter().enumerate() {
        let pointer = format!("/required_claims/{index}/any_of");
        count(&pointer, any_of.len(), 1..=REQUIRED_MAX)?;
    }
    Ok(())
}
