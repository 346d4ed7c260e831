//! What the activity log says of decisions: who was asked about, what, and why the answer was what it was.
//!
//! A record is enough to ask the same again. It never holds a token, and it shows of the other account what the answer would
//! have shown. How it gets into the store is the writer's matter.

pub mod writer;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trilby_access::Facts;
use trilby_engine::{Brief, Principal};
use trilby_eventlog::Activity;
use trilby_model::{AccountId, ConsistencyToken, DecisionId, LogId};
use trilby_policy::{Context, ContextValue};
use trilby_service::caller::Caller;
use trilby_service::problem::Problem;
use uuid::Uuid;

use crate::authzen::answer::Shared;
use crate::authzen::mapping::Question;
use crate::authzen::request::Evaluation;
use crate::authzen::token;

/// Kind of the record; its id is the decision's.
pub const MADE: &str = "decision.made";

/// Whether this is a record as this service makes them: for whoever takes such from a place that others may write to.
#[must_use]
pub fn is_record(activity: &Activity) -> bool {
    activity.kind == MADE
        && matches!(activity.log, LogId::Account(_))
        && activity.id.parse::<DecisionId>().is_ok()
        && is_of_its_time(activity)
        && serde_json::from_slice::<DecisionRecord>(&activity.body).is_ok()
}

/// Whether the id was made when the record says: no other time under it is believed.
fn is_of_its_time(activity: &Activity) -> bool {
    let id = Uuid::try_parse(&activity.id).ok();
    let made = id.filter(|id| id.get_version_num() == 7);
    let made = made.and_then(|id| id.get_timestamp()).map(|made| {
        let (seconds, nanos) = made.to_unix();
        (i64::try_from(seconds).ok(), i64::from(nanos / 1_000_000))
    });
    let ms = activity.at.micros().div_euclid(1_000);
    made == Some((Some(ms.div_euclid(1_000)), ms.rem_euclid(1_000)))
}

/// Longest text of a question that is kept; the rest of it is cut.
const TEXT_CHARS_MAX: usize = 512;
/// Largest set of asserted attributes that is kept, as JSON. Larger ones are left out whole.
const CONTEXT_BYTES_MAX: usize = 8 * 1024;
/// Statements that are named of those that decided. So many say why as well as all would, and a record has a bound.
const DECIDING_MAX: usize = 100;

/// Body of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// `allow`, `explicit_deny` or `implicit_deny`.
    pub decision: String,
    /// The layer that settled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// The answer and its reason in one sentence.
    pub message: String,
    /// Type and id as they were asked.
    pub subject: Named,
    /// The principal it was, for a session of a role the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The session, if the subject was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionName>,
    /// The action.
    pub action: String,
    /// The resource: its ARN, else type and id as they were asked.
    pub resource: String,
    /// The statements it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deciding: Vec<Value>,
    /// The allows that were missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<String>,
    /// Where the logs stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<String>,
    /// Condition keys that the question brought.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub context: Map<String, Value>,
    /// Whether those were too large to be kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub context_omitted: bool,
    /// Who asked.
    pub caller: SessionName,
    /// The request it was asked in.
    pub request_id: String,
    /// The first decision of the same batch, if it was one of many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

/// A subject as it was asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Its type.
    pub r#type: String,
    /// Its id.
    pub id: String,
}

/// A session by ARN and id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionName {
    /// ARN.
    pub arn: String,
    /// Id.
    pub id: String,
}

impl SessionName {
    /// Of a caller, or of a session that is asked about.
    pub fn of(caller: &Caller) -> Self {
        Self {
            arn: caller.arn.to_string(),
            id: caller.session_id.to_string(),
        }
    }
}

/// What all records of one request share.
#[derive(Debug, Clone)]
pub struct Asker {
    account: AccountId,
    caller: SessionName,
    request_id: String,
}

