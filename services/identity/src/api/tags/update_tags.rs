//! `PATCH /v1/accounts/{account}/{kind}/{thing}/tags`

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::command;
use trilby_account::command::TagChange;
use trilby_model::{TagKey, TagValue};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::kind::{TaggedKind, tags_of, target};
use super::path::TaggedPath;
use super::view::{TagsView, asked, reply};

/// Some tags of a thing, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SomeTags {
    /// Tags to set, and with `null` tags to remove. The rest stays.
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    tags: BTreeMap<TagKey, Option<TagValue>>,
}

/// Changes some tags of a thing.
pub struct UpdateTags<K>(PhantomData<fn() -> K>);

impl SomeTags {
    fn set(&self) -> impl Iterator<Item = (&TagKey, &TagValue)> {
        self.tags
            .iter()
            .filter_map(|(key, value)| Some((key, value.as_ref()?)))
    }

    fn removed(&self) -> impl Iterator<Item = &TagKey> {
        self.tags
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(key, _)| key)
    }

    /// Keys are one without case: which of two would win could not be said.
    fn unambiguous(&self) -> Result<(), Problem> {
        let mut seen = BTreeSet::new();
        match self.tags.keys().find(|key| !seen.insert(key.key())) {
            None => Ok(()),
            Some(key) => Err(Problem::invalid(
                "/tags",
                format!("tag `{key}` is named twice"),
            )),
        }
    }
}

impl<K: TaggedKind> Operation for UpdateTags<K> {
    const ID: &'static str = {
        let [_, _, id] = K::IDS;
        id
    };
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = K::PATH;
    const TAG: &'static str = K::GROUP;
    const SUMMARY: &'static str = {
        let [_, _, summary] = K::SUMMARIES;
        summary
    };
    const DESCRIPTION: &'static str = "Removing tags needs the right to untag as well.";
    const ACCESS: Access = Access::Action(K::TAG);
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The tags as they are now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState, Code::LimitExceeded];

    type Path = TaggedPath<K>;
    type Query = Empty;
    type Body = Json<SomeTags>;
    type Reply = TagsView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        input.body.unambiguous()?;
        let target = target(input.path.account, &input.path.thing, scope)?;
        let target = asked(target, input.body.set(), input.body.removed());
        let arn = target.resource.clone();
        let untags = input.body.removed().next().is_some();
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
        let thing = input.path.thing.clone();
        let set = input
            .body
            .set()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let remove = input.body.removed().cloned().collect();
        let change = TagChange::Merge { set, remove };
        let command = command::ChangeTags {
            target: thing.clone(),
            change,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                Ok(reply(tags_of(after, &thing)?))
            })
            .await
    }
}
