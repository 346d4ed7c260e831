//! The forms of the token endpoint: each grant with exactly its own parameters.

use std::str::FromStr;

use serde::Deserialize;
use trilby_access::FromForm;
use trilby_model::{Arn, ExternalId, RoleSessionName, SourceIdentity};
use trilby_service::Secret;
use trilby_service::params::Params;
use trilby_service::problem::{Code, Problem};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::api::answer::ACCESS_TOKEN;
use crate::federation::Named;
use crate::issue::{Given, OutsideRequest, RoleRequest, SessionPolicies, SessionTags};
use crate::proof::{access_key, login};
use crate::session_tags;

const CLIENT_CREDENTIALS: &str = "client_credentials";
const CONSOLE_LOGIN: &str = "urn:trilby:grant-type:console-login";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Parameters that may be given more than once.
const POLICY_ARN: &str = "trilby:policy_arn";
const TAG: &str = "trilby:tag";
const TRANSITIVE_TAG_KEY: &str = "trilby:transitive_tag_key";

/// All grants, as discovery names them.
pub const GRANT_TYPES: [&str; 3] = [CLIENT_CREDENTIALS, CONSOLE_LOGIN, TOKEN_EXCHANGE];

/// A request for a token.
pub struct TokenRequest {
    /// By which proof.
    pub(super) grant: Grant,
    /// For how long, in seconds.
    pub(super) duration_s: Option<i64>,
    /// For whom the token is.
    pub(super) audience: Option<String>,
}

/// A grant with its own parameters.
pub(super) enum Grant {
    /// An access key, unless it is in the header.
    ClientCredentials(Option<access_key::Presented>),
    /// A password.
    ConsoleLogin(login::Login),
    /// A session that puts on a role.
    TokenExchange {
        /// The session.
        subject_token: Secret<String>,
        /// The role.
        role: Box<RoleRequest>,
    },
    /// A token of an outside issuer.
    WebIdentity {
        /// The token.
        subject_token: Secret<String>,
        /// The nonce of ours that went with the login.
        nonce: Option<String>,
        /// Which provider is meant.
        provider: Option<Named>,
        /// The role; absent: a federated session.
        role: Option<Box<OutsideRequest>>,
    },
}

impl FromForm for TokenRequest {
    const REPEATABLE: &'static [&'static str] = &[POLICY_ARN, TAG, TRANSITIVE_TAG_KEY];

    fn from_form(params: &mut Params) -> Result<Self, Problem> {
        match params.require("grant_type")?.as_str() {
            CLIENT_CREDENTIALS => Self::client_credentials(params),
            CONSOLE_LOGIN => Self::console_login(params),
            TOKEN_EXCHANGE => Self::token_exchange(params),
            _ => Err(Problem::new(
                Code::UnsupportedGrantType,
                "this grant type is not supported",
            )),
        }
    }
}

impl TokenRequest {
    fn client_credentials(params: &mut Params) -> Result<Self, Problem> {
        let (id, secret) = (params.take("client_id")?, params.take("client_secret")?);
        let in_body = match (id, secret) {
            (Some(id), Some(secret)) => Some(access_key::Presented::new(id, secret)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(Problem::new(
                    Code::MissingParameter,
                    "`client_id` and `client_secret` go together",
                ));
            }
        };
        Ok(Self {
            grant: Grant::ClientCredentials(in_body),
            duration_s: seconds(params, "duration_seconds")?,
            audience: audience(params)?,
        })
    }

    fn console_login(params: &mut Params) -> Result<Self, Problem> {
        let login = login::Login {
            account: params.require("account")?,
            username: params.require("username")?,
            password: Secret::new(params.require("password")?),
        };
        Ok(Self {
            grant: Grant::ConsoleLogin(login),
            duration_s: seconds(params, "duration_seconds")?,
            audience: audience(params)?,
        })
    }

