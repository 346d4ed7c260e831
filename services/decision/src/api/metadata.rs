//! Where the decision API is: `/.well-known/authzen-configuration`. Every URL comes from the configured public address.

use serde::Serialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_directory::Freshness;
use trilby_service::problem::{ErrorForm, Problem};
use utoipa::ToSchema;

use super::question::AccountPath;

const PUBLIC: Access = Access::Public("a client finds its endpoints before it has a credential");

/// The decision point and its endpoints.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionPointMetadata, title = "DecisionPointMetadata")]
pub struct Metadata {
    /// The decision point's identifier.
    policy_decision_point: String,
    /// Single evaluation.
    access_evaluation_endpoint: String,
    /// Batch evaluation.
    access_evaluations_endpoint: String,
}

impl Metadata {
    fn of(decision_point: &str) -> Self {
        Self {
            policy_decision_point: decision_point.to_owned(),
            access_evaluation_endpoint: format!("{decision_point}/access/v1/evaluation"),
            access_evaluations_endpoint: format!("{decision_point}/access/v1/evaluations"),
        }
    }
}

/// The decision point of whatever account the caller belongs to.
pub struct GetMetadata;

/// The decision point of one account.
pub struct GetAccountMetadata;

impl Operation for GetMetadata {
    const ID: &'static str = "get_decision_point";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/.well-known/authzen-configuration";
    const TAG: &'static str = "Decisions";
    const SUMMARY: &'static str = "Find the decision endpoints";
    const ACCESS: Access = PUBLIC;
    const HISTORY: bool = false;
    const ERRORS: ErrorForm = ErrorForm::AuthZen;

    type Path = Empty;
    type Query = Empty;
    type Body = NoBody;
    type Reply = Metadata;

    fn place(_: &Self::Path) -> Place {
        Place::Nowhere
    }

    fn target(_: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        Err(Problem::not_found())
    }

    async fn handle(
        _: Authorized<Self>,
        _: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        Ok(cacheable(Reply::new(Metadata::of(services.public_url()))))
    }
}

impl Operation for GetAccountMetadata {
    const ID: &'static str = "get_account_decision_point";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/.well-known/authzen-configuration/accounts/{account}";
    const TAG: &'static str = "Decisions";
    const SUMMARY: &'static str = "Find the decision endpoints of an account";
    const ACCESS: Access = PUBLIC;
    const HISTORY: bool = false;
    const ERRORS: ErrorForm = ErrorForm::AuthZen;

    type Path = AccountPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = Metadata;

    fn place(_: &Self::Path) -> Place {
        Place::Nowhere
    }

    fn target(_: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        Err(Problem::not_found())
    }

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = input.path.account;
        let known = services
            .directory()
            .world(Some(account), None, &Freshness::Head)
            .await;
        if known
            .map_err(trilby_access::problem::of_directory)?
            .principal
            .is_none()
        {
            return Err(Problem::not_found());
        }
        Ok(cacheable(Reply::new(Metadata::of(&format!(
            "{}/accounts/{account}",
            services.public_url()
        )))))
    }
}

fn cacheable<Op: Operation>(reply: Reply<Op>) -> Reply<Op> {
    use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
    reply.header(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=600"),
    )
}
