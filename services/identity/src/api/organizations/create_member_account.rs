//! `POST /v1/organizations/{organization}/accounts`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Idempotency, Input, Json, Known, Method, Operation, Place,
    Reply, Scope, Services, Target,
};
use trilby_account::{ThingKind, organization};
use trilby_directory::Events;
use trilby_model::AccountName;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{OrganizationPath, management_of, target};
use super::view::MemberView;
use super::write;
use crate::names::named;
use crate::written::lost;

const ACTION: &str = "organizations:CreateAccount";

/// An account to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMemberAccount {
    /// Its name.
    #[schema(value_type = AccountName)]
    name: String,
}

/// Makes an account inside an organization.
pub struct CreateMemberAccount;

impl Operation for CreateMemberAccount {
    const ID: &'static str = "create_member_account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/organizations/{organization}/accounts";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create an account in an organization";
    const DESCRIPTION: &'static str = "The account has no root credential. Principals of the management account that may \
        assume its role `OrganizationAccountAccessRole` administer it.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The account and the role that opens it";
    const PROBLEMS: &'static [Code] = &[Code::InvalidName, Code::LimitExceeded, Code::InvalidState];
    const IDEMPOTENCY: Idempotency = Idempotency::Required;

    type Path = OrganizationPath;
    type Query = Empty;
    type Body = Json<NewMemberAccount>;
    type Reply = MemberView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path.organization, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let management = management_of(&grant.organization()?.state)?;
        let caller = grant.caller()?.account;
        let rights = write::rights(&grant)?;
        let command = organization::CreateMember {
            name: named(&input.body.name, "/name")?,
        };
        grant
            .write(
                services,
                &input,
                std::slice::from_ref(&rights),
                |states, ctx| {
                    let state = write::writable::<Self>(states, &id, caller)?;
                    let new =
                        organization::create_member(state, &command, ctx).map_err(of_rejection)?;
                    let events = vec![
                        Events::Organization(id.clone(), new.organization_events),
                        Events::Account(new.account, new.account_events),
                    ];
                    let (id, account, role) = (id.clone(), new.account, new.access_role);
                    let change = Change::new(events, move |after| {
                        let organization = after
                            .organization(&id)
                            .ok_or_else(|| lost(ThingKind::Organization))?;
                        let member = organization
                            .member(account)
                            .ok_or_else(|| lost(ThingKind::Account))?;
                        let view = MemberView::of(management, &id, member).opened_by(role);
                        let location = format!("/v1/organizations/{id}/accounts/{account}");
                        Ok(Reply::new(view)
                            .etag(member.stamp.changed)
                            .location(location))
                    });
                    Ok(change.guarded_by(vec![rights.clone()]))
                },
            )
            .await
    }
}
