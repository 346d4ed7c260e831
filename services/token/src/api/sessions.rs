//! `GET /v1/accounts/{account}/sessions` and one of them: who holds a session now.

use serde::{Deserialize, Serialize};
use trilby_access::newest::{read_sort_key, sort_key};
use trilby_access::{
    Access, Authorized, Empty, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply,
    Scope, Services, Target, problem,
};
use trilby_eventlog::ActivityFilter;
use trilby_model::{Arn, LogId, SessionId, Timestamp};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};
use trilby_session::{RestsOn, revocation};
use utoipa::{IntoParams, ToSchema};

use super::path::{AccountPath, SessionPath};
use crate::activity::{self, IssuedSession, SESSION_ISSUED};

/// Records read at a time while a page is gathered.
const BATCH: usize = 200;
/// Records read for one page at most: dead and expired ones are passed over.
const READ_MAX: usize = 10_000;

/// Live sessions of an account.
pub struct ListSessions;
/// One session of an account.
pub struct GetSession;

/// Which page.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// Most items of the page: 1 to 1000, else 100.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    id: SessionId,
    /// `root`, `user`, `key` or `role`.
    kind: &'static str,
    /// Its principal.
    arn: Arn,
    /// Unique id of the principal, with the session's name for a role.
    principal_id: String,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Arn>,
    /// What proved the origin: an access key's id or `console`.
    client_id: String,
    /// Who is behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
    /// The principals before it, oldest first.
    chain: Vec<Arn>,
    /// When it was issued.
    issued_at: Timestamp,
    /// When it ends, if nothing ends it before.
    expires_at: Timestamp,
    /// `live`, `expired` or `revoked`.
    status: &'static str,
    /// Address of who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The request that it was issued by.
    request_id: String,
}

impl SessionView {
    fn of(session: &IssuedSession, services: &Services, now: Timestamp) -> Self {
        let claims = &session.claims;
        let status = if claims.exp <= now.unix_seconds() {
            "expired"
        } else if claims.trilby.inc != services.directory().incarnation()
            || services.revocations().is_dead(&RestsOn::of(claims))
        {
            "revoked"
        } else {
            "live"
        };
        Self {
            id: claims.jti.clone(),
            kind: claims.trilby.kind.as_str(),
            arn: claims.trilby.arn.clone(),
            principal_id: claims.sub.clone(),
            role: claims.trilby.role.clone(),
            client_id: claims.client_id.clone(),
            source_identity: claims.trilby.si.as_ref().map(ToString::to_string),
            chain: claims.trilby.chain.clone(),
            issued_at: Timestamp::from_unix_seconds(claims.iat),
            expires_at: Timestamp::from_unix_seconds(claims.exp),
            status,
            ip: session.ip.clone(),
            request_id: session.request_id.clone(),
        }
    }

    fn is_live(&self) -> bool {
        self.status == "live"
    }
}

impl Operation for ListSessions {
    const ID: &'static str = "list_sessions";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/sessions";
    const TAG: &'static str = super::SESSIONS;
    const SUMMARY: &'static str = "List live sessions";
    const DESCRIPTION: &'static str =
        "Sessions issued in the account that are live now, newest first.";
    const ACCESS: Access = Access::Action("sts:ListSessions");
    const SUCCESS_DESCRIPTION: &'static str = "A page of sessions";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];
    const HISTORY: bool = false;

    type Path = AccountPath;
    type Query = SessionsQuery;
    type Body = NoBody;
    type Reply = List<SessionView>;

    fn place(path: &AccountPath) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let query = ListQuery {
            kind: "sessions",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let log = LogId::Account(input.path.account);
        let now = services.now();
        let live = live(services, &log, walk.after(), walk.limit, now).await?;
        // Newest first: the sort key counts down.
        let items = live.into_iter().map(|(at, session)| {
            let key = sort_key(at, session.id.as_str());
            (key, move || session)
        });
        Ok(Reply::new(walk.page(services, items)?))
    }
}

/// Live sessions after the given sort key, one more than the page so that it is known whether there is another.
async fn live(
    services: &Services,
    log: &LogId,
    after: Option<&[String]>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<(Timestamp, SessionView)>, Problem> {
    let mut filter = ActivityFilter {
        kinds: vec![SESSION_ISSUED.to_owned()],
        // No session lives longer than a revocation is kept.
        from: Some(now.plus_seconds(-revocation::KEPT_S)),
        until: None,
        after: after.map(read_sort_key).transpose()?,
    };
    let mut live = Vec::new();
    let mut read = 0;
    while live.len() <= limit && read < READ_MAX {
        let records = services.log().activity_list(log, &filter, BATCH).await;
        let records = records.map_err(|error| problem::of_directory(error.into()))?;
        let Some(last) = records.last() else { break };
        filter.after = Some((last.activity.at, last.activity.id.clone()));
        read += records.len();
        for record in &records {
            let view = activity::read(&record.activity)
                .map(|session| SessionView::of(&session, services, now));
            if let Some(view) = view.filter(SessionView::is_live) {
                live.push((record.activity.at, view));
            }
        }
    }
    live.truncate(limit.saturating_add(1));
    Ok(live)
}

impl Operation for GetSession {
    const ID: &'static str = "get_session";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/sessions/{session}";
    const TAG: &'static str = super::SESSIONS;
    const SUMMARY: &'static str = "Get a session";
    const ACCESS: Access = Access::Action("sts:GetSession");
    const KNOWN: Known = Known::ByAction("sts:ListSessions");
    const SUCCESS_DESCRIPTION: &'static str = "The session";
    const PROBLEMS: &'static [Code] = &[Code::NotFound];
    const HISTORY: bool = false;

    type Path = SessionPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = SessionView;

    fn place(path: &SessionPath) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let log = LogId::Account(input.path.account);
        let record = services
            .log()
            .activity_get(&log, input.path.session.as_str())
            .await;
        let record = record.map_err(|error| problem::of_directory(error.into()))?;
        let session = record
            .and_then(|record| activity::read(&record.activity))
            .ok_or_else(Problem::not_found)?;
        Ok(Reply::new(SessionView::of(
            &session,
            services,
            services.now(),
        )))
    }
}
