//! `POST /v1/bootstrap`: the one way into an empty installation.

use serde::{Deserialize, Serialize};
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Idempotency, Input, Json, Method, Operation, Reply,
    Services, problem,
};
use trilby_account::platform::{self, Platform};
use trilby_account::{PersonalField, ThingKind};
use trilby_credential::password::rules::Rules;
use trilby_credential::{CredentialKind, Mac, Peppers, rows};
use trilby_directory::Events;
use trilby_eventlog::{Personal, SideBody, SideWrite};
use trilby_model::{AccountName, Arn, EmailAddress, LogId};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::accounts::AccountView;
use crate::bootstrap::WhenOpened;
use crate::names::named;
use crate::passwords::{accept, hashing_of};
use crate::written::{credential, lost};

/// The first account and its root user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BootstrapRequest {
    /// The bootstrap ticket (`tbb_…`).
    #[schema(value_type = String, format = Password)]
    ticket: Secret<String>,
    /// Name of the account.
    #[schema(value_type = AccountName)]
    account_name: String,
    /// E-mail address that root logs in with.
    #[schema(value_type = EmailAddress)]
    root_email: String,
    /// Root's password.
    #[schema(value_type = String, format = Password)]
    root_password: Secret<String>,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bootstrapped)]
pub struct BootstrapView {
    /// The operator account.
    pub account: AccountView,
    /// ARN of its root user.
    pub root_arn: Arn,
}

/// Opens an empty installation.
pub struct Bootstrap;

impl Operation for Bootstrap {
    const ID: &'static str = "bootstrap";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/bootstrap";
    const TAG: &'static str = "Bootstrap";
    const SUMMARY: &'static str = "Make the first account and its root user";
    const DESCRIPTION: &'static str = "Works once per installation, with the ticket that `trilby serve` prints when its \
        store is empty. There is no other way in.";
    const ACCESS: Access =
        Access::Public("the bootstrap ticket is the proof, checked in the handler");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The operator account";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::InvalidCredentials,
        Code::InvalidState,
        Code::PasswordRejected,
        Code::Busy,
    ];
    const IDEMPOTENCY: Idempotency = Idempotency::None;

    type Path = Empty;
    type Query = Empty;
    type Body = Json<BootstrapRequest>;
    type Reply = BootstrapView;

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let body = &input.body.value;
        let opened = opened(services, &body.ticket).await;
        let generation = opened.inspect_err(|problem| {
            tracing::info!(
                request.id = %input.facts.request_id,
                %problem,
                "a bootstrap was refused"
            );
        })?;
        let account_name: AccountName = named(&body.account_name, "/account_name")?;
        let email: EmailAddress = named(&body.root_email, "/root_email")?;
        let names = [account_name.to_string(), email.to_string()];
        let hash = accept(services, &body.root_password, Rules::ALONE, &names).await?;
        let address = Personal {
            // Whose row it is is known when the account is; its digest is of salt and body alone.
            log: LogId::Platform,
            subject: String::new(),
            field: PersonalField::Email.number(),
            generation: 1,
            salt: services.entropy().take(),
            body: SideBody(email.to_string().into_bytes()),
        };
        let write = grant.write(services, &input, &[LogId::Platform], |states, ctx| {
            let empty = Platform::empty();
            let state = states.platform().map_or(&empty, |view| &view.state);
            let command = platform::Bootstrap {
                ticket: generation,
                account_name: account_name.clone(),
                hashing: hashing_of(&hash),
                root_email: address.digest(),
            };
            let made = platform::bootstrap(state, &command, ctx).map_err(of_rejection)?;
            let id = made.account;
            let log = LogId::Account(id);
            let password = hash.encode().into_bytes();
            let side = vec![
                SideWrite::CredentialTake {
                    log: LogId::Platform,
                    subject: rows::BOOTSTRAP.to_owned(),
                    kind: CredentialKind::BootstrapTicket.number(),
                    generation,
                },
                credential(
                    &log,
                    &id.to_string(),
                    CredentialKind::Password,
                    1,
                    password,
                    None,
                ),
                SideWrite::PersonalInsert(Personal {
                    log,
                    subject: id.to_string(),
                    ..address.clone()
                }),
            ];
            let events = vec![
                Events::Platform(made.platform_events),
                Events::Account(id, made.account_events),
            ];
            let change = Change::new(events, move |after| {
                let account = after.account(id).ok_or_else(|| lost(ThingKind::Account))?;
                let view = BootstrapView {
                    account: AccountView::of(account)?,
                    root_arn: Arn::root(&id),
                };
                Ok(Reply::new(view).location(format!("/v1/accounts/{id}")))
            });
            Ok(change.with_side(side))
        });
        let reply = write.await?;
        // Nothing need be waiting for it.
        if let Ok(opened) = services.part::<WhenOpened>() {
            opened.act();
        }
        Ok(reply)
    }
}

/// The generation of the ticket, if it is the one that opens now.
///
/// Errors: `invalid_state` once the installation has an account; `invalid_credentials` for every ticket that does not
/// open, whatever is wrong with it.
async fn opened(services: &Services, ticket: &Secret<String>) -> Result<u32, Problem> {
    let newest = match services.directory().platform().await {
        Ok(view) if view.state.operator_account().is_some() => {
            return Err(Problem::new(
                Code::InvalidState,
                "the installation has its first account; bootstrapping is over",
            ));
        }
        Ok(view) => view.state.ticket().cloned(),
        Err(trilby_directory::Error::UnknownLog { .. }) => None,
        Err(error) => return Err(problem::of_directory(error)),
    };
    let now = services.now();
    let newest = newest.filter(|newest| now < newest.expires_at);
    let kind = CredentialKind::BootstrapTicket.number();
    let row = services
        .log()
        .credential(&LogId::Platform, rows::BOOTSTRAP, kind)
        .await;
    let row = row.map_err(|error| problem::of_directory(error.into()))?;
    let row = row.filter(|row| {
        newest
            .as_ref()
            .is_some_and(|newest| newest.generation == row.generation)
    });
    let stored = row.and_then(|row| Mac::from_bytes(&row.body.0));
    let right = services
        .part::<Peppers>()?
        .verify(stored.as_ref(), ticket.expose());
    match newest {
        Some(newest) if right => Ok(newest.generation),
        Some(_) | None => Err(Problem::new(
            Code::InvalidCredentials,
            "the bootstrap ticket is not accepted",
        )),
    }
}
