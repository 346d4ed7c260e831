//! `POST /v1/accounts/{account}/escalation-paths`

use serde::Serialize;
use trilby_access::{
    Access, Authorized, Empty, Idempotency, Input, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_directory::World;
use trilby_model::Arn;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::AccountPath;
use crate::escalation::{QUESTIONS_MAX, Report, Step, Way, report};

/// An allowed action on a way up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationStep)]
pub struct StepView {
    /// The action.
    #[schema(example = "iam:AttachUserPolicy")]
    action: &'static str,
    /// What it is done to.
    resource: Arn,
}

/// The shortest way up of a principal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationPath)]
pub struct PathView {
    /// The user or role.
    principal: Arn,
    /// What it does, in order; nothing: it may do everything already.
    steps: Vec<StepView>,
}

/// Who may come to `iam:*`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationPaths)]
pub struct PathsView {
    /// One for each user and role that has one, by ARN.
    paths: Vec<PathView>,
    /// `false`: the account is so large that not everything was asked; there may be more, and shorter ones.
    complete: bool,
}

/// Lists ways up.
pub struct ListEscalationPaths;

impl Operation for ListEscalationPaths {
    const ID: &'static str = "list_escalation_paths";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/escalation-paths";
    const TAG: &'static str = super::accounts::TAG;
    const SUMMARY: &'static str = "List by which actions principals come to `iam:*`";
    const DESCRIPTION: &'static str = "For each user and role the shortest chain of actions that its policies and the \
        account's guards allow. Asked without circumstances: what takes a second factor, an address or a certain hour is \
        not found.";
    const ACCESS: Access = Access::Action("iam:SimulatePrincipalPolicy");
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const HISTORY: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The ways up";

    type Path = AccountPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = PathsView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        grant: Authorized<Self>,
        _: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let view = grant.account()?.clone();
        let organization = grant.world().resource_organization.clone();
        let now = grant.now();
        // Up to a second's work, which other requests of this thread need not wait for.
        let asked = tokio::task::spawn_blocking(move || {
            let world = World {
                principal: Some(view.clone()),
                principal_organization: organization.clone(),
                resource: Some(view.clone()),
                resource_organization: organization,
            };
            report(&view.state, &world, now, QUESTIONS_MAX)
        });
        let report = asked.await.map_err(Problem::internal)??;
        Ok(Reply::new(report.into()))
    }
}

impl From<Report> for PathsView {
    fn from(report: Report) -> Self {
        Self {
            paths: report.ways.into_iter().map(PathView::from).collect(),
            complete: report.complete,
        }
    }
}

impl From<Way> for PathView {
    fn from(way: Way) -> Self {
        let steps = way.steps.into_iter().map(|step: Step| StepView {
            action: step.action,
            resource: step.resource,
        });
        Self {
            principal: way.principal,
            steps: steps.collect(),
        }
    }
}
