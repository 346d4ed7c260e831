//! `POST /v1/accounts/{account}/users/{user}/access-keys`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Idempotency, Input, Json, Known, Method, Operation, Place,
    Reply, Scope, Services, Target, containment,
};
use trilby_account::{Event, PrincipalId, ThingKind, UserRef, command};
use trilby_credential::{AccessKeySecret, CredentialKind, Peppers};
use trilby_model::{LogId, Timestamp};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::view::{AccessKeyView, NewKeyView};
use crate::api::users::{UserPath, find, target};
use crate::written::{credential, lost};

/// An access key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccessKeyRequest {
    /// When it stops opening; the account may ask for one.
    expires_at: Option<Timestamp>,
    /// Networks it may be used from, in CIDR notation; any if not given.
    #[serde(default)]
    #[schema(required = false)]
    allowed_cidrs: Vec<String>,
}

/// Makes an access key.
pub struct CreateAccessKey;

impl Operation for CreateAccessKey {
    const ID: &'static str = "create_access_key";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}/access-keys";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create an access key of a user";
    const DESCRIPTION: &'static str = "The secret is in this answer and nowhere else: only a keyed digest of it is kept. \
        An answer repeated by `Idempotency-Key` has it no more. At most two keys per user; root has none.";
    const ACCESS: Access = Access::Action("iam:CreateAccessKey");
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The key with its secret";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState, Code::LimitExceeded];
    const IDEMPOTENCY: Idempotency = Idempotency::Required;

    type Path = UserPath;
    type Query = Empty;
    type Body = Json<NewAccessKeyRequest>;
    type Reply = NewKeyView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.user, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let user = find(&grant.account()?.state, &input.path.user)?.id.clone();
        let secret = AccessKeySecret::generate(&mut services.entropy());
        let mac = secret.mac(services.part::<Peppers>()?).to_bytes();
        let command = command::CreateAccessKey {
            user: UserRef::Id(user.clone()),
            expires_at: input.body.expires_at,
            allowed_cidrs: input.body.allowed_cidrs.clone(),
        };
        let organization = containment::logs(&grant)?;
        let owner = PrincipalId::User(user.clone());
        grant
            .write(services, &input, &organization, |states, ctx| {
                let state = &states
                    .account(account)
                    .ok_or_else(Problem::not_found)?
                    .state;
                containment::refuse(states, state, Some(&owner))?;
                let events = state
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                let made = events.iter().find_map(|event| match event {
                    Event::AccessKeyCreated(fact) => Some(fact.clone()),
                    _ => None,
                });
                let made = made.ok_or_else(|| lost(ThingKind::AccessKey))?;
                let (id, kind) = (made.access_key, CredentialKind::AccessKey);
                let log = LogId::Account(account);
                let side = vec![credential(
                    &log,
                    id.as_ref(),
                    kind,
                    1,
                    mac.clone(),
                    made.expires_at,
                )];
                let (secret, user) = (secret.clone(), user.clone());
                let change = Change::of_account(account, events, move |after| {
                    let key = after
                        .access_key(&id)
                        .ok_or_else(|| lost(ThingKind::AccessKey))?;
                    let location = format!("/v1/accounts/{account}/users/{user}/access-keys/{id}");
                    let reply = Reply::new(NewKeyView {
                        key: AccessKeyView::of(key),
                        secret,
                        secret_withheld: false,
                    });
                    Ok(reply
                        .etag(key.stamp.changed)
                        .location(location)
                        .withholding(&["secret"]))
                });
                Ok(change.guarded_by(organization.clone()).with_side(side))
            })
            .await
    }
}
