//! `Principal` and `NotPrincipal`.

use trilby_model::json::{Node, Value};
use trilby_model::{AccountId, Arn, RoleId, UserId};

use super::members::{Chosen, Members};
use super::reader::{Pointer, Reader};
use super::statement::not_allowed;
use crate::kind::{Kind, Presence};
use crate::principal::{AwsPrincipal, PrincipalElement, PrincipalSet};
use crate::statement::Effect;

const TYPES: &[&str] = &["AWS", "Federated", "Service"];

/// The outer `None` means an error was noted.
pub(super) fn read(
    reader: &mut Reader,
    members: &Members<'_>,
    effect: Option<Effect>,
) -> Option<Option<PrincipalElement>> {
    let chosen = members.either(reader, "Principal", "NotPrincipal").ok()?;
    let presence = reader.kind.principal();
    let Some(chosen) = chosen else {
        if presence == Presence::Required {
            reader.error(
                "missing_member",
                members.node(),
                members.pointer(),
                format!(
                    "a statement of a {} needs `Principal`",
                    reader.kind.as_str()
                ),
            );
            return None;
        }
        return Some(None);
    };
    if presence == Presence::Forbidden || (chosen.negated && !reader.kind.permits_not_principal()) {
        not_allowed(reader, chosen.node, &chosen.pointer, chosen.name);
        return None;
    }
    if chosen.negated && effect == Some(Effect::Allow) {
        reader
            .error(
                "allow_with_not_principal",
                chosen.node,
                &chosen.pointer,
                "`NotPrincipal` with `Allow` would grant to everyone else".into(),
            )
            .hint("name who is allowed in `Principal`");
        return None;
    }
    let set = set(reader, &chosen)?;
    Some(Some(if chosen.negated {
        PrincipalElement::NotPrincipal(set)
    } else {
        PrincipalElement::Principal(set)
    }))
}

fn set(reader: &mut Reader, chosen: &Chosen<'_>) -> Option<PrincipalSet> {
    let (node, pointer) = (chosen.node, &chosen.pointer);
    match &node.value {
        Value::String(text) if text == "*" => Some(PrincipalSet {
            everyone: true,
            ..PrincipalSet::default()
        }),
        Value::String(text) => {
            reader
                .error(
                    "invalid_principal",
                    node,
                    pointer,
                    format!("principal `{text}` needs its type"),
                )
                .hint("write {\"AWS\": \"...\"}, or \"*\" for everyone");
            None
        }
        Value::Object(_) if reader.kind == Kind::Rcp => {
            reader
                .error(
                    "invalid_principal",
                    node,
                    pointer,
                    "a resource control policy speaks about everyone".into(),
                )
                .hint("write \"Principal\": \"*\" and test the caller in `Condition`");
            None
        }
        Value::Object(members) if members.is_empty() => {
            reader.error("empty_list", node, pointer, "no principal is named".into());
            None
        }
        Value::Object(_) => typed(reader, chosen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            reader.wrong_type(node, pointer, "\"*\" or an object of principal types");
            None
        }
    }
}

fn typed(reader: &mut Reader, chosen: &Chosen<'_>) -> Option<PrincipalSet> {
    let mut set = PrincipalSet::default();
    let mut complete = true;
    let Value::Object(members) = &chosen.node.value else {
        return None;
    };
    for member in members {
        let pointer = chosen.pointer.member(&member.key);
        let node = &member.value;
        let read = match member.key.as_str() {
            "AWS" => reader
                .list(node, &pointer, "AWS", aws)
                .map(|values| set.aws = values),
            "Federated" => reader
                .list(node, &pointer, "Federated", named)
                .map(|values| set.federated = values),
            "Service" => reader
                .list(node, &pointer, "Service", named)
                .map(|values| set.service = values),
            other => {
                unknown_type(reader, other, member.key_at, &pointer);
                None
            }
        };
        complete &= read.is_some();
    }
    complete.then_some(set)
}

