//! `PUT /v1/accounts/{account}/subject-aliases/{type}/{id}`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::{Account, PrincipalId, SubjectKey, SubjectKeyError, ThingKind, command};
use trilby_model::Arn;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{AliasPath, principal, principal_id, target};
use super::view::SubjectAliasView;
use crate::written::lost;

const ACTION: &str = "iam:PutSubjectAlias";

/// Whom a subject is to mean.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectAliasTarget {
    /// A user or role of the account, by unique id or ARN.
    principal: String,
}

/// Lets a subject mean a user or role.
pub struct PutSubjectAlias;

impl Operation for PutSubjectAlias {
    const ID: &'static str = "put_subject_alias";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/accounts/{account}/subject-aliases/{type}/{id}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Let a subject mean a user or role";
    const DESCRIPTION: &'static str = "The right is needed on the user or role that is meant, and on the one that was meant before.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The alias as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidPrincipal, Code::LimitExceeded];

    type Path = AliasPath;
    type Query = Empty;
    type Body = Json<SubjectAliasTarget>;
    type Reply = SubjectAliasView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let meant = scope.account.and_then(|view| {
            let id = principal_id(&view.state, &input.body.principal)?;
            principal(&view.state, &id)
        });
        let before = target(&input.path, scope);
        Ok(match meant {
            Some((arn, tags)) => Target::new(account, arn).resource_tags(tags),
            None => Target::new(account, Arn::account_of(&account)),
        }
        .also(ACTION, before.resource))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let subject = SubjectKey::new(&input.path.kind, &input.path.id).map_err(
            |error: SubjectKeyError| Problem::new(Code::InvalidParameter, error.to_string()),
        )?;
        let wanted = &input.body.principal;
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = states.account(id).ok_or_else(Problem::not_found)?;
                let principal =
                    principal_id(&account.state, wanted).ok_or_else(|| nobody(wanted))?;
                let command = command::PutSubjectAlias {
                    subject: subject.clone(),
                    principal,
                };
                let old = account.state.subject_alias(&subject);
                let created = old.is_none();
                // Whom it means may have changed since the right was asked.
                for meant in [Some(&command.principal), old.map(|old| &old.principal)] {
                    may_point_at(&grant, &account.state, meant)?;
                }
                let events = account
                    .state
                    .decide(command.into(), ctx)
                    .map_err(of_rejection)?;
                let subject = subject.clone();
                Ok(Change::of_account(id, events, move |after| {
                    let alias = after
                        .subject_alias(&subject)
                        .ok_or_else(|| lost(ThingKind::SubjectAlias))?;
                    let view = SubjectAliasView::of(after, &subject, alias);
                    Ok(Reply::new(view).etag(alias.stamp.changed).created(created))
                }))
            })
            .await
    }
}

/// Whether the caller may let a subject mean this user or role.
fn may_point_at(
    grant: &Authorized<PutSubjectAlias>,
    account: &Account,
    meant: Option<&PrincipalId>,
) -> Result<(), Problem> {
    let Some((arn, tags)) = meant.and_then(|id| principal(account, id)) else {
        return Ok(());
    };
    let keys = Target::new(account.id(), arn.clone())
        .resource_tags(tags)
        .context;
    grant.require(ACTION, &arn, account.id(), &keys)
}

fn nobody(text: &str) -> Problem {
    Problem::new(
        Code::InvalidPrincipal,
        "`principal` is no user or role of this account",
    )
    .with("principals", vec![text.to_owned()])
}
