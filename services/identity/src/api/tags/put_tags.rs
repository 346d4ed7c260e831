//! `PUT /v1/accounts/{account}/{kind}/{thing}/tags`

use std::marker::PhantomData;

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_account::command::TagChange;
use trilby_model::Tags;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::kind::{TaggedKind, tags_of, target};
use super::path::TaggedPath;
use super::view::{TagsView, asked, gone, reply};

/// All tags of a thing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllTags {
    /// These and no others.
    tags: Tags,
}

/// Replaces all tags of a thing.
pub struct PutTags<K>(PhantomData<fn() -> K>);

impl<K: TaggedKind> Operation for PutTags<K> {
    const ID: &'static str = {
        let [_, id, _] = K::IDS;
        id
    };
    const METHOD: Method = Method::Put;
    const PATH: &'static str = K::PATH;
    const TAG: &'static str = K::GROUP;
    const SUMMARY: &'static str = {
        let [_, summary, _] = K::SUMMARIES;
        summary
    };
    const DESCRIPTION: &'static str =
        "Tags that are not named are removed, which needs the right to untag as well.";
    const ACCESS: Access = Access::Action(K::TAG);
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The tags as they are now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState, Code::WriteConflict];

    type Path = TaggedPath<K>;
    type Query = Empty;
    type Body = Json<AllTags>;
    type Reply = TagsView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let thing = &input.path.thing;
        let target = target(input.path.account, thing, scope)?;
        let before = scope
            .account
            .and_then(|view| tags_of(&view.state, thing).ok());
        let wanted = &input.body.tags;
        let removed = before
            .map(|(tags, _)| gone(tags, wanted))
            .unwrap_or_default();
        let untags = !removed.is_empty();
        let target = asked(target, wanted.iter(), removed.into_iter());
        let arn = target.resource.clone();
        Ok(if untags {
            target.also(K::UNTAG, arn)
        } else {
            target
        })
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let thing = &input.path.thing;
        let wanted = &input.body.tags;
        let known: Vec<_> = gone(tags_of(&grant.account()?.state, thing)?.0, wanted);
        let command = command::ChangeTags {
            target: thing.clone(),
            change: TagChange::Replace(wanted.clone()),
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                let before = tags_of(account, thing)?.0;
                if gone(before, wanted).iter().any(|key| !known.contains(key)) {
                    // The right to remove that one was not asked for.
                    return Err(Problem::new(
                        Code::WriteConflict,
                        "the tags changed meanwhile",
                    ));
                }
                let events = account
                    .decide(command.clone().into(), ctx)
                    .map_err(of_rejection)?;
                let thing = thing.clone();
                Ok(Change::of_account(id, events, move |after| {
                    Ok(reply(tags_of(after, &thing)?))
                }))
            })
            .await
    }
}
