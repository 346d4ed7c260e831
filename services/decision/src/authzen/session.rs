//! Sessions as subjects: by their token, or, those of the path's account, by their id or an ARN that one live session
//! bears. Of other accounts' sessions nobody hears who does not have their token.
//!
//! Whatever way a session is named, it is judged now: signature or record, times, revocation, and whether its principal
//! is in service. One that fails is a `false`, never an anonymous caller. What a record says never changes, so it is
//! read once and kept until the session ends; whether it was revoked is asked every time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use serde::Deserialize;
use trilby_access::authenticate::{Rejected, Why, authenticate, reach};
use trilby_access::recorded::{Standing, judge};
use trilby_access::{Services, problem};
use trilby_directory::Freshness;
use trilby_eventlog::{Activity, ActivityFilter};
use trilby_model::{AccountId, Arn, LogId, SessionId, Timestamp};
use trilby_service::problem::Problem;
use trilby_session::verify::TokenDigest;
use trilby_session::{Claims, Refusal, revocation};

use super::request::Evaluation;
use super::token::SubjectToken;
use crate::DecisionParts;

/// The subject type of sessions.
pub const SESSION: &str = "session";
/// Kind of the record that the token service writes of a session before its token leaves; the record's id is the session's.
const ISSUED: &str = "session.issued";
/// Records read at a time when a session is looked for by its ARN.
const BATCH: usize = 500;
/// Different ARNs of sessions that one request may name: each is looked for among the records.
pub const ARNS_MAX: usize = 8;
/// Records read for one ARN at most. An account with more sessions than that names them by id or token.
const RECORDS_MAX: usize = 10_000;

/// How a question names a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// By its token.
    Token(TokenDigest),
    /// By its id, in the path's account.
    Id(SessionId),
    /// By the ARN of an assumed role of the path's account.
    Arn(Arn),
    /// By something that names none.
    Nothing,
}

/// Why a subject is no session that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSession {
    /// The token is not one that is taken.
    Refused(Refusal),
    /// There is no such session.
    Unknown,
    /// More than one live session bears the ARN.
    Ambiguous,
    /// The account has too many sessions for one to be found by its ARN.
    TooMany,
    /// It, or something it rests on, was revoked.
    Revoked,
    /// It is from before the store was restored and fenced.
    Fenced,
    /// Its account, user, key or role is gone or out of service.
    Standing,
    /// A kind of session that no decision is made for.
    Kind,
    /// It has a session policy that cannot be evaluated.
    BrokenPolicy,
}

impl NoSession {
    /// For the sentence that explains the answer.
    pub fn message(self) -> String {
        match self {
            Self::Refused(refusal) => {
                format!("the subject's session is not taken: {refusal} ({})", refusal.code())
            }
            Self::Unknown => "no such session is live here".to_owned(),
            Self::Ambiguous => {
                "more than one live session bears this ARN: name the one that is meant by its id or its token".to_owned()
            }
            Self::TooMany => {
                "the account has too many sessions to find one by its ARN: name it by its id or its token".to_owned()
            }
            Self::Revoked => "the subject's session was revoked".to_owned(),
            Self::Fenced => {
                "the subject's session is from before the store was restored".to_owned()
            }
            Self::Standing => {
                "the subject's account, user, key or role is gone or out of service".to_owned()
            }
            Self::Kind => "no decision is made for a session of this kind".to_owned(),
            Self::BrokenPolicy => {
                "the subject's session has a session policy that cannot be evaluated".to_owned()
            }
        }
    }
}

impl From<Why> for NoSession {
    fn from(why: Why) -> Self {
        match why {
            Why::Refused(refusal) => Self::Refused(refusal),
            Why::UnknownAccount => Self::Unknown,
            Why::Revoked => Self::Revoked,
            Why::Fenced => Self::Fenced,
            Why::Standing => Self::Standing,
            Why::Kind => Self::Kind,
        }
    }
}

/// What came of looking for a session.
pub type Found = Result<Arc<Standing>, NoSession>;

impl Reference {
    /// The session that a question is about; `None` if it is about another sort of subject.
    pub fn of(evaluation: &Evaluation<'_>) -> Option<Self> {
        if let Some(token) = &evaluation.token {
            return Some(Self::Token(TokenDigest::of(token.expose())));
        }
        let subject = &evaluation.subject;
        (subject.kind == SESSION).then(|| Self::named(&subject.id))
    }

    fn named(id: &str) -> Self {
        if let Ok(id) = id.parse() {
            return Self::Id(id);
        }
        match id.parse::<Arn>() {
            Ok(arn) if is_assumed_role(&arn) => Self::Arn(arn.in_own_partition()),
            Ok(_) | Err(_) => Self::Nothing,
        }
    }
}

fn is_assumed_role(arn: &Arn) -> bool {
    arn.service() == "sts"
        && arn.account_id().is_some()
        && arn.resource().starts_with("assumed-role/")
}

/// Finds the session and judges it, on states at least as fresh as asked: a revocation that the caller has seen is
/// honoured, in whatever account's log it stands.
///
/// Errors: faults only. They are never an answer.
pub async fn find(
    services: &Services,
    home: AccountId,
    reference: &Reference,
    token: Option<&SubjectToken>,
    freshness: &Freshness,
) -> Result<Found, Problem> {
    let found = look(services, home, reference, token).await?;
    let Ok(standing) = &found else {
        return Ok(found);
    };
    if !reach(services, &standing.rests_on, freshness).await? {
        return Ok(found);
    }
    // The records of the account are not read again for an ARN: it means this session.
    let by_id = match reference {
        Reference::Arn(_) => Some(Reference::Id(standing.caller.session_id.clone())),
        Reference::Token(_) | Reference::Id(_) | Reference::Nothing => None,
    };
    look(services, home, by_id.as_ref().unwrap_or(reference), token).await
}

