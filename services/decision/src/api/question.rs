//! What single and batch evaluation share: the right to ask, and the answering of one question.

use std::collections::HashMap;
use std::time::Instant;

use actix_web::http::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};
use trilby_access::{Authorized, Facts, Operation, Place, Scope, Services, Target, principal};
use trilby_directory::Freshness;
use trilby_engine::{
    Brief, Budget, Decision, Error, Explain, Notes, Principal, Reader, Ready, Request, Worlds,
    decide, decide_into, decide_with_advice, takes_too_long,
};
use trilby_model::brand::headers;
use trilby_model::json::Node;
use trilby_model::{AccountId, Arn, ConsistencyToken, DecisionId, Timestamp};
use trilby_policy::Context;
use trilby_service::problem::Problem;
use trilby_service::request_id::uuid_v7;
use trilby_service::telemetry::metric;
use utoipa::{IntoParams, ToSchema};

use crate::DecisionParts;
use crate::authzen::answer::{DecisionBody, Shared};
use crate::authzen::hint::Hint;
use crate::authzen::mapping::{self, Question, Unanswerable};
use crate::authzen::options::Options;
use crate::authzen::own;
use crate::authzen::request::Evaluation;
use crate::authzen::session::{self, Found, NoSession, Reference};
use crate::authzen::snapshot::Snapshot;
use crate::record::{Asker, DecisionRecord, SessionName};

/// What every answer tells beside its body.
pub const HEADERS: &[(&str, &str)] = &[
    ("Trilby-Decision-Id", "Our id of this decision"),
    (
        "Trilby-Hint",
        "What is amiss with questions that no policy could allow, in words; only if there are such",
    ),
];

/// The right to ask at all.
pub const EVALUATE: &str = "trilby:Evaluate";
/// The right to ask about oneself: about the very session that asks, asserting nothing.
const EVALUATE_SELF: &str = "trilby:EvaluateSelf";
/// The right to hear reasons.
const EXPLAIN: &str = "trilby:ExplainDecision";
/// The right to look into the past.
const READ_HISTORY: &str = "iam:ReadHistory";

/// Bytes of reasons that the answers of one request hold, but for the last of them. Answers beyond have their decision and its
/// reason: a trace may be some ten thousand bytes long, and a request may ask a thousand questions.
const TOLD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A subject or a resource.
#[derive(Debug, ToSchema)]
#[schema(as = Entity, title = "Entity")]
#[expect(dead_code, reason = "describes the body, which is read as a tree")]
pub struct EntityBody {
    /// `user`, `role`, `session`, `service`, `account`, `federated_user`, `anonymous`, or a type with subject aliases; for a
    /// resource its type.
    #[schema(rename = "type", example = "user")]
    r#type: String,
    /// Name, unique id or ARN; for a session its id, or its ARN if one live session bears it, and no more than 8 different
    /// ones in a request. A session of another account than the path's has its token only.
    #[schema(example = "Mary")]
    id: String,
    /// Attributes: condition keys `authzen:subject/…` or `authzen:resource/…`, and tags where none are stored. A subject's
    /// `token` is a session token of its own: then the session is the subject, whatever `type` and `id` say.
    #[schema(value_type = Option<Object>)]
    properties: Option<Map<String, Value>>,
}

/// What is to be done.
#[derive(Debug, ToSchema)]
#[schema(as = Action, title = "Action")]
#[expect(dead_code, reason = "describes the body, which is read as a tree")]
pub struct ActionBody {
    /// `service:Operation`; without a colon the account's only application is meant.
    #[schema(example = "s3:GetObject")]
    name: String,
    /// Attributes: condition keys `authzen:action/…`.
    #[schema(value_type = Option<Object>)]
    properties: Option<Map<String, Value>>,
}

