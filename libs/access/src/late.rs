//! How late the news may be, of revocations or of commits, for a session to be judged by it (`tokens` 9.3).

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::HeaderValue;
use trilby_account::Account;
use trilby_account::settings::{Decisions, WhenStale};
use trilby_model::brand::headers;

use crate::authenticate::Rejected;
use crate::problem;
use crate::services::Services;

/// News this late is said to be late.
const LATE: Duration = Duration::from_secs(5);

/// Refuses where a session of this account may have been ended, or its rights changed, longer ago, unheard, than the account tolerates.
///
/// Errors: `revocation_state_stale`.
pub(crate) fn in_time(services: &Services, account: &Account) -> Result<(), Rejected> {
    let lag = services.directory().lag();
    match tolerates(&account.settings().decisions, lag) {
        true => Ok(()),
        false => Err(Rejected::Fault(problem::revocations_unknown())),
    }
}

/// Whether an account tolerates news this late. Where nothing at all is known nobody does.
fn tolerates(settings: &Decisions, lag: Option<Duration>) -> bool {
    let Some(lag) = lag else { return false };
    lag <= Duration::from_secs(settings.stale_s_max.into())
        || match settings.when_stale {
            WhenStale::Deny => false,
            WhenStale::AllowUntilExp => true,
        }
}

/// Marks an answer that late news stand behind.
pub(crate) fn mark(services: &Services, response: &mut HttpResponse) {
    let lag = services.directory().lag();
    if let Some(lag) = lag.filter(|lag| *lag > LATE) {
        let name = actix_web::http::header::HeaderName::from_static(headers::STALE);
        response
            .headers_mut()
            .insert(name, HeaderValue::from(lag.as_secs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_says_how_late_news_may_be() {
        let settings = |stale_s_max, when_stale| Decisions {
            stale_s_max,
            when_stale,
        };
        let s = |s| Some(Duration::from_secs(s));
        for (settings, lag, tolerated) in [
            (settings(60, WhenStale::Deny), s(0), true),
            (settings(60, WhenStale::Deny), s(60), true),
            (settings(60, WhenStale::Deny), s(61), false),
            (settings(5, WhenStale::Deny), s(6), false),
            (settings(5, WhenStale::AllowUntilExp), s(3_601), true),
            (settings(5, WhenStale::AllowUntilExp), None, false),
            (settings(3_600, WhenStale::Deny), None, false),
        ] {
            assert_eq!(tolerates(&settings, lag), tolerated, "{settings:?} {lag:?}");
        }
    }
}
