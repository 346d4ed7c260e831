//! One of our own sessions: of the Bearer header, or as a subject token.

use trilby_access::authenticate::{Anyone, Rejected, authenticate_anyone_at};
use trilby_access::{Authorized, Facts, Operation, Services};
use trilby_service::problem::{Code, Problem};

use super::{Proof, Proved};

/// The caller's own session, verified with the request.
///
/// Errors: `unauthenticated` for operations that take no session.
pub fn bearer<Op: Operation>(grant: &Authorized<Op>) -> Result<Proof, Problem> {
    let proved = match grant.federated() {
        Some(session) => Proved::Federated(Box::new(session.clone())),
        None => Proved::Session(Box::new(grant.session()?.clone())),
    };
    Ok(Proof { proved })
}

/// A session token that came as a parameter.
///
/// Errors: `invalid_session`; faults.
pub async fn subject_token(
    services: &Services,
    facts: &Facts,
    token: &str,
) -> Result<Proof, Problem> {
    match authenticate_anyone_at(services, token, &facts.freshness).await {
        Ok(Anyone::Session(session)) => Ok(Proof {
            proved: Proved::Session(session),
        }),
        Ok(Anyone::Federated(session)) => Ok(Proof {
            proved: Proved::Federated(Box::new(session)),
        }),
        Err(Rejected::Token(_)) => Err(Problem::new(
            Code::InvalidSession,
            "the session token is not accepted",
        )),
        Err(Rejected::Fault(problem)) => Err(problem),
    }
}
