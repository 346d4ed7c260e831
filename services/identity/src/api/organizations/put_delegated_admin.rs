//! `PUT /v1/organizations/{organization}/delegated-admins/{account}`

use std::collections::BTreeSet;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::ThingKind;
use trilby_account::organization::{self, DelegatedAction};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::delegation::DelegatedAdminView;
use super::path::{MemberPath, member_target};
use super::write;
use crate::written::lost;

const ACTION: &str = "organizations:RegisterDelegatedAdministrator";

/// What a member is entrusted with, in place of what it was before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// Actions on the organization's things, by name.
    #[schema(value_type = Vec<String>, example = json!(["organizations:CreateUnit"]))]
    actions: Vec<String>,
}

/// Entrusts a member with actions.
pub struct PutDelegatedAdmin;

impl Operation for PutDelegatedAdmin {
    const ID: &'static str = "put_delegated_admin";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/organizations/{organization}/delegated-admins/{account}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Make a member account a delegated administrator";
    const DESCRIPTION: &'static str = "Principals of the member may then perform these actions on the organization's things, as far as the member's own policies and control policies allow them to.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_ACCOUNT);
    const PRECONDITION: Precondition = Precondition::Optional;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The delegated administrator";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState, Code::LimitExceeded];
    type Path = MemberPath;
    type Query = Empty;
    type Body = Json<Delegation>;
    type Reply = DelegatedAdminView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        member_target(&input.path, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let (id, account) = (input.path.organization.clone(), input.path.account);
        let mut actions = BTreeSet::new();
        for (index, text) in input.body.actions.iter().enumerate() {
            let action: DelegatedAction =
                text.parse().map_err(|error: organization::NotDelegable| {
                    Problem::invalid(format!("/actions/{index}"), error.to_string())
                })?;
            actions.insert(action);
        }
        let before = grant
            .organization()?
            .state
            .delegated_admins()
            .contains_key(&account);
        let command = organization::SetDelegatedAdmin { account, actions };
        write::command(
            &grant,
            services,
            &input,
            &id,
            command.into(),
            move |after| {
                let admin = after.delegated_admins().get(&account);
                let admin = admin.ok_or_else(|| lost(ThingKind::DelegatedAdmin))?;
                let reply = Reply::new(DelegatedAdminView::of(admin)).etag(admin.stamp.changed);
                Ok(reply.created(!before))
            },
        )
        .await
    }
}
