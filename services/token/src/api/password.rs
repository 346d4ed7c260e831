//! `POST /v1/password`: sets one's own password, by a ticket or by the old one.
//!
//! It ends the person's sessions and gives none: whoever sets a password logs in with it.

mod choose;
mod ticket;
mod write;

use serde::{Deserialize, Serialize};
use trilby_access::authenticate::{Session, authenticate_at};
use trilby_access::authorize::Inquiry;
use trilby_access::{
    Access, Authorized, Empty, Facts, Idempotency, Input, Json, Method, Operation, Reply, Services,
    problem,
};
use trilby_credential::CredentialKind;
use trilby_directory::Freshness;
use trilby_eventlog::Credential;
use trilby_model::{AccountId, Arn, LogId, Timestamp};
use trilby_policy::Context as Keys;
use trilby_service::Secret;
use trilby_service::caller::CallerKind;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use crate::TokenParts;
use crate::proof::{Person, login};
use crate::throttle::Network;
pub(super) use ticket::require_no_change;

const CHANGE_PASSWORD: &str = "iam:ChangePassword";
/// Sets one's own password.
pub struct ChangePassword;

/// A new password, and what allows it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// A password ticket (`tbr_…`). Without one the caller needs a session and the old password.
    #[schema(value_type = Option<String>, format = Password)]
    ticket: Option<Secret<String>>,
    /// The password until now.
    #[schema(value_type = Option<String>, format = Password)]
    old_password: Option<Secret<String>>,
    /// The password from now on.
    #[schema(value_type = String, format = Password)]
    new_password: Secret<String>,
}

/// The password is set.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasswordAnswer {
    /// The account.
    account: AccountId,
    /// When it was set.
    set_at: Timestamp,
}

impl Operation for ChangePassword {
    const ID: &'static str = "change_password";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/password";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Set one's own password";
    const DESCRIPTION: &'static str = "By a password ticket, or by a session together with the old password (and the \
        right `iam:ChangePassword` on oneself). Ends all sessions of the person; does not log in.";
    const ACCESS: Access =
        Access::Public("a ticket or the old password is the proof, checked in the handler");
    const SUCCESS_DESCRIPTION: &'static str = "The password is set";
    const PROBLEMS: &'static [Code] = &[
        Code::Unauthenticated,
        Code::InvalidCredentials,
        Code::AccessDenied,
        Code::PasswordRejected,
        Code::InvalidState,
        Code::RateLimited,
        Code::Busy,
    ];
    const IDEMPOTENCY: Idempotency = Idempotency::None;

    type Path = Empty;
    type Query = Empty;
    type Body = Json<PasswordRequest>;
    type Reply = PasswordAnswer;

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let facts = &input.facts;
        services
            .part::<TokenParts>()?
            .throttles
            .stranger(Network::of(facts.address), facts.now)?;
        let body = input.body.value;
        let claim = match (&body.ticket, &body.old_password) {
            (Some(_), Some(_)) => {
                return Err(Problem::invalid(
                    "/old_password",
                    "is not needed with a ticket",
                ));
            }
            (Some(ticket), None) => {
                if facts.header("authorization")?.is_some() {
                    return Err(Problem::new(
                        Code::InvalidParameter,
                        "send a ticket or a session, not both",
                    ));
                }
                ticket::verify(services, facts, ticket).await?
            }
            (None, Some(old)) => by_session(services, facts, old).await?,
            (None, None) => {
                return Err(Problem::invalid(
                    "/old_password",
                    "is missing, and so is a ticket",
                ));
            }
        };
        let hash = choose::hash(services, &claim, &body.new_password).await?;
        let set_at = write::set(services, facts, &claim, hash).await?;
        Ok(Reply::new(PasswordAnswer {
            account: claim.account,
            set_at,
        })
        .no_store())
    }
}

/// Whose password may be set, and by what.
struct Claim {
    account: AccountId,
    person: Person,
    /// The ticket's generation, if it is by a ticket.
    ticket: Option<u32>,
    session: Option<Box<Session>>,
}

impl Claim {
    /// What the person's rows are filed under.
    fn subject(&self) -> String {
        self.person.subject(self.account)
    }
}

/// The newest row of one kind.
async fn credential(
    services: &Services,
    account: AccountId,
    subject: &str,
    kind: CredentialKind,
) -> Result<Option<Credential>, Problem> {
    let row = services
        .log()
        .credential(&LogId::Account(account), subject, kind.number())
        .await;
    row.map_err(|error| problem::of_directory(error.into()))
}

/// A session of the person itself with the right to change its password, and the password until now.
async fn by_session(
    services: &Services,
    facts: &Facts,
    old: &Secret<String>,
) -> Result<Claim, Problem> {
    let bearer = facts.bearer()?.ok_or_else(Problem::no_token)?;
    let session = authenticate_at(services, bearer.expose(), &facts.freshness)
        .await
        .map_err(Problem::from)?;
    let caller = &session.caller;
    let account = caller.account;
    let (person, arn) = match &caller.kind {
        CallerKind::Root => (Person::Root, Arn::root(&account)),
        CallerKind::User { id, .. } => (Person::User(id.clone()), caller.principal_arn.clone()),
        CallerKind::Role { .. } => {
            return Err(Problem::new(Code::AccessDenied, "a role has no password")
                .with("action", CHANGE_PASSWORD));
        }
    };
    let denied = || {
        Problem::new(
            Code::AccessDenied,
            format!("you are not allowed `{CHANGE_PASSWORD}` on yourself"),
        )
        .with("action", CHANGE_PASSWORD)
    };
    let inquiry = Inquiry::of(&session, facts, services.now())
        .map_err(|broken| denied().caused_by(broken))?;
    let world = services
        .directory()
        .world(Some(account), Some(account), &Freshness::Head)
        .await;
    let world = world.map_err(problem::of_directory)?;
    if !inquiry.allows(&world, CHANGE_PASSWORD, &arn, Some(account), &Keys::new())? {
        return Err(denied());
    }
    login::verify_again(services, facts, account, &person, old).await?;
    Ok(Claim {
        account,
        person,
        ticket: None,
        session: Some(Box::new(session)),
    })
}
