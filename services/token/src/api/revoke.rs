//! `POST /v1/revoke` (RFC 7009): ends one session, and what came of it.

use serde::Serialize;
use trilby_access::authenticate::{Rejected, authenticate_at};
use trilby_access::authorize::Inquiry;
use trilby_access::write::{actor, actor_meta};
use trilby_access::{
    Access, Authorized, Empty, Facts, Form, Idempotency, Input, Method, Operation, Reply, Services,
    problem,
};
use trilby_account::command::{RevokeSessions, RevokeTarget};
use trilby_account::{Actor, Command, Context};
use trilby_directory::{Answer, Done, Events, Executed, Freshness, Plan, ReceiptKey, Write};
use trilby_eventlog::{Dependency, RevocationKind};
use trilby_model::{AccountId, Arn, ConsistencyToken, LogId, Seq, SessionId};
use trilby_policy::Context as Keys;
use trilby_service::problem::{Code, ErrorForm, Problem};
use trilby_session::Claims;
use utoipa::ToSchema;

use super::client::Client;
use super::introspect::TokenInQuestion;

const REVOKE_SESSIONS: &str = "sts:RevokeSessions";

/// Ends one session.
pub struct RevokeToken;

/// Nothing to tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct Revoked {}

impl Operation for RevokeToken {
    const ID: &'static str = "revoke_token";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/revoke";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "End the session of a token";
    const DESCRIPTION: &'static str = "By the session's own principal, or by anyone of its account with \
        `sts:RevokeSessions`. A token that is not good is answered like one that was ended now.";
    const ACCESS: Access =
        Access::Public("authenticates the caller itself, by session or by access key");
    const SUCCESS_DESCRIPTION: &'static str = "The token is good no more";
    const PROBLEMS: &'static [Code] = &[
        Code::Unauthenticated,
        Code::InvalidCredentials,
        Code::AccessDenied,
        Code::RateLimited,
    ];
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const ERRORS: ErrorForm = ErrorForm::OAuth;

    type Path = Empty;
    type Query = Empty;
    type Body = Form<TokenInQuestion>;
    type Reply = Revoked;

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let facts = &input.facts;
        let TokenInQuestion { token, client } = input.body.value;
        let client = Client::of(services, facts, client).await?;
        let session = match authenticate_at(services, token.expose(), &facts.freshness).await {
            Ok(session) => session,
            Err(Rejected::Token(_)) => return Ok(Reply::new(Revoked {}).no_store()),
            Err(Rejected::Fault(problem)) => return Err(problem),
        };
        let claims = session.verified.claims();
        if !may_end(services, facts, &client, claims).await? {
            return Err(Problem::new(
                Code::AccessDenied,
                "you are not allowed to end this session",
            ));
        }
        let (account, ended) = (claims.trilby.acct, claims.jti.clone());
        let token = end(services, facts, &client, account, ended).await?;
        let reply = Reply::new(Revoked {}).no_store();
        Ok(match token {
            Some(token) => reply.at(token),
            None => reply,
        })
    }
}

/// Whether the caller may end this session: its own principal's, or any of the account by right.
async fn may_end(
    services: &Services,
    facts: &Facts,
    client: &Client,
    claims: &Claims,
) -> Result<bool, Problem> {
    let account = claims.trilby.acct;
    if client.account() == account && client.principal() == claims.principal_unique_id() {
        return Ok(true);
    }
    match client {
        // A key proves who owns it and is no session that rights could be asked for.
        Client::AccessKey { .. } => Ok(false),
        Client::Session(session) => {
            let inquiry = Inquiry::of(session, facts, services.now()).map_err(|broken| {
                Problem::new(Code::AccessDenied, "this session may do nothing").caused_by(broken)
            })?;
            let own = Some(session.caller.account);
            let world = services
                .directory()
                .world(own, Some(account), &Freshness::Head)
                .await;
            let world = world.map_err(problem::of_directory)?;
            inquiry.allows(
                &world,
                REVOKE_SESSIONS,
                &Arn::account_of(&account),
                Some(account),
                &Keys::new(),
            )
        }
    }
}

/// Ends it; gives the position from which on it is ended.
async fn end(
    services: &Services,
    facts: &Facts,
    client: &Client,
    account: AccountId,
    session: SessionId,
) -> Result<Option<ConsistencyToken>, Problem> {
    let (actor, named, alive, incarnation) = match client {
        Client::Session(session) => (
            actor(&session.caller),
            actor_meta(&session.caller),
            rests_on(session),
            Some(session.incarnation()),
        ),
        Client::AccessKey { user, .. } => (
            Actor::System,
            serde_json::json!({ "principal_id": user }),
            Vec::new(),
            None,
        ),
    };
    let mut entropy = services.entropy();
    let now = services.now();
    let ctx = Context::new(now, actor, &mut entropy);
    let log = LogId::Account(account);
    let write = Write {
        logs: vec![log.clone()],
        receipt: ReceiptKey::random(log, &mut entropy),
        meta: serde_json::json!({
            "actor": named,
            "operation": RevokeToken::ID,
            "request_id": facts.request_id.to_string(),
        }),
        alive,
        incarnation,
        trace: facts.trace.clone(),
        now,
        entropy,
    };
    let command: Command = RevokeSessions {
        target: RevokeTarget::Session(session),
        issued_before_seq: None,
        reason: None,
    }
    .into();
    let written = services.directory().execute(write, |states| {
        let view = states.account(account).ok_or_else(Problem::not_found)?;
        let mut ctx = ctx.clone();
        ctx.now = states.now();
        let events = view
            .state
            .decide(command.clone(), &ctx)
            .map_err(problem::of_rejection)?;
        Ok(Plan::new(vec![Events::Account(account, events)], |_| {
            Ok(Answer {
                value: (),
                status: 200,
                stored: None,
            })
        }))
    });
    match written.await.map_err(problem::of_execution)? {
        Executed::Done(Done { token, .. }) => Ok(token),
        Executed::Replayed { token, .. } => Ok(Some(token)),
    }
}

pub(super) fn rests_on(session: &trilby_access::authenticate::Session) -> Vec<Dependency> {
    let rests = session.verified.rests_on().iter();
    rests
        .filter_map(|rest| {
            Some(Dependency {
                log: LogId::Account(rest.account),
                kind: RevocationKind::from_code(rest.kind.code())?,
                id_hash: rest.id_hash,
                seq: Seq::new(rest.seq),
            })
        })
        .collect()
}