/// A question.
#[derive(Debug, ToSchema)]
#[schema(title = "EvaluationRequest")]
#[expect(dead_code, reason = "describes the body, which is read as a tree")]
pub struct EvaluationRequest {
    subject: EntityBody,
    action: ActionBody,
    resource: EntityBody,
    /// Circumstances: condition keys `authzen:context/…`; `ip` is `trilby:SourceIp` as well.
    #[schema(value_type = Option<Object>)]
    context: Option<Map<String, Value>>,
}

/// The account in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccountPath {
    /// The account: 12 digits.
    pub account: AccountId,
}

/// Builds what is asked of the engine about the caller: may it ask, may it hear reasons. `questions` are those that can be read.
pub fn target<'q>(
    scope: &Scope<'_>,
    place: &Place,
    facts: &Facts,
    body: &Node,
    questions: impl IntoIterator<Item = &'q Evaluation<'q>>,
) -> Result<Target, Problem> {
    let account = match place {
        Place::Account(account) => *account,
        Place::Nowhere | Place::Caller | Place::Organization(_) | Place::Installation => {
            scope.caller.account
        }
    };
    let resource = Arn::account_of(&account);
    let options = Options::read(facts.header(headers::EXPLAIN)?, body)?;
    let target = Target::new(account, resource.clone());
    let bearer = facts.bearer()?;
    let target = if own::only_about(questions, scope.caller, bearer.as_ref()) {
        target.or(EVALUATE_SELF)
    } else {
        target
    };
    Ok(match options.explain {
        Some(_) => target.also(EXPLAIN, resource),
        None => target,
    })
}

/// One request's questions on their way to answers.
pub struct Asking<'a> {
    services: &'a Services,
    snapshot: Snapshot<'a>,
    sessions: HashMap<Reference, Found>,
    asker: Asker,
    /// Of the answer that comes next. The first answer's id is the request's.
    shared: Shared,
    id: DecisionId,
    is_first: bool,
    home: AccountId,
    now: Timestamp,
    /// Whether questions come over TLS.
    secure: bool,
    /// What all answers together may spend on advice.
    advice: Budget,
    /// Bytes of reasons told so far.
    told_bytes: usize,
    hint: Hint,
    /// Of the last answer; kept for the next one's.
    notes: Notes,
}

