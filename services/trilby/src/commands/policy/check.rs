//! `trilby policy check`: what is wrong with a document, and what is odd.

use serde_json::json;
use trilby_model::json;
use trilby_policy::{Document, Finding, Severity, lint};

use super::{line, severity};
use crate::cli::Documents;
use crate::terminal::Terminal;

pub struct Check {
    pub json: bool,
    pub deny_warnings: bool,
}

impl Check {
    /// Tells all about one document; whether it is good.
    pub fn run(
        &self,
        file: &str,
        text: &str,
        documents: &Documents,
        terminal: &Terminal,
    ) -> anyhow::Result<bool> {
        let (findings, size_bytes) = examine(text, documents);
        let good = !findings.iter().any(|finding| self.blocks(finding));
        if self.json {
            let findings: Vec<serde_json::Value> = findings.iter().map(as_json).collect();
            terminal.line(
                &json!({
                    "file": file,
                    "kind": documents.kind(),
                    "valid": good,
                    "size_bytes": size_bytes,
                    "findings": findings,
                })
                .to_string(),
            )?;
            return Ok(good);
        }
        for finding in &findings {
            terminal.line(&line(file, finding))?;
        }
        if let Some(size_bytes) = size_bytes.filter(|_| good) {
            terminal.line(&format!(
                "{file}: a good {} of {size_bytes} bytes; warnings: {}",
                documents.kind().as_str(),
                findings.len()
            ))?;
        }
        Ok(good)
    }

    fn blocks(&self, finding: &Finding) -> bool {
        self.deny_warnings || finding.severity == Severity::Error
    }
}

/// Everything that can be said about a document, and its size if it can be read.
fn examine(text: &str, documents: &Documents) -> (Vec<Finding>, Option<usize>) {
    let kind = documents.kind();
    let document = match Document::parse(text, kind, &documents.grammar()) {
        Ok(document) => document,
        Err(findings) => return (findings, None),
    };
    let mut findings = lint(&document, kind);
    if let Ok(source) = json::parse(text) {
        let placed = findings.into_iter();
        findings = placed.map(|found| found.located_in(&source)).collect();
    }
    (findings, Some(document.size()))
}

/// As the API tells findings.
fn as_json(finding: &Finding) -> serde_json::Value {
    let mut told = json!({
        "code": finding.code,
        "severity": severity(finding),
        "pointer": finding.pointer,
        "line": finding.line,
        "column": finding.column,
        "detail": finding.message,
    });
    if let (Some(hint), Some(members)) = (&finding.hint, told.as_object_mut()) {
        members.insert("hint".to_owned(), hint.as_str().into());
    }
    told
}
