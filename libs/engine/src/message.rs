//! One English sentence for an answer.

use trilby_model::Arn;

use crate::bind::Bound;
use crate::decision::{Outcome, Relation, StatementRef, level_name};
use crate::formula::Facts;
use crate::gates::{Gate, Gates};
use crate::layer::LayerKind;
use crate::principal::Principal;
use crate::request::Request;

/// Why a principal in quarantine is denied.
pub(crate) const QUARANTINE: &str = "it is in quarantine";

/// The answer and why, in one sentence.
pub(crate) fn sentence(headline: &str, causes: &[(LayerKind, String)]) -> String {
    let causes: Vec<&str> = causes.iter().map(|(_, cause)| cause.as_str()).collect();
    if causes.is_empty() {
        headline.to_owned()
    } else {
        format!("{headline}: {}", causes.join(", and "))
    }
}

/// Who may or may not do what to what.
pub(crate) fn headline(request: &Request, outcome: Outcome) -> String {
    let may = if outcome.is_allow() { "may" } else { "may not" };
    format!(
        "{} {may} {} on {}",
        who(&request.principal),
        request.action,
        request.resource
    )
}

fn who(principal: &Principal) -> String {
    match principal {
        Principal::Root(root) => format!("the root user of account {}", root.account),
        Principal::User(user) => format!("user {}", user.name),
        Principal::RoleSession(session) => format!(
            "session {} of role {}",
            session.session_name,
            role_name(&session.role_arn)
        ),
        Principal::FederatedUserSession(session) => format!("federated user {}", session.name),
        Principal::Service { name } => format!("service {name}"),
        Principal::WebIdentity { provider, .. } => format!("a login at {provider}"),
        Principal::Anonymous => "an anonymous caller".to_owned(),
    }
}

fn role_name(arn: &Arn) -> &str {
    arn.resource().rsplit('/').next().unwrap_or_default()
}

/// The text that names a caller in policies, as far as it has one.
pub(crate) fn identity(principal: &Principal) -> Option<String> {
    match principal {
        Principal::RoleSession(session) => Some(session.session_arn.to_string()),
        Principal::Service { name } => Some(name.clone()),
        Principal::WebIdentity { provider, .. } => Some(provider.to_string()),
        Principal::Root(_)
        | Principal::User(_)
        | Principal::FederatedUserSession(_)
        | Principal::Anonymous => principal.principal_arn().map(|arn| arn.to_string()),
    }
}

/// Why, each reason with the layer it speaks of.
pub(crate) fn causes(
    bound: &Bound<'_>,
    facts: &Facts,
    outcome: Outcome,
    unmet: &Gates,
    deciding: &[StatementRef],
) -> Vec<(LayerKind, String)> {
    match outcome {
        Outcome::ExplicitDeny if deciding.is_empty() => {
            vec![(LayerKind::Scp, QUARANTINE.to_owned())]
        }
        Outcome::ExplicitDeny => deciding
            .iter()
            .map(|statement| (statement.kind, format!("{} denies it", cite(statement))))
            .collect(),
        Outcome::ImplicitDeny => unmet
            .iter()
            .map(|gate| (gate.layer(), lack(bound, facts, gate)))
            .collect(),
        Outcome::Allow => {
            let grants: Vec<(LayerKind, String)> = deciding
                .iter()
                .filter(|statement| {
                    matches!(statement.kind, LayerKind::Identity | LayerKind::Resource)
                })
                .map(|statement| (statement.kind, format!("{} allows it", cite(statement))))
                .collect();
            if grants.is_empty() {
                vec![(
                    LayerKind::Identity,
                    "the root user needs no policy in its own account".to_owned(),
                )]
            } else {
                grants
            }
        }
    }
}

/// A statement, as a sentence names it.
pub(crate) fn cite(statement: &StatementRef) -> String {
    let noun = match statement.kind {
        LayerKind::Rcp => "resource control policy",
        LayerKind::Scp => "service control policy",
        LayerKind::Identity => "identity policy",
        LayerKind::Resource => "resource policy",
        LayerKind::Boundary => "permissions boundary",
        LayerKind::Session => "session policy",
    };
    let place = statement
        .level()
        .map(|level| format!(" at level {level}"))
        .unwrap_or_default();
    let sid = statement
        .sid()
        .map(|sid| format!(" ({sid})"))
        .unwrap_or_default();
    format!(
        "statement {}{sid} of {noun} {}{place}",
        statement.statement(),
        statement.policy()
    )
}

/// What was needed and not there.
pub(crate) fn lack(bound: &Bound<'_>, facts: &Facts, gate: Gate) -> String {
    match gate {
        Gate::Rcp(index) => format!(
            "no resource control policy at level {} allows it",
            level_name(bound.rcp, index)
        ),
        Gate::Scp(index) => format!(
            "no service control policy at level {} allows it",
            level_name(bound.scp, index)
        ),
        Gate::Identity if facts.is_disabled() => "it is disabled".to_owned(),
        Gate::Identity if facts.is_unknown() => "no such principal is known".to_owned(),
        Gate::Identity => "no identity policy allows it".to_owned(),
        Gate::Resource if facts.is_root_assuming() => "a root user cannot put on a role".to_owned(),
        Gate::Resource => match facts.relation {
            Relation::Trust => "the trust policy does not allow it".to_owned(),
            Relation::CrossAccount => {
                "no resource policy of the other account allows it".to_owned()
            }
            Relation::SameAccount | Relation::Service | Relation::Anonymous => {
                "no resource policy allows it".to_owned()
            }
        },
        Gate::Boundary => "the permissions boundary does not allow it".to_owned(),
        Gate::Session if bound.session.is_none() => {
            "a federated user needs a session policy".to_owned()
        }
        Gate::Session => "the session policy does not allow it".to_owned(),
    }
}
