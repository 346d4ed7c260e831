//! The one way into an empty installation.

use trilby_model::{AccountId, AccountName, Hash, Timestamp};

use super::event::{BootstrapTicketIssued, Event, PlatformBootstrapped};
use super::state::Platform;
use crate::context::Context;
use crate::event::{AccountCreated, Event as AccountEvent, RootCredentialSet};
use crate::rejection::{Rejection, ThingKind};
use crate::value::{Hashing, PersonalField, PersonalRef};

/// Makes a ticket that bootstraps the installation; an earlier one does not open any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueBootstrapTicket {
    /// When it stops opening; cut to whole seconds.
    pub expires_at: Timestamp,
}

/// Makes the operator account and its root. The caller has compared the ticket with its hash, and
/// files root's password hash and e-mail address under generation 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// The ticket that was shown, by generation.
    pub ticket: u32,
    /// The account's name.
    pub account_name: AccountName,
    /// How root's password was hashed.
    pub hashing: Hashing,
    /// SHA-256 of salt and body of the row of root's e-mail address.
    pub root_email: Hash,
}

/// What bootstraps an installation: one commit in both logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOperator {
    /// The operator account; its log is new.
    pub account: AccountId,
    /// For the installation's log.
    pub platform_events: Vec<Event>,
    /// For the account's log, from seq 1.
    pub account_events: Vec<AccountEvent>,
}

/// Decides on [`IssueBootstrapTicket`].
///
/// Errors: the installation is bootstrapped, or the ticket would be dead already.
pub fn issue_ticket(
    platform: &Platform,
    command: &IssueBootstrapTicket,
    ctx: &Context,
) -> Result<Vec<Event>, Rejection> {
    is_new(platform)?;
    let expires_at = Timestamp::from_unix_seconds(command.expires_at.unix_seconds());
    if expires_at <= ctx.now {
        let (pointer, why) = ("/expires_at", "must be in the future");
        return Err(Rejection::InvalidParameter { pointer, why });
    }
    let fact = BootstrapTicketIssued {
        generation: platform.ticket_generation().saturating_add(1),
        expires_at,
    };
    Ok(vec![fact.into()])
}

/// Decides on [`Bootstrap`].
///
/// Errors: the installation is bootstrapped, or the ticket is not the newest or has expired.
pub fn bootstrap(
    platform: &Platform,
    command: &Bootstrap,
    ctx: &Context,
) -> Result<NewOperator, Rejection> {
    is_new(platform)?;
    let opens = platform
        .ticket()
        .is_some_and(|ticket| ticket.generation == command.ticket && ctx.now < ticket.expires_at);
    if !opens {
        let why = "is not the newest one or has expired";
        return Err(Rejection::state(
            ThingKind::BootstrapTicket,
            &command.ticket,
            why,
        ));
    }
    let account = AccountId::generate(&mut ctx.entropy());
    let bootstrapped = PlatformBootstrapped {
        operator_account: account,
        ticket: command.ticket,
    };
    let created = AccountCreated {
        account,
        name: command.account_name.clone(),
    };
    let credential = RootCredentialSet {
        account,
        generation: 1,
        hashing: command.hashing.clone(),
        email: Some(PersonalRef {
            field: PersonalField::Email,
            generation: 1,
            digest: command.root_email,
        }),
    };
    Ok(NewOperator {
        account,
        platform_events: vec![bootstrapped.into()],
        account_events: vec![created.into(), credential.into()],
    })
}

fn is_new(platform: &Platform) -> Result<(), Rejection> {
    match platform.operator_account() {
        None => Ok(()),
        Some(account) => Err(Rejection::state(
            ThingKind::Installation,
            &account,
            "is the operator account already",
        )),
    }
}
