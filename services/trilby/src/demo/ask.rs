//! The story's questions: may this principal do this to that, and because of what.

use serde_json::{Value, json};

use super::teller::{Answer, Call, Teller};

/// What must have decided.
#[derive(Debug, Clone)]
pub struct Because {
    layer: &'static str,
    statement: Option<Statement>,
}

#[derive(Debug, Clone)]
enum Statement {
    Of { policy: &'static str, index: u64 },
    Sid(&'static str),
}

impl Because {
    /// A statement of a policy, by the policy's name and the statement's index.
    pub fn statement(layer: &'static str, policy: &'static str, index: u64) -> Self {
        Self {
            layer,
            statement: Some(Statement::Of { policy, index }),
        }
    }

    /// A statement by its `Sid`.
    pub fn sid(layer: &'static str, sid: &'static str) -> Self {
        Self {
            layer,
            statement: Some(Statement::Sid(sid)),
        }
    }

    /// No statement: the layer that would have had to allow and did not.
    pub fn layer(layer: &'static str) -> Self {
        Self {
            layer,
            statement: None,
        }
    }

    fn fits(&self, reason: &Value) -> bool {
        let decided_by = |statement: &Statement| {
            let deciding = reason["deciding"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            deciding.iter().any(|entry| match statement {
                Statement::Of { policy, index } => {
                    entry["policy"] == *policy && entry["statement"] == *index
                }
                Statement::Sid(sid) => entry["sid"] == *sid,
            })
        };
        reason["layer"] == self.layer && self.statement.as_ref().is_none_or(decided_by)
    }

    fn told(&self) -> String {
        match &self.statement {
            None => format!("nothing in layer {} allows it", self.layer),
            Some(Statement::Of { policy, index }) => {
                format!("statement {index} of {policy}, layer {}", self.layer)
            }
            Some(Statement::Sid(sid)) => format!("statement {sid}, layer {}", self.layer),
        }
    }
}

/// One question, with the answer it must get.
pub struct Ask<'a> {
    user: &'a str,
    action: &'a str,
    resource: &'a str,
    at_least: Option<String>,
    outcome: &'static str,
    because: Because,
}

impl<'a> Ask<'a> {
    /// `resource` is `type/id` within the account acme-dev.
    pub fn of(user: &'a str, action: &'a str, resource: &'a str) -> Self {
        Self {
            user,
            action,
            resource,
            at_least: None,
            outcome: "implicit_deny",
            because: Because::layer("identity"),
        }
    }

    /// Asks about a state at least as new as the one a change led to.
    pub fn at_least(mut self, change: &Answer) -> Self {
        self.at_least = change.headers.get("trilby-seq").cloned();
        self
    }

    pub fn allowed(mut self, because: Because) -> Self {
        self.outcome = "allow";
        self.because = because;
        self
    }

    pub fn denied(mut self, outcome: &'static str, because: Because) -> Self {
        self.outcome = outcome;
        self.because = because;
        self
    }

    pub fn send(self, teller: &mut Teller<'_>) -> anyhow::Result<()> {
        let dev = teller.memory.fact("dev")?;
        let mut call = Call::post(format!("/accounts/{dev}/access/v1/evaluation"))
            .by("storefront")
            .header("Trilby-Explain", "explain")
            .json(question(self.user, self.action, self.resource))
            .expect(200);
        if let Some(token) = &self.at_least {
            call = call.header("Trilby-Min-Seq", token.clone());
        }
        let answer = teller.call(call)?;
        let reason = answer.at("/context/trilby");
        let right = *answer.at("/decision") == json!(self.outcome == "allow")
            && reason["decision"] == self.outcome
            && self.because.fits(reason);
        let fact = format!(
            "{} {} {}: {}, because {}",
            self.user,
            self.action,
            self.resource,
            self.outcome,
            self.because.told()
        );
        teller.check(right, &fact)
    }

    /// Several questions in one request, all decided at one position of the log.
    pub fn many(questions: &'a [(&'a str, &'a str, &'a str, bool)]) -> Batch<'a> {
        Batch { questions }
    }
}

/// A batch of questions.
pub struct Batch<'a> {
    questions: &'a [(&'a str, &'a str, &'a str, bool)],
}

impl Batch<'_> {
    pub fn send(self, teller: &mut Teller<'_>) -> anyhow::Result<()> {
        let dev = teller.memory.fact("dev")?;
        teller.say(
            "Many questions fit in one request; all are decided at one position of the log.",
        )?;
        let asked: Vec<Value> = self
            .questions
            .iter()
            .map(|(user, action, resource, _)| question(user, action, resource))
            .collect();
        let due: Vec<Value> = self
            .questions
            .iter()
            .map(|(_, _, _, allowed)| json!({"decision": allowed}))
            .collect();
        let answer = teller.call(
            Call::post(format!("/accounts/{dev}/access/v1/evaluations"))
                .by("storefront")
                .json(json!({"evaluations": asked}))
                .expect(200),
        )?;
        teller.check(
            *answer.at("/evaluations") == Value::Array(due),
            "each answer is the one asked for alone",
        )
    }
}

fn question(user: &str, action: &str, resource: &str) -> Value {
    let (kind, id) = resource.split_once('/').unwrap_or((resource, ""));
    json!({
        "subject": {"type": "user", "id": user},
        "action": {"name": action},
        "resource": {"type": kind, "id": id}
    })
}
