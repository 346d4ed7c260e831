//! `GET /v1/accounts/{account}/users/{user}/access-keys/{access_key}/last-used`

use serde::Serialize;
use trilby_access::problem::of_directory;
use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_credential::{CredentialKind, rows};
use trilby_model::{AccessKeyId, LogId, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::path::{AccessKeyPath, find};
use crate::api::users::target;

/// When an access key was last used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessKeyLastUsed)]
pub struct LastUsedView {
    /// The key.
    access_key_id: AccessKeyId,
    /// The beginning of the hour in which it was last accepted; absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
}

/// Tells when an access key was last used.
pub struct GetAccessKeyLastUsed;

impl Operation for GetAccessKeyLastUsed {
    const ID: &'static str = "get_access_key_last_used";
    const METHOD: Method = Method::Get;
    const PATH: &'static str =
        "/v1/accounts/{account}/users/{user}/access-keys/{access_key}/last-used";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Tell when an access key was last used";
    const DESCRIPTION: &'static str =
        "Kept to the hour, and not in the log: the past cannot be asked.";
    const ACCESS: Access = Access::Action("iam:GetAccessKeyLastUsed");
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The hour";
    const HISTORY: bool = false;

    type Path = AccessKeyPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = LastUsedView;

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
        let state = &grant.account()?.state;
        let key = find(state, &input.path.user, &input.path.access_key)?;
        let (log, kind) = (LogId::Account(state.id()), CredentialKind::AccessKeyUse);
        let noted = services
            .log()
            .credential(&log, key.id.as_str(), kind.number())
            .await;
        let noted = noted.map_err(|error| of_directory(error.into()))?;
        Ok(Reply::new(LastUsedView {
            access_key_id: key.id.clone(),
            last_used_at: noted.map(|row| rows::beginning_of(row.generation)),
        }))
    }
}