impl<'a> Asking<'a> {
    /// Begins, on the states that the request asks for; `questions` are all that will be answered.
    pub async fn begin<'q, Op: Operation>(
        grant: &Authorized<Op>,
        facts: &Facts,
        body: &Node,
        questions: impl IntoIterator<Item = &'q Evaluation<'q>>,
        services: &'a Services,
    ) -> Result<Self, Problem> {
        let home = grant.account_id()?;
        let options = Options::read(facts.header(headers::EXPLAIN)?, body)?;
        let freshness = match options.freshness {
            Some(freshness) => {
                if freshness.is_past() {
                    grant.require(READ_HISTORY, &Arn::account_of(&home), home, &Context::new())?;
                    grant.may_go_back(&freshness)?;
                }
                grant.stands_at(services, &freshness).await?;
                freshness
            }
            None => facts.freshness.clone(),
        };
        grant.may_read_past(services, &freshness).await?;
        let shared = Shared {
            id: DecisionId::from(uuid_v7(facts.now, services.entropy_source())),
            at: facts.now,
            explain: options.explain,
        };
        // Before the states are read: none of them is then older than a session that is asked about.
        let sessions = sessions(services, home, questions, &freshness).await?;
        let snapshot = Snapshot::of(services, home, freshness).await?;
        Ok(Self {
            services,
            snapshot,
            sessions,
            asker: Asker::new(home, grant.caller()?, facts),
            id: shared.id.clone(),
            is_first: true,
            shared,
            home,
            now: facts.now,
            secure: facts.secure,
            advice: Budget::default(),
            told_bytes: 0,
            hint: Hint::default(),
            notes: Notes::default(),
        })
    }

    /// Answers one question, and hands the record of it to the writer.
    pub async fn answer(&mut self, evaluation: &Evaluation<'_>) -> Result<DecisionBody, Problem> {
        if !self.is_first {
            let id = uuid_v7(self.now, self.services.entropy_source());
            self.shared.id = DecisionId::from(id);
        }
        self.is_first = false;
        self.hint.count();
        let (body, record) = self.decide(evaluation).await?;
        self.told_bytes = self.told_bytes.saturating_add(body.told_bytes());
        metric::DECISIONS.add(1, &[&record.decision]);
        let record = self.asker.activity(record, &self.shared, &self.id)?;
        let parts = self.services.part::<DecisionParts>()?;
        parts.records().record(record);
        Ok(body)
    }

    async fn decide(
        &mut self,
        evaluation: &Evaluation<'_>,
    ) -> Result<(DecisionBody, DecisionRecord), Problem> {
        let name = self.session_name(evaluation);
        let record = self.asker.begin(evaluation, name);
        let question = match self.question(evaluation).await? {
            Ok(question) => question,
            Err(why) => {
                self.hint.note(why);
                let record = record.refused(&why.message());
                return Ok((DecisionBody::unanswerable(why, &self.shared), record));
            }
        };
        let world = self
            .snapshot
            .world(question.principal_account, question.resource_account)
            .await?;
        let token = ConsistencyToken::new(world.positions_from(Some(self.home))).ok();
        let worlds = world.worlds_in_service();
        if takes_too_long(&question.request, &worlds).map_err(Problem::internal)? {
            return Err(too_much());
        }
        let begun = Instant::now();
        let (level, left_out) = self.level();
        let (body, brief) = match level {
            None => {
                let brief = self.brief(&question.request, &worlds);
                let brief = brief.map_err(Problem::internal)?;
                (DecisionBody::bare(brief.outcome.is_allow()), brief)
            }
            Some(level) => {
                let decision = self.explained(&question, &worlds, level);
                let decision = decision.map_err(Problem::internal)?;
                let body = DecisionBody::decided(&decision, level, token.as_ref(), &self.shared)?;
                (body, decision.brief())
            }
        };
        let body = if left_out { body.left_out() } else { body };
        metric::DECISION_DURATION.record(begun.elapsed().as_secs_f64(), &[]);
        let record = record.decided(&question, &brief, token.as_ref())?;
        if question.subject_known {
            return Ok((body, record));
        }
        let subject = &evaluation.subject;
        let remark = format!("no {} `{}` is known here", subject.kind, subject.id);
        Ok((body.with_remark(&remark), record))
    }

    /// How much the next answer tells, and whether that is less than was asked for.
    fn level(&self) -> (Option<Explain>, bool) {
        match self.shared.explain {
            Some(Explain::Explain | Explain::Trace) if self.told_bytes >= TOLD_BYTES_MAX => {
                (Some(Explain::Reason), true)
            }
            level => (level, false),
        }
    }

    /// The answer without reasons, and what the record says of it.
    fn brief(&mut self, request: &Request, worlds: &Worlds<'_>) -> Result<Brief, Error> {
        let ready = Ready::new(request.clone());
        let answered = decide_into(&ready, worlds, &mut self.notes)?;
        Brief::of(&ready, worlds, &answered, &self.notes, self.home)
    }

    /// The answer with reasons, and with advice where as much is to be told.
    fn explained(
        &mut self,
        question: &Question,
        worlds: &Worlds<'_>,
        level: Explain,
    ) -> Result<Decision, Error> {
        let request = &question.request;
        match level {
            Explain::Trace => {
                let reader = Reader {
                    account: self.home,
                    caller_known: question.subject_known,
                    askable: mapping::can_be_asked,
                };
                decide_with_advice(request, worlds, reader, &mut self.advice)
            }
            Explain::Reason | Explain::Explain => {
                decide(request, worlds).map(|decision| decision.seen_from(self.home))
            }
        }
    }

    /// The question in the engine's words.
    async fn question(&mut self, evaluation: &Evaluation<'_>) -> Result<mapping::Mapped, Problem> {
        let session = match self.session(evaluation).await? {
            Ok(session) => session,
            Err(why) => return Ok(Err(Unanswerable::Session(why))),
        };
        let home = self.snapshot.home()?;
        let mut mapped = mapping::map(evaluation, &home.state, session, self.now)?;
        if let Ok(question) = &mut mapped {
            // A key that every request carries; of the way from the user to the asker nothing is known.
            let context = &mut question.request.context;
            context.insert("aws:SecureTransport", self.secure);
        }
        Ok(mapped)
    }

    fn session_name(&self, evaluation: &Evaluation<'_>) -> Option<SessionName> {
        let found = self.sessions.get(&Reference::of(evaluation)?)?;
        let standing = found.as_ref().ok()?;
        Some(SessionName::of(&standing.caller))
    }

    /// The session that is the subject, as the engine knows it; its managed session policies as they are at the state that is
    /// decided on. `None`: the subject is no session.
    async fn session(
        &mut self,
        evaluation: &Evaluation<'_>,
    ) -> Result<Result<Option<Principal>, NoSession>, Problem> {
        let Some(reference) = Reference::of(evaluation) else {
            return Ok(Ok(None));
        };
        let found = self.sessions.get(&reference).cloned();
        let standing = match found.unwrap_or(Err(NoSession::Unknown)) {
            Ok(standing) => standing,
            Err(why) => return Ok(Err(why)),
        };
        // Of an account that did not exist then, there was no session either.
        let Some(view) = self.snapshot.account(standing.caller.account).await? else {
            return Ok(Err(NoSession::Unknown));
        };
        Ok(principal::principal(&standing.caller, &view.state)
            .map(Some)
            .map_err(|_| NoSession::BrokenPolicy))
    }

    /// The headers of every answer.
    pub fn reply<Op: Operation>(&self, body: Op::Reply) -> trilby_access::Reply<Op> {
        let mut reply = trilby_access::Reply::<Op>::new(body);
        if let Some(token) = self.snapshot.token() {
            reply = reply.at(token);
        }
        let id = self.id.to_string();
        let told = [
            (headers::DECISION_ID, Some(id)),
            (headers::HINT, self.hint.text()),
        ];
        for (name, text) in told {
            let value = text.and_then(|text| HeaderValue::from_str(&text).ok());
            if let Some(value) = value {
                reply = reply.header(HeaderName::from_static(name), value);
            }
        }
        reply
    }
}

