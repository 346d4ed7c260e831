//! Where the reader is, and what it has found wrong so far.

use std::collections::HashSet;
use std::fmt;

use trilby_model::json::{Node, Value};

use crate::document::Version;
use crate::finding::{Finding, Severity, did_you_mean};
use crate::kind::{Grammar, Kind};
use crate::limits::{FINDINGS_MAX, MESSAGE_CHARS_MAX};

/// A place in the document, as a list of steps from the root; becomes text only for a finding.
#[derive(Clone, Copy)]
pub(super) enum Pointer<'a> {
    Root,
    Member(&'a Pointer<'a>, &'a str),
    Index(&'a Pointer<'a>, usize),
}

impl<'a> Pointer<'a> {
    pub(super) fn member(&'a self, name: &'a str) -> Pointer<'a> {
        Pointer::Member(self, name)
    }

    pub(super) fn index(&'a self, index: usize) -> Pointer<'a> {
        Pointer::Index(self, index)
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pointer::Root => Ok(()),
            Pointer::Member(parent, name) => {
                let name = trilby_model::json::escape_pointer(name);
                write!(f, "{parent}/{name}")
            }
            Pointer::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// What is being read, and the findings so far.
pub(super) struct Reader {
    pub(super) kind: Kind,
    pub(super) grammar: Grammar,
    /// Known once `Version` was read.
    pub(super) version: Version,
    pub(super) sids: HashSet<String>,
    findings: Vec<Finding>,
}

/// A finding just noted, to which a hint can be added.
pub(super) struct Noted<'a>(Option<&'a mut Finding>);

impl Noted<'_> {
    pub(super) fn hint(self, hint: impl Into<String>) {
        if let Some(finding) = self.0 {
            finding.hint = Some(hint.into());
        }
    }

    pub(super) fn did_you_mean<'k>(self, written: &str, known: impl IntoIterator<Item = &'k str>) {
        if let Some(finding) = self.0 {
            finding.hint = did_you_mean(written, known);
        }
    }
}

impl Reader {
    pub(super) fn new(kind: Kind, grammar: Grammar) -> Self {
        Self {
            kind,
            grammar,
            version: Version::V2012,
            sids: HashSet::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        self.findings
    }

    /// Whether so much is wrong that reading on makes no sense.
    pub(super) fn is_full(&self) -> bool {
        self.findings.len() >= FINDINGS_MAX
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        node: &Node,
        pointer: &Pointer<'_>,
        message: String,
    ) -> Noted<'_> {
        self.error_at(code, node.at, pointer, message)
    }

    pub(super) fn error_at(
        &mut self,
        code: &'static str,
        at: trilby_model::json::Place,
        pointer: &Pointer<'_>,
        message: String,
    ) -> Noted<'_> {
        if self.is_full() {
            return Noted(None);
        }
        self.findings.push(Finding {
            code,
            severity: Severity::Error,
            pointer: pointer.to_string(),
            line: at.line,
            column: at.column,
            message: shortened(message),
            hint: None,
        });
        Noted(self.findings.last_mut())
    }

    pub(super) fn wrong_type(&mut self, node: &Node, pointer: &Pointer<'_>, expected: &str) {
        let found = node.value.kind();
        self.error(
            "wrong_type",
            node,
            pointer,
            format!("expected {expected}, found {found}"),
        );
    }

    /// The text of a string node.
    pub(super) fn string<'n>(&mut self, node: &'n Node, pointer: &Pointer<'_>) -> Option<&'n str> {
        if let Value::String(text) = &node.value {
            return Some(text);
        }
        self.wrong_type(node, pointer, "a string");
        None
    }

    /// Runs `read` over a value that may stand alone or in an array; `None` if any item failed or the
    /// array is empty.
    pub(super) fn list<T>(
        &mut self,
        node: &Node,
        pointer: &Pointer<'_>,
        name: &str,
        mut read: impl FnMut(&mut Self, &Node, &Pointer<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = &node.value else {
            return read(self, node, pointer).map(|one| vec![one]);
        };
        if items.is_empty() {
            self.error(
                "empty_list",
                node,
                pointer,
                format!("`{name}` must not be an empty list"),
            );
            return None;
        }
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if self.is_full() {
                return None;
            }
            values.extend(read(self, item, &pointer.index(index)));
        }
        (values.len() == items.len()).then_some(values)
    }

    /// Checks the alphabet of every text in the document.
    pub(super) fn check_characters(&mut self, node: &Node, pointer: &Pointer<'_>) {
        match &node.value {
            Value::String(text) => self.check_text(text, node.at, pointer),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_characters(item, &pointer.index(index));
                }
            }
            Value::Object(members) => {
                for member in members {
                    let pointer = pointer.member(&member.key);
                    self.check_text(&member.key, member.key_at, &pointer);
                    self.check_characters(&member.value, &pointer);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn check_text(&mut self, text: &str, at: trilby_model::json::Place, pointer: &Pointer<'_>) {
        let unicode = self.grammar.unicode;
        let Some(bad) = text.chars().find(|c| !is_allowed(*c, unicode)) else {
            return;
        };
        self.error_at(
            "invalid_character",
            at,
            pointer,
            format!(
                "character U+{:04X} is not allowed in a policy",
                u32::from(bad)
            ),
        );
    }
}

/// A message that quotes the document holds no more of it than helps to find the place.
fn shortened(message: String) -> String {
    match message.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

fn is_allowed(c: char, unicode: bool) -> bool {
    match c {
        '\t' | '\n' | '\r' | ' '..='\u{ff}' => true,
        '\0'..='\u{1f}' => false,
        _ => unicode,
    }
}
