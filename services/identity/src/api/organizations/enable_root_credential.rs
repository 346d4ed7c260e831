//! `POST /v1/organizations/{organization}/accounts/{account}/root-credential`

use serde::{Deserialize, Serialize, Serializer};
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::organization::EnableRoot;
use trilby_account::{PersonalField, Root, ThingKind, organization};
use trilby_credential::{Address, CredentialKind, Peppers, Ticket, TicketKind};
use trilby_directory::Events;
use trilby_eventlog::{Personal, SideBody, SideWrite};
use trilby_model::{AccountId, EmailAddress, LogId, Timestamp};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{MemberPath, member_target};
use super::{ROOT_CREDENTIAL as ACTION, write};
use crate::names::named;
use crate::written::{credential, lost, no_credentials};

/// How long a ticket opens, in seconds: time to hand it over, not to forget it somewhere.
const TICKET_S: i64 = 3_600;

/// With what root of a member is to log in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRootCredential {
    /// The e-mail address. Needed the first time; not possible while root has a password.
    #[schema(value_type = Option<EmailAddress>)]
    root_email: Option<String>,
}

/// A ticket that sets the password of a member's root once, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RootPasswordTicket)]
pub struct RootCredentialView {
    /// The member.
    pub account_id: AccountId,
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

/// Gives root of a member a way in.
pub struct EnableRootCredential;

impl Operation for EnableRootCredential {
    const ID: &'static str = "enable_root_credential";
    const METHOD: Method = Method::Post;
    const PATH: &'static str =
        "/v1/organizations/{organization}/accounts/{account}/root-credential";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Issue a password ticket for root of a member account";
    const DESCRIPTION: &'static str = "The ticket is good once, for an hour; it voids the one before. Control policies bind \
        the root that comes of it as everybody else in the account.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_ACCOUNT);
    const PRECONDITION: Precondition = Precondition::None;
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The ticket";
    const PROBLEMS: &'static [Code] = &[Code::InvalidName, Code::InvalidState];

    type Path = MemberPath;
    type Query = Empty;
    type Body = Json<NewRootCredential>;
    type Reply = RootCredentialView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        member_target(&input.path, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let (id, account) = (input.path.organization.clone(), input.path.account);
        let caller = grant.caller()?.account;
        let log = LogId::Account(account);
        let email = input.body.root_email.as_deref();
        let email: Option<EmailAddress> =
            email.map(|text| named(text, "/root_email")).transpose()?;
        let email = email.map(|email| address(account, &email, services));
        let ticket = Ticket::addressed(
            TicketKind::Password,
            Address::Root(account),
            &mut services.entropy(),
        );
        let mac = ticket.mac(services.part::<Peppers>()?).to_bytes();
        let rights = write::rights(&grant)?;
        let logs = [rights.clone(), log.clone()];
        grant
            .write(services, &input, &logs, |states, ctx| {
                let state = write::writable::<Self>(states, &id, caller)?;
                let member = &states
                    .account(account)
                    .ok_or_else(Problem::not_found)?
                    .state;
                let expires_at = ctx.now.plus_seconds(TICKET_S);
                let command = EnableRoot {
                    account,
                    expires_at,
                    email: email.as_ref().map(Personal::digest),
                };
                let made = organization::enable_root(state, member, &command, ctx)
                    .map_err(of_rejection)?;
                let before = member.root();
                let (subject, kind) = (member.root_subject(), CredentialKind::PasswordTicket);
                let generation = before.ticket_generation.saturating_add(1);
                let filed = credential(
                    &log,
                    &subject,
                    kind,
                    generation,
                    mac.clone(),
                    Some(expires_at),
                );
                let mut side = vec![no_credentials(&log, &subject, kind), filed];
                side.extend(email.clone().map(|row| filed_under(row, before)));
                let events = vec![
                    Events::Organization(id.clone(), made.organization_events),
                    Events::Account(account, made.account_events),
                ];
                let ticket = ticket.clone();
                let change = Change::new(events, move |after| {
                    let root = after.account(account).map(trilby_account::Account::root);
                    let filed = root
                        .and_then(|root| root.password_ticket.as_ref())
                        .ok_or_else(|| lost(ThingKind::RootCredential))?;
                    let view = RootCredentialView {
                        account_id: account,
                        ticket,
                        ticket_withheld: false,
                        expires_at: filed.expires_at,
                    };
                    Ok(Reply::new(view).withholding(&["ticket"]))
                });
                Ok(change.guarded_by(vec![rights.clone()]).with_side(side))
            })
            .await
    }
}

/// The row of root's e-mail address. Its generation is known when the state is; its digest is of salt and body alone.
fn address(account: AccountId, email: &EmailAddress, services: &Services) -> Personal {
    Personal {
        log: LogId::Account(account),
        subject: account.to_string(),
        field: PersonalField::Email.number(),
        generation: 1,
        salt: services.entropy().take(),
        body: SideBody(email.to_string().into_bytes()),
    }
}

fn filed_under(row: Personal, before: &Root) -> SideWrite {
    let earlier = before.email.map_or(0, |email| email.generation);
    SideWrite::PersonalInsert(Personal {
        generation: earlier.saturating_add(1),
        ..row
    })
}

fn shown_once<S: Serializer>(ticket: &Ticket, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(ticket.expose())
}
