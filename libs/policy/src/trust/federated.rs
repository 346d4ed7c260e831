//! Trust in outside identity providers: whoever is let in must be pinned down.
//!
//! An issuer vouches for whoever it serves. A statement that lets its subjects in without saying which of them lets in
//! strangers: those that got a token for another client, and, where the issuer serves the world, everybody. So each
//! statement that allows must say for whom the token was made and, of a shared issuer, whose it is, by tests that fail
//! where the claim is missing or another.

use super::shape::{self, GITHUB, Shape};
use crate::condition::{Comparison, Operand, SetOperator, Test};
use crate::document::Document;
use crate::finding::{Finding, Severity};
use crate::pattern::{Pattern, Token};
use crate::statement::{Effect, Statement};

/// What of a provider's settings these rules need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProvider {
    /// Its issuer without scheme: `accounts.google.com`.
    pub issuer: String,
    /// Its name, for keys of the form `oidc/<name>:<claim>`.
    pub name: String,
    /// How many audiences its tokens may be for.
    pub audiences: usize,
    /// Whether its issuer serves the world.
    pub shared: bool,
    /// What must be pinned of a shared one: of each group one claim at least, by its name in condition keys.
    pub required_claims: Vec<Vec<String>>,
}

/// What is wrong with a trust policy (errors), and what one should look at twice (warnings).
///
/// `provider` gives what is known of a provider by the text that the document names it with. One that is not known
/// counts as shared, with `sub` to be pinned.
#[must_use]
pub fn check(
    document: &Document,
    provider: impl Fn(&str) -> Option<TrustedProvider>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, statement) in document.statements.iter().enumerate() {
        if statement.effect != Effect::Allow {
            continue;
        }
        let named = statement.principal.iter().flat_map(|p| &p.set().federated);
        let named: Vec<TrustedProvider> = named
            .filter(|text| *text != "*")
            .map(|text| provider(text).unwrap_or_else(|| unknown(text)))
            .collect();
        let mut look = Look {
            index,
            statement,
            findings: &mut findings,
        };
        for provider in &named {
            look.errors(provider);
            look.warnings(provider);
        }
        if !named.is_empty() {
            look.strangers(&named);
        }
    }
    findings
}

fn unknown(text: &str) -> TrustedProvider {
    TrustedProvider {
        issuer: String::new(),
        name: text
            .rsplit_once("oidc-provider/")
            .map_or(text, |(_, name)| name)
            .to_owned(),
        audiences: usize::MAX,
        shared: true,
        required_claims: vec![vec!["sub".to_owned()]],
    }
}

struct Look<'a> {
    index: usize,
    statement: &'a Statement,
    findings: &'a mut Vec<Finding>,
}

impl Look<'_> {
    fn errors(&mut self, provider: &TrustedProvider) {
        if provider.audiences != 1 && !self.pins(provider, "aud") {
            let key = format!("{}:aud", provider.prefix());
            self.add(
                "weak_trust_policy",
                Severity::Error,
                format!(
                    "the statement does not say for which audience of `{}` a token must be",
                    provider.name
                ),
                Some(format!("test `{key}` with StringEquals")),
            );
        }
        if !provider.shared {
            return;
        }
        for any_of in &provider.required_claims {
            if any_of.iter().any(|claim| self.pins(provider, claim)) {
                continue;
            }
            let claims = any_of.join("`, `");
            self.add(
                "weak_trust_policy",
                Severity::Error,
                format!(
                    "`{}` vouches for anybody, and the statement does not pin `{claims}` to somebody",
                    provider.name
                ),
                Some(provider.how_to_pin(any_of)),
            );
        }
    }

    /// Whether the statement admits nobody whose claim is missing or not as it says.
    fn pins(&self, provider: &TrustedProvider, claim: &str) -> bool {
        let shape = shape::of(&provider.issuer, &claim.to_lowercase());
        let tests = self.statement.condition.tests().iter();
        tests
            .filter(|test| is_positive(test) && provider.claim(test) == Some(claim.to_lowercase()))
            .any(|test| {
                let values = patterns(test);
                !values.is_empty()
                    && values.iter().all(|value| {
                        !value.has_variables()
                            && shape.fits(value.literal_prefix(), value.as_literal().is_some())
                    })
            })
    }

    fn warnings(&mut self, provider: &TrustedProvider) {
        let mut has_owner_id = false;
        let mut notes: Vec<(&'static str, String)> = Vec::new();
        for test in self.statement.condition.tests() {
            let Some(claim) = provider.claim(test).filter(|_| is_positive(test)) else {
                continue;
            };
            let values = patterns(test);
            match claim.as_str() {
                "repository_owner_id" | "repository_id" => has_owner_id = true,
                "email" => {
                    let says =
                        "an e-mail address can come to belong to somebody else; `sub` cannot";
                    notes.push(("mutable_claim", says.to_owned()));
                    if values.iter().any(|value| !fixes_domain(value)) {
                        let says = "the e-mail address may be of any domain";
                        notes.push(("email_without_domain", says.to_owned()));
                    }
                }
                "repository" => {
                    let says = "a repository's name can come to belong to somebody else; add `repository_owner_id`";
                    notes.push(("mutable_claim", says.to_owned()));
                }
                "sub" if provider.issuer == GITHUB => {
                    if values.iter().any(is_whole_owner) {
                        let says = "every repository, branch and pull request of the organization may assume the role";
                        notes.push(("whole_organization_subject", says.to_owned()));
                    }
                    if values
                        .iter()
                        .any(|value| value.as_str().ends_with(":pull_request"))
                    {
                        let says = "whoever opens a pull request may assume the role";
                        notes.push(("pull_request_subject", says.to_owned()));
                    }
                }
                _ => {}
            }
        }
        for (code, message) in notes {
            let guarded = code == "mutable_claim" && has_owner_id && message.contains("repository");
            if !guarded {
                self.add(code, Severity::Warning, message, None);
            }
        }
    }

    /// Tests of providers that the statement does not name: their claims are never there.
    fn strangers(&mut self, named: &[TrustedProvider]) {
        for test in self.statement.condition.tests() {
            let key = test.key.normal();
            let Some((of, _)) = key
                .strip_prefix("oidc/")
                .and_then(|rest| rest.rsplit_once(':'))
            else {
                continue;
            };
            if named
                .iter()
                .any(|provider| provider.name.to_lowercase() == of)
            {
                continue;
            }
            self.add(
                "unused_provider",
                Severity::Warning,
                format!(
                    "the statement does not name the provider `{of}`, so `{}` is never there",
                    test.key.as_str()
                ),
                None,
            );
        }
    }

    fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        message: String,
        hint: Option<String>,
    ) {
        let place = if self.statement.condition.is_empty() {
            ""
        } else {
            "/Condition"
        };
        self.findings.push(Finding {
            code,
            severity,
            pointer: format!("/Statement/{}{place}", self.index),
            line: self.statement.at.line,
            column: self.statement.at.column,
            message,
            hint,
        });
    }
}

