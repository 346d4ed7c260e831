//! A session by its record instead of its token: somebody asks about it, and knows its id only.
//!
//! What a token proves by its signature, a record proves by lying in our own activity log. Everything else is asked as
//! of a token: times, audience, revocation, and whether its principal is in service now.

use std::sync::Arc;

use trilby_account::SigningKeyState;
use trilby_directory::AccountView;
use trilby_service::caller::Caller;
use trilby_session::{AUDIENCE, Claims, Refusal, RestsOn, SKEW_S};

use crate::authenticate::{Rejected, Session, Why, at_issue, of_this_store, standing, view_of};
use crate::services::Services;

/// A session that stands now, however it was found.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Who it is.
    pub caller: Caller,
    /// What it rests on.
    pub rests_on: RestsOn,
    /// Its account, at the state by which its standing was judged.
    pub account: Arc<AccountView>,
}

impl From<Session> for Standing {
    fn from(session: Session) -> Self {
        Self {
            rests_on: session.verified.rests_on().clone(),
            caller: session.caller,
            account: session.account,
        }
    }
}

/// Judges the session of these claims, which our own record of it holds, by everything it rests on, now.
///
/// Errors: [`Rejected`].
pub async fn judge(services: &Services, claims: &Claims) -> Result<Standing, Rejected> {
    let now = services.now();
    let account = view_of(services, claims.trilby.acct).await?;
    of_this_store(services, claims).await?;
    let account = at_issue(services, account, claims).await?;
    // Nobody's clock but ours: a record is not taken a moment longer than it says.
    if claims.exp <= now.unix_seconds() {
        return Err(Refusal::Expired.into());
    }
    if claims.iat > now.unix_seconds().saturating_add(SKEW_S) {
        return Err(Refusal::NotYetValid.into());
    }
    if !claims.aud.iter().any(|audience| audience == AUDIENCE) {
        return Err(Refusal::WrongAudience.into());
    }
    crate::late::in_time(services, &account.state)?;
    let rests_on = RestsOn::of(claims);
    if services.revocations().is_dead(&rests_on) || has_lost_its_key(&account, claims) {
        return Err(Rejected::Token(Why::Revoked));
    }
    let caller = standing(&account.state, claims, now).ok_or(Rejected::Token(Why::Standing))?;
    let caller = caller.ok_or(Rejected::Token(Why::Kind))?;
    Ok(Standing {
        caller,
        rests_on,
        account,
    })
}

/// A record does not name the key that signed its token: the revocation of any key ends every session from before it.
fn has_lost_its_key(account: &AccountView, claims: &Claims) -> bool {
    account.state.signing_keys().values().any(|key| {
        key.state == SigningKeyState::Revoked && key.stamp.changed.get() > claims.trilby.seq
    })
}