impl Asker {
    /// Who asks, in this account's path.
    pub fn new(account: AccountId, caller: &Caller, facts: &Facts) -> Self {
        Self {
            account,
            caller: SessionName::of(caller),
            request_id: facts.request_id.to_string(),
        }
    }

    /// The record of a question without an answer yet.
    pub fn begin(&self, evaluation: &Evaluation, session: Option<SessionName>) -> DecisionRecord {
        let Evaluation {
            subject,
            action,
            resource,
            ..
        } = evaluation;
        DecisionRecord {
            decision: String::new(),
            layer: None,
            message: String::new(),
            subject: Named {
                r#type: kept(&subject.kind),
                id: kept(&subject.id),
            },
            principal: None,
            session,
            action: kept(&action.name),
            resource: kept(&format!("{}/{}", resource.kind, resource.id)),
            deciding: Vec::new(),
            unmet: Vec::new(),
            seq: None,
            context: Map::new(),
            context_omitted: false,
            caller: self.caller.clone(),
            request_id: self.request_id.clone(),
            batch: None,
        }
    }

    /// The record as it is stored, in the account whose path was asked.
    ///
    /// Errors: faults only.
    pub fn activity(
        &self,
        mut record: DecisionRecord,
        shared: &Shared,
        batch: &DecisionId,
    ) -> Result<Activity, Problem> {
        record.batch = (*batch != shared.id).then(|| batch.to_string());
        Ok(Activity {
            log: LogId::Account(self.account),
            at: shared.at,
            kind: MADE.to_owned(),
            id: shared.id.to_string(),
            body: serde_json::to_vec(&record).map_err(Problem::internal)?,
        })
    }
}

impl DecisionRecord {
    /// The same with the engine's answer.
    ///
    /// Errors: faults only.
    pub fn decided(
        mut self,
        question: &Question,
        brief: &Brief,
        token: Option<&ConsistencyToken>,
    ) -> Result<Self, Problem> {
        let request = &question.request;
        self.decision = brief.outcome.as_str().to_owned();
        self.layer = Some(brief.layer.as_str().to_owned());
        self.message = kept(&brief.message);
        self.principal = principal(&request.principal);
        self.action = request.action.to_string();
        self.resource = kept(&request.resource.to_string());
        let deciding = serde_json::to_value(&brief.deciding).map_err(Problem::internal)?;
        if let Value::Array(mut deciding) = deciding {
            deciding.truncate(DECIDING_MAX);
            self.deciding = deciding;
        }
        self.unmet.clone_from(&brief.unmet);
        self.seq = token.map(ToString::to_string);
        let context = asserted(&request.context);
        let size_bytes = serde_json::to_vec(&context)
            .map_err(Problem::internal)?
            .len();
        if size_bytes > CONTEXT_BYTES_MAX {
            self.context_omitted = true;
        } else {
            self.context = context;
        }
        Ok(self)
    }

    /// The same with a no for which no policy was asked.
    pub fn refused(mut self, why: &str) -> Self {
        self.decision = "implicit_deny".to_owned();
        self.message = why.to_owned();
        self
    }
}

/// The policies' name for the principal; none for services and for nobody.
fn principal(principal: &Principal) -> Option<String> {
    principal.principal_arn().map(|arn| arn.to_string())
}

fn asserted(context: &Context) -> Map<String, Value> {
    let values = context.iter().map(|(key, value)| {
        let value = match value {
            ContextValue::Scalar(text) => json!(without_token(text)),
            ContextValue::List(items) => {
                json!(
                    items
                        .iter()
                        .map(|item| without_token(item))
                        .collect::<Vec<_>>()
                )
            }
        };
        (key.to_owned(), value)
    });
    values.collect()
}

/// A text of the question as it is kept: not longer than is useful.
fn kept(text: &str) -> String {
    without_token(text).chars().take(TEXT_CHARS_MAX).collect()
}

/// The text, unless somebody put a token where none belongs.
fn without_token(text: &str) -> &str {
    if text.contains(token::BEGINNING) {
        "(a token)"
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
