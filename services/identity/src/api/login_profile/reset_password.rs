//! `POST /v1/accounts/{account}/users/{user}/password-reset`

use serde::{Serialize, Serializer};
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Known, Method, NoBody, Operation, Place, Reply,
    Scope, Services, Target, containment,
};
use trilby_account::{PrincipalId, ThingKind, UserRef, command};
use trilby_credential::{Address, CredentialKind, Peppers, Ticket, TicketKind};
use trilby_model::{LogId, Timestamp, UserId};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::UPDATE;
use super::put_login_profile::is_person;
use crate::api::users::{self, UserPath, find};
use crate::written::{credential, lost, no_credentials};

/// How long a ticket opens, in seconds: time to hand it over, not to forget it somewhere.
const TICKET_S: i64 = 3_600;

/// A ticket that sets a password once, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasswordTicket)]
pub struct PasswordTicketView {
    /// The person.
    pub user_id: UserId,
    /// The ticket, for `POST /v1/password`. `null` if this answer repeats an earlier one.
    #[serde(serialize_with = "shown_once")]
    #[schema(value_type = Option<String>, required = true, example = "tbr_…")]
    pub ticket: Ticket,
    /// `true` if this answer repeats an earlier one, so that the ticket is not in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false, default = false)]
    pub ticket_withheld: bool,
    /// When it stops opening.
    pub expires_at: Timestamp,
}

/// Gives out a ticket by which a person chooses a password.
pub struct ResetPassword;

impl Operation for ResetPassword {
    const ID: &'static str = "reset_user_password";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}/password-reset";
    const TAG: &'static str = users::TAG;
    const SUMMARY: &'static str = "Issue a password ticket for a user";
    const DESCRIPTION: &'static str = "The ticket is good once, for an hour; it voids the one before. The password stays \
        until the ticket is used, which then ends the user's sessions. A user without a password needs \
        `iam:CreateLoginProfile` as well.";
    const ACCESS: Access = Access::Action(UPDATE);
    const KNOWN: Known = Known::ByAction(users::READ);
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The ticket";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = UserPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = PasswordTicketView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        super::target(&input.path, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let state = &grant.account()?.state;
        let account = state.id();
        let user = find(state, &input.path.user)?;
        is_person(user)?;
        let first = user.password.is_none();
        let id = user.id.clone();
        let wanted = UserRef::Id(id.clone());
        let address = Address::User(account, id.clone());
        let ticket = Ticket::addressed(TicketKind::Password, address, &mut services.entropy());
        let mac = ticket.mac(services.part::<Peppers>()?).to_bytes();
        let organization = containment::logs(&grant)?;
        let person = PrincipalId::User(id.clone());
        grant
            .write(services, &input, &organization, |states, ctx| {
                let state = &states
                    .account(account)
                    .ok_or_else(Problem::not_found)?
                    .state;
                containment::refuse(states, state, Some(&person))?;
                let before = find(state, &wanted)?;
                if first != before.password.is_none() {
                    // The right was asked for the other case.
                    return Err(Problem::new(
                        Code::WriteConflict,
                        "the user's password changed meanwhile",
                    ));
                }
                let generation = before.ticket_generation.saturating_add(1);
                let expires_at = ctx.now.plus_seconds(TICKET_S);
                let command = command::IssuePasswordTicket {
                    user: wanted.clone(),
                    expires_at,
                };
                let events = state.decide(command.into(), ctx).map_err(of_rejection)?;
                let (log, subject, kind) = (
                    LogId::Account(account),
                    id.to_string(),
                    CredentialKind::PasswordTicket,
                );
                let side = vec![
                    no_credentials(&log, &subject, kind),
                    credential(
                        &log,
                        &subject,
                        kind,
                        generation,
                        mac.clone(),
                        Some(expires_at),
                    ),
                ];
                let (wanted, ticket) = (wanted.clone(), ticket.clone());
                let change = Change::of_account(account, events, move |after| {
                    let user = find(after, &wanted)?;
                    let filed = user
                        .password_ticket
                        .as_ref()
                        .ok_or_else(|| lost(ThingKind::LoginProfile))?;
                    let view = PasswordTicketView {
                        user_id: user.id.clone(),
                        ticket,
                        ticket_withheld: false,
                        expires_at: filed.expires_at,
                    };
                    Ok(Reply::new(view).withholding(&["ticket"]))
                });
                Ok(change.guarded_by(organization.clone()).with_side(side))
            })
            .await
    }
}

fn shown_once<S: Serializer>(ticket: &Ticket, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(ticket.expose())
}
