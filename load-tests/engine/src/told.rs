//! The account told as policy documents and as simulation cases.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::workload::{ACCOUNT, Ask, Condition, NOW, Policy, Principal, Workload};

pub fn document(policy: &Policy) -> Value {
    let statements: Vec<Value> = policy
        .statements
        .iter()
        .map(|statement| {
            let mut told = json!({
                "Effect": if statement.deny { "Deny" } else { "Allow" },
                "Action": statement.actions,
                "Resource": statement.resources,
            });
            if let Some(condition) = &statement.condition {
                told["Condition"] = match condition {
                    Condition::Team(team) => {
                        json!({ "StringEquals": { "aws:PrincipalTag/team": team } })
                    }
                    Condition::Address(range) => json!({ "IpAddress": { "aws:SourceIp": range } }),
                    Condition::Mfa => json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
                    Condition::Before(moment) => {
                        json!({ "DateLessThan": { "aws:CurrentTime": moment } })
                    }
                };
            }
            told
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The same as text.
pub fn text(policy: &Policy) -> Arc<str> {
    document(policy).to_string().into()
}

/// What allows everything.
pub fn full() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] })
}

pub fn full_rcp() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }] })
}

/// A control policy as accounts have them besides.
pub fn fence() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Action": ["billing:*", "organizations:Leave*"], "Resource": "*" },
        { "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": { "StringNotEquals": { "aws:PrincipalAccount": ACCOUNT } } },
    ] })
}

/// The policy on each registered resource.
pub fn guard() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Principal": { "AWS": "222222222222" }, "Action": "*" },
    ] })
}

pub fn user_arn(principal: &Principal) -> String {
    format!("arn:trilby:iam::{ACCOUNT}:user/{}", principal.name)
}

pub fn role_arn(principal: &Principal) -> String {
    format!("arn:trilby:iam::{ACCOUNT}:role/{}", principal.name)
}

pub fn session_arn(principal: &Principal) -> String {
    format!(
        "arn:trilby:sts::{ACCOUNT}:assumed-role/{}/bench",
        principal.name
    )
}

/// A case with every layer, for the naive evaluator.
pub fn case(workload: &Workload, documents: &[Value], ask: &Ask) -> Value {
    let who = &workload.principals[ask.principal];
    let named = |name: &str, document: Value| json!({ "name": name, "document": document });
    let of_group = who
        .group
        .into_iter()
        .flat_map(|group| workload.groups[group].iter());
    let identity: Vec<Value> = who
        .policies
        .iter()
        .chain(of_group)
        .map(|index| json!({ "name": workload.policies[*index].name, "document": documents[*index] }))
        .collect();
    let level = json!([named("full", full()), named("fence", fence())]);
    let mut context = json!({
        "aws:SourceIp": ask.address,
        "aws:CurrentTime": NOW,
        "aws:PrincipalTag/team": who.team,
    });
    let mut policies = json!({
        "identity": identity,
        "boundary": [named("boundary", full())],
        "resource": named("guard", guard()),
        "scp": [level, [named("full", full())], [named("full", full())]],
        "rcp": [[named("full", full_rcp())], [named("full", full_rcp())], [named("full", full_rcp())]],
    });
    if who.is_role {
        policies["session"] = json!([named("session", full())]);
    } else {
        context["aws:MultiFactorAuthPresent"] = ask.mfa.into();
    }
    json!({
        "request": {
            "principal": if who.is_role { session_arn(who) } else { user_arn(who) },
            "action": ask.action,
            "resource": ask.resource,
            "context": context,
        },
        "policies": policies,
    })
}
