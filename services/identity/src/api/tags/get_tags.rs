//! `GET /v1/accounts/{account}/{kind}/{thing}/tags`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::kind::{TaggedKind, tags_of, target};
use super::path::TaggedPath;
use super::view::{TagsView, reply};

/// Reads the tags of a thing.
pub struct GetTags<K>(PhantomData<fn() -> K>);

impl<K: TaggedKind> Operation for GetTags<K> {
    const ID: &'static str = {
        let [id, _, _] = K::IDS;
        id
    };
    const METHOD: Method = Method::Get;
    const PATH: &'static str = K::PATH;
    const TAG: &'static str = K::GROUP;
    const SUMMARY: &'static str = {
        let [summary, _, _] = K::SUMMARIES;
        summary
    };
    const ACCESS: Access = Access::Action(K::LIST);
    const KNOWN: Known = Known::ByAction(K::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The tags";

    type Path = TaggedPath<K>;
    type Query = Empty;
    type Body = NoBody;
    type Reply = TagsView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.thing, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        Ok(reply(tags_of(&grant.account()?.state, &input.path.thing)?))
    }
}
