//! `POST /v1/accounts/{account}/revocations`: ends sessions by what they rest on.

use serde::{Deserialize, Serialize};
use trilby_access::{
    Access, Authorized, Change, Idempotency, Input, Json, Method, Operation, Place, Reply, Scope,
    Services, Target, problem,
};
use trilby_account::command::{RevokeSessions, RevokeTarget};
use trilby_account::{Account, ProviderRef, Reason, Ref, RoleRef, UserRef};
use trilby_model::{
    AccessKeyId, AccountId, Arn, ConsistencyToken, LogId, NodeId, Position, RoleSessionName, Seq,
    SessionId, SourceIdentity,
};
use trilby_service::problem::{Code, FieldError, Problem};
use utoipa::{IntoParams, ToSchema};

use super::path::AccountPath;
use crate::activity;

/// Revocations of an account that name a value and are still kept. Every process has them all in memory, and there are as many
/// values as somebody thinks of.
const BY_VALUE_MAX: usize = 10_000;

/// Ends sessions.
pub struct CreateRevocation;

/// Which sessions end: exactly one of `session_id`, `user`, `role`, `access_key`, `provider`, `source_identity` and
/// `account`. `subject` goes with `provider`, `session_name` with `role`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationRequest {
    /// One session, and everything chained from it.
    session_id: Option<SessionId>,
    /// Sessions of a user (name or unique id), of its keys too, and what came of them.
    #[schema(value_type = Option<String>)]
    user: Option<String>,
    /// Sessions of a role (name or unique id), and what came of them.
    #[schema(value_type = Option<String>)]
    role: Option<String>,
    /// Sessions of an access key, and what came of them.
    access_key: Option<AccessKeyId>,
    /// What came through an identity provider of the account (name or unique id), in every account.
    #[schema(value_type = Option<String>)]
    provider: Option<String>,
    /// With `provider`: only what came of this subject, as the provider names it.
    subject: Option<String>,
    /// Sessions of the account with this source identity, and what came of them.
    source_identity: Option<SourceIdentity>,
    /// With `role`: only sessions of this name.
    session_name: Option<RoleSessionName>,
    /// `true`: everything issued in the account or from it.
    account: Option<bool>,
    /// Only sessions from before this event of the account's log; absent: all there are. Not with `session_id`.
    #[schema(value_type = Option<u64>)]
    issued_before_seq: Option<Seq>,
    /// Why, for the log.
    #[schema(value_type = Option<String>)]
    reason: Option<Reason>,
}

/// Whether to wait.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RevocationQuery {
    /// `nodes`: answer when every decision node that is at work honours the revocation, or after 5 seconds.
    #[param(inline)]
    wait: Option<Wait>,
}

/// Whom to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Wait {
    /// Decision nodes.
    Nodes,
}

/// The sessions are ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevocationAnswer {
    /// A decision that carries this as `Trilby-Min-Seq` honours the revocation.
    seq: ConsistencyToken,
    /// With `?wait=nodes`: who honours it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    nodes: Option<NodesAnswer>,
}

/// Which decision nodes honour a revocation, whatever position a question carries.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodesAnswer {
    /// Whether all do that were seen within the last minute. One that was silent already is not waited for, and counts among the
    /// missing: it has died, or is cut off from the store and may go on deciding.
    all: bool,
    /// How many do.
    acknowledged: usize,
    /// Those of which it is not known, by their ids. They will, as soon as they hear of it; until then an account's
    /// `stale_s_max` bounds how long they decide without news.
    missing: Vec<NodeId>,
}

impl Operation for CreateRevocation {
    const ID: &'static str = "create_revocation";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/revocations";
    const TAG: &'static str = super::SESSIONS;
    const SUMMARY: &'static str = "End sessions";
    const DESCRIPTION: &'static str = "By session, user, role, access key, identity provider, a value that sessions carry, or all of \
        the account. Asked of the ARN of the user, role or provider, else of the account. The sessions are ended when \
        this answers: nothing is changed or issued on them, and a decision that carries the answer's position refuses them. Other \
        decisions do so when their node has heard of it, as a rule within a blink; with `?wait=nodes` this answers when all have, or \
        after 5 seconds with those that have not.";
    const ACCESS: Access = Access::Action("sts:RevokeSessions");
    const SUCCESS: u16 = 202;
    const SUCCESS_DESCRIPTION: &'static str = "The sessions are ended";
    const PROBLEMS: &'static [Code] = &[Code::NotFound, Code::LimitExceeded];
    const IDEMPOTENCY: Idempotency = Idempotency::Required;

