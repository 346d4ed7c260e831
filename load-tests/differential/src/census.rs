//! What a row of questions was made of, and how each kind of it was answered.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use trilby_naive::Answer;

/// How often a kind of question was answered in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// `allow`.
    pub allow: u64,
    /// `explicit_deny`.
    pub explicit: u64,
    /// `implicit_deny`.
    pub implicit: u64,
    /// The state was broken.
    pub error: u64,
}

impl Tally {
    fn count(&mut self, decision: &str) {
        match decision {
            "allow" => self.allow += 1,
            "explicit_deny" => self.explicit += 1,
            "implicit_deny" => self.implicit += 1,
            _ => self.error += 1,
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        self.allow + self.explicit + self.implicit + self.error
    }
}

/// Kinds of questions.
#[derive(Clone, Debug, Default)]
pub struct Census {
    kinds: BTreeMap<String, Tally>,
}

impl Census {
    /// Counts a case.
    pub fn count_case(&mut self, case: &Value, answer: &Answer) {
        let principal = case.pointer("/request/principal").unwrap_or(&Value::Null);
        self.count("case", of_case(principal), answer);
    }

    /// Counts a world.
    pub fn count_world(&mut self, world: &Value, answer: &Answer) {
        let kind = world.pointer("/request/principal/kind");
        self.count("world", kind.and_then(Value::as_str).unwrap_or("?"), answer);
    }

    fn count(&mut self, of: &str, principal: &str, answer: &Answer) {
        let seen = answer.seen;
        let mut kinds = vec![
            "all".to_owned(),
            format!("principal {principal}"),
            format!("by {} {}", answer.decision, answer.layer),
            format!("relation {}", answer.relation),
        ];
        let mut when = |there: bool, kind: &str| {
            if there {
                kinds.push(kind.to_owned());
            }
        };
        when(seen.null_variables > 0, "a null variable");
        when(seen.type_errors > 0, "a value of no such type");
        when(seen.not_principals > 0, "NotPrincipal");
        when(seen.exempt > 0, "NotPrincipal, exempt");
        when(seen.old_documents > 0, "a document without variables");
        when(!answer.missing.is_empty(), "a key that is missing");
        if let Some(bypass) = answer.bypass {
            kinds.push(format!("bypass {bypass}"));
        }
        for kind in kinds {
            let tally = self.kinds.entry(format!("{of}: {kind}")).or_default();
            tally.count(answer.decision);
        }
    }

    /// Counts what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (kind, tally) in &other.kinds {
            let mine = self.kinds.entry(kind.clone()).or_default();
            mine.allow += tally.allow;
            mine.explicit += tally.explicit;
            mine.implicit += tally.implicit;
            mine.error += tally.error;
        }
    }

    /// How a kind was answered.
    #[must_use]
    pub fn of(&self, kind: &str) -> Tally {
        self.kinds.get(kind).copied().unwrap_or_default()
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [total, allow, explicit, implicit, error] =
            ["total", "allow", "explicit deny", "implicit deny", "error"];
        writeln!(
            f,
            "{total:>9} {allow:>9} {explicit:>13} {implicit:>13} {error:>7}"
        )?;
        for (kind, tally) in &self.kinds {
            let Tally {
                allow,
                explicit,
                implicit,
                error,
            } = tally;
            let total = tally.total();
            writeln!(
                f,
                "{total:>9} {allow:>9} {explicit:>13} {implicit:>13} {error:>7}  {kind}"
            )?;
        }
        Ok(())
    }
}

/// The kind of principal of a case.
fn of_case(principal: &Value) -> &'static str {
    match principal {
        Value::String(arn) if arn.ends_with(":root") => "root",
        Value::String(arn) if arn.contains(":user/") => "user",
        Value::String(arn) if arn.contains(":assumed-role/") => "role_session",
        Value::String(arn) if arn.contains(":federated-user/") => "federated_user",
        Value::String(_) => "web_identity",
        other if other.get("service").is_some() => "service",
        _ => "anonymous",
    }
}
