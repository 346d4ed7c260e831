//! Policy documents in bodies and in answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trilby_access::problem::with_findings;
use trilby_access::{Operation, Reply};
use trilby_account::{Account, PolicyText, Quota, Rejection, TrustWarning};
use trilby_model::{Arn, json};
use trilby_policy::{Catalogue, Document, Finding, Grammar, Kind, Severity};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

/// Where a document lies in every body that has one.
const POINTER: &str = "/document";

/// A body that is a policy document and nothing else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyInput {
    /// The document.
    #[schema(value_type = Object)]
    #[expect(
        dead_code,
        reason = "read from the body's text, where its places are known"
    )]
    document: Value,
}

/// A remark about one place of a policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyFinding {
    /// Stable name of the rule.
    pub code: String,
    /// `error` blocks the document, `warning` does not.
    pub severity: FindingSeverity,
    /// JSON pointer into the request's body.
    pub pointer: String,
    /// Line in the body, from 1.
    pub line: u32,
    /// Column in the line, from 1.
    pub column: u32,
    /// The remark in words.
    pub detail: String,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Whether a finding blocks its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// The document is refused.
    Error,
    /// The document is taken; look twice.
    Warning,
}

/// What `validate_only=true` answers: nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyValidation {
    /// Whether the document would be taken.
    pub valid: bool,
    /// Bytes that count against the quota; absent if the document is malformed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Most bytes it may have.
    pub size_bytes_max: u64,
    /// All that can be said about it.
    pub findings: Vec<PolicyFinding>,
}

impl PolicyFinding {
    /// A finding about a document that lies in the body at `pointer`.
    pub fn at(pointer: &str, finding: Finding) -> Self {
        Self {
            code: finding.code.to_owned(),
            severity: match finding.severity {
                Severity::Error => FindingSeverity::Error,
                Severity::Warning => FindingSeverity::Warning,
            },
            pointer: format!("{pointer}{}", finding.pointer),
            line: finding.line,
            column: finding.column,
            detail: finding.message,
            hint: finding.hint,
        }
    }
}

/// A document of a body that may be written, with what a reader should look at twice.
#[derive(Debug, Clone)]
pub struct Given {
    /// The document.
    pub document: Document,
    /// Remarks that do not block.
    pub warnings: Vec<PolicyFinding>,
}

/// The outcome of reading a document.
#[derive(Debug)]
pub struct Examined {
    outcome: Result<Given, Vec<Finding>>,
    quota: Quota,
    pointer: &'static str,
    /// Bytes of other documents that count against the quota too.
    beside: usize,
}

/// Reads the document of a body for the seat it is to take.
pub fn examine(body: &json::Node, kind: Kind, quota: Quota) -> Examined {
    examine_at(POINTER, body, kind, quota)
}

/// As [`examine`], for a document that lies in the body at `pointer`.
pub fn examine_at(pointer: &'static str, body: &json::Node, kind: Kind, quota: Quota) -> Examined {
    let outcome = match body.pointer(pointer) {
        None => Err(Vec::new()),
        Some(node) => Document::from_node(node, kind, &Grammar::stored()).map(|document| {
            let found = trilby_policy::lint(&document, kind).into_iter();
            let warnings = found
                .map(|finding| PolicyFinding::at(pointer, finding.located_in(node)))
                .collect();
            Given { document, warnings }
        }),
    };
    Examined {
        outcome,
        quota,
        pointer,
        beside: 0,
    }
}

impl Examined {
    /// The document, if it could be read.
    pub fn document(&self) -> Option<&Document> {
        self.outcome.as_ref().ok().map(|given| &given.document)
    }

    /// The same beside other documents that share its quota.
    #[must_use]
    pub fn beside(self, bytes: usize) -> Self {
        Self {
            beside: bytes,
            ..self
        }
    }

    /// The same with remarks about actions and condition keys that the account's applications do not have.
    #[must_use]
    pub fn in_account(self, account: &Account, body: &json::Node) -> Self {
        self.remarked(body, |document| {
            trilby_policy::lint_catalogue(document, &catalogue(account))
        })
    }

    /// The same with what the account's rules for such documents had to say: what it would be refused for, or should be
    /// looked at twice.
    #[must_use]
    pub fn judged(
        mut self,
        judged: Result<Vec<TrustWarning>, Rejection>,
        body: &json::Node,
    ) -> Self {
        let (Ok(given), Some(node)) = (&mut self.outcome, body.pointer(self.pointer)) else {
            return self;
        };
        let at = |finding: Finding| PolicyFinding::at(self.pointer, finding.located_in(node));
        let found: Vec<PolicyFinding> = match judged {
            Ok(warnings) => {
                let warnings = warnings.into_iter();
                let of = |warning: TrustWarning| PolicyFinding {
                    code: warning.code,
                    ..at(remark(Severity::Warning, warning.pointer, warning.message))
                };
                warnings.map(of).collect()
            }
            Err(
                Rejection::WeakTrustPolicy { findings } | Rejection::MalformedPolicy { findings },
            ) => {
                // Those of the document alone are there.
                let known = |finding: &PolicyFinding| given.warnings.contains(finding);
                let found = findings.into_iter().map(at);
                found.filter(|finding| !known(finding)).collect()
            }
            Err(rejection) => vec![PolicyFinding {
                code: code_of_rejection(&rejection).as_str().to_owned(),
                ..at(remark(
                    Severity::Error,
                    String::new(),
                    rejection.to_string(),
                ))
            }],
        };
        given.warnings.extend(found);
        self
    }

