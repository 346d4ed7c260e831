//! `POST /v1/simulate`: one self-contained case to the evaluator. No account is read, nothing is stored.
//!
//! Whoever asks brings the policies too, of any size that a body may have. So cases are evaluated beside the threads that
//! answer everybody else, a few at a time, and none that may take longer than a decision (`trilby_engine::STEPS_MAX`).
//! `trilby simulate` has no such limit.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use trilby_access::{
    Access, Authorized, Empty, Idempotency, Input, Method, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_engine::simulate::{self, Answer, Decided, Failed};
use trilby_model::Arn;
use trilby_service::problem::{Code, FieldError, Problem};
use utoipa::ToSchema;

use super::body::Tree;

/// Cases evaluated at once; others wait.
const RUNNING_MAX: usize = 2;
static RUNNING: Semaphore = Semaphore::const_new(RUNNING_MAX);
/// How long one waits.
const WAIT: Duration = Duration::from_secs(2);
/// Seconds after which a caller may try again.
const BUSY_S: u64 = 2;

/// A request and every policy that bears on it; the same object that `trilby simulate` reads.
#[derive(Debug, ToSchema)]
#[schema(title = "SimulationCase")]
#[expect(dead_code, reason = "describes the body, which is read as a tree")]
pub struct SimulationCase {
    /// Echoed back.
    #[schema(value_type = Option<String>)]
    id: Option<Value>,
    /// `principal`, `action`, `resource`, `resource_account`, `context`.
    #[schema(value_type = Object)]
    request: Value,
    /// `identity`, `resource`, `boundary`, `session`, `scp`, `rcp`.
    #[schema(value_type = Option<Object>)]
    policies: Option<Value>,
}

/// The answer: `decision`, `layer`, `matched`, `layers`, `missing_context`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(title = "SimulationResult", value_type = Object)]
pub struct SimulationResult(Decided);

/// Evaluates a case.
pub struct Simulate;

impl Operation for Simulate {
    const ID: &'static str = "simulate";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/simulate";
    const TAG: &'static str = "Decisions";
    const SUMMARY: &'static str = "Evaluate a self-contained case";
    const ACCESS: Access = Access::Action("iam:SimulateCustomPolicy");
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const PROBLEMS: &'static [Code] = &[Code::MalformedPolicy, Code::Busy];

    type Path = Empty;
    type Query = Empty;
    type Body = Tree<SimulationCase>;
    type Reply = SimulationResult;

    fn place(_: &Self::Path) -> Place {
        Place::Caller
    }

    fn target(_: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let account = scope.caller.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let case = input.body.node;
        let waited = tokio::time::timeout(WAIT, RUNNING.acquire()).await;
        let seat = waited.map_err(|_| {
            Problem::new(Code::Busy, "too many cases are being evaluated").retry_after(BUSY_S)
        })?;
        let seat = seat.map_err(Problem::internal)?;
        let answered = tokio::task::spawn_blocking(move || {
            let answer = simulate::answer_soon(&case, 1);
            // Not before it is done, though the caller may have gone away.
            drop(seat);
            answer
        });
        match answered.await.map_err(Problem::internal)? {
            Answer::Decided(decided) => Ok(Reply::new(SimulationResult(*decided))),
            Answer::Failed(failed) => Err(problem(&failed)),
        }
    }
}

fn problem(failed: &Failed) -> Problem {
    let code = match failed.error.code {
        "invalid_policy" => Code::MalformedPolicy,
        _ => Code::InvalidParameter,
    };
    let message = failed.error.message.clone();
    Problem::new(code, message.clone()).error(FieldError::at(
        failed.error.path.clone(),
        code,
        message,
    ))
}
