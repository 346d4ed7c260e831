//! The bootstrap ticket: how an empty installation is opened.
//!
//! There is no open sign-up and no default password. Whoever starts the process is given a ticket once, and only its
//! MAC is kept; a new ticket voids the one before.

use trilby_access::{Services, problem};
use trilby_account::platform::{self, IssueBootstrapTicket, Platform};
use trilby_account::{Actor, Context};
use trilby_credential::{CredentialKind, Peppers, Ticket, TicketKind, rows};
use trilby_directory::{Answer, Events, Plan, ReceiptKey, Write};
use trilby_model::LogId;
use trilby_service::problem::Problem;

use crate::written::{credential, no_credentials};

/// How long a ticket opens, in seconds: long enough to type one request, short enough not to be left lying about.
pub const TICKET_S: i64 = 1_800;

/// What is done once the ticket has opened the installation: whoever keeps a copy of it throws that away.
pub struct WhenOpened(Box<dyn Fn() + Send + Sync>);

impl WhenOpened {
    /// Calls this when it has.
    #[must_use]
    pub fn new(act: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Box::new(act))
    }

    pub(crate) fn act(&self) {
        (self.0)();
    }
}

/// Whether the installation has its operator account.
///
/// Errors: the store cannot be read.
pub async fn is_done(services: &Services) -> Result<bool, Problem> {
    Ok(services.operator_account().await?.is_some())
}

/// Makes a ticket and files its MAC. An earlier one opens nothing any more.
///
/// Errors: `invalid_state` if the installation has accounts; the store cannot be written.
pub async fn issue_ticket(services: &Services) -> Result<Ticket, Problem> {
    let mut entropy = services.entropy();
    let ticket = Ticket::generate(TicketKind::Bootstrap, &mut entropy);
    let mac = ticket.mac(services.part::<Peppers>()?).to_bytes();
    let now = services.now();
    let ctx = Context::new(now, Actor::System, &mut entropy);
    let log = LogId::Platform;
    let write = Write {
        logs: vec![log.clone()],
        receipt: ReceiptKey::random(log.clone(), &mut entropy),
        meta: serde_json::json!({ "operation": "issue_bootstrap_ticket" }),
        alive: Vec::new(),
        incarnation: None,
        trace: None,
        now,
        entropy,
    };
    let written = services.directory().execute(write, |states| {
        let empty = Platform::empty();
        let state = states.platform().map_or(&empty, |view| &view.state);
        let mut ctx = ctx.clone();
        ctx.now = states.now();
        let expires_at = ctx.now.plus_seconds(TICKET_S);
        let command = IssueBootstrapTicket { expires_at };
        let events =
            platform::issue_ticket(state, &command, &ctx).map_err(problem::of_rejection)?;
        let kind = CredentialKind::BootstrapTicket;
        let generation = state.ticket_generation().saturating_add(1);
        let side = vec![
            no_credentials(&log, rows::BOOTSTRAP, kind),
            credential(
                &log,
                rows::BOOTSTRAP,
                kind,
                generation,
                mac.clone(),
                Some(expires_at),
            ),
        ];
        let answer = |_: &trilby_directory::After| {
            Ok::<_, Problem>(Answer {
                value: (),
                status: 201,
                stored: None,
            })
        };
        Ok(Plan::new(vec![Events::Platform(events)], answer).with_side(side))
    });
    written.await.map_err(problem::of_execution)?;
    Ok(ticket)
}
