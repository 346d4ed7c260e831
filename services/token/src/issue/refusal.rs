//! A session that is not issued, and what the accounts' own records say of it.

use trilby_access::{Facts, Services};
use trilby_engine::Decision;
use trilby_model::{AccountId, Arn};
use trilby_service::problem::{Code, Problem};
use trilby_service::request_id::fresh;

use crate::TokenParts;
use crate::activity::{self, Refused};

/// What the caller is told, and why in truth.
#[derive(Debug)]
pub(super) struct Refusal {
    problem: Problem,
    why: Option<String>,
}

impl From<Problem> for Refusal {
    /// A refusal that tells the caller all there is to tell.
    fn from(problem: Problem) -> Self {
        Self { problem, why: None }
    }
}

impl Refusal {
    /// What the engine does not allow, with why.
    pub(super) fn not_allowed(not: NotAllowed) -> Self {
        Self::denied(not.action, not.why)
    }

    /// Whether it is a fault of ours and no refusal.
    pub(super) fn is_fault(&self) -> bool {
        self.problem.status().is_server_error()
    }

    /// What the caller is told.
    pub(super) fn into_problem(self) -> Problem {
        self.problem
    }

    /// The one refusal of everything about rights and the existence of a role: why is for the accounts' own records.
    pub(super) fn denied(action: &'static str, why: impl Into<String>) -> Self {
        let problem = Problem::new(
            Code::AccessDenied,
            "you are not allowed to assume this role",
        );
        Self {
            problem: problem.with("action", action),
            why: Some(why.into()),
        }
    }
}

/// The first action of a wish that is not allowed. That it is a later one than putting on the role tells nobody more than
/// that the role may be put on without what comes with it.
#[derive(Debug)]
pub(super) struct NotAllowed {
    /// The action.
    pub(super) action: &'static str,
    /// Why, for the accounts' own records.
    pub(super) why: String,
}

/// Why the engine did not allow `action`, in a few words.
pub(super) fn reason(action: &str, decision: &Decision) -> String {
    format!(
        "{action}: {} by {}",
        decision.outcome.as_str(),
        decision.layer.as_str()
    )
}

/// Who was refused, and what.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// The account of who asked, if any is proven.
    pub(super) caller: Option<AccountId>,
    /// ARN of who asked.
    pub(super) by: Option<Arn>,
    /// Its session.
    pub(super) session_id: Option<String>,
    /// The role.
    pub(super) role: Option<Arn>,
    /// SHA-256 of the outside token.
    pub(super) token_sha256: Option<[u8; 32]>,
}

/// Records a refusal in the accounts that it concerns, and gives what the caller is told.
///
/// Faults are no refusals. Of many at once some are recorded: a stranger must not fill an account's records.
pub(super) async fn told(
    services: &Services,
    refusal: Refusal,
    context: &Context,
    facts: &Facts,
) -> Problem {
    let Refusal { problem, why } = refusal;
    if problem.status().is_server_error() {
        return problem;
    }
    let owner = context.role.as_ref().and_then(Arn::account_id);
    let mut accounts: Vec<AccountId> = context.caller.into_iter().collect();
    accounts.extend(owner.filter(|owner| Some(*owner) != context.caller));
    let mut records = Vec::new();
    for account in accounts {
        // Only accounts that exist have records; this one was read before, where it does.
        let exists = services.directory().account(account).await.is_ok();
        let sampled = services
            .part::<TokenParts>()
            .is_ok_and(|parts| parts.throttles.record(account, facts.now));
        if exists && sampled {
            let refused = Refused {
                code: problem.code,
                why: why.as_deref(),
                role: context.role.as_ref(),
                by: context.by.as_ref(),
                session_id: context.session_id.as_deref(),
                token_sha256: context.token_sha256,
            };
            let id = fresh(facts.now, services.entropy_source());
            records.push(activity::refused(account, &refused, facts, &id));
        }
    }
    if let Err(error) = services.log().activity_append(records).await {
        // The refusal stands whether or not it could be recorded.
        tracing::warn!(%error, "a refused session was not recorded");
    }
    problem
}
