//! `POST /v1/organizations/{organization}/invitations`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::organization::InvitationId;
use trilby_account::{ThingKind, organization};
use trilby_credential::{CredentialKind, Peppers, Ticket, TicketKind};
use trilby_directory::Events;
use trilby_eventlog::SideWrite;
use trilby_model::{AccountId, LogId, OrganizationId};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::invitation::{NewInvitationView, no_ticket};
use super::path::{OrganizationPath, target};
use super::write;
use crate::written::{credential, lost};

/// How long a ticket opens, in seconds: a week, since two organizations' people have to meet.
const TICKET_S: i64 = 7 * 86_400;

/// Whom to ask.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// The account, and no other, that may join by the ticket.
    account_id: AccountId,
}

/// Asks an account to join.
pub struct CreateInvitation;

impl Operation for CreateInvitation {
    const ID: &'static str = "create_invitation";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/organizations/{organization}/invitations";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Invite an account into an organization";
    const DESCRIPTION: &'static str = "The ticket is good once, for a week, for that account alone; it voids the one before. Hand it to the account's administrator. Whether such an account exists is not told.";
    const ACCESS: Access = Access::Action(super::INVITE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The invitation with its ticket";
    const PROBLEMS: &'static [Code] = &[Code::AlreadyExists, Code::LimitExceeded];
    type Path = OrganizationPath;
    type Query = Empty;
    type Body = Json<NewInvitation>;
    type Reply = NewInvitationView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path.organization, super::INVITE, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let (id, account) = (input.path.organization.clone(), input.body.account_id);
        let caller = grant.caller()?.account;
        let rights = write::rights(&grant)?;
        let ticket = Ticket::generate(TicketKind::Invitation, &mut services.entropy());
        let mac = ticket.mac(services.part::<Peppers>()?).to_bytes();
        let logs = [rights.clone()];
        grant
            .write(services, &input, &logs, |states, ctx| {
                let state = write::writable::<Self>(states, &id, caller)?;
                let expires_at = ctx.now.plus_seconds(TICKET_S);
                let command = organization::CreateInvitation {
                    account,
                    expires_at,
                };
                let events =
                    organization::create_invitation(state, &command, ctx).map_err(of_rejection)?;
                let number = state.last_invitation().saturating_add(1);
                let filed = credential(
                    &LogId::Organization(id.clone()),
                    &number.to_string(),
                    CredentialKind::InvitationTicket,
                    number,
                    mac.clone(),
                    Some(expires_at),
                );
                let mut side = vec![filed];
                side.extend(voided(&id, &events));
                let events = vec![Events::Organization(id.clone(), events)];
                let (id, ticket) = (id.clone(), ticket.clone());
                let change = Change::new(events, move |after| {
                    let state = after.organization(&id);
                    let made = state.and_then(|state| state.invitations().get(&number));
                    let made = made.ok_or_else(|| lost(ThingKind::Invitation))?;
                    let view = NewInvitationView::of(&id, made, ticket);
                    Ok(Reply::new(view)
                        .etag(made.stamp.changed)
                        .withholding(&["ticket"]))
                });
                Ok(change.guarded_by(vec![rights.clone()]).with_side(side))
            })
            .await
    }
}

/// The tickets of the invitations that are closed by these events.
fn voided(id: &OrganizationId, events: &[organization::Event]) -> Vec<SideWrite> {
    let mut rows = Vec::new();
    for event in events {
        // Only what ends an invitation leaves a ticket behind.
        if let organization::Event::InvitationClosed(fact) = event {
            rows.push(no_ticket(&InvitationId {
                organization: id.clone(),
                number: fact.number,
            }));
        }
    }
    rows
}
