//! G11: out of a short, limited session comes nothing that outlives it.
//!
//! A session with a session policy, one that began with an outside issuer and no second factor, and one at the end of a
//! chain make no keys, passwords, providers or trust, unless a policy of the role allows just that to sessions: by a
//! statement that tests `trilby:ViaSession` for true.

use trilby_account::{Event, Holder, PrincipalId};
use trilby_model::Action;
use trilby_policy::condition::{Comparison, SetOperator, Test};
use trilby_policy::{Effect, Statement};
use trilby_service::problem::Problem;

use super::rights::Layer;
use super::{Judged, refused};

/// The condition key, normalised.
const VIA_SESSION: &str = "trilby:ViaSession";
/// Deepest chain that counts as direct.
const DEPTH_MAX: u8 = 1;

pub(super) fn check(judged: &Judged<'_>) -> Result<(), Problem> {
    if !is_limited(judged) || !judged.events.iter().any(outlives) || is_meant(judged)? {
        return Ok(());
    }
    let detail = "a limited session makes nothing that outlives it";
    Err(refused("G11", detail))
}

fn is_limited(judged: &Judged<'_>) -> bool {
    let caller = judged.caller;
    let capped = caller.session_policy.is_some() || !caller.session_policy_arns.is_empty();
    let outside = caller.federation.is_some() && caller.mfa.is_none();
    capped || outside || caller.depth > DEPTH_MAX
}

fn outlives(event: &Event) -> bool {
    matches!(
        event,
        Event::AccessKeyCreated(_)
            | Event::AccessKeyActivated(_)
            | Event::UserPasswordSet(_)
            | Event::UserPasswordTicketIssued(_)
            | Event::RoleCreated(_)
            | Event::RoleTrustPolicyReplaced(_)
            | Event::ProviderRegistered(_)
            | Event::ProviderChanged(_)
            | Event::ProviderShared(_)
            | Event::ProviderEnabled(_)
            | Event::ProviderKeysUriConfirmed(_)
            | Event::ProviderLinkAccepted(_)
            | Event::ProviderLinkChanged(_)
            // Without a map trust alone decides, and lets in more.
            | Event::RoleMapPut(_)
            | Event::RoleMapDeleted(_)
    )
}

/// Whether a policy of the role allows the operation's action to sessions as such.
fn is_meant(judged: &Judged<'_>) -> Result<bool, Problem> {
    let Some(PrincipalId::Role(role)) = judged.principal() else {
        return Ok(false);
    };
    let action: Action = judged.action.parse().map_err(Problem::internal)?;
    let layer = Layer::of(judged.before, &Holder::Role(role))?;
    let mut allows = layer.statements(Effect::Allow);
    Ok(allows.any(|statement| statement.action.covers(&action) && speaks_of_sessions(statement)))
}

fn speaks_of_sessions(statement: &Statement) -> bool {
    let key = trilby_policy::keys::normalise(VIA_SESSION).into_owned();
    let is_true = |test: &Test| {
        let operator = &test.operator;
        test.key.normal() == key
            && operator.comparison == Comparison::Bool
            && !operator.negated
            && !operator.if_exists
            && operator.set != Some(SetOperator::ForAllValues)
            && test
                .values
                .iter()
                .all(|value| value.eq_ignore_ascii_case("true"))
    };
    statement.condition.tests().iter().any(is_true)
}
