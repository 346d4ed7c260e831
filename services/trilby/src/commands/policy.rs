//! `trilby policy check`: one document, offline.

use std::process::ExitCode;

use trilby_model::json;
use trilby_policy::{Document, Finding, Grammar, Kind, Severity, lint};

use super::simulate::read_whole;
use crate::cli::{PolicyCommand, PolicyKind};
use crate::terminal::Terminal;

pub fn run(command: PolicyCommand, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let PolicyCommand::Check { file, kind } = command;
    let text = read_whole(&file)?;
    let kind = kind_of(kind);
    let findings = match json::parse(&text) {
        Err(error) => {
            let at = error.at;
            terminal.line(&format!(
                "{file}:{}:{}: error: {}",
                at.line, at.column, error.message
            ))?;
            return Ok(ExitCode::FAILURE);
        }
        Ok(node) => match Document::from_node(&node, kind, &Grammar::stored()) {
            Ok(document) => lint(&document, kind)
                .into_iter()
                .map(|finding| finding.located_in(&node))
                .collect(),
            Err(findings) => findings,
        },
    };
    let wrong = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    for finding in &findings {
        terminal.line(&line(&file, finding))?;
    }
    if !wrong {
        terminal.line(&format!(
            "{file}: a good {}; warnings: {}",
            kind.as_str(),
            findings.len()
        ))?;
    }
    Ok(if wrong {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn line(file: &str, finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let hint = finding
        .hint
        .as_deref()
        .map(|hint| format!("; {hint}"))
        .unwrap_or_default();
    format!(
        "{file}:{}:{}: {severity}: {} [{}]{hint}",
        finding.line, finding.column, finding.message, finding.code
    )
}

fn kind_of(kind: PolicyKind) -> Kind {
    match kind {
        PolicyKind::Identity => Kind::Identity,
        PolicyKind::Boundary => Kind::Boundary,
        PolicyKind::Session => Kind::Session,
        PolicyKind::Resource => Kind::Resource,
        PolicyKind::Trust => Kind::Trust,
        PolicyKind::Scp => Kind::Scp,
        PolicyKind::Rcp => Kind::Rcp,
    }
}