    fn remarked(
        mut self,
        body: &json::Node,
        remarks: impl FnOnce(&Document) -> Vec<Finding>,
    ) -> Self {
        if let (Ok(given), Some(node)) = (&mut self.outcome, body.pointer(self.pointer)) {
            let found = remarks(&given.document).into_iter();
            given.warnings.extend(
                found.map(|finding| PolicyFinding::at(self.pointer, finding.located_in(node))),
            );
        }
        self
    }

    /// The same with remarks about statements that speak of something else than the resource they are to be put on.
    #[must_use]
    pub fn about(self, resource: &Arn, body: &json::Node) -> Self {
        self.remarked(body, |document| {
            trilby_policy::lint_attached(document, resource)
        })
    }

    /// The document, to be written.
    ///
    /// Errors: `malformed_policy` with everything that is wrong, or `weak_trust_policy` if it only admits too many.
    pub fn given(self) -> Result<Given, Problem> {
        self.outcome.map_err(|findings| {
            let detail = match findings.len() {
                1 => "the policy document has 1 error".to_owned(),
                n => format!("the policy document has {n} errors"),
            };
            with_findings(
                Problem::new(code_of(&findings), detail),
                &findings,
                self.pointer,
            )
        })
    }

    /// The answer to `validate_only=true`.
    ///
    /// Errors: none but faults of ours.
    pub fn validation<Op: Operation>(self) -> Result<Reply<Op>, Problem> {
        let limit = self.quota.limit();
        let answer = match self.outcome {
            Ok(given) => {
                let size = u64::try_from(given.document.size()).unwrap_or(u64::MAX);
                let blocked = given
                    .warnings
                    .iter()
                    .any(|finding| finding.severity == FindingSeverity::Error);
                let beside = u64::try_from(self.beside).unwrap_or(u64::MAX);
                PolicyValidation {
                    valid: size.saturating_add(beside) <= limit && !blocked,
                    size_bytes: Some(size),
                    size_bytes_max: limit,
                    findings: given.warnings,
                }
            }
            Err(findings) => PolicyValidation {
                valid: false,
                size_bytes: None,
                size_bytes_max: limit,
                findings: findings
                    .into_iter()
                    .map(|finding| PolicyFinding::at(self.pointer, finding))
                    .collect(),
            },
        };
        let text = serde_json::to_vec(&answer).map_err(Problem::internal)?;
        Ok(Reply::verbatim("application/json", text).status(actix_web::http::StatusCode::OK))
    }
}

/// What the account's applications registered.
fn catalogue(account: &Account) -> Catalogue {
    let mut catalogue = Catalogue::new();
    let applications = account.applications().values();
    for application in applications.filter(|one| one.catalogue_stamp.is_some()) {
        let name = application.name.as_str();
        let keys = application.catalogue.condition_keys.iter();
        catalogue.add(
            name,
            application.catalogue.actions.keys().cloned(),
            keys.map(|key| format!("{name}:{key}")),
        );
    }
    catalogue
}

/// A remark that is given its code apart.
fn remark(severity: Severity, pointer: String, message: String) -> Finding {
    Finding {
        code: "",
        severity,
        pointer,
        line: 1,
        column: 1,
        message,
        hint: None,
    }
}

/// The code under which a document would be refused.
fn code_of_rejection(rejection: &Rejection) -> Code {
    if matches!(rejection, Rejection::InvalidPrincipal { .. }) {
        Code::InvalidPrincipal
    } else if matches!(rejection, Rejection::ExternalIdRequired { .. }) {
        Code::ExternalIdRequired
    } else if matches!(rejection, Rejection::LimitExceeded { .. }) {
        Code::LimitExceeded
    } else {
        Code::MalformedPolicy
    }
}

/// A document that is well formed and admits too many is refused for that.
fn code_of(findings: &[Finding]) -> Code {
    let weak = |finding: &Finding| finding.code == Code::WeakTrustPolicy.as_str();
    match !findings.is_empty() && findings.iter().all(weak) {
        true => Code::WeakTrustPolicy,
        false => Code::MalformedPolicy,
    }
}

/// A stored document as answers show it.
///
/// Errors: the stored text is no JSON; a fault of ours.
pub fn shown(text: &PolicyText) -> Result<Value, Problem> {
    shown_text(&text.document)
}

/// A document's text as answers show it.
///
/// Errors: it is no JSON; a fault of ours.
pub fn shown_text(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(Problem::internal)
}
