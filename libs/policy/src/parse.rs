//! JSON to document: grammar, the element table of each kind, and everything that can be compiled.
//!
//! Reading goes on after an error, so that one answer names all mistakes. Where a value is so broken
//! that nothing can stand in for it, the reader gives `None` and the finding has been noted; a
//! document comes out only if there is no finding at all.

mod condition;
mod members;
mod principal;
mod reader;
mod statement;

use trilby_model::json::{self, Node, Value};

use crate::document::{Document, Version};
use crate::finding::{Finding, Severity};
use crate::kind::{Grammar, Kind};
use crate::limits::FINDINGS_MAX;
use crate::trust;
use members::Members;
use reader::{Pointer, Reader};

/// A syntax error as a finding.
pub(crate) fn json_finding(error: json::Error) -> Finding {
    Finding {
        code: match error.code {
            json::ErrorCode::Syntax => "invalid_json",
            json::ErrorCode::DuplicateMember => "duplicate_member",
            json::ErrorCode::TooDeep => "too_deep",
        },
        severity: Severity::Error,
        pointer: error.pointer,
        line: error.at.line,
        column: error.at.column,
        message: error.message,
        hint: None,
    }
}

/// Reads and checks a whole document.
pub(crate) fn document(
    node: &Node,
    kind: Kind,
    grammar: &Grammar,
) -> Result<Document, Vec<Finding>> {
    let mut reader = Reader::new(kind, *grammar);
    reader.check_characters(node, &Pointer::Root);
    let document = read(&mut reader, node);
    let mut findings = reader.finish();
    match document {
        Some(document) if findings.is_empty() => {
            control_effects(&document, kind, &mut findings);
            if kind == Kind::Trust {
                findings.extend(trust::check(&document));
            }
            if findings.is_empty() {
                return Ok(document);
            }
            let located = findings.into_iter().map(|found| found.located_in(node));
            Err(located.take(FINDINGS_MAX).collect())
        }
        Some(_) | None => Err(findings),
    }
}

const MEMBERS: &[&str] = &["Version", "Id", "Statement"];

fn read(reader: &mut Reader, node: &Node) -> Option<Document> {
    let root = Pointer::Root;
    let members = Members::read(reader, node, &root, "a policy", MEMBERS)?;
    let version = version(reader, &members);
    reader.version = version.unwrap_or(Version::V2012);
    let id = id(reader, &members);
    let statements = statements(reader, &members);
    Some(Document {
        version: version?,
        id: id?,
        statements: statements?,
    })
}

fn version(reader: &mut Reader, members: &Members<'_>) -> Option<Version> {
    let grammar = reader.grammar;
    // Control policies never had the old version; only a simulation overlooks its absence.
    let legacy = grammar.legacy_version && (grammar.simulated || !reader.kind.is_control());
    let Some((node, pointer)) = members.get("Version") else {
        if legacy {
            return Some(Version::V2008);
        }
        reader
            .error(
                "version_required",
                members.node(),
                members.pointer(),
                "`Version` is missing".into(),
            )
            .hint("add \"Version\": \"2012-10-17\"");
        return None;
    };
    let text = reader.string(node, &pointer)?;
    match text {
        "2012-10-17" => Some(Version::V2012),
        "2008-10-17" if legacy => Some(Version::V2008),
        "2008-10-17" => {
            reader
                .error(
                    "old_version",
                    node,
                    &pointer,
                    format!(
                        "a new {} must be written in version 2012-10-17",
                        reader.kind.as_str()
                    ),
                )
                .hint("in 2012-10-17, `${...}` is a variable");
            None
        }
        other => {
            reader
                .error(
                    "invalid_version",
                    node,
                    &pointer,
                    format!("`{other}` is not a version of the policy language"),
                )
                .hint("write \"2012-10-17\"");
            None
        }
    }
}

/// The outer `None` means an error was noted.
fn id(reader: &mut Reader, members: &Members<'_>) -> Option<Option<String>> {
    let Some((node, pointer)) = members.get("Id") else {
        return Some(None);
    };
    if !reader.kind.is_resource_type() {
        reader.error(
            "element_not_allowed",
            node,
            &pointer,
            format!("`Id` is not allowed in {}", reader.kind.with_article()),
        );
        return None;
    }
    let text = reader.string(node, &pointer)?;
    Some(Some(text.to_owned()))
}

fn statements(reader: &mut Reader, members: &Members<'_>) -> Option<Vec<crate::Statement>> {
    let Some((node, pointer)) = members.get("Statement") else {
        let (whole, root) = (members.node(), members.pointer());
        let noted = reader.error(
            "missing_member",
            whole,
            root,
            "`Statement` is missing".into(),
        );
        if whole.get("Effect").is_some() {
            noted.hint("put what is here under `Statement`");
        }
        return None;
    };
    let Value::Array(items) = &node.value else {
        return statement::read(reader, node, &pointer).map(|one| vec![one]);
    };
    if items.is_empty() {
        reader.error(
            "empty_list",
            node,
            &pointer,
            "`Statement` must not be empty".into(),
        );
        return None;
    }
    let mut statements = Vec::with_capacity(items.len());
    let mut complete = true;
    for (index, item) in items.iter().enumerate() {
        if reader.is_full() {
            return None;
        }
        match statement::read(reader, item, &pointer.index(index)) {
            Some(statement) => statements.push(statement),
            None => complete = false,
        }
    }
    complete.then_some(statements)
}

/// A resource control policy may allow only as a whole, in the one form everything starts with.
fn control_effects(document: &Document, kind: Kind, findings: &mut Vec<Finding>) {
    if kind != Kind::Rcp || is_full_access(document) {
        return;
    }
    for (index, statement) in document.statements.iter().enumerate() {
        if statement.effect == crate::Effect::Allow {
            findings.push(Finding {
                code: "effect_not_allowed",
                severity: Severity::Error,
                pointer: format!("/Statement/{index}/Effect"),
                line: statement.at.line,
                column: statement.at.column,
                message: "a resource control policy may only deny".into(),
                hint: Some("the built-in full-access policy allows; write \"Deny\" here".into()),
            });
        }
    }
}

fn is_full_access(document: &Document) -> bool {
    let [only] = document.statements.as_slice() else {
        return false;
    };
    let all_actions =
        matches!(only.action.patterns(), [one] if one.is_all()) && !only.action.is_not();
    let all_resources = only
        .resource
        .as_ref()
        .is_some_and(|r| !r.is_not() && matches!(r.patterns(), [one] if one.is_all()));
    only.effect == crate::Effect::Allow && all_actions && all_resources && only.condition.is_empty()
}
