//! `GET /v1/accounts/{account}/subject-aliases/{type}/{id}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{AliasPath, target};
use super::view::SubjectAliasView;

/// Reads an alias.
pub struct GetSubjectAlias;

impl Operation for GetSubjectAlias {
    const ID: &'static str = "get_subject_alias";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/subject-aliases/{type}/{id}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get whom a subject means";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The alias";

    type Path = AliasPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = SubjectAliasView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(&input.path, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let subject = input.path.subject().ok_or_else(Problem::not_found)?;
        let alias = account
            .subject_alias(&subject)
            .ok_or_else(Problem::not_found)?;
        Ok(Reply::new(SubjectAliasView::of(account, &subject, alias)).etag(alias.stamp.changed))
    }
}
