//! Who calls introspection and revocation: a session, or an access key in the OAuth way.

use trilby_access::authenticate::{Session, authenticate_at};
use trilby_access::{Facts, Services};
use trilby_model::AccountId;
use trilby_service::problem::{Code, Problem};

use crate::TokenParts;
use crate::proof::{Proved, access_key};
use crate::throttle::Network;

/// A caller of an OAuth endpoint.
pub(super) enum Client {
    /// A session.
    Session(Box<Session>),
    /// An access key.
    AccessKey {
        /// Its account.
        account: AccountId,
        /// Unique id of its user.
        user: String,
    },
}

impl Client {
    /// Finds out who calls. `in_body` are `client_id` and `client_secret` of the form.
    ///
    /// Errors: `unauthenticated`, `invalid_credentials`, `rate_limited`.
    pub(super) async fn of(
        services: &Services,
        facts: &Facts,
        in_body: Option<access_key::Presented>,
    ) -> Result<Self, Problem> {
        let is_basic = trilby_service::headers::single(&facts.headers, "authorization")?
            .is_some_and(|value| {
                value
                    .get(..6)
                    .is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic "))
            });
        let in_header = if is_basic {
            access_key::Presented::basic(facts)?
        } else {
            None
        };
        let bearer = if is_basic { None } else { facts.bearer()? };
        let presented = match (bearer, in_header, in_body) {
            (Some(bearer), None, None) => {
                let session = authenticate_at(services, bearer.expose(), &facts.freshness)
                    .await
                    .map_err(Problem::from)?;
                return Ok(Self::Session(Box::new(session)));
            }
            (None, Some(presented), None) | (None, None, Some(presented)) => presented,
            (None, None, None) => return Err(Problem::no_token()),
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) | (Some(_), Some(_), None) => {
                return Err(Problem::new(
                    Code::InvalidParameter,
                    "the client is named twice",
                ));
            }
        };
        // A session is no stranger; who brings a secret is one until it is checked.
        services
            .part::<TokenParts>()?
            .throttles
            .stranger(Network::of(facts.address), facts.now)?;
        let proof = access_key::verify(services, facts, &presented).await?;
        match proof.proved() {
            Proved::AccessKey { account, user, .. } => Ok(Self::AccessKey {
                account: *account,
                user: user.to_string(),
            }),
            Proved::Password { .. }
            | Proved::Session(_)
            | Proved::Federated(_)
            | Proved::WebIdentity(_) => Err(Problem::unauthenticated()),
        }
    }

    /// The caller's account.
    pub(super) fn account(&self) -> AccountId {
        match self {
            Self::Session(session) => session.caller.account,
            Self::AccessKey { account, .. } => *account,
        }
    }

    /// Unique id of the caller's principal.
    pub(super) fn principal(&self) -> &str {
        match self {
            Self::Session(session) => session.caller.principal_unique_id(),
            Self::AccessKey { user, .. } => user,
        }
    }
}
