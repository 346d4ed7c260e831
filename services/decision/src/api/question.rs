//! What single and batch evaluation share: the right to ask, and the answering of one question.

use std::time::Instant;

use serde::Deserialize;
use serde_json::{Map, Value};
use trilby_access::{Authorized, Facts, Operation, Place, Scope, Services, Target};
use trilby_engine::decide;
use trilby_model::brand::headers;
use trilby_model::json::Node;
use trilby_model::{AccountId, Arn, ConsistencyToken, DecisionId, Timestamp};
use trilby_policy::Context;
use trilby_service::problem::Problem;
use trilby_service::request_id::uuid_v7;
use trilby_service::telemetry::metric;
use utoipa::{IntoParams, ToSchema};

use crate::authzen::answer::{DecisionBody, Shared};
use crate::authzen::mapping;
use crate::authzen::options::Options;
use crate::authzen::request::Evaluation;
use crate::authzen::snapshot::Snapshot;

/// The right to ask at all.
pub const EVALUATE: &str = "trilby:Evaluate";
/// The right to hear reasons.
const EXPLAIN: &str = "trilby:ExplainDecision";
/// The right to look into the past.
const READ_HISTORY: &str = "iam:ReadHistory";

/// A subject or a resource.
#[derive(Debug, ToSchema)]
#[schema(as = Entity, title = "Entity")]
#[expect(dead_code, reason = "describes the body, which is read as a tree")]
pub struct EntityBody {
    /// `user`, `role`, `service`, `account`, `anonymous`, or a type with subject aliases; for a resource its type.
    #[schema(rename = "type", example = "user")]
    r#type: String,
    /// Name, unique id or ARN.
    #[schema(example = "Mary")]
    id: String,
    /// Attributes: condition keys `authzen:subject/…` or `authzen:resource/…`, and tags where none are stored.
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

/// Builds what is asked of the engine about the caller: may it ask, may it hear reasons.
pub fn target(
    scope: &Scope<'_>,
    place: &Place,
    facts: &Facts,
    body: &Node,
) -> Result<Target, Problem> {
    let account = match place {
        Place::Account(account) => *account,
        Place::Nowhere | Place::Caller | Place::Organization(_) => scope.caller.account,
    };
    let resource = Arn::account_of(&account);
    let options = Options::read(facts.header(headers::EXPLAIN)?, body)?;
    let target = Target::new(account, resource.clone());
    Ok(match options.explain {
        Some(_) => target.also(EXPLAIN, resource),
        None => target,
    })
}

/// One request's questions on their way to answers.
pub struct Asking<'a> {
    snapshot: Snapshot<'a>,
    shared: Shared,
    home: AccountId,
    now: Timestamp,
}

impl<'a> Asking<'a> {
    /// Begins, on the states that the request asks for.
    pub async fn begin<Op: Operation>(
        grant: &Authorized<Op>,
        facts: &Facts,
        body: &Node,
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
                freshness
            }
            None => facts.freshness.clone(),
        };
        let shared = Shared {
            id: DecisionId::from(uuid_v7(facts.now, services.entropy_source())),
            at: facts.now,
            explain: options.explain,
        };
        let snapshot = Snapshot::of(services, home, freshness).await?;
        Ok(Self {
            snapshot,
            shared,
            home,
            now: facts.now,
        })
    }

    /// Answers one question.
    pub async fn answer(&mut self, evaluation: &Evaluation) -> Result<DecisionBody, Problem> {
        let home = std::sync::Arc::clone(self.snapshot.home()?);
        let question = match mapping::map(evaluation, &home.state, self.now)? {
            Ok(question) => question,
            Err(why) => return Ok(DecisionBody::unanswerable(why, &self.shared)),
        };
        let world = self
            .snapshot
            .world(question.principal_account, question.resource_account)
            .await?;
        let begun = Instant::now();
        let decision = decide(&question.request, &world.worlds())
            .map_err(Problem::internal)?
            .seen_from(self.home);
        metric::DECISION_DURATION.record(begun.elapsed().as_secs_f64(), &[]);
        metric::DECISIONS.add(1, &[decision.outcome.as_str()]);
        let token = ConsistencyToken::new(world.positions_from(Some(self.home))).ok();
        let body = DecisionBody::decided(&decision, token.as_ref(), &self.shared)?;
        if question.subject_known {
            return Ok(body);
        }
        let subject = &evaluation.subject;
        Ok(body.with_remark(&format!(
            "no {} `{}` is known here",
            subject.kind, subject.id
        )))
    }

    /// The headers of every answer.
    pub fn reply<Op: Operation>(&self, body: Op::Reply) -> trilby_access::Reply<Op> {
        let mut reply = trilby_access::Reply::<Op>::new(body);
        if let Some(token) = self.snapshot.token() {
            reply = reply.at(token);
        }
        let id = self.shared.id.to_string();
        match actix_web::http::header::HeaderValue::from_str(&id) {
            Ok(value) => reply.header(
                actix_web::http::header::HeaderName::from_static(headers::DECISION_ID),
                value,
            ),
            Err(_) => reply,
        }
    }
}
