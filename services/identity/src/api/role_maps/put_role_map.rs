//! `PUT /v1/accounts/{account}/{oidc-providers|oidc-provider-links}/{x}/role-map`

use std::marker::PhantomData;

use serde::Deserialize;
use trilby_access::problem::of_rejection_in;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::{Account, Ref, ThingKind, command};
use trilby_model::federation::{RoleMap, RoleMapFields};
use trilby_model::{Arn, RoleName};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::kind::{MapKind, find, target};
use super::path::MapPath;
use super::view::{RoleMapView, reply};
use crate::written::lost;

const PASS_ROLE: &str = "iam:PassRole";

/// The rules to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleMapBody {
    /// The rules.
    role_map: RoleMapFields,
}

/// Gives the logins of a provider or link a role map.
pub struct PutRoleMap<K>(PhantomData<K>);

impl<K: MapKind> Operation for PutRoleMap<K> {
    const ID: &'static str = K::IDS[1];
    const METHOD: Method = Method::Put;
    const PATH: &'static str = K::PATH;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = "Create or replace a role map";
    const DESCRIPTION: &'static str = "From claims to roles, within what trust policies admit; a map without rules admits nobody. \
        Each role must be of this account and trust the provider, and needs the right `iam:PassRole`: without it the answer \
        is `escalation_refused` with the guard `G3`.";
    const ACCESS: Access = Access::Action("iam:PutRoleMap");
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The role map as it is now";
    const PROBLEMS: &'static [Code] = &[
        Code::RoleNotTrustingProvider,
        Code::EscalationRefused,
        Code::LimitExceeded,
    ];

    type Path = MapPath<K>;
    type Query = Empty;
    type Body = Json<RoleMapBody>;
    type Reply = RoleMapView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account, &input.path.seat, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let map = RoleMap::try_from(input.body.role_map.clone()).map_err(|invalid| {
            let invalid = invalid.below("/role_map");
            Problem::invalid(invalid.pointer, invalid.message)
        })?;
        let command = command::PutRoleMap {
            seat: input.path.seat.clone(),
            map,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                may_pass(&grant, account, &command.map)?;
                let events = account
                    .decide(command.clone().into(), ctx)
                    .map_err(|rejection| of_rejection_in(rejection, "/role_map"))?;
                let seat = command.seat.clone();
                let created = find(account, &seat).is_none();
                Ok(Change::of_account(id, events, move |after| {
                    let mapped = find(after, &seat).ok_or_else(|| lost(ThingKind::RoleMap))?;
                    Ok(reply(mapped).created(created))
                }))
            })
            .await
    }
}

/// Guard G3: nobody puts others into a role that he may not pass on.
fn may_pass<K: MapKind>(
    grant: &Authorized<PutRoleMap<K>>,
    account: &Account,
    map: &RoleMap,
) -> Result<(), Problem> {
    for arn in map.roles() {
        let keys = match role_of(account, arn) {
            Some(role) => Target::new(account.id(), arn.clone()).resource_tags(&role.tags),
            None => Target::new(account.id(), arn.clone()),
        };
        let keys = keys.key("iam:PassedToService", "sts.trilby").context;
        if !grant.allows(PASS_ROLE, arn, account.id(), &keys)? {
            let detail = format!("you may not pass `{arn}` on to others");
            return Err(Problem::new(Code::EscalationRefused, detail)
                .with("guard", "G3")
                .with("action", PASS_ROLE));
        }
    }
    Ok(())
}

fn role_of<'a>(account: &'a Account, arn: &Arn) -> Option<&'a trilby_account::Role> {
    let name: RoleName = arn.resource().rsplit('/').next()?.parse().ok()?;
    account.role(&Ref::Name(name))
}
