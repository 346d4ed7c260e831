//! What is legal and yet suspicious.
//!
//! Lint never blocks by itself; an account may promote codes to errors. Pointers are into the canonical
//! form, where every list is an array; line and column are where the statement began in the text the
//! document was read from.

mod catalogue;
mod condition;
mod coverage;
mod effort;
mod scope;
mod variable;

use trilby_model::Arn;

pub use catalogue::Catalogue;

use crate::document::Document;
use crate::finding::{Finding, Severity};
use crate::kind::Kind;
use crate::limits::FINDINGS_MAX;
use crate::statement::Statement;
use crate::trust;

/// Everything that can be said about a document without knowing the account it is for.
///
/// Findings of severity [`Severity::Error`] are those of [`trust::check`] on a trust policy.
#[must_use]
pub fn lint(document: &Document, kind: Kind) -> Vec<Finding> {
    let mut findings = if kind == Kind::Trust {
        trust::check(document)
    } else {
        Vec::new()
    };
    let mut notes = Notes::default();
    scope::version(document, &mut notes);
    for (index, statement) in document.statements.iter().enumerate() {
        if notes.is_full() {
            break;
        }
        let place = At { index, statement };
        scope::statement(place, kind, &mut notes);
        condition::statement(place, &mut notes);
        variable::statement(place, &mut notes);
        catalogue::own(place, &mut notes);
    }
    coverage::document(document, &mut notes);
    findings.extend(notes.0);
    findings.truncate(FINDINGS_MAX);
    findings
}

/// Statements of a resource policy that speak about something else than the resource it is attached
/// to: the resource itself, or what its ARN is a `/` prefix of.
#[must_use]
pub fn lint_attached(document: &Document, resource: &Arn) -> Vec<Finding> {
    let mut notes = Notes::default();
    for (index, statement) in document.statements.iter().enumerate() {
        if notes.is_full() {
            break;
        }
        scope::foreign_resource(At { index, statement }, resource, &mut notes);
    }
    notes.0.truncate(FINDINGS_MAX);
    notes.0
}

/// Actions and keys that the account's applications do not have.
#[must_use]
pub fn lint_catalogue(document: &Document, catalogue: &Catalogue) -> Vec<Finding> {
    let mut notes = Notes::default();
    for (index, statement) in document.statements.iter().enumerate() {
        if notes.is_full() {
            break;
        }
        catalogue::statement(At { index, statement }, catalogue, &mut notes);
    }
    notes.0.truncate(FINDINGS_MAX);
    notes.0
}

/// The statement being looked at.
#[derive(Clone, Copy)]
struct At<'a> {
    index: usize,
    statement: &'a Statement,
}

/// The remarks so far.
#[derive(Default)]
struct Notes(Vec<Finding>);

impl Notes {
    /// Whether one more remark would not be kept.
    fn is_full(&self) -> bool {
        self.0.len() >= FINDINGS_MAX
    }

    /// Notes a remark about `element`, a pointer below the statement (`/Action/0`, or empty).
    fn add(
        &mut self,
        at: At<'_>,
        code: &'static str,
        element: &str,
        message: impl Into<String>,
        hint: Option<&str>,
    ) {
        if self.is_full() {
            return;
        }
        self.0.push(Finding {
            code,
            severity: Severity::Warning,
            pointer: format!("/Statement/{}{element}", at.index),
            line: at.statement.at.line,
            column: at.statement.at.column,
            message: message.into(),
            hint: hint.map(str::to_owned),
        });
    }
}

#[cfg(test)]
mod tests;