    fn token_exchange(params: &mut Params) -> Result<Self, Problem> {
        let subject_token = Secret::new(params.require("subject_token")?);
        let is_outside = match params.require("subject_token_type")?.as_str() {
            ACCESS_TOKEN => false,
            ID_TOKEN | JWT => true,
            _ => {
                return Err(Problem::new(
                    Code::InvalidParameter,
                    "parameter `subject_token_type` must be that of an access token, an id token or a jwt",
                ));
            }
        };
        if let Some(wanted) = params.take("requested_token_type")? {
            only(wanted, ACCESS_TOKEN, "requested_token_type")?;
        }
        if is_outside {
            return Self::web_identity(params, subject_token);
        }
        let role_arn = params.require_as::<Arn>("audience")?;
        let role = RoleRequest {
            policies: policies(params, &role_arn)?,
            tags: tags(params)?,
            role_arn,
            session_name: params.require_as::<RoleSessionName>("trilby:role_session_name")?,
            external_id: params.take_as::<ExternalId>("trilby:external_id")?,
            source_identity: params.take_as::<SourceIdentity>("trilby:source_identity")?,
        };
        Ok(Self {
            grant: Grant::TokenExchange {
                subject_token,
                role: Box::new(role),
            },
            duration_s: seconds(params, "trilby:duration_seconds")?,
            audience: None,
        })
    }
}

impl TokenRequest {
    fn web_identity(params: &mut Params, subject_token: Secret<String>) -> Result<Self, Problem> {
        let role = match params.take_as::<Arn>("audience")? {
            None => None,
            Some(role_arn) => Some(Box::new(OutsideRequest {
                policies: policies(params, &role_arn)?,
                role_arn: Some(role_arn),
                session_name: params.take_as("trilby:role_session_name")?,
            })),
        };
        Ok(Self {
            grant: Grant::WebIdentity {
                subject_token,
                nonce: params.take("trilby:nonce")?,
                provider: params.take_as("trilby:provider")?,
                role,
            },
            duration_s: seconds(params, "trilby:duration_seconds")?,
            audience: None,
        })
    }
}

fn policies(params: &mut Params, role: &Arn) -> Result<SessionPolicies, Problem> {
    let inline = params.take("trilby:policy")?;
    let managed = params.take_all_as(POLICY_ARN)?;
    SessionPolicies::new(inline.as_deref().map(Given::Text), managed, role.account())
}

fn tags(params: &mut Params) -> Result<SessionTags, Problem> {
    let given = params.take_all(TAG)?;
    let given: Vec<_> = given
        .iter()
        .map(|text| session_tags::pair(text))
        .collect::<Result<_, _>>()?;
    SessionTags::new(given, params.take_all_as(TRANSITIVE_TAG_KEY)?)
}

fn only(given: String, wanted: &str, name: &str) -> Result<(), Problem> {
    if given == wanted {
        return Ok(());
    }
    Err(Problem::new(
        Code::InvalidParameter,
        format!("parameter `{name}` must be `{wanted}`"),
    ))
}

/// `audience` or `resource` (RFC 8707), not both.
fn audience(params: &mut Params) -> Result<Option<String>, Problem> {
    match (params.take("audience")?, params.take("resource")?) {
        (Some(_), Some(_)) => Err(Problem::new(
            Code::InvalidParameter,
            "`audience` and `resource` mean the same: send one",
        )),
        (Some(audience), None) | (None, Some(audience)) => Ok(Some(audience)),
        (None, None) => Ok(None),
    }
}

/// Whole seconds, in plain digits.
fn seconds(params: &mut Params, name: &str) -> Result<Option<i64>, Problem> {
    let Some(text) = params.take(name)? else {
        return Ok(None);
    };
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    match i64::from_str(&text) {
        Ok(seconds) if plain => Ok(Some(seconds)),
        Ok(_) | Err(_) => Err(Problem::new(
            Code::InvalidParameter,
            format!("parameter `{name}` must be a number of seconds"),
        )),
    }
}

