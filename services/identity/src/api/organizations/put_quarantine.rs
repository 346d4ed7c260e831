//! `PUT /v1/organizations/{organization}/quarantine/{target}`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::organization::{self, SetQuarantine};
use trilby_account::{Description, DescriptionError, ThingKind};
use trilby_directory::Events;
use trilby_model::LogId;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::quarantine::{QuarantinePath, QuarantineView, quarantine_target};
use super::write;
use crate::written::lost;

/// A quarantine to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuarantine {
    /// Why: free text, at most 1,000 characters.
    reason: Option<String>,
}

/// Denies everything to an account or a principal.
pub struct PutQuarantine;

impl Operation for PutQuarantine {
    const ID: &'static str = "put_quarantine";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/organizations/{organization}/quarantine/{target}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Put an account, a user or a role into quarantine";
    const DESCRIPTION: &'static str = "Their sessions end, in the same commit. While it stands everything is denied to them, and they are given no sessions, roles and keys; no right of their own account lifts it. Takes `application/json`: `{}` or a reason.";
    const ACCESS: Access = Access::Action(super::QUARANTINE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The quarantine";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];
    type Path = QuarantinePath;
    type Query = Empty;
    type Body = Json<NewQuarantine>;
    type Reply = QuarantineView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        quarantine_target(&input.path, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let wanted = input.path.target.0.clone();
        let account = wanted.account().ok_or_else(Problem::not_found)?;
        let reason = input.body.reason.as_deref();
        let reason: Option<Description> = reason
            .map(|text| text.parse())
            .transpose()
            .map_err(|error: DescriptionError| Problem::invalid("/reason", error.to_string()))?;
        let caller = grant.caller()?.account;
        let rights = write::rights(&grant)?;
        let logs = [rights.clone(), LogId::Account(account)];
        grant
            .write(services, &input, &logs, |states, ctx| {
                let state = write::writable::<Self>(states, &id, caller)?;
                let member = &states
                    .account(account)
                    .ok_or_else(Problem::not_found)?
                    .state;
                let target = wanted.among(member).ok_or_else(Problem::not_found)?;
                let command = SetQuarantine {
                    target: target.clone(),
                    reason: reason.clone(),
                };
                let made = organization::set_quarantine(state, member, &command, ctx)
                    .map_err(of_rejection)?;
                let begins = !made.organization_events.is_empty();
                let events = vec![
                    Events::Organization(id.clone(), made.organization_events),
                    Events::Account(account, made.account_events),
                ];
                let id = id.clone();
                let change = Change::new(events, move |after| {
                    let state = after.organization(&id);
                    let stands =
                        state.and_then(|state| state.quarantines().get(&target.to_string()));
                    let stands = stands.ok_or_else(|| lost(ThingKind::Quarantine))?;
                    let reply = Reply::new(QuarantineView::of(stands)).etag(stands.stamp.changed);
                    Ok(reply.created(begins))
                });
                Ok(change.guarded_by(vec![rights.clone()]))
            })
            .await
    }
}
