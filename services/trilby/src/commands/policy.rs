//! `trilby policy`: documents by themselves, offline.
//!
//! What only an account knows is not looked at: whether principals exist, its limits, its catalogue of actions, and what
//! its providers ask of a trust policy.

mod check;
mod fmt;

use std::process::ExitCode;

use trilby_policy::{Finding, Grammar, Kind, Severity};

use super::simulate::read_whole;
use crate::cli::{Documents, PolicyCommand, PolicyKind};
use crate::terminal::Terminal;

/// Largest file: far above every limit on documents.
const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// A file could not be read or written.
const UNREADABLE: u8 = 2;

pub fn run(command: PolicyCommand, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match command {
        PolicyCommand::Check {
            documents,
            json,
            deny_warnings,
        } => {
            let check = check::Check {
                json,
                deny_warnings,
            };
            each(&documents, |file, text| {
                check.run(file, text, &documents, terminal)
            })
        }
        PolicyCommand::Fmt {
            documents,
            check,
            write,
            minify,
        } => {
            let fmt = fmt::Fmt {
                check,
                write,
                minify,
            };
            each(&documents, |file, text| {
                fmt.run(file, text, &documents, terminal)
            })
        }
    }
}

/// Looks at every file, whatever the others are like; `look` says whether one is good.
fn each(
    documents: &Documents,
    look: impl Fn(&str, &str) -> anyhow::Result<bool>,
) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    let mut readable = true;
    for file in &documents.files {
        match read_whole(file, DOCUMENT_BYTES_MAX) {
            Ok(text) => {
                if !look(file, &text)? && readable {
                    code = ExitCode::FAILURE;
                }
            }
            Err(error) => {
                Terminal::stderr().line(&format!("trilby: {error:#}"))?;
                readable = false;
                code = ExitCode::from(UNREADABLE);
            }
        }
    }
    Ok(code)
}

impl Documents {
    fn kind(&self) -> Kind {
        match self.kind {
            PolicyKind::Identity => Kind::Identity,
            PolicyKind::Boundary => Kind::Boundary,
            PolicyKind::Session => Kind::Session,
            PolicyKind::Resource => Kind::Resource,
            PolicyKind::Trust => Kind::Trust,
            PolicyKind::Scp => Kind::Scp,
            PolicyKind::Rcp => Kind::Rcp,
        }
    }

    fn grammar(&self) -> Grammar {
        Grammar {
            legacy_version: self.legacy,
            unicode: self.unicode,
            ..Grammar::stored()
        }
    }
}

/// `file:line:column: severity: message [code]; hint`, as compilers write it.
fn line(file: &str, finding: &Finding) -> String {
    let hint = finding.hint.as_deref();
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    format!(
        "{file}:{}:{}: {}: {} [{}]{hint}",
        finding.line,
        finding.column,
        severity(finding),
        finding.message,
        finding.code
    )
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