/// Finds every session that the questions are about, each once.
async fn sessions<'q>(
    services: &Services,
    home: AccountId,
    questions: impl IntoIterator<Item = &'q Evaluation<'q>>,
    freshness: &Freshness,
) -> Result<HashMap<Reference, Found>, Problem> {
    let mut wanted = HashMap::new();
    for question in questions {
        if let Some(reference) = Reference::of(question) {
            wanted.entry(reference).or_insert(question.token.as_ref());
        }
    }
    let is_arn = |reference: &&Reference| matches!(reference, Reference::Arn(_));
    if wanted.keys().filter(is_arn).count() > session::ARNS_MAX {
        return Err(too_many_arns());
    }
    let mut sessions = HashMap::new();
    for (reference, token) in wanted {
        let found = session::find(services, home, &reference, token, freshness).await?;
        sessions.insert(reference, found);
        // A token from memory is judged without a wait: the thread is others' as well.
        tokio::task::yield_now().await;
    }
    Ok(sessions)
}

/// No thread is kept from others by one question.
fn too_much() -> Problem {
    let what = "the values are too long to be held to all the patterns that bear on this question";
    Problem::invalid("/context", what)
}

fn too_many_arns() -> Problem {
    let max = session::ARNS_MAX;
    Problem::invalid(
        "/evaluations",
        format!(
            "more than {max} different ARNs of sessions in one request: name sessions by their id or token"
        ),
    )
}