async fn look(
    services: &Services,
    home: AccountId,
    reference: &Reference,
    token: Option<&SubjectToken>,
) -> Result<Found, Problem> {
    match (reference, token) {
        (Reference::Token(_), Some(token)) => {
            let session = authenticate(services, token.expose()).await;
            found(session.map(Standing::from))
        }
        (Reference::Id(id), _) => match recorded(services, home, id).await? {
            Some(claims) => found(judge(services, &claims).await),
            None => Ok(Err(NoSession::Unknown)),
        },
        (Reference::Arn(arn), _) => by_arn(services, home, arn).await,
        (Reference::Token(_), None) | (Reference::Nothing, _) => Ok(Err(NoSession::Unknown)),
    }
}

fn found(judged: Result<Standing, Rejected>) -> Result<Found, Problem> {
    match judged {
        Ok(standing) => Ok(Ok(Arc::new(standing))),
        Err(Rejected::Token(why)) => Ok(Err(why.into())),
        Err(Rejected::Fault(problem)) => Err(problem),
    }
}

/// Claims of a session, and how long they can be of use. Only bounds memory: every use compares `exp`.
#[derive(Debug, Clone)]
pub struct Remembered {
    claims: Arc<Claims>,
    useful: Duration,
}

/// Forgets a session when it ends.
#[derive(Debug)]
pub struct UntilExp;

impl Expiry<(AccountId, SessionId), Remembered> for UntilExp {
    fn expire_after_create(
        &self,
        _: &(AccountId, SessionId),
        remembered: &Remembered,
        _: Instant,
    ) -> Option<Duration> {
        Some(remembered.useful)
    }
}

/// What the record of a session says; from memory where it can.
async fn recorded(
    services: &Services,
    account: AccountId,
    id: &SessionId,
) -> Result<Option<Arc<Claims>>, Problem> {
    let sessions = services.part::<DecisionParts>()?.sessions();
    let key = (account, id.clone());
    if let Some(known) = sessions.get(&key) {
        return Ok(Some(known.claims));
    }
    let log = LogId::Account(account);
    let record = services.log().activity_get(&log, id.as_str()).await;
    let record = record.map_err(|error| problem::of_directory(error.into()))?;
    let claims = record.and_then(|record| read(&record.activity, account));
    let Some(claims) = claims.map(Arc::new) else {
        return Ok(None);
    };
    let left_s = claims.exp.saturating_sub(services.now().unix_seconds());
    let remembered = Remembered {
        claims: Arc::clone(&claims),
        useful: Duration::from_secs(u64::try_from(left_s).unwrap_or(0)),
    };
    sessions.insert(key, remembered);
    Ok(Some(claims))
}

/// The one live session of the account that bears an ARN. One of another account is none, without a look at its log.
async fn by_arn(services: &Services, account: AccountId, arn: &Arn) -> Result<Found, Problem> {
    if arn.account_id() != Some(account) {
        return Ok(Err(NoSession::Unknown));
    }
    let text = arn.to_string();
    let mut filter = ActivityFilter {
        kinds: vec![ISSUED.to_owned()],
        // No session lives longer than a revocation is kept.
        from: Some(oldest(services.now())),
        until: None,
        after: None,
    };
    let log = LogId::Account(account);
    let mut one: Option<Arc<Standing>> = None;
    let mut n_read = 0;
    loop {
        let records = services.log().activity_list(&log, &filter, BATCH).await;
        let records = records.map_err(|error| problem::of_directory(error.into()))?;
        let Some(last) = records.last() else {
            return Ok(one.ok_or(NoSession::Unknown));
        };
        filter.after = Some((last.activity.at, last.activity.id.clone()));
        n_read += records.len();
        for record in &records {
            let Some(claims) = bearer_of(&record.activity, account, &text) else {
                continue;
            };
            if let Ok(standing) = found(judge(services, &claims).await)? {
                if one.is_some() {
                    return Ok(Err(NoSession::Ambiguous));
                }
                one = Some(standing);
            }
        }
        if n_read >= RECORDS_MAX {
            // What was not read could bear the ARN, too.
            return Ok(Err(NoSession::TooMany));
        }
    }
}

fn oldest(now: Timestamp) -> Timestamp {
    now.plus_seconds(-revocation::KEPT_S)
}

/// The session of a record, if it bears the ARN. Most do not, which their text tells without being taken apart.
fn bearer_of(record: &Activity, account: AccountId, arn: &str) -> Option<Claims> {
    let text = std::str::from_utf8(&record.body).ok()?;
    let claims = text.contains(arn).then(|| read(record, account))??;
    (claims.trilby.arn.to_string() == arn).then_some(claims)
}

/// The part of a session's record that is needed here.
#[derive(Deserialize)]
struct Issued {
    claims: Claims,
}

fn read(record: &Activity, account: AccountId) -> Option<Claims> {
    if record.kind != ISSUED {
        return None;
    }
    let Issued { claims } = serde_json::from_slice(&record.body).ok()?;
    let is_it = claims.jti.as_str() == record.id && claims.trilby.acct == account;
    (is_it && claims.check().is_ok()).then_some(claims)
}