    type Path = AccountPath;
    type Query = RevocationQuery;
    type Body = Json<RevocationRequest>;
    type Reply = RevocationAnswer;

    fn place(path: &AccountPath) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let state = scope.account.map(|view| &view.state);
        let resource = match input.body.selector()? {
            RevokeTarget::User(user) => arn_of_user(account, state, &user),
            RevokeTarget::Role(role) | RevokeTarget::SessionName { role, .. } => {
                arn_of_role(account, state, &role)
            }
            RevokeTarget::Provider { provider, .. } => arn_of_provider(account, state, &provider),
            RevokeTarget::AccessKey(key) => {
                let owner = state
                    .and_then(|state| state.access_key(&key))
                    .map(|key| Ref::Id(key.user.clone()));
                owner.map_or_else(
                    || Arn::account_of(&account),
                    |owner| arn_of_user(account, state, &owner),
                )
            }
            RevokeTarget::Session(_) | RevokeTarget::SourceIdentity(_) | RevokeTarget::Account => {
                Arn::account_of(&account)
            }
        };
        Ok(Target::new(account, resource))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = input.path.account;
        let log = LogId::Account(account);
        let target = input.body.selector()?;
        if let RevokeTarget::Session(session) = &target {
            require_session(services, &log, session).await?;
        }
        require_room(services, &log, &target)?;
        let command = RevokeSessions {
            target,
            issued_before_seq: input.body.issued_before_seq,
            reason: input.body.reason.clone(),
        };
        let reply = grant.write(services, &input, &[], |states, ctx| {
            let view = states.account(account).ok_or_else(Problem::not_found)?;
            let events = view
                .state
                .decide(command.clone().into(), ctx)
                .map_err(problem::of_rejection)?;
            // The event is the commit's only one in this log.
            let position = Position {
                log: log.clone(),
                seq: states.seq(&log).next(),
                hash: None,
            };
            let seq = ConsistencyToken::new(vec![position]).map_err(Problem::internal)?;
            Ok(Change::of_account(account, events, move |_| {
                Ok(Reply::new(RevocationAnswer { seq, nodes: None }))
            }))
        });
        Ok(answered(reply.await?, &input, services).await)
    }

    async fn again(kept: Reply<Self>, input: &Input<Self>, services: &Services) -> Reply<Self> {
        answered(kept, input, services).await
    }
}

/// The reply to the commit it names, with who has heard of it, if that was asked.
async fn answered(
    reply: Reply<CreateRevocation>,
    input: &Input<CreateRevocation>,
    services: &Services,
) -> Reply<CreateRevocation> {
    let Some(seq) = reply.token().cloned() else {
        return reply;
    };
    let log = LogId::Account(input.path.account);
    let nodes = match input.query.wait {
        Some(Wait::Nodes) => Some(nodes(services, &log, &seq).await),
        None => None,
    };
    reply.with_body(RevocationAnswer { seq, nodes })
}

/// Waits until all decision nodes have the revocation that this commit made: its event in the account's log.
async fn nodes(services: &Services, log: &LogId, at: &ConsistencyToken) -> NodesAnswer {
    let mut positions = at.positions().iter();
    let seq = positions.find(|position| position.log == *log);
    let seq = seq.map_or(Seq::ZERO, |position| position.seq);
    let heard = services.directory().acknowledged(log, seq).await;
    NodesAnswer {
        all: heard.is_known && heard.missing.is_empty(),
        acknowledged: heard.nodes,
        missing: heard.missing,
    }
}

