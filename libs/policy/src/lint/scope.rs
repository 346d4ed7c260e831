//! Statements that reach further than they seem to: who, what, and on which resources.

use trilby_model::{Action, Arn};

use super::{At, Notes};
use crate::context::Context;
use crate::document::{Document, Version};
use crate::finding::{Finding, Severity};
use crate::kind::Kind;
use crate::pattern::{ArnParts, ArnPattern, Token};
use crate::principal::AwsPrincipal;
use crate::statement::{Effect, Statement};

/// Old documents, in which variables mean nothing.
pub(super) fn version(document: &Document, notes: &mut Notes) {
    if document.version == Version::V2012 {
        return;
    }
    let at = document.statements.first().map(|statement| statement.at);
    notes.0.push(Finding {
        code: "old_version",
        severity: Severity::Warning,
        pointer: "/Version".into(),
        line: at.map_or(1, |at| at.line),
        column: at.map_or(1, |at| at.column),
        message: "the document is written in version 2008-10-17".into(),
        hint: Some("in 2012-10-17, `${...}` is a variable".into()),
    });
    for (index, statement) in document.statements.iter().enumerate() {
        if mentions_variable(statement) {
            notes.add(
                At { index, statement },
                "literal_variable",
                "",
                "`${...}` is literal text in version 2008-10-17",
                Some("write \"Version\": \"2012-10-17\""),
            );
        }
    }
}

fn mentions_variable(statement: &Statement) -> bool {
    let resources = statement.resource.iter().flat_map(|r| r.patterns());
    let values = statement.condition.tests().iter().flat_map(|t| &t.values);
    resources.map(ArnPattern::as_str).any(|t| t.contains("${"))
        || values.into_iter().any(|value| value.contains("${"))
}

pub(super) fn statement(at: At<'_>, kind: Kind, notes: &mut Notes) {
    principal(at, kind, notes);
    if at.statement.effect == Effect::Allow {
        negations(at, notes);
        if matches!(kind, Kind::Identity | Kind::Session) {
            escalation(at, notes);
        }
    }
}

fn principal(at: At<'_>, kind: Kind, notes: &mut Notes) {
    let Some(element) = &at.statement.principal else {
        return;
    };
    if element.is_not() {
        notes.add(
            at,
            "not_principal",
            "/NotPrincipal",
            "callers with a permissions boundary, and sessions not listed with role and account, are denied too",
            Some("deny \"*\" with ArnNotEquals on aws:PrincipalArn instead"),
        );
    }
    let set = element.set();
    let everyone = set.everyone
        || set.aws.contains(&AwsPrincipal::Everyone)
        || set.federated.iter().chain(&set.service).any(|n| n == "*");
    let is_grant = at.statement.effect == Effect::Allow && kind != Kind::Rcp;
    if everyone && is_grant && at.statement.condition.is_empty() {
        notes.add(
            at,
            "wildcard_principal",
            "/Principal",
            "everyone is allowed, anonymous callers too",
            Some("name the principals, or add a condition"),
        );
    }
    let member = if element.is_not() {
        "NotPrincipal"
    } else {
        "Principal"
    };
    for (index, principal) in set.aws.iter().enumerate() {
        if let AwsPrincipal::Unresolved(id) = principal {
            notes.add(
                at,
                "dangling_principal",
                &format!("/{member}/AWS/{index}"),
                format!("`{id}` is a principal that no longer exists"),
                Some("remove it, or name its successor"),
            );
        }
    }
}

/// An Allow that lists what it does not grant.
fn negations(at: At<'_>, notes: &mut Notes) {
    let resource = at.statement.resource.as_ref();
    if at.statement.action.is_not() {
        let anywhere = resource.is_some_and(|r| r.patterns().iter().any(ArnPattern::is_all));
        let message = if anywhere {
            "every action but those listed is allowed, of every service, on every resource"
        } else {
            "every action but those listed is allowed, of every service"
        };
        notes.add(
            at,
            "not_action_allow",
            "/NotAction",
            message,
            Some("list what is allowed in `Action`"),
        );
    }
    if resource.is_some_and(|r| r.is_not()) {
        notes.add(
            at,
            "not_resource_allow",
            "/NotResource",
            "every resource but those listed is allowed, also those that do not exist yet",
            Some("list what is allowed in `Resource`"),
        );
    }
}

/// Actions by which a principal can give itself more.
const ESCALATING: &[&str] = &[
    "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:AttachUserPolicy",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:PutUserPolicy",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
    "iam:PutRolePermissionsBoundary",
    "iam:UpdateAssumeRolePolicy",
    "iam:AddUserToGroup",
    "iam:CreateAccessKey",
    "iam:PassRole",
    "sts:AssumeRole",
];

/// An unconditional grant, on everything, of an action that leads to more rights. A plain `*` is
/// meant; what is flagged is the narrow-looking grant.
fn escalation(at: At<'_>, notes: &mut Notes) {
    let statement = at.statement;
    let anywhere = statement
        .resource
        .as_ref()
        .is_some_and(|r| !r.is_not() && r.patterns().iter().any(ArnPattern::is_all));
    if !anywhere || statement.action.is_not() || !statement.condition.is_empty() {
        return;
    }
    for (index, pattern) in statement.action.patterns().iter().enumerate() {
        let reached = ESCALATING.iter().find(|action| {
            !pattern.is_all()
                && action
                    .parse::<Action>()
                    .is_ok_and(|action| pattern.matches(&action))
        });
        if let Some(action) = reached {
            notes.add(
                at,
                "privilege_escalation",
                &format!("/Action/{index}"),
                match pattern.as_literal() {
                    Some(_) => format!(
                        "by `{}` on every resource a principal can raise its own rights",
                        pattern.as_str()
                    ),
                    None => format!(
                        "`{}` on every resource includes {action}, by which a principal can raise its own rights",
                        pattern.as_str()
                    ),
                },
                Some("name the resources, or add a condition"),
            );
        }
    }
}

/// Resources outside the one the policy is attached to.
pub(super) fn foreign_resource(at: At<'_>, resource: &Arn, notes: &mut Notes) {
    let Some(element) = at.statement.resource.as_ref() else {
        return;
    };
    if element.is_not() {
        return;
    }
    for (index, pattern) in element.patterns().iter().enumerate() {
        if !belongs(pattern, resource) {
            notes.add(
                at,
                "foreign_resource",
                &format!("/Resource/{index}"),
                format!(
                    "`{}` is not the resource the policy is attached to, nor below it",
                    pattern.as_str()
                ),
                Some("a resource policy speaks only for its own resource"),
            );
        }
    }
}

/// Whether a pattern can match the resource or something below it.
fn belongs(pattern: &ArnPattern, resource: &Arn) -> bool {
    let context = Context::new();
    let own = ArnParts::from(resource);
    let fits = |resource: &str| {
        let parts = ArnParts { resource, ..own };
        pattern.matches(parts, &context) != Some(false)
    };
    if fits(own.resource) {
        return true;
    }
    let Some(sixth) = pattern.resource() else {
        return true;
    };
    // Below: the literal beginning of the pattern reaches past `resource/`.
    let prefix = match sixth.tokens().first() {
        Some(Token::Lit(prefix)) => &**prefix,
        Some(Token::Star | Token::Any | Token::Var(_)) | None => return false,
    };
    prefix
        .strip_prefix(own.resource)
        .is_some_and(|rest| rest.starts_with('/'))
        && pattern.matches_owner(own)
}
