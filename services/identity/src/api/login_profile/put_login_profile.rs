//! `PUT /v1/accounts/{account}/users/{user}/login-profile`

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Idempotency, Input, Json, Known, Method, Operation, Place,
    Reply, Scope, Services, Target, containment,
};
use trilby_account::{Account, PrincipalId, ThingKind, User, UserKind, UserRef, command};
use trilby_credential::CredentialKind;
use trilby_model::{LogId, Timestamp, UserId};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::UPDATE;
use crate::api::users::{self, UserPath, find};
use crate::passwords::{accept, hashing_of, rules};
use crate::written::{credential, lost, no_credentials};

/// A password for a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLoginProfile {
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
    /// Whether the person must choose another at the first login.
    #[serde(default)]
    #[schema(required = false)]
    must_change: bool,
}

/// That a person has a password. The password itself cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LoginProfile)]
pub struct LoginProfileView {
    /// The person.
    pub user_id: UserId,
    /// Whether another must be chosen at the next login.
    pub must_change: bool,
    /// When it was set.
    pub set_at: Timestamp,
}

/// Gives a person a password.
pub struct PutLoginProfile;

impl Operation for PutLoginProfile {
    const ID: &'static str = "put_login_profile";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}/login-profile";
    const TAG: &'static str = users::TAG;
    const SUMMARY: &'static str = "Set a user's password";
    const DESCRIPTION: &'static str = "Ends the user's sessions and voids its password tickets. The first password needs \
        `iam:CreateLoginProfile` as well. Service users have no password.";
    const ACCESS: Access = Access::Action(UPDATE);
    const KNOWN: Known = Known::ByAction(users::READ);
    /// A receipt holds a plain hash of the body, by which a password could be guessed; and a repeated PUT does no harm.
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The password is set";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState, Code::PasswordRejected, Code::Busy];

    type Path = UserPath;
    type Query = Empty;
    type Body = Json<NewLoginProfile>;
    type Reply = LoginProfileView;

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
        let names = names(state, user);
        let hash = accept(
            services,
            &input.body.password,
            rules(state.settings())?,
            &names,
        )
        .await?;
        let first = user.password.is_none();
        let id = user.id.clone();
        let wanted = UserRef::Id(id.clone());
        let command = command::SetUserPassword {
            user: wanted.clone(),
            hashing: hashing_of(&hash),
            must_change: input.body.must_change,
            revoke_sessions: true,
            ticket: None,
        };
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
                let generation = before.password_generation.saturating_add(1);
                let events = state
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                let (log, subject) = (LogId::Account(account), id.to_string());
                let kind = CredentialKind::Password;
                let side = vec![
                    no_credentials(&log, &subject, kind),
                    no_credentials(&log, &subject, CredentialKind::PasswordTicket),
                    credential(
                        &log,
                        &subject,
                        kind,
                        generation,
                        hash.encode().into_bytes(),
                        None,
                    ),
                ];
                let wanted = wanted.clone();
                let change = Change::of_account(account, events, move |after| {
                    let reply = Reply::new(view(find(after, &wanted)?)?);
                    Ok(if first {
                        reply.status(StatusCode::CREATED)
                    } else {
                        reply
                    })
                });
                Ok(change.guarded_by(organization.clone()).with_side(side))
            })
            .await
    }
}

fn view(user: &User) -> Result<LoginProfileView, Problem> {
    let password = user
        .password
        .as_ref()
        .ok_or_else(|| lost(ThingKind::LoginProfile))?;
    Ok(LoginProfileView {
        user_id: user.id.clone(),
        must_change: password.must_change,
        set_at: password.set_at,
    })
}

/// Before an expensive hash is made for nothing.
pub fn is_person(user: &User) -> Result<(), Problem> {
    match user.kind {
        UserKind::Human => Ok(()),
        UserKind::Service => Err(Problem::new(
            Code::InvalidState,
            format!("user `{}` is a service user and has no password", user.name),
        )),
    }
}

/// What a password should not be made of.
fn names(account: &Account, user: &User) -> Vec<String> {
    let mut names = vec![user.name.to_string()];
    names.extend(account.name().map(ToString::to_string));
    names.extend(account.alias().map(ToString::to_string));
    names
}
