//! `PUT /v1/accounts/{account}/{users|groups|roles}/{x}/inline-policies/{name}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Input, Json, Known, Method, Operation, Place, Precondition, Reply, Scope,
    Services, Target,
};
use trilby_account::{Holder, Quota, ThingKind, command};
use trilby_model::InlinePolicyName;
use trilby_policy::Kind;
use trilby_service::problem::{Code, Problem};

use super::kind::{HolderKind, find, target};
use super::path::{HolderItemPath, Inline};
use super::view::InlinePolicyView;
use crate::api::ValidateQuery;
use crate::documents::{PolicyInput, examine};
use crate::names::named_in_path;
use crate::written::lost;

/// How many bytes all inline policies of a holder may have together.
const fn inline_quota(holder: &Holder) -> Quota {
    match holder {
        Holder::User(_) => Quota::UserInlineBytes,
        Holder::Group(_) => Quota::GroupInlineBytes,
        Holder::Role(_) => Quota::RoleInlineBytes,
    }
}

/// Writes an inline policy.
pub struct PutInlinePolicy<K>(PhantomData<fn() -> K>);

impl<K: HolderKind> Operation for PutInlinePolicy<K> {
    const ID: &'static str = K::PUT_INLINE.id;
    const METHOD: Method = Method::Put;
    const PATH: &'static str = K::PUT_INLINE.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::PUT_INLINE.summary;
    const ACCESS: Access = Access::Action(K::PUT_INLINE.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const DESCRIPTION: &'static str =
        "With `validate_only=true` nothing is written; the answer is a `PolicyValidation`.";
    const PRECONDITION: Precondition = Precondition::Required;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The policy as it is now";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::MalformedPolicy,
        Code::LimitExceeded,
    ];

    type Path = HolderItemPath<K, Inline>;
    type Query = ValidateQuery;
    type Body = Json<PolicyInput>;
    type Reply = InlinePolicyView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.holder, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let grants = find(account, &input.path.holder).ok_or_else(Problem::not_found)?;
        let quota = inline_quota(&grants.holder);
        let name: InlinePolicyName = named_in_path(&input.path.item, "name")?;
        let old = grants.grants.inline_policy(&name);
        let replaced = old.map_or(0, |old| old.text.document.len());
        let beside = grants.grants.inline_bytes().saturating_sub(replaced);
        let body = &input.body.source;
        let examined = examine(body, Kind::Identity, quota)
            .in_account(account, body)
            .beside(beside);
        if input.query.validate_only {
            return examined.validation();
        }
        let given = examined.given()?;
        let holder = input.path.holder.clone();
        let command = command::PutInlinePolicy {
            holder: holder.clone(),
            name: name.clone(),
            document: given.document,
        };
        let warnings = given.warnings;
        grant
            .command(services, &input, command.into(), move |after, events| {
                let found = find(after, &holder);
                let policy = found.and_then(|found| found.grants.inline_policy(&name));
                let policy = policy.ok_or_else(|| lost(ThingKind::InlinePolicy))?;
                let created = !events.is_empty() && policy.stamp.created == policy.stamp.changed;
                let view = InlinePolicyView::whole(policy)?.warned(warnings.clone());
                Ok(Reply::new(view).etag(policy.stamp.changed).created(created))
            })
            .await
    }
}
