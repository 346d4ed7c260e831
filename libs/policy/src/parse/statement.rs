//! One statement, by the element table of its kind.

use trilby_model::json::Node;

use super::members::Members;
use super::reader::{Pointer, Reader};
use super::{condition, principal};
use crate::action::{ActionElement, ActionPattern};
use crate::condition::Condition;
use crate::kind::{Kind, Presence};
use crate::pattern::ArnPattern;
use crate::resource::ResourceElement;
use crate::statement::{Effect, Statement};
use crate::trust;

const MEMBERS: &[&str] = &[
    "Sid",
    "Principal",
    "NotPrincipal",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

pub(super) fn read(reader: &mut Reader, node: &Node, pointer: &Pointer<'_>) -> Option<Statement> {
    let members = Members::read(reader, node, pointer, "a statement", MEMBERS)?;
    // Each element is read before any of them can end the reading: all mistakes in one answer.
    let sid = sid(reader, &members);
    let effect = effect(reader, &members);
    let principal = principal::read(reader, &members, effect);
    let action = action(reader, &members);
    let resource = resource(reader, &members);
    let condition = match members.get("Condition") {
        Some((node, pointer)) => condition::read(reader, node, &pointer),
        None => Some(Condition::default()),
    };
    Some(Statement {
        sid: sid?,
        effect: effect?,
        principal: principal?,
        action: action?,
        resource: resource?,
        condition: condition?,
        at: node.at,
    })
}

fn sid(reader: &mut Reader, members: &Members<'_>) -> Option<Option<String>> {
    let Some((node, pointer)) = members.get("Sid") else {
        return Some(None);
    };
    let sid = reader.string(node, &pointer)?;
    if sid.is_empty() {
        return Some(None);
    }
    let kind = reader.kind;
    let wide = kind.is_resource_type();
    if let Some(bad) = sid.chars().find(|c| !is_sid_char(*c, wide)) {
        let alphabet = if wide {
            "letters, digits, spaces and punctuation of ASCII"
        } else {
            "the letters A-Z and a-z and digits"
        };
        reader
            .error(
                "invalid_sid",
                node,
                &pointer,
                format!("`{}` cannot stand in a `Sid`", bad.escape_default()),
            )
            .hint(format!(
                "a `Sid` in {} holds {alphabet}",
                kind.with_article()
            ));
        return None;
    }
    if !reader.sids.insert(sid.to_owned()) {
        reader.error(
            "duplicate_sid",
            node,
            &pointer,
            format!("`Sid` `{sid}` is used twice"),
        );
        return None;
    }
    Some(Some(sid.to_owned()))
}

fn is_sid_char(c: char, wide: bool) -> bool {
    c.is_ascii_alphanumeric() || (wide && matches!(c, ' '..='~'))
}

fn effect(reader: &mut Reader, members: &Members<'_>) -> Option<Effect> {
    let (node, pointer) = members.required(reader, "Effect")?;
    match reader.string(node, &pointer)? {
        "Allow" => Some(Effect::Allow),
        "Deny" => Some(Effect::Deny),
        other => {
            reader
                .error(
                    "invalid_effect",
                    node,
                    &pointer,
                    format!("`{other}` is neither `Allow` nor `Deny`"),
                )
                .did_you_mean(other, ["Allow", "Deny"]);
            None
        }
    }
}

fn action(reader: &mut Reader, members: &Members<'_>) -> Option<ActionElement> {
    let Some(chosen) = members.either(reader, "Action", "NotAction").ok()? else {
        reader.error(
            "missing_member",
            members.node(),
            members.pointer(),
            "a statement needs `Action` or `NotAction`".into(),
        );
        return None;
    };
    if chosen.negated && !reader.kind.permits_not_action() {
        not_allowed(reader, chosen.node, &chosen.pointer, chosen.name);
        return None;
    }
    let patterns = reader.list(chosen.node, &chosen.pointer, chosen.name, action_pattern)?;
    Some(ActionElement::new(chosen.negated, patterns))
}

fn action_pattern(
    reader: &mut Reader,
    node: &Node,
    pointer: &Pointer<'_>,
) -> Option<ActionPattern> {
    let text = reader.string(node, pointer)?;
    let pattern = match ActionPattern::parse(text) {
        Ok(pattern) => pattern,
        Err(error) => {
            let code = error.code();
            reader.error(code, node, pointer, format!("action `{text}`: {error}"));
            return None;
        }
    };
    if reader.kind == Kind::Trust && !trust::is_trust_action(&pattern) {
        reader
            .error(
                "action_not_allowed",
                node,
                pointer,
                format!("action `{text}` does not belong in a role trust policy"),
            )
            .hint("allowed are sts:AssumeRole*, sts:TagSession and sts:SetSourceIdentity");
        return None;
    }
    Some(pattern)
}

/// The outer `None` means an error was noted.
fn resource(reader: &mut Reader, members: &Members<'_>) -> Option<Option<ResourceElement>> {
    let chosen = members.either(reader, "Resource", "NotResource").ok()?;
    let presence = reader.kind.resource();
    let Some(chosen) = chosen else {
        if presence == Presence::Required {
            reader.error(
                "missing_member",
                members.node(),
                members.pointer(),
                "a statement needs `Resource` or `NotResource`".into(),
            );
            return None;
        }
        return Some(None);
    };
    if presence == Presence::Forbidden {
        not_allowed(reader, chosen.node, &chosen.pointer, chosen.name);
        return None;
    }
    let patterns = reader.list(chosen.node, &chosen.pointer, chosen.name, resource_pattern)?;
    Some(Some(ResourceElement::new(chosen.negated, patterns)))
}

fn resource_pattern(reader: &mut Reader, node: &Node, pointer: &Pointer<'_>) -> Option<ArnPattern> {
    let text = reader.string(node, pointer)?;
    match ArnPattern::parse_resource(text, reader.version.has_variables()) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            reader.error(
                error.code(),
                node,
                pointer,
                format!("resource `{text}`: {error}"),
            );
            None
        }
    }
}

pub(super) fn not_allowed(reader: &mut Reader, node: &Node, pointer: &Pointer<'_>, name: &str) {
    let kind = reader.kind.with_article();
    let noted = reader.error(
        "element_not_allowed",
        node,
        pointer,
        format!("`{name}` is not allowed in {kind}"),
    );
    if name == "Principal" {
        noted.hint("policies of resources and trust policies of roles name principals");
    }
}