/// The parameters of all grants, for the API's document.
#[derive(Deserialize, ToSchema)]
#[schema(as = TokenRequest)]
#[expect(
    dead_code,
    reason = "described, never read: each grant reads its own parameters"
)]
struct Described {
    /// `client_credentials`, `urn:trilby:grant-type:console-login` or
    /// `urn:ietf:params:oauth:grant-type:token-exchange`.
    grant_type: String,
    /// `client_credentials`: the access key's id, unless it is sent by HTTP Basic.
    client_id: Option<String>,
    /// `client_credentials`: its secret.
    #[schema(value_type = Option<String>, format = Password)]
    client_secret: Option<Secret<String>>,
    /// Login: number or alias of the account.
    account: Option<String>,
    /// Login: a user's name, or root's e-mail address.
    username: Option<String>,
    /// Login: the password.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret<String>>,
    /// How long the session should last, in seconds.
    #[schema(minimum = 900, maximum = 43_200)]
    duration_seconds: Option<i64>,
    /// Whom the token is for; for an exchange the ARN of the role. Absent with an outside token: a federated session.
    audience: Option<String>,
    /// The same as `audience` (RFC 8707), not for an exchange.
    resource: Option<String>,
    /// Exchange: a session token of ours, or a token of an outside issuer.
    #[schema(value_type = Option<String>, format = Password)]
    subject_token: Option<Secret<String>>,
    /// Exchange: `urn:ietf:params:oauth:token-type:access_token` for a session token of ours; that of an `id_token` or
    /// `jwt` for an outside one.
    subject_token_type: Option<String>,
    /// Exchange: absent or `urn:ietf:params:oauth:token-type:access_token`.
    requested_token_type: Option<String>,
    /// Exchange: what to call the role session.
    #[serde(rename = "trilby:role_session_name")]
    #[schema(value_type = Option<String>)]
    role_session_name: Option<RoleSessionName>,
    /// Exchange: how long the role session should last, in seconds.
    #[serde(rename = "trilby:duration_seconds")]
    role_duration_seconds: Option<i64>,
    /// Exchange of an outside token: which provider is meant, by ARN or unique id.
    #[serde(rename = "trilby:provider")]
    #[schema(value_type = Option<String>)]
    provider: Option<Named>,
    /// Exchange of an outside token: the nonce of ours that went with the login.
    #[serde(rename = "trilby:nonce")]
    nonce: Option<String>,
    /// Exchange: a policy that caps the session, as JSON.
    #[serde(rename = "trilby:policy")]
    policy: Option<String>,
    /// Exchange: managed policies that cap the session; may be given more than once.
    #[serde(rename = "trilby:policy_arn")]
    #[schema(value_type = Option<Vec<Arn>>, max_items = 10)]
    policy_arns: Option<Vec<Arn>>,
    /// Exchange: tags of the session, `key=value`; may be given more than once.
    #[serde(rename = "trilby:tag")]
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    /// Exchange: keys of tags that go on to the next role; may be given more than once.
    #[serde(rename = "trilby:transitive_tag_key")]
    #[schema(max_items = 50)]
    transitive_tag_keys: Option<Vec<String>>,
    /// Exchange: what the role's owner gave a third party to say.
    #[serde(rename = "trilby:external_id")]
    #[schema(value_type = Option<String>)]
    external_id: Option<ExternalId>,
    /// Exchange: who is behind the session, for good.
    #[serde(rename = "trilby:source_identity")]
    #[schema(value_type = Option<String>)]
    source_identity: Option<SourceIdentity>,
}

impl PartialSchema for TokenRequest {
    fn schema() -> RefOr<Schema> {
        Described::schema()
    }
}

impl ToSchema for TokenRequest {
    fn name() -> std::borrow::Cow<'static, str> {
        "TokenRequest".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Described::schemas(schemas);
    }
}
