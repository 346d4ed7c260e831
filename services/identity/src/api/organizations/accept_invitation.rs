//! `POST /v1/accounts/{account}/invitations/{invitation}/accept`

use serde::Deserialize;
use trilby_access::problem::{of_directory, of_rejection};
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Method, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::organization::{self, AcceptInvitation as Accept, InvitationId};
use trilby_credential::{CredentialKind, Mac, Peppers};
use trilby_directory::Events;
use trilby_eventlog::SideWrite;
use trilby_model::{Arn, LogId};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::invitation::ReceivedPath;
use super::view::{MemberView, member_reply};

/// What opens an invitation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationTicket {
    /// The ticket (`tbi_…`) that the organization handed over.
    #[schema(value_type = String, format = Password)]
    ticket: Secret<String>,
}

/// Joins the organization that sent an invitation.
pub struct AcceptInvitation;

impl Operation for AcceptInvitation {
    const ID: &'static str = "accept_invitation";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/invitations/{invitation}/accept";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Join an organization by an invitation";
    const DESCRIPTION: &'static str =
        "The organization's control policies bind the account at once, its root too.";
    const ACCESS: Access = Access::Action("organizations:AcceptInvitation");
    const SUCCESS_DESCRIPTION: &'static str = "The membership";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidCredentials,
        Code::AlreadyExists,
        Code::LimitExceeded,
        Code::InvalidState,
    ];

    type Path = ReceivedPath;
    type Query = Empty;
    type Body = Json<InvitationTicket>;
    type Reply = MemberView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let invitation = input.path.invitation.0.clone();
        opens(services, &invitation, &input.body.ticket).await?;
        let id = invitation.organization;
        let log = LogId::Organization(id.clone());
        let command = Accept {
            number: invitation.number,
        };
        grant
            .write(
                services,
                &input,
                std::slice::from_ref(&log),
                |states, ctx| {
                    let organization = &states
                        .organization(&id)
                        .ok_or_else(Problem::not_found)?
                        .state;
                    let state = &states
                        .account(account)
                        .ok_or_else(Problem::not_found)?
                        .state;
                    let joined =
                        organization::accept_invitation(organization, state, &command, ctx)
                            .map_err(of_rejection)?;
                    let taken = SideWrite::CredentialTake {
                        log: log.clone(),
                        subject: command.number.to_string(),
                        kind: CredentialKind::InvitationTicket.number(),
                        generation: command.number,
                    };
                    let events = vec![
                        Events::Account(account, joined.account_events),
                        Events::Organization(id.clone(), joined.organization_events),
                    ];
                    let id = id.clone();
                    let change = Change::new(events, move |after| {
                        let organization =
                            after.organization(&id).ok_or_else(Problem::not_found)?;
                        member_reply(organization, account)
                    });
                    Ok(change.with_side(vec![taken]))
                },
            )
            .await
    }
}

/// Whether the ticket is the one that was filed for the invitation. Whom the invitation is for is decided with the
/// state.
///
/// Errors: `invalid_credentials`, whatever is wrong with it: also if there is no such invitation.
async fn opens(
    services: &Services,
    invitation: &InvitationId,
    ticket: &Secret<String>,
) -> Result<(), Problem> {
    let log = LogId::Organization(invitation.organization.clone());
    let kind = CredentialKind::InvitationTicket.number();
    let subject = invitation.number.to_string();
    let row = services.log().credential(&log, &subject, kind).await;
    let row = row.map_err(|error| of_directory(error.into()))?;
    let row = row.filter(|row| row.generation == invitation.number);
    let stored = row.and_then(|row| Mac::from_bytes(&row.body.0));
    let peppers = services.part::<Peppers>()?;
    match peppers.verify(stored.as_ref(), ticket.expose()) {
        true => Ok(()),
        false => Err(Problem::new(
            Code::InvalidCredentials,
            "the invitation ticket is not accepted",
        )),
    }
}
