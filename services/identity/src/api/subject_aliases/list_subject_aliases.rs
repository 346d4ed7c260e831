//! `GET /v1/accounts/{account}/subject-aliases`

use std::ops::Bound;

use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::SubjectKey;
use trilby_model::Arn;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::view::SubjectAliasView;
use crate::api::{AccountPath, PageQuery};

/// Lists aliases.
pub struct ListSubjectAliases;

impl Operation for ListSubjectAliases {
    const ID: &'static str = "list_subject_aliases";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/subject-aliases";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List subject aliases";
    const ACCESS: Access = Access::Action("iam:ListSubjectAliases");
    const SUCCESS_DESCRIPTION: &'static str = "A page of aliases, by type and id";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<SubjectAliasView>;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let query = ListQuery {
            kind: "subject-aliases",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let from = walk
            .after()
            .and_then(subject_of)
            .map_or(Bound::Unbounded, Bound::Excluded);
        let aliases = state.subject_aliases().range((from, Bound::Unbounded));
        let items = aliases.map(|(subject, alias)| {
            let key = vec![subject.kind().to_owned(), subject.id().to_owned()];
            (key, || SubjectAliasView::of(&state, subject, alias))
        });
        walk.page(services, items).map(Reply::new)
    }
}

fn subject_of(key: &[String]) -> Option<SubjectKey> {
    match key {
        [kind, id] => SubjectKey::new(kind, id).ok(),
        _ => None,
    }
}
