//! What issued sessions look like in answers.

use serde::Serialize;
use trilby_model::{AccountId, Arn, ConsistencyToken, SessionId, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use crate::issue::Issued;

/// `issued_token_type` of every grant (RFC 8693).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A token, as OAuth has it.
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// The session token.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until it ends.
    pub expires_in: i64,
    /// Always `urn:ietf:params:oauth:token-type:access_token`.
    pub issued_token_type: &'static str,
    /// The session.
    pub trilby: TokenSession,
}

/// The session of a token.
#[derive(Serialize, ToSchema)]
pub struct TokenSession {
    /// Its principal.
    pub arn: Arn,
    /// Its account.
    pub account: AccountId,
    /// Unique id of the principal, with the session's name for a role.
    pub principal_id: String,
    /// Its id.
    pub session_id: SessionId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Who is behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Share of the room for policies and tags that it takes, in per cent.
    pub packed_policy_percent: usize,
    /// The states it stands on.
    pub seq: Option<ConsistencyToken>,
}

/// A role that was put on.
#[derive(Serialize, ToSchema)]
pub struct AssumedRoleAnswer {
    /// The token.
    pub credentials: SessionCredentials,
    /// The session.
    pub assumed_role: AssumedRole,
    /// Its id.
    pub session_id: SessionId,
    /// Who is behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Whom an outside issuer vouched for, if the session began so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// That issuer's provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Arn>,
    /// The audience that the outside token named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Share of the room for policies and tags that it takes, in per cent.
    pub packed_policy_percent: usize,
    /// The states it stands on.
    pub seq: Option<ConsistencyToken>,
}

/// A session's token.
#[derive(Serialize, ToSchema)]
pub struct SessionCredentials {
    /// The session token.
    pub session_token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A role session.
#[derive(Serialize, ToSchema)]
pub struct AssumedRole {
    /// Its ARN.
    pub arn: Arn,
    /// The role's unique id and the session's name.
    pub id: String,
}

impl From<&Issued> for TokenAnswer {
    fn from(issued: &Issued) -> Self {
        let claims = &issued.claims;
        Self {
            access_token: issued.token.expose().to_owned(),
            token_type: "Bearer",
            expires_in: claims.exp.saturating_sub(claims.iat),
            issued_token_type: ACCESS_TOKEN,
            trilby: TokenSession {
                arn: claims.trilby.arn.clone(),
                account: claims.trilby.acct,
                principal_id: claims.sub.clone(),
                session_id: claims.jti.clone(),
                expires_at: Timestamp::from_unix_seconds(claims.exp),
                source_identity: claims.trilby.si.as_ref().map(ToString::to_string),
                packed_policy_percent: issued.packed_policy_percent,
                seq: issued.seq.clone(),
            },
        }
    }
}

impl AssumedRoleAnswer {
    /// The answer for a role session.
    ///
    /// Errors: a session of something else, which is a fault.
    pub fn of(issued: &Issued) -> Result<Self, Problem> {
        issued
            .role()
            .ok_or_else(|| Problem::internal("a role was asked for and none was put on"))?;
        let claims = &issued.claims;
        let fed = claims.trilby.fed.as_ref();
        Ok(Self {
            subject: fed.map(|fed| fed.sub.clone()),
            provider: fed.map(|fed| fed.prov.clone()),
            audience: fed.map(|fed| fed.aud.clone()),
            credentials: SessionCredentials {
                session_token: issued.token.expose().to_owned(),
                expires_at: Timestamp::from_unix_seconds(claims.exp),
            },
            assumed_role: AssumedRole {
                arn: claims.trilby.arn.clone(),
                id: claims.sub.clone(),
            },
            session_id: claims.jti.clone(),
            source_identity: claims.trilby.si.as_ref().map(ToString::to_string),
            packed_policy_percent: issued.packed_policy_percent,
            seq: issued.seq.clone(),
        })
    }
}
