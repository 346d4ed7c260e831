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

    /// No statement: the layer that would have had to allow and did not; or root, who needs none.
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

    fn told(&self, outcome: &str) -> String {
        match &self.statement {
            None if outcome == "allow" => "root needs no policy, and nothing caps it".to_owned(),
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
    who: String,
    subject: Value,
    account: &'a str,
    by: &'a str,
    action: &'a str,
    resource: &'a str,
    position: Option<(&'static str, String)>,
    outcome: &'static str,
    because: Because,
}

impl<'a> Ask<'a> {
    /// About a user of acme-dev; `resource` is `type/id` within that account.
    pub fn of(user: &'a str, action: &'a str, resource: &'a str) -> Self {
        Self::about(user, json!({"type": "user", "id": user}), action, resource)
    }

    /// About anybody; `who` is how the story calls them.
    pub fn about(who: &str, subject: Value, action: &'a str, resource: &'a str) -> Self {
        Self {
            who: who.to_owned(),
            subject,
            account: "dev",
            by: "storefront",
            action,
            resource,
            position: None,
            outcome: "implicit_deny",
            because: Because::layer("identity"),
        }
    }

    /// In another account, asked by another application.
    pub fn in_account(mut self, account: &'a str, by: &'a str) -> Self {
        self.account = account;
        self.by = by;
        self
    }

    /// Asks about a state at least as new as the one a change led to.
    pub fn at_least(mut self, change: &Answer) -> Self {
        let token = change.headers.get("trilby-seq").cloned();
        self.position = token.map(|token| ("Trilby-Min-Seq", token));
        self
    }

    /// Asks about the state at exactly this position.
    pub fn back_to(mut self, position: &str) -> Self {
        self.position = Some(("Trilby-At-Seq", position.to_owned()));
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

    /// Asks, and holds the answer to what is due. Gives the answer.
    pub fn send(self, teller: &mut Teller<'_>) -> anyhow::Result<Answer> {
        let account = teller.memory.fact(self.account)?;
        let mut call = Call::post(format!("/accounts/{account}/access/v1/evaluation"))
            .by(self.by)
            .header("Trilby-Explain", "explain")
            .json(question(&self.subject, self.action, self.resource))
            .expect(200);
        if let Some((name, token)) = &self.position {
            call = call.header(name, token.clone());
        }
        let answer = teller.call(call)?;
        let reason = answer.at("/context/trilby");
        let right = *answer.at("/decision") == json!(self.outcome == "allow")
            && reason["decision"] == self.outcome
            && self.because.fits(reason);
        let fact = format!(
            "{} {} {}: {}, because {}",
            self.who,
            self.action,
            self.resource,
            self.outcome,
            self.because.told(self.outcome)
        );
        teller.check(right, &fact)?;
        Ok(answer)
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
            .map(|(user, action, resource, _)| {
                question(&json!({"type": "user", "id": user}), action, resource)
            })
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

fn question(subject: &Value, action: &str, resource: &str) -> Value {
    let (kind, id) = match resource.split_once('/') {
        Some((kind, id)) if !resource.starts_with("arn:") => (kind, id),
        Some(_) | None => ("any", resource),
    };
    json!({
        "subject": subject,
        "action": {"name": action},
        "resource": {"type": kind, "id": id}
    })
}