impl RevocationRequest {
    /// The one selector that is given.
    fn selector(&self) -> Result<RevokeTarget, Problem> {
        let named = |pointer: &'static str| {
            move |error: trilby_model::NameError| Problem::invalid(pointer, error.to_string())
        };
        let mut given = Vec::new();
        given.extend(self.session_id.clone().map(RevokeTarget::Session));
        if let Some(user) = &self.user {
            given.push(RevokeTarget::User(
                user.parse::<UserRef>().map_err(named("/user"))?,
            ));
        }
        if let Some(role) = &self.role {
            let role: RoleRef = role.parse().map_err(named("/role"))?;
            given.push(match self.session_name.clone() {
                Some(name) => RevokeTarget::SessionName { role, name },
                None => RevokeTarget::Role(role),
            });
        }
        if let Some(provider) = &self.provider {
            given.push(RevokeTarget::Provider {
                provider: provider.parse().map_err(named("/provider"))?,
                subject: self.subject.clone(),
            });
        }
        given.extend(
            self.source_identity
                .clone()
                .map(RevokeTarget::SourceIdentity),
        );
        // A value without the thing it narrows must not widen the revocation, nor be passed over.
        for (value, of, is_lost) in [
            (
                "/subject",
                "provider",
                self.subject.is_some() && self.provider.is_none(),
            ),
            (
                "/session_name",
                "role",
                self.session_name.is_some() && self.role.is_none(),
            ),
        ] {
            if is_lost {
                return Err(Problem::invalid(value, format!("goes with `{of}`")));
            }
        }
        given.extend(self.access_key.clone().map(RevokeTarget::AccessKey));
        match self.account {
            Some(true) => given.push(RevokeTarget::Account),
            Some(false) => return Err(Problem::invalid("/account", "must be `true` or absent")),
            None => {}
        }
        let (Some(target), true) = (given.pop(), given.is_empty()) else {
            let what = "name exactly one of `session_id`, `user`, `role`, `access_key`, `provider`, \
                `source_identity` and `account`";
            return Err(
                Problem::new(Code::InvalidParameter, what).error(FieldError::at(
                    "",
                    Code::InvalidParameter,
                    what,
                )),
            );
        };
        Ok(target)
    }
}

/// The session must have been issued in this account, or the revocation could name anything.
async fn require_session(
    services: &Services,
    log: &LogId,
    session: &SessionId,
) -> Result<(), Problem> {
    let record = services.log().activity_get(log, session.as_str()).await;
    let record = record.map_err(|error| problem::of_directory(error.into()))?;
    match record.and_then(|record| activity::read(&record.activity)) {
        Some(_) => Ok(()),
        None => Err(Problem::not_found()),
    }
}

/// Values are many; what they belong to can always be revoked.
fn require_room(services: &Services, log: &LogId, target: &RevokeTarget) -> Result<(), Problem> {
    let instead = match target {
        RevokeTarget::Provider {
            subject: Some(_), ..
        } => "the provider",
        RevokeTarget::SessionName { .. } => "the role",
        RevokeTarget::SourceIdentity(_) => "the account",
        RevokeTarget::Session(_)
        | RevokeTarget::User(_)
        | RevokeTarget::Role(_)
        | RevokeTarget::AccessKey(_)
        | RevokeTarget::Provider { subject: None, .. }
        | RevokeTarget::Account => return Ok(()),
    };
    let used = services.revocations().n_by_value(log);
    if used < BY_VALUE_MAX {
        return Ok(());
    }
    let detail = format!(
        "the account ended sessions by {BY_VALUE_MAX} values within half a day; end those of {instead} instead"
    );
    Err(Problem::new(Code::LimitExceeded, detail)
        .with("quota", "revocations_by_value")
        .with("limit", BY_VALUE_MAX)
        .with("used", used))
}

/// What is not there is asked about as the account is: whoever may end all sessions is told that it is missing.
fn arn_of_user(account: AccountId, state: Option<&Account>, user: &UserRef) -> Arn {
    let user = state.and_then(|state| state.user(user));
    user.map_or_else(
        || Arn::account_of(&account),
        |user| Arn::user(&account, &user.path, &user.name),
    )
}

fn arn_of_role(account: AccountId, state: Option<&Account>, role: &RoleRef) -> Arn {
    let role = state.and_then(|state| state.role(role));
    role.map_or_else(
        || Arn::account_of(&account),
        |role| Arn::role(&account, &role.path, &role.name),
    )
}

fn arn_of_provider(account: AccountId, state: Option<&Account>, provider: &ProviderRef) -> Arn {
    let provider = state.and_then(|state| state.provider(provider));
    provider.map_or_else(
        || Arn::account_of(&account),
        |provider| provider.arn(account),
    )
}
