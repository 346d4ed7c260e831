//! The account told to Cedar: one policy set for each principal, of identity statements alone, which is its better case.

use std::collections::HashMap;
use std::fmt::Write as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression,
};

use crate::workload::{Ask, Condition, NOW, Principal, Statement, Workload, actions};

/// A question, ready to be asked.
pub struct Question {
    request: Request,
    entities: Entities,
    principal: usize,
}

pub struct Cedar {
    authorizer: Authorizer,
    sets: Vec<PolicySet>,
}

impl Cedar {
    pub fn new(workload: &Workload) -> anyhow::Result<Self> {
        let actions = actions();
        let sets = workload
            .principals
            .iter()
            .map(|principal| Ok(set(workload, principal, &actions).parse()?))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            authorizer: Authorizer::new(),
            sets,
        })
    }

    pub fn allows(&self, question: &Question) -> bool {
        let set = &self.sets[question.principal];
        let answer = self
            .authorizer
            .is_authorized(&question.request, set, &question.entities);
        answer.decision() == Decision::Allow
    }
}

fn set(workload: &Workload, principal: &Principal, actions: &[String]) -> String {
    let mut text = String::new();
    for statement in workload
        .reaching(principal)
        .flat_map(|policy| &policy.statements)
    {
        // A string is written without failing.
        let _ = writeln!(text, "{}", policy(statement, actions));
    }
    text
}

fn policy(statement: &Statement, all: &[String]) -> String {
    let fits = |pattern: &str, action: &str| match pattern.strip_suffix('*') {
        Some(head) => action.starts_with(head),
        None => action == pattern,
    };
    let named: Vec<String> = all
        .iter()
        .filter(|action| {
            statement
                .actions
                .iter()
                .any(|pattern| fits(pattern, action))
        })
        .map(|action| format!("Action::\"{action}\""))
        .collect();
    let scope = match named.as_slice() {
        [one] => format!("action == {one}"),
        many => format!("action in [{}]", many.join(", ")),
    };
    let mut when = Vec::new();
    let mut resource = "resource".to_owned();
    match statement.resources.as_slice() {
        several if several.iter().any(|pattern| pattern == "*") => {}
        [one] if !one.ends_with('*') => resource = format!("resource == Resource::\"{one}\""),
        several => {
            let any: Vec<String> = several
                .iter()
                .map(|pattern| {
                    if pattern.ends_with('*') {
                        format!("resource.arn like \"{pattern}\"")
                    } else {
                        format!("resource == Resource::\"{pattern}\"")
                    }
                })
                .collect();
            when.push(format!("({})", any.join(" || ")));
        }
    }
    if let Some(condition) = &statement.condition {
        when.push(match condition {
            Condition::Team(team) => {
                format!("(principal has team && principal.team == \"{team}\")")
            }
            Condition::Address(range) => format!("context.address.isInRange(ip(\"{range}\"))"),
            Condition::Mfa => "(context has mfa && context.mfa)".to_owned(),
            Condition::Before(moment) => format!("context.now < datetime(\"{moment}\")"),
        });
    }
    let effect = if statement.deny { "forbid" } else { "permit" };
    let when = if when.is_empty() {
        String::new()
    } else {
        format!(" when {{ {} }}", when.join(" && "))
    };
    format!("{effect} (principal, {scope}, {resource}){when};")
}

fn uid(kind: &str, id: &str) -> anyhow::Result<EntityUid> {
    let kind: EntityTypeName = kind.parse()?;
    Ok(EntityUid::from_type_name_and_id(
        kind,
        cedar_policy::EntityId::new(id),
    ))
}

pub fn question(workload: &Workload, ask: &Ask) -> anyhow::Result<Question> {
    let who = &workload.principals[ask.principal];
    let (principal, action, resource) = (
        uid("Principal", &who.name)?,
        uid("Action", &ask.action)?,
        uid("Resource", &ask.resource)?,
    );
    let mut pairs = vec![
        (
            "address".to_owned(),
            RestrictedExpression::new_ip(ask.address),
        ),
        ("now".to_owned(), RestrictedExpression::new_datetime(NOW)),
    ];
    if !who.is_role {
        pairs.push(("mfa".to_owned(), RestrictedExpression::new_bool(ask.mfa)));
    }
    let attributes = |name: &str, value: &str| {
        HashMap::from([(
            name.to_owned(),
            RestrictedExpression::new_string(value.to_owned()),
        )])
    };
    let entities = Entities::from_entities(
        [
            Entity::new(principal.clone(), attributes("team", who.team), [].into())?,
            Entity::new(
                resource.clone(),
                attributes("arn", &ask.resource),
                [].into(),
            )?,
            Entity::new(action.clone(), HashMap::new(), [].into())?,
        ],
        None,
    )?;
    Ok(Question {
        request: Request::new(
            principal,
            action,
            resource,
            Context::from_pairs(pairs)?,
            None,
        )?,
        entities,
        principal: ask.principal,
    })
}
