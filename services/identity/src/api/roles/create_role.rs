//! `POST /v1/accounts/{account}/roles`

use serde::Deserialize;
use trilby_access::problem::of_rejection_in;
use trilby_access::{
    Access, Authorized, Change, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::{
    Account, PrincipalRef, Quota, Reason, Ref, Rejection, RoleLimits, ThingKind, TrustWarning,
    command,
};
use trilby_model::{Arn, Path, RoleName, Tags};
use trilby_policy::Kind;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::limits::audiences;
use super::path::waived;
use super::view::RoleView;
use crate::api::resources::principals;
use crate::api::{AccountPath, ValidateQuery, boundaries};
use crate::documents::{Examined, examine_at};
use crate::names::{described, named, placed};
use crate::written::lost;

/// A role to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// Name, unique in the account without case.
    #[schema(value_type = RoleName)]
    name: String,
    /// Path, part of the ARN; `/` if none is given.
    #[schema(value_type = Option<Path>)]
    path: Option<String>,
    /// Free text, at most 1,000 characters.
    description: Option<String>,
    /// Tags.
    tags: Option<Tags>,
    /// Who may assume it.
    #[schema(value_type = Object)]
    #[expect(
        dead_code,
        reason = "read from the body's text, where its places are known"
    )]
    trust_policy: serde_json::Value,
    /// Longest session in seconds, 900 to 43200; 3600 if not given.
    max_session_duration: Option<u32>,
    /// Longest session in seconds that another role session starts, 900 to 43200; 3600 if not given.
    chain_max: Option<u32>,
    /// Audiences that a session's token may be made for besides our own, at most 10.
    allowed_audiences: Option<Vec<String>>,
    /// Whether it appears among the roles that may be assumed; yes if not given.
    listed: Option<bool>,
    /// Why it may trust accounts outside the organization without an external id; kept on record.
    external_id_waiver: Option<String>,
    /// ARN of the managed policy that caps it from the beginning, or `system:` and the name of a system policy.
    #[schema(example = "system:ReadOnlyAccess")]
    permissions_boundary: Option<String>,
}

/// Makes a role.
pub struct CreateRole;

impl Operation for CreateRole {
    const ID: &'static str = "create_role";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/roles";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create a role";
    const DESCRIPTION: &'static str = "A new role may do nothing; its trust policy says who may assume it. Users and roles \
        that the policy names are those that bear the name now, for as long as they exist. With tags, `iam:TagRole` is \
        needed as well. A statement that lets in accounts outside the organization must test \
        `sts:ExternalId` for a value issued here or by them, or a waiver must be given. With `validate_only=true` nothing is written; the answer is 200 with a `PolicyValidation`.";
    const ACCESS: Access = Access::Action("iam:CreateRole");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The role";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::MalformedPolicy,
        Code::WeakTrustPolicy,
        Code::ExternalIdRequired,
        Code::InvalidPrincipal,
        Code::InvalidState,
        Code::AlreadyExists,
        Code::LimitExceeded,
    ];

    type Path = AccountPath;
    type Query = ValidateQuery;
    type Body = Json<NewRole>;
    type Reply = RoleView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let name: RoleName = named(&input.body.name, "/name")?;
        let arn = Arn::role(&account, &placed(input.body.path.as_deref())?, &name);
        let target = Target::new(account, arn.clone());
        let target = match &input.body.permissions_boundary {
            Some(boundary) => {
                let state = scope.account.map(|view| &view.state);
                boundaries::getting(target, account, state, boundary)
            }
            None => target,
        };
        Ok(match &input.body.tags {
            Some(tags) if !tags.is_empty() => target.request_tags(tags).also("iam:TagRole", arn),
            Some(_) | None => target,
        })
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let body = &input.body.value;
        let quota = Quota::TrustPolicyBytes;
        let examined = examine_at("/trust_policy", &input.body.source, Kind::Trust, quota);
        let state = &grant.account()?.state;
        if input.query.validate_only {
            let waiver = waived(body.external_id_waiver.as_deref())?;
            let judged = judged(services, state, &examined, waiver.as_ref()).await?;
            return examined.judged(judged, &input.body.source).validation();
        }
        let given = examined.given()?;
        let account = state.id();
        let name: RoleName = named(&body.name, "/name")?;
        let command = command::CreateRole {
            name: name.clone(),
            path: placed(body.path.as_deref())?,
            description: described(body.description.as_deref())?,
            tags: body.tags.clone().unwrap_or_default(),
            known: principals::known(services, account, &given.document).await?,
            trust: given.document,
            limits: limits(body)?,
            external_id_waiver: waived(body.external_id_waiver.as_deref())?,
        };
        let mut commands = vec![command.into()];
        if let Some(boundary) = &body.permissions_boundary {
            let cap = command::SetBoundary {
                principal: PrincipalRef::Role(Ref::Name(name.clone())),
                policy: boundaries::wanted(state, boundary, "/permissions_boundary")?,
            };
            commands.push(cap.into());
        }
        let warnings = given.warnings;
        grant
            .write(services, &input, &[], |states, ctx| {
                let state = &states
                    .account(account)
                    .ok_or_else(Problem::not_found)?
                    .state;
                let events = state
                    .decide_all(commands.clone(), ctx)
                    .map_err(|rejection| of_rejection_in(rejection, "/trust_policy"))?;
                let (name, warnings) = (name.clone(), warnings.clone());
                Ok(Change::of_account(account, events, move |after| {
                    let made = after
                        .role(&Ref::Name(name))
                        .ok_or_else(|| lost(ThingKind::Role))?;
                    let view = RoleView::whole(after, made)?.warned(warnings);
                    Ok(Reply::new(view)
                        .etag(made.stamp.changed)
                        .location(format!("/v1/accounts/{account}/roles/{}", made.id)))
                }))
            })
            .await
    }
}

/// What the rules for trust policies say of a document, were it saved now.
///
/// Errors: those of looking its principals up.
pub(super) async fn judged(
    services: &Services,
    state: &Account,
    examined: &Examined,
    waiver: Option<&Reason>,
) -> Result<Result<Vec<TrustWarning>, Rejection>, Problem> {
    let Some(document) = examined.document() else {
        return Ok(Ok(Vec::new()));
    };
    let known = principals::known(services, state.id(), document).await?;
    Ok(state.examine_trust(document, &known, waiver))
}

fn limits(body: &NewRole) -> Result<RoleLimits, Problem> {
    let default = RoleLimits::default();
    Ok(RoleLimits {
        max_session_duration_s: body
            .max_session_duration
            .unwrap_or(default.max_session_duration_s),
        chain_max_s: body.chain_max.unwrap_or(default.chain_max_s),
        allowed_audiences: audiences(body.allowed_audiences.as_ref())?,
        listed: body.listed.unwrap_or(default.listed),
    })
}