fn unknown_type(
    reader: &mut Reader,
    name: &str,
    at: trilby_model::json::Place,
    pointer: &Pointer<'_>,
) {
    if name == "CanonicalUser" {
        reader
            .error_at(
                "unsupported_principal_type",
                at,
                pointer,
                "principals of type `CanonicalUser` are not supported".into(),
            )
            .hint("name the account under `AWS`");
        return;
    }
    reader
        .error_at(
            "unknown_principal_type",
            at,
            pointer,
            format!("`{name}` is not a type of principal"),
        )
        .did_you_mean(name, TYPES.iter().copied());
}

/// A provider or a service: any name, or `*` alone.
fn named(reader: &mut Reader, node: &Node, pointer: &Pointer<'_>) -> Option<String> {
    let text = reader.string(node, pointer)?;
    let wild = text != "*" && text.contains(['*', '?']);
    let bad = text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control());
    if wild || bad || text.contains("${") {
        refuse(reader, node, pointer, text);
        return None;
    }
    Some(text.to_owned())
}

fn aws(reader: &mut Reader, node: &Node, pointer: &Pointer<'_>) -> Option<AwsPrincipal> {
    let text = reader.string(node, pointer)?;
    let principal = aws_principal(text);
    if principal.is_none() {
        refuse(reader, node, pointer, text);
    }
    principal
}

fn refuse(reader: &mut Reader, node: &Node, pointer: &Pointer<'_>, text: &str) {
    let hint = if text.contains("${") {
        "variables are not allowed in principals; test aws:PrincipalArn in `Condition`"
    } else if text.contains(":group/") {
        "a group cannot be a principal; name its users or a role"
    } else if text.contains(['*', '?']) && reader.kind == Kind::Trust {
        "no wildcards within a principal; name the account, and test aws:PrincipalArn in `Condition`"
    } else if text != "*" && text.contains(['*', '?']) {
        "no wildcards within a principal; write \"*\" and test aws:PrincipalArn in `Condition`"
    } else if text.contains(":assumed-role/") {
        "a session is arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION"
    } else if reader.kind == Kind::Trust {
        "name an account, user, role or session"
    } else {
        "name an account, user, role or session, or \"*\""
    };
    reader
        .error(
            "invalid_principal",
            node,
            pointer,
            format!("`{text}` is not a principal"),
        )
        .hint(hint);
}

/// Reads one value of `AWS`.
fn aws_principal(text: &str) -> Option<AwsPrincipal> {
    if text == "*" {
        return Some(AwsPrincipal::Everyone);
    }
    if let Ok(account) = text.parse::<AccountId>() {
        return Some(AwsPrincipal::Account(account));
    }
    if text.parse::<UserId>().is_ok() || text.parse::<RoleId>().is_ok() {
        return Some(AwsPrincipal::Unresolved(text.to_owned()));
    }
    let arn: Arn = text.parse().ok()?;
    if !arn.region().is_empty() || text.contains(['*', '?', '$', '{']) {
        return None;
    }
    let account: AccountId = arn.account().parse().ok()?;
    let (class, rest) = arn
        .resource()
        .split_once('/')
        .unwrap_or((arn.resource(), ""));
    let is_path = !rest.is_empty() && rest.split('/').all(|part| !part.is_empty());
    match (arn.service(), class) {
        ("iam", "root") if arn.resource() == "root" => Some(AwsPrincipal::Account(account)),
        ("iam", "user") if is_path => Some(AwsPrincipal::User(arn)),
        ("iam", "role") if is_path => Some(AwsPrincipal::Role(arn)),
        ("sts", "assumed-role") if is_path && rest.matches('/').count() == 1 => {
            Some(AwsPrincipal::RoleSession(arn))
        }
        ("sts", "federated-user") if is_path && !rest.contains('/') => {
            Some(AwsPrincipal::FederatedUser(arn))
        }
        _ => None,
    }
}
