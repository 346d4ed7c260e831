//! How long a session may live.
//!
//! An asked-for duration above a limit is an error that names the limit; only the default is
//! lowered to fit. The chain's age counts from the first authentication, so that no number of hops
//! renews it.

use trilby_model::Timestamp;

/// Shortest session but the federated one, in seconds.
pub const DURATION_MIN_S: i64 = 900;
/// Longest time from a chain's first authentication to the end of its last session, in seconds.
pub const CHAIN_AGE_MAX_S: i64 = 43_200;
/// Less than this is not worth a token, in seconds.
const REST_MIN_S: i64 = 60;

/// What is to be issued, with the limits that depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// By access key.
    Key,
    /// By console login of a user.
    User,
    /// By console login of root.
    Root,
    /// By an outside token, no role yet.
    Federated,
    /// A role.
    Role {
        /// The role's longest session, in seconds.
        role_max_s: i64,
        /// The role's longest chained session, in seconds.
        chain_max_s: i64,
        /// Whether it is assumed by another role session.
        chained: bool,
        /// Longest age of the chain that the account allows, in seconds.
        chain_age_max_s: i64,
    },
}

/// Which limit was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Of this kind of session.
    Kind,
    /// The role's `max_session_duration`.
    Role,
    /// The role's `chain_max`.
    Chain,
    /// What is left of the chain's age.
    ChainAge,
}

impl Limit {
    /// Its name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "the longest session of this kind",
            Self::Role => "the role's max_session_duration",
            Self::Chain => "the role's chain_max",
            Self::ChainAge => "the longest age of a chain of sessions",
        }
    }
}

/// Why no lifetime was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than allowed.
    #[error("the duration exceeds {limit_s} s, {}", .limit.as_str())]
    TooLong {
        /// The limit in seconds.
        limit_s: i64,
        /// Which it is.
        limit: Limit,
    },
    /// Shorter than allowed.
    #[error("the duration is below {min_s} s")]
    TooShort {
        /// The least in seconds.
        min_s: i64,
    },
    /// Too little of the chain's age is left.
    #[error("the chain of sessions has reached its longest age")]
    ChainExpired,
}

/// A session's first and last second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Unix seconds.
    pub issued_at: i64,
    /// Unix seconds; the session is over at this second.
    pub expires_at: i64,
}

impl Lifetime {
    /// Length in seconds.
    pub fn duration_s(self) -> i64 {
        self.expires_at.saturating_sub(self.issued_at)
    }
}

struct Bounds {
    min_s: i64,
    default_s: i64,
    max_s: i64,
    limit: Limit,
}

/// The lifetime of a session issued `now`, of which `auth_time` (Unix seconds) is the first
/// authentication of its chain and `requested_s` what was asked for.
pub fn bound(
    session: Session,
    requested_s: Option<i64>,
    now: Timestamp,
    auth_time: i64,
) -> Result<Lifetime, Refusal> {
    let Bounds {
        min_s,
        default_s,
        max_s,
        limit,
    } = bounds(session);
    let chain_age_s = match session {
        Session::Role {
            chain_age_max_s, ..
        } => chain_age_max_s.min(CHAIN_AGE_MAX_S),
        Session::Key | Session::User | Session::Root | Session::Federated => CHAIN_AGE_MAX_S,
    };
    let issued_at = now.unix_seconds();
    let left_s = auth_time
        .saturating_add(chain_age_s)
        .saturating_sub(issued_at);
    if left_s < REST_MIN_S {
        return Err(Refusal::ChainExpired);
    }
    let duration_s = match requested_s {
        None => default_s.min(max_s).min(left_s),
        Some(asked) if asked < min_s => return Err(Refusal::TooShort { min_s }),
        Some(asked) if asked > max_s => {
            return Err(Refusal::TooLong {
                limit_s: max_s,
                limit,
            });
        }
        Some(asked) if asked > left_s => {
            return Err(Refusal::TooLong {
                limit_s: left_s,
                limit: Limit::ChainAge,
            });
        }
        Some(asked) => asked,
    };
    Ok(Lifetime {
        issued_at,
        expires_at: issued_at.saturating_add(duration_s),
    })
}

fn bounds(session: Session) -> Bounds {
    let of_kind = |min_s, default_s, max_s| Bounds {
        min_s,
        default_s,
        max_s,
        limit: Limit::Kind,
    };
    match session {
        Session::Key | Session::Root => of_kind(DURATION_MIN_S, 900, 3_600),
        Session::User => of_kind(DURATION_MIN_S, 3_600, 43_200),
        Session::Federated => of_kind(300, 900, 3_600),
        Session::Role {
            role_max_s,
            chain_max_s,
            chained,
            chain_age_max_s: _,
        } => {
            let (max_s, limit) = if chained && chain_max_s < role_max_s {
                (chain_max_s, Limit::Chain)
            } else {
                (role_max_s, Limit::Role)
            };
            Bounds {
                min_s: DURATION_MIN_S,
                default_s: 3_600,
                max_s: max_s.min(43_200),
                limit,
            }
        }
    }
}

#[cfg(test)]
mod tests;
