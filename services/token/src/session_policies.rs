//! The policies somebody passes for a session: they can only take rights away.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use trilby_access::problem;
use trilby_account::{Account, Ref, system_policies};
use trilby_model::{Arn, json};
use trilby_policy::limits::{SESSION_POLICY_ARNS_MAX, SESSION_POLICY_BYTES_MAX};
use trilby_policy::{Document, Finding, Grammar, Kind};
use trilby_service::problem::{Code, Problem};

/// Policies of a session that is asked for. None is not the same as an empty one: the latter allows nothing.
#[derive(Debug, Clone, Default)]
pub struct SessionPolicies {
    inline: Option<Inline>,
    managed: Vec<Arn>,
}

#[derive(Debug, Clone)]
struct Inline {
    canonical: String,
    document: Map<String, Value>,
}

/// An inline policy as it was given.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// As text of its own.
    Text(&'a str),
    /// As part of a larger text: an object, or a string that holds one.
    Node(&'a json::Node),
}

impl SessionPolicies {
    /// Policies as they were given, for a session of a role in `account`, spelled as in its ARN.
    ///
    /// Errors: `malformed_policy`; `invalid_parameter` for ARNs that are no policies of the role's account or of the
    /// system, are given twice or are too many.
    pub fn new(
        inline: Option<Given<'_>>,
        managed: Vec<Arn>,
        account: &str,
    ) -> Result<Self, Problem> {
        if managed.len() > SESSION_POLICY_ARNS_MAX {
            return Err(refuse(format!(
                "a session takes at most {SESSION_POLICY_ARNS_MAX} managed policies"
            )));
        }
        for (at, arn) in managed.iter().enumerate() {
            let is_policy = arn.service() == "iam" && arn.resource().starts_with("policy/");
            let is_reachable = arn.account() == account || arn.account() == "system";
            if !is_policy || !is_reachable {
                return Err(refuse(format!(
                    "`{arn}` is no managed policy of the role's account"
                )));
            }
            if managed.iter().take(at).any(|known| known.same_thing(arn)) {
                return Err(refuse(format!("`{arn}` is given twice")));
            }
        }
        Ok(Self {
            inline: inline.map(read).transpose()?,
            managed,
        })
    }

    /// The inline policy, canonical.
    #[must_use]
    pub fn canonical(&self) -> Option<&str> {
        self.inline.as_ref().map(|inline| inline.canonical.as_str())
    }

    /// The inline policy, as claims hold it.
    #[must_use]
    pub fn document(&self) -> Option<&Map<String, Value>> {
        self.inline.as_ref().map(|inline| &inline.document)
    }

    /// The managed policies.
    #[must_use]
    pub fn managed(&self) -> &[Arn] {
        &self.managed
    }

    /// What names these policies in the token: SHA-256 of the inline one, else of the list of managed ones.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        let list = || {
            let arns = self.managed.iter().map(|arn| Value::from(arn.to_string()));
            json::canonical(&arns.collect())
        };
        let text = match (self.canonical(), self.managed.is_empty()) {
            (Some(canonical), _) => canonical.to_owned(),
            (None, false) => list(),
            (None, true) => return None,
        };
        Some(URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
    }

    /// Whether every managed policy is there now. One that goes later leaves the session without rights.
    ///
    /// Errors: `invalid_parameter`.
    pub fn check_managed(&self, account: &Account) -> Result<(), Problem> {
        for arn in &self.managed {
            if !exists(arn, account) {
                return Err(refuse(format!("managed policy `{arn}` does not exist")));
            }
        }
        Ok(())
    }
}

fn exists(arn: &Arn, account: &Account) -> bool {
    let Some((_, name)) = arn.resource().rsplit_once('/') else {
        return false;
    };
    let Ok(name) = name.parse() else { return false };
    if arn.account() == "system" {
        return system_policies::find(&name, Kind::Identity).is_some();
    }
    account.policy(&Ref::Name(name)).is_some_and(|policy| {
        Arn::policy(&account.id(), &policy.path, &policy.name).same_thing(arn)
    })
}

fn read(given: Given<'_>) -> Result<Inline, Problem> {
    let grammar = Grammar::stored();
    let parsed = match given {
        Given::Text(text) => of_text(text, &grammar)?,
        Given::Node(node) => match node.as_str() {
            Some(text) => of_text(text, &grammar)?,
            None => Document::from_node(node, Kind::Session, &grammar),
        },
    };
    let document = parsed.map_err(|findings| malformed(&findings))?;
    let canonical = document.canonical();
    if canonical.len() > SESSION_POLICY_BYTES_MAX {
        return Err(too_long());
    }
    let Value::Object(document) = document.to_value() else {
        return Err(Problem::internal("a policy document is an object"));
    };
    Ok(Inline {
        canonical,
        document,
    })
}

fn of_text(text: &str, grammar: &Grammar) -> Result<Result<Document, Vec<Finding>>, Problem> {
    if text.chars().count() > SESSION_POLICY_BYTES_MAX {
        return Err(too_long());
    }
    Ok(Document::parse(text, Kind::Session, grammar))
}

fn malformed(findings: &[Finding]) -> Problem {
    let problem = Problem::new(Code::MalformedPolicy, "the session policy is malformed");
    problem::with_findings(problem, findings, "/policy")
}

fn too_long() -> Problem {
    Problem::new(
        Code::MalformedPolicy,
        format!("a session policy has at most {SESSION_POLICY_BYTES_MAX} characters"),
    )
}

fn refuse(why: String) -> Problem {
    Problem::new(Code::InvalidParameter, why)
}
