//! `PATCH /v1/accounts/{account}/users/{user}/access-keys/{access_key}`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::{UserRef, command};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{AccessKeyPath, find};
use super::view::{AccessKeyView, KeyStanding};
use crate::api::users::target;

/// What may be changed about an access key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessKeyPatch {
    /// Whether it opens; `inactive` ends its sessions.
    status: Option<KeyStanding>,
}

/// Changes an access key.
pub struct UpdateAccessKey;

impl Operation for UpdateAccessKey {
    const ID: &'static str = "update_access_key";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}/access-keys/{access_key}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Activate or deactivate an access key";
    const DESCRIPTION: &'static str = "Deactivating ends the sessions that came from the key; activating it again does not bring them back.";
    const ACCESS: Access = Access::Action("iam:UpdateAccessKey");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The key as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = AccessKeyPath;
    type Query = Empty;
    type Body = Json<AccessKeyPatch>;
    type Reply = AccessKeyView;

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
        let access_key = input.path.access_key.clone();
        let key = find(&grant.account()?.state, &input.path.user, &access_key)?;
        let user = UserRef::Id(key.user.clone());
        let status = input.body.status.map_or(key.status, Into::into);
        let command = command::SetAccessKeyStatus {
            user: user.clone(),
            access_key: access_key.clone(),
            status,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let key = find(after, &user, &access_key)?;
                Ok(Reply::new(AccessKeyView::of(key)).etag(key.stamp.changed))
            })
            .await
    }
}
