//! `GET /v1/caller-identity`: who am I.

use serde::Serialize;
use trilby_access::{
    Access, Authorized, Browsers, Empty, Input, Method, NoBody, Operation, Place, Reply, Services,
};
use trilby_model::{AccountId, Arn, ConsistencyToken, SessionId, Tags, Timestamp};
use trilby_service::caller::MfaMethod;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

/// Who am I.
pub struct GetCallerIdentity;

/// The caller, by its token.
#[derive(Serialize, ToSchema)]
pub struct CallerIdentity {
    /// Its account.
    account: AccountId,
    /// Its ARN.
    arn: Arn,
    /// Its unique id, with the session's name for a role.
    principal_id: String,
    /// How the session was earned: `root`, `user`, `key` or `role`.
    kind: &'static str,
    /// The session.
    session_id: SessionId,
    /// When it was issued.
    issued_at: Timestamp,
    /// When it ends.
    expires_at: Timestamp,
    /// The second factor its origin showed, if one.
    mfa: Option<CallerMfaAnswer>,
    /// Session tags.
    tags: Tags,
    /// Who is behind it.
    source_identity: Option<String>,
    /// The principals before it, oldest first.
    chain: Vec<ChainLink>,
    /// The state by which its standing was judged.
    seq: Option<ConsistencyToken>,
}

/// A second factor.
#[derive(Serialize, ToSchema)]
pub struct CallerMfaAnswer {
    /// When it was shown.
    at: Timestamp,
    /// Which: `totp`.
    method: &'static str,
}

/// A principal before this one.
#[derive(Serialize, ToSchema)]
pub struct ChainLink {
    /// Its ARN.
    arn: Arn,
    /// `root`, `user`, `role` or `federated`.
    kind: &'static str,
}

impl Operation for GetCallerIdentity {
    const ID: &'static str = "get_caller_identity";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/caller-identity";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Who am I";
    const DESCRIPTION: &'static str =
        "Needs no permission and cannot be denied by a policy. A revoked session gets 401.";
    const ACCESS: Access = Access::Authenticated("tells only what the caller's own token says");
    const SUCCESS_DESCRIPTION: &'static str = "The caller";
    const HISTORY: bool = false;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = Empty;
    type Query = Empty;
    type Body = NoBody;
    type Reply = CallerIdentity;

    fn place(_: &Empty) -> Place {
        Place::Caller
    }

    async fn handle(
        grant: Authorized<Self>,
        _: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let caller = grant.caller()?;
        Ok(Reply::new(CallerIdentity {
            account: caller.account,
            arn: caller.arn.clone(),
            principal_id: caller.principal_id.clone(),
            kind: caller.session_kind.as_str(),
            session_id: caller.session_id.clone(),
            issued_at: caller.issued_at,
            expires_at: caller.expires_at,
            mfa: caller.mfa.map(|mfa| CallerMfaAnswer {
                at: mfa.at,
                method: match mfa.method {
                    MfaMethod::Totp => "totp",
                },
            }),
            tags: caller.tags.clone(),
            source_identity: caller.source_identity.clone(),
            chain: caller
                .chain
                .iter()
                .map(|arn| ChainLink {
                    arn: arn.clone(),
                    kind: kind_of(arn),
                })
                .collect(),
            seq: grant.token(),
        }))
    }
}

fn kind_of(arn: &Arn) -> &'static str {
    match (arn.service(), arn.resource()) {
        ("sts", resource) if resource.starts_with("federated-session/") => "federated",
        ("sts", _) => "role",
        (_, "root") => "root",
        _ => "user",
    }
}
