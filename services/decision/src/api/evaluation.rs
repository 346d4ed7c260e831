//! One question: `POST /access/v1/evaluation`, in the caller's account or in one the path names.

use trilby_access::{
    Access, Authorized, Browsers, Empty, Idempotency, Input, Method, Operation, Place, Reply,
    Scope, Services, Target,
};
use trilby_service::problem::{ErrorForm, Problem};

use super::body::Tree;
use super::question::{self, AccountPath, Asking, EVALUATE, EvaluationRequest};
use crate::authzen::answer::DecisionBody;
use crate::authzen::request::Evaluation;

const DESCRIPTION: &str = "OpenID AuthZEN 1.0, Access Evaluation API. A denied request is answered with 200 and `false`. Reasons come with \
    `Trilby-Explain: reason`, `explain` or `trace` and need `trilby:ExplainDecision`. What is amiss with a \
    question that no policy could allow is told in `Trilby-Hint`.";

/// A question in the caller's own account.
pub struct Evaluate;

/// A question in the account that the path names.
pub struct EvaluateInAccount;

impl Operation for Evaluate {
    const ID: &'static str = "evaluate";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/access/v1/evaluation";
    const TAG: &'static str = "Decisions";
    const SUMMARY: &'static str = "Ask whether something is allowed";
    const DESCRIPTION: &'static str = DESCRIPTION;
    const ACCESS: Access = Access::Action(EVALUATE);
    const HISTORY: bool = true;
    const SUCCESS_HEADERS: &'static [(&'static str, &'static str)] = question::HEADERS;
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const ERRORS: ErrorForm = ErrorForm::AuthZen;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = Empty;
    type Query = Empty;
    type Body = Tree<EvaluationRequest>;
    type Reply = DecisionBody;

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

impl Operation for EvaluateInAccount {
    const ID: &'static str = "evaluate_in_account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/accounts/{account}/access/v1/evaluation";
    const TAG: &'static str = "Decisions";
    const SUMMARY: &'static str = "Ask whether something is allowed in an account";
    const DESCRIPTION: &'static str = DESCRIPTION;
    const ACCESS: Access = Access::Action(EVALUATE);
    const HISTORY: bool = true;
    const SUCCESS_HEADERS: &'static [(&'static str, &'static str)] = question::HEADERS;
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const ERRORS: ErrorForm = ErrorForm::AuthZen;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = AccountPath;
    type Query = Empty;
    type Body = Tree<EvaluationRequest>;
    type Reply = DecisionBody;

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
    Op: Operation<Body = Tree<EvaluationRequest>>,
{
    // One that cannot be read is told so after the right to ask.
    let read = Evaluation::read(&input.body.node).ok();
    question::target(scope, place, &input.facts, &input.body.node, &read)
}

async fn answer<Op>(
    grant: Authorized<Op>,
    input: Input<Op>,
    services: &Services,
) -> Result<Reply<Op>, Problem>
where
    Op: Operation<Body = Tree<EvaluationRequest>, Reply = DecisionBody>,
{
    let evaluation = Evaluation::read(&input.body.node)?;
    let (facts, body) = (&input.facts, &input.body.node);
    let mut asking = Asking::begin(&grant, facts, body, [&evaluation], services).await?;
    let body = asking.answer(&evaluation).await?;
    Ok(asking.reply(body))
}
