//! Password tickets: opened here, and given to who must change a password before anything else.

use trilby_access::{Facts, Services, problem};
use trilby_account::command::IssuePasswordTicket;
use trilby_account::{Command, Event, Ref};
use trilby_credential::{Address, CredentialKind, Mac, Peppers, Ticket, TicketKind};
use trilby_eventlog::SideWrite;
use trilby_model::{AccountId, LogId, Timestamp, UserId};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};

use super::{Claim, credential, write};
use crate::TokenParts;
use crate::issue::refuse_quarantined;
use crate::proof::{Person, Proof, Proved};
use crate::throttle::Network;

/// Seconds a ticket opens that is given because a password must be changed.
const TICKET_S: i64 = 3_600;

/// A ticket that opens now: the newest of its person, by the log, with the MAC that was filed for it.
///
/// Errors: `invalid_credentials`, whatever is wrong with it.
pub(super) async fn verify(
    services: &Services,
    facts: &Facts,
    text: &Secret<String>,
) -> Result<Claim, Problem> {
    let network = Network::of(facts.address);
    let opened = open_ticket(services, text.expose(), facts.now).await?;
    opened.ok_or_else(|| {
        if let Ok(parts) = services.part::<TokenParts>() {
            parts.throttles.failed(network, facts.now);
        }
        Problem::new(
            Code::InvalidCredentials,
            "the password ticket is not accepted",
        )
    })
}

async fn open_ticket(
    services: &Services,
    text: &str,
    now: Timestamp,
) -> Result<Option<Claim>, Problem> {
    let peppers = services.part::<Peppers>()?;
    let ticket = Ticket::parse(TicketKind::Password, text).ok();
    let (stored, claim) = match ticket.as_ref().and_then(Ticket::address) {
        Some(address) => filed_ticket(services, address, now).await?,
        None => (None, None),
    };
    let right = peppers.verify(stored.as_ref(), text);
    Ok(claim.filter(|_| right))
}

async fn filed_ticket(
    services: &Services,
    address: &Address,
    now: Timestamp,
) -> Result<(Option<Mac>, Option<Claim>), Problem> {
    let account = address.account();
    let view = match services.directory().account(account).await {
        Ok(view) => view,
        Err(trilby_directory::Error::UnknownLog { .. }) => return Ok((None, None)),
        Err(error) => return Err(problem::of_directory(error)),
    };
    let (person, newest) = match address {
        Address::Root(_) => (Person::Root, view.state.root().password_ticket.as_ref()),
        Address::User(_, user) => {
            let found = view.state.user(&Ref::Id(user.clone()));
            let ticket = found.and_then(|user| user.password_ticket.as_ref());
            (Person::User(user.clone()), ticket)
        }
    };
    let Some(newest) = newest.filter(|ticket| now < ticket.expires_at) else {
        return Ok((None, None));
    };
    let row = credential(
        services,
        account,
        &address.subject(),
        CredentialKind::PasswordTicket,
    )
    .await?;
    let row = row.filter(|row| row.generation == newest.generation);
    let claim = Claim {
        account,
        person,
        ticket: Some(newest.generation),
        session: None,
    };
    Ok((
        row.and_then(|row| Mac::from_bytes(&row.body.0)),
        Some(claim),
    ))
}

/// Refuses a login with a password that must be changed, and gives a ticket to change it.
///
/// Errors: `password_change_required`; `access_denied` in quarantine, where nobody is given a ticket.
pub(in crate::api) async fn require_no_change(
    services: &Services,
    proof: &Proof,
    facts: &Facts,
) -> Result<(), Problem> {
    let Proved::Password {
        account,
        person: Person::User(user),
        ..
    } = proof.proved()
    else {
        return Ok(());
    };
    let view = services
        .directory()
        .account(*account)
        .await
        .map_err(problem::of_directory)?;
    let password = view
        .state
        .user(&Ref::Id(user.clone()))
        .and_then(|user| user.password.as_ref());
    if !password.is_some_and(|password| password.must_change) {
        return Ok(());
    }
    refuse_quarantined(services, *account, user, facts).await?;
    let ticket = issue_ticket(services, *account, user).await?;
    Err(Problem::new(
        Code::PasswordChangeRequired,
        "the password must be changed first, with this ticket at `/v1/password`",
    )
    .with_oauth_error("invalid_grant")
    .with("password_ticket", ticket.expose())
    .with("expires_in", TICKET_S))
}

async fn issue_ticket(
    services: &Services,
    account: AccountId,
    user: &UserId,
) -> Result<Ticket, Problem> {
    let address = Address::User(account, user.clone());
    let subject = address.subject();
    let ticket = Ticket::addressed(TicketKind::Password, address, &mut services.entropy());
    let mac = ticket.mac(services.part::<Peppers>()?).to_bytes();
    let expires_at = services.now().plus_seconds(TICKET_S);
    let command: Command = IssuePasswordTicket {
        user: Ref::Id(user.clone()),
        expires_at,
    }
    .into();
    let log = LogId::Account(account);
    let side = move |events: &[Event]| {
        let generation = events.iter().find_map(generation_of);
        let generation =
            generation.ok_or_else(|| Problem::internal("a ticket was issued without an event"))?;
        let kind = CredentialKind::PasswordTicket;
        let delete = SideWrite::CredentialDelete {
            log: log.clone(),
            subject: subject.clone(),
            kind: Some(kind.number()),
        };
        Ok(vec![
            delete,
            write::row(
                &log,
                &subject,
                kind,
                generation,
                mac.clone(),
                Some(expires_at),
            ),
        ])
    };
    let person = Person::User(user.clone());
    write::execute(
        services,
        (account, &person),
        "issue_password_ticket",
        None,
        None,
        command,
        side,
    )
    .await?;
    Ok(ticket)
}

fn generation_of(event: &Event) -> Option<u32> {
    if let Event::UserPasswordTicketIssued(fact) = event {
        Some(fact.generation)
    } else {
        None
    }
}
