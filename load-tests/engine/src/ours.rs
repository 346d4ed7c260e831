//! The account told to Trilby: compiled, with every layer on.

use std::sync::Arc;

use serde_json::Value;
use trilby_engine::{
    Account, AccountBuilder, CompiledPolicy, LayerKind, Organization, OrganizationBuilder,
    Principal as Who, RegisteredResource, Request, Resolution, Resource, Role, RoleSession,
    SessionFacts, User, UserPrincipal,
};
use trilby_model::{Tags, Timestamp};
use trilby_policy::{Grammar, Kind};

use crate::told;
use crate::workload::{ACCOUNT, Ask, NOW_S, Principal, Workload, registered};

pub struct World {
    pub account: Account,
    pub organization: Organization,
}

pub fn compile(name: &str, layer: LayerKind, kind: Kind, document: &Value) -> Arc<CompiledPolicy> {
    read(name, layer, kind, document.to_string().into())
}

/// As a directory does it: the text is the fold's, and shared with it.
fn read(name: &str, layer: LayerKind, kind: Kind, text: Arc<str>) -> Arc<CompiledPolicy> {
    let (grammar, by) = (Grammar::stored(), Resolution::ByName);
    CompiledPolicy::read(name, layer, text, kind, grammar, &by)
        .expect("a valid document")
        .shared()
}

pub fn identity(name: &str, text: Arc<str>) -> Arc<CompiledPolicy> {
    read(name, LayerKind::Identity, Kind::Identity, text)
}

fn team(principal: &Principal) -> Tags {
    let (key, value) = (
        "team".parse().expect("a tag key"),
        principal.team.parse().expect("a tag value"),
    );
    Tags::new([(key, value)]).expect("a valid tag")
}

pub fn user(
    index: usize,
    principal: &Principal,
    policies: Vec<Arc<CompiledPolicy>>,
    boundary: &Arc<CompiledPolicy>,
) -> User {
    User {
        id: format!("TUSR{index:017}").parse().expect("a user id"),
        name: principal.name.clone(),
        arn: told::user_arn(principal).parse().expect("an ARN"),
        tags: team(principal),
        policies,
        groups: principal.group.map(group_id).into_iter().collect(),
        boundary: Some(vec![Arc::clone(boundary)]),
        disabled: false,
    }
}

fn group_id(index: usize) -> trilby_model::GroupId {
    format!("TGRP{index:017}").parse().expect("a group id")
}

pub fn boundary() -> Arc<CompiledPolicy> {
    compile(
        "boundary",
        LayerKind::Boundary,
        Kind::Boundary,
        &told::full(),
    )
}

pub fn world(workload: &Workload) -> World {
    let compiled: Vec<Arc<CompiledPolicy>> = workload
        .policies
        .iter()
        .map(|policy| identity(&policy.name, told::text(policy)))
        .collect();
    let account = ACCOUNT.parse().expect("an account id");
    let mut builder = AccountBuilder::new(account);
    let boundary = boundary();
    let all = |indexes: &[usize]| -> Vec<_> {
        indexes
            .iter()
            .map(|index| Arc::clone(&compiled[*index]))
            .collect()
    };
    for (index, policies) in workload.groups.iter().enumerate() {
        builder.set_group(group_id(index), all(policies));
    }
    for (index, principal) in workload.principals.iter().enumerate() {
        let policies = all(&principal.policies);
        if principal.is_role {
            builder.add_role(Role {
                id: format!("TROL{index:017}").parse().expect("a role id"),
                name: principal.name.clone(),
                arn: told::role_arn(principal).parse().expect("an ARN"),
                tags: team(principal),
                policies,
                boundary: Some(vec![Arc::clone(&boundary)]),
                trust: compile("trust", LayerKind::Resource, Kind::Resource, &told::guard()),
            });
        } else {
            builder.add_user(user(index, principal, policies, &boundary));
        }
    }
    let guard = compile("guard", LayerKind::Resource, Kind::Resource, &told::guard());
    for arn in registered() {
        builder.add_resource(RegisteredResource {
            arn: arn.parse().expect("an ARN"),
            tags: Tags::default(),
            policy: Some(Arc::clone(&guard)),
        });
    }
    let organization: trilby_model::OrganizationId =
        "o-abcdefghij".parse().expect("an organization id");
    builder.set_organization(Some(organization.clone()));
    World {
        account: builder.build(),
        organization: tree(organization),
    }
}

fn tree(id: trilby_model::OrganizationId) -> Organization {
    let mut builder = OrganizationBuilder::new(id, "999999999999".parse().expect("an account id"));
    builder.scp_on(true).rcp_on(true);
    builder
        .place("ou-abcdefgh", "r-abcd")
        .place(ACCOUNT, "ou-abcdefgh");
    let scp = |document: Value, name: &str| compile(name, LayerKind::Scp, Kind::Scp, &document);
    let full = scp(told::full(), "full");
    let open = compile("full", LayerKind::Rcp, Kind::Rcp, &told::full_rcp());
    for node in ["r-abcd", "ou-abcdefgh", ACCOUNT] {
        builder.attach_scp(node, vec![Arc::clone(&full)]);
        builder.attach_rcp(node, vec![Arc::clone(&open)]);
    }
    builder.attach_scp("r-abcd", vec![full, scp(told::fence(), "fence")]);
    builder.build()
}

/// A request, ready to be asked.
pub fn request(workload: &Workload, ask: &Ask, session: &Arc<CompiledPolicy>) -> Request {
    let principal = &workload.principals[ask.principal];
    let account = ACCOUNT.parse().expect("an account id");
    let now = Timestamp::from_unix_seconds(NOW_S);
    let facts = SessionFacts {
        issued_at: Some(now),
        mfa_at: ask.mfa.then_some(now),
        ..SessionFacts::default()
    };
    let index = ask.principal;
    let who = if principal.is_role {
        Who::RoleSession(RoleSession {
            session_arn: told::session_arn(principal).parse().expect("an ARN"),
            role_arn: told::role_arn(principal).parse().expect("an ARN"),
            role_id: Some(format!("TROL{index:017}").parse().expect("a role id")),
            account,
            session_name: "bench".to_owned(),
            tags: Tags::default(),
            session_policies: Some(vec![Arc::clone(session)]),
            session: facts,
        })
    } else {
        Who::User(UserPrincipal {
            arn: told::user_arn(principal).parse().expect("an ARN"),
            id: Some(format!("TUSR{index:017}").parse().expect("a user id")),
            account,
            name: principal.name.clone(),
            tags: Tags::default(),
            session: facts,
        })
    };
    let resource: Resource = ask.resource.parse().expect("a resource");
    let mut request = Request::new(who, ask.action.parse().expect("an action"), resource);
    request.context.insert("aws:SourceIp", ask.address);
    request.time = Some(now);
    request
}

pub fn session() -> Arc<CompiledPolicy> {
    compile("session", LayerKind::Session, Kind::Session, &told::full())
}
