//! Many questions: `POST /access/v1/evaluations`, all decided at one position of each log.

use serde_json::{Map, Value};
use trilby_access::{
    Access, Authorized, Browsers, Empty, Idempotency, Input, Method, Operation, Place, Reply,
    Scope, Services, Target,
};
use trilby_service::problem::{ErrorForm, Problem};
use utoipa::ToSchema;

use super::body::Tree;
use super::question::{self, AccountPath, ActionBody, Asking, EVALUATE, EntityBody};
use crate::authzen::answer::{BatchBody, DecisionBody};
use crate::authzen::request::{Batch, Evaluation, Semantic};

const DESCRIPTION: &str = "OpenID AuthZEN 1.0, Access Evaluations API. Members beside `evaluations` are defaults; an item that has one replaces it \
    whole, and what all items take from them is bounded (413). A malformed item is answered `false` with its error; the others stand. \
    Reasons are told up to some 4 MiB for all items together; those beyond have their decision and layer, and `left_out` in `context.trilby`. \
    What is amiss with questions that no policy could allow is told in `Trilby-Hint`.";

/// Questions that are looked at for the right to ask: the most that an installation can be set to take.
const LOOKED_AT_MAX: usize = 10_000;

/// Many questions.
#[derive(Debug, ToSchema)]
#[schema(title = "EvaluationsRequest")]
#[expect(dead_code, reason = "describes the body, which is read as a tree")]
pub struct EvaluationsRequest {
    /// Default subject.
    subject: Option<EntityBody>,
    /// Default action.
    action: Option<ActionBody>,
    /// Default resource.
    resource: Option<EntityBody>,
    /// Default circumstances.
    #[schema(value_type = Option<Object>)]
    context: Option<Map<String, Value>>,
    /// The questions. Without any this is a single question.
    evaluations: Option<Vec<EvaluationItem>>,
    /// `evaluations_semantic`: `execute_all` (default), `deny_on_first_deny` or `permit_on_first_permit`.
    #[schema(value_type = Option<Object>)]
    options: Option<Map<String, Value>>,
}

/// One question of many; what it lacks is taken from the defaults.
#[derive(Debug, ToSchema)]
#[schema(title = "EvaluationItem")]
#[expect(dead_code, reason = "describes the body, which is read as a tree")]
pub struct EvaluationItem {
    subject: Option<EntityBody>,
    action: Option<ActionBody>,
    resource: Option<EntityBody>,
    /// Circumstances.
    #[schema(value_type = Option<Object>)]
    context: Option<Map<String, Value>>,
}

/// Questions in the caller's own account.
pub struct EvaluateBatch;

/// Questions in the account that the path names.
pub struct EvaluateBatchInAccount;

impl Operation for EvaluateBatch {
    const ID: &'static str = "evaluate_batch";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/access/v1/evaluations";
    const TAG: &'static str = "Decisions";
    const SUMMARY: &'static str = "Ask many questions at once";
    const DESCRIPTION: &'static str = DESCRIPTION;
    const ACCESS: Access = Access::Action(EVALUATE);
    const HISTORY: bool = true;
    const SUCCESS_HEADERS: &'static [(&'static str, &'static str)] = question::HEADERS;
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const ERRORS: ErrorForm = ErrorForm::AuthZen;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = Empty;
    type Query = Empty;
    type Body = Tree<EvaluationsRequest>;
    type Reply = BatchBody;

    fn place(_: &Self::Path) -> Place {
        Place::Caller
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(scope, &Place::Caller, input)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        answer(grant, input, services).await
    }
}

impl Operation for EvaluateBatchInAccount {
    const ID: &'static str = "evaluate_batch_in_account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/accounts/{account}/access/v1/evaluations";
    const TAG: &'static str = "Decisions";
    const SUMMARY: &'static str = "Ask many questions about an account at once";
    const DESCRIPTION: &'static str = DESCRIPTION;
    const ACCESS: Access = Access::Action(EVALUATE);
    const HISTORY: bool = true;
    const SUCCESS_HEADERS: &'static [(&'static str, &'static str)] = question::HEADERS;
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const ERRORS: ErrorForm = ErrorForm::AuthZen;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = AccountPath;
    type Query = Empty;
    type Body = Tree<EvaluationsRequest>;
    type Reply = BatchBody;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(scope, &Self::place(&input.path), input)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        answer(grant, input, services).await
    }
}

fn target<Op>(scope: &Scope<'_>, place: &Place, input: &Input<Op>) -> Result<Target, Problem>
where
    Op: Operation<Body = Tree<EvaluationsRequest>>,
{
    // One that cannot be read is told so after the right to ask. How many there may be is asked then, too: of one with too
    // many no question is looked at.
    let read = Batch::read(&input.body.node, LOOKED_AT_MAX).ok();
    let questions = read.iter().flat_map(Batch::questions);
    question::target(scope, place, &input.facts, &input.body.node, questions)
}

async fn answer<Op>(
    grant: Authorized<Op>,
    input: Input<Op>,
    services: &Services,
) -> Result<Reply<Op>, Problem>
where
    Op: Operation<Body = Tree<EvaluationsRequest>, Reply = BatchBody>,
{
    let batch = Batch::read(&input.body.node, services.settings().decisions.batch_max)?;
    let (facts, node) = (&input.facts, &input.body.node);
    let mut asking = Asking::begin(&grant, facts, node, batch.questions(), services).await?;
    let body = match batch {
        Batch::Single(evaluation) => BatchBody::Single(asking.answer(&evaluation).await?),
        Batch::Many { items, semantic } => BatchBody::Many {
            evaluations: all(&mut asking, items, semantic).await?,
        },
    };
    Ok(asking.reply(body))
}

/// Answers in order, up to where the semantic stops. A fault of ours (5xx) ends the whole request: half an answer could be taken for a
/// whole one.
async fn all(
    asking: &mut Asking<'_>,
    items: Vec<Result<Evaluation<'_>, Problem>>,
    semantic: Semantic,
) -> Result<Vec<DecisionBody>, Problem> {
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        let answer = match item {
            Ok(evaluation) => match asking.answer(&evaluation).await {
                Ok(answer) => answer,
                Err(problem) if problem.status().is_client_error() => {
                    DecisionBody::failed(&problem)
                }
                Err(problem) => return Err(problem),
            },
            Err(problem) => DecisionBody::failed(&problem),
        };
        let stop = match semantic {
            Semantic::ExecuteAll => false,
            Semantic::DenyOnFirstDeny => !answer.decision,
            Semantic::PermitOnFirstPermit => answer.decision,
        };
        answers.push(answer);
        if stop {
            break;
        }
        // Nothing in an answer waits: here other requests have their turn, and this one ends when its time is over.
        tokio::task::yield_now().await;
    }
    Ok(answers)
}