impl TrustedProvider {
    fn prefix(&self) -> String {
        match self.issuer.is_empty() {
            true => format!("oidc/{}", self.name),
            false => self.issuer.clone(),
        }
    }

    /// How one of these claims is pinned to somebody: what [`Look::pins`] takes.
    fn how_to_pin(&self, any_of: &[String]) -> String {
        let is_open =
            |claim: &&String| shape::of(&self.issuer, &claim.to_lowercase()) != Shape::Whole;
        let open: Vec<&str> = any_of.iter().filter(is_open).map(String::as_str).collect();
        match open.as_slice() {
            [] => "use StringEquals with whole values, without variables".to_owned(),
            open => format!(
                "use StringEquals, or StringLike with a literal beginning that names the owner for `{}`, without variables",
                open.join("`, `")
            ),
        }
    }

    /// The claim of this provider that a test is about, lower-cased.
    fn claim(&self, test: &Test) -> Option<String> {
        let key = test.key.normal();
        match key {
            "aws:federatedsubject" | "trilby:federatedsubject" => return Some("sub".to_owned()),
            "aws:federatedaudience" | "trilby:federatedaudience" => return Some("aud".to_owned()),
            _ => {}
        }
        let issuer = self.issuer.to_lowercase();
        let short = format!("oidc/{}", self.name.to_lowercase());
        [issuer, short]
            .into_iter()
            .filter(|prefix| !prefix.is_empty())
            .find_map(|prefix| Some(key.strip_prefix(&prefix)?.strip_prefix(':')?.to_owned()))
    }
}

/// Whether a test fails where its key is missing, and compares text as it stands.
fn is_positive(test: &Test) -> bool {
    let operator = &test.operator;
    let compares = match operator.comparison {
        Comparison::Text | Comparison::TextIgnoreCase | Comparison::Glob => true,
        Comparison::Arn
        | Comparison::Numeric(_)
        | Comparison::Date(_)
        | Comparison::Bool
        | Comparison::Binary
        | Comparison::Ip
        | Comparison::Null => false,
    };
    compares
        && !operator.negated
        && !operator.if_exists
        && operator.set != Some(SetOperator::ForAllValues)
}

fn patterns(test: &Test) -> &[Pattern] {
    match test.operand() {
        Operand::Text(values) | Operand::TextIgnoreCase(values) | Operand::Glob(values) => values,
        Operand::Arn(_)
        | Operand::Numeric(..)
        | Operand::Date(..)
        | Operand::Bool(_)
        | Operand::Binary(_)
        | Operand::Ip(_)
        | Operand::Null(_) => &[],
    }
}

/// `repo:OWNER/` and then anything.
fn is_whole_owner(value: &Pattern) -> bool {
    value.has_wildcards()
        && value
            .literal_prefix()
            .strip_prefix("repo:")
            .is_some_and(|rest| rest.ends_with('/') && rest.matches('/').count() == 1)
}

/// Whether the text after the last `@` is literal.
fn fixes_domain(value: &Pattern) -> bool {
    match value.tokens().last() {
        Some(Token::Lit(text)) => text
            .rsplit_once('@')
            .is_some_and(|(_, domain)| !domain.is_empty()),
        Some(Token::Star | Token::Any | Token::Var(_)) | None => false,
    }
}

#[cfg(test)]
mod tests;
