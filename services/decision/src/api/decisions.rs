//! `GET /v1/accounts/{account}/decisions` and one of them: what was decided, for whom, and why.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trilby_access::newest::{read_sort_key, sort_key};
use trilby_access::{
    Access, Authorized, Empty, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply,
    Scope, Services, Target, Walk, problem,
};
use trilby_eventlog::{Activity, ActivityFilter};
use trilby_model::{AccountId, Arn, DecisionId, LogId, Timestamp};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};
use utoipa::{IntoParams, ToSchema};

use super::question::AccountPath;
use crate::DecisionParts;
use crate::record::{DecisionRecord, MADE};

const TAG: &str = "Decisions";
const READ_DECISIONS: &str = "trilby:ReadDecisions";
/// Records read at a time while a page is gathered.
const BATCH: usize = 500;
/// Records read for one page at most. A page that ends there has a cursor although it may not be full.
const READ_MAX: usize = 10_000;

/// Decisions made in an account's path.
pub struct ListDecisions;
/// One decision.
pub struct GetDecision;

/// The decision in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DecisionPath {
    /// The account: 12 digits.
    account: AccountId,
    /// The decision: `Trilby-Decision-Id` of its answer.
    decision: DecisionId,
}

/// Outcomes, to filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeFilter {
    /// Yes.
    Allow,
    /// No, by a statement.
    ExplicitDeny,
    /// No, for want of one that says yes.
    ImplicitDeny,
}

impl OutcomeFilter {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::ExplicitDeny => "explicit_deny",
            Self::ImplicitDeny => "implicit_deny",
        }
    }
}

/// Which decisions, and which page of them.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DecisionsQuery {
    /// Only those made then or later.
    from: Option<Timestamp>,
    /// Only those made before.
    until: Option<Timestamp>,
    /// ARN of the principal: a user, a role, or one session.
    principal: Option<Arn>,
    /// The action, `s3:GetObject`.
    action: Option<String>,
    /// ARN of the resource.
    resource: Option<Arn>,
    /// The outcome.
    decision: Option<OutcomeFilter>,
    /// Most items of the page: 1 to 1000, else 100.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A decision that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DecisionView, title = "DecisionView")]
pub struct DecisionView {
    /// Its id.
    id: DecisionId,
    /// When.
    at: Timestamp,
    /// `allow`, `explicit_deny` or `implicit_deny`.
    decision: String,
    /// The layer that settled it; none if no policy was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    /// The answer and its reason in one sentence.
    message: String,
    /// The subject as it was asked about.
    subject: SubjectView,
    /// ARN of the principal that it was; for a role session that of the role.
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    /// The session that it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionNameView>,
    /// The action.
    action: String,
    /// ARN of the resource.
    resource: String,
    /// The statements it rests on.
    #[schema(value_type = Vec<Object>)]
    deciding: Vec<Value>,
    /// The allows that were missing.
    unmet: Vec<String>,
    /// Where the logs stood: sent as `Trilby-At-Seq` with the same question, it gives the same answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<String>,
    /// Condition keys that the question brought.
    #[schema(value_type = Object)]
    context: Map<String, Value>,
    /// Whether those were too large to be kept.
    context_omitted: bool,
    /// Who asked.
    caller: SessionNameView,
    /// The request it was asked in.
    request_id: String,
    /// The first decision of the batch that it was part of; absent for the first and for single ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<String>,
}

/// Type and id of a subject.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DecisionSubject, title = "DecisionSubject")]
pub struct SubjectView {
    /// Its type.
    r#type: String,
    /// Its id.
    id: String,
}

/// ARN and id of a session.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DecisionSession, title = "DecisionSession")]
pub struct SessionNameView {
    /// ARN.
    arn: String,
    /// Id.
    id: String,
}

impl From<crate::record::SessionName> for SessionNameView {
    fn from(name: crate::record::SessionName) -> Self {
        Self {
            arn: name.arn,
            id: name.id,
        }
    }
}

impl DecisionView {
    fn read(activity: &Activity) -> Option<Self> {
        if activity.kind != MADE {
            return None;
        }
        let record: DecisionRecord = serde_json::from_slice(&activity.body).ok()?;
        Some(Self {
            id: activity.id.parse().ok()?,
            at: activity.at,
            decision: record.decision,
            layer: record.layer,
            message: record.message,
            subject: SubjectView {
                r#type: record.subject.r#type,
                id: record.subject.id,
            },
            principal: record.principal,
            session: record.session.map(Into::into),
            action: record.action,
            resource: record.resource,
            deciding: record.deciding,
            unmet: record.unmet,
            seq: record.seq,
            context: record.context,
            context_omitted: record.context_omitted,
            caller: record.caller.into(),
            request_id: record.request_id,
            batch: record.batch,
        })
    }

    fn is_meant(&self, query: &DecisionsQuery) -> bool {
        let is =
            |own: &str, wanted: &Arn| own.parse::<Arn>().is_ok_and(|own| own.same_thing(wanted));
        let principal = query.principal.as_ref().is_none_or(|wanted| {
            let session = self.session.as_ref().map(|session| session.arn.as_str());
            [self.principal.as_deref(), session]
                .into_iter()
                .flatten()
                .any(|own| is(own, wanted))
        });
        let action = query.action.as_ref();
        let resource = query.resource.as_ref();
        let outcome = query.decision;
        principal
            && action.is_none_or(|wanted| self.action.eq_ignore_ascii_case(wanted))
            && resource.is_none_or(|wanted| is(&self.resource, wanted))
            && outcome.is_none_or(|wanted| self.decision == wanted.as_str())
    }
}

/// The filters by name, for the cursor.
fn filters(query: &DecisionsQuery) -> Vec<(&'static str, String)> {
    let texts = [
        ("from", query.from.map(|at| at.to_string())),
        ("until", query.until.map(|at| at.to_string())),
        ("principal", query.principal.as_ref().map(Arn::to_string)),
        ("action", query.action.clone()),
        ("resource", query.resource.as_ref().map(Arn::to_string)),
        (
            "decision",
            query.decision.map(|one| one.as_str().to_owned()),
        ),
    ];
    texts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

impl Operation for ListDecisions {
    const ID: &'static str = "list_decisions";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/decisions";
    const TAG: &'static str = TAG;
    const SUMMARY: &'static str = "List decisions";
    const DESCRIPTION: &'static str = "Decisions that were asked for in the account's path, newest first. Under great load records may be missing: an \
        answer never waits for its record. A page may be shorter than asked although more follow: `next_cursor` tells.";
    const ACCESS: Access = Access::Action(READ_DECISIONS);
    const SUCCESS_DESCRIPTION: &'static str = "A page of decisions";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];
    const HISTORY: bool = false;

    type Path = AccountPath;
    type Query = DecisionsQuery;
    type Body = NoBody;
    type Reply = List<DecisionView>;

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
        let filters = filters(&input.query);
        let filters: Vec<_> = filters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let query = ListQuery {
            kind: "decisions",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &filters,
        };
        let walk = grant.list(services, query).await?;
        services.part::<DecisionParts>()?.records().flush().await;
        let log = LogId::Account(input.path.account);
        Ok(Reply::new(page(services, walk, &log, &input.query).await?))
    }
}

/// Reads on from where the page before ended until the page is full, there is no more, or enough was read.
async fn page(
    services: &Services,
    walk: Walk,
    log: &LogId,
    query: &DecisionsQuery,
) -> Result<List<DecisionView>, Problem> {
    let mut filter = ActivityFilter {
        kinds: vec![MADE.to_owned()],
        from: query.from,
        until: query.until,
        after: walk.after().map(read_sort_key).transpose()?,
    };
    let mut items = Vec::new();
    let mut n_read = 0;
    loop {
        let records = services.log().activity_list(log, &filter, BATCH).await;
        let records = records.map_err(|error| problem::of_directory(error.into()))?;
        if records.is_empty() {
            return walk.page_until(services, items, None);
        }
        for record in &records {
            if items.len() == walk.limit || n_read == READ_MAX {
                let last = filter.after.as_ref().map(|(at, id)| sort_key(*at, id));
                return walk.page_until(services, items, last);
            }
            n_read += 1;
            let activity = &record.activity;
            filter.after = Some((activity.at, activity.id.clone()));
            items.extend(DecisionView::read(activity).filter(|view| view.is_meant(query)));
        }
    }
}

impl Operation for GetDecision {
    const ID: &'static str = "get_decision";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/decisions/{decision}";
    const TAG: &'static str = TAG;
    const SUMMARY: &'static str = "Get a decision";
    const ACCESS: Access = Access::Action(READ_DECISIONS);
    const KNOWN: Known = Known::ByAction(READ_DECISIONS);
    const SUCCESS_DESCRIPTION: &'static str = "The decision";
    const PROBLEMS: &'static [Code] = &[Code::NotFound];
    const HISTORY: bool = false;

    type Path = DecisionPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = DecisionView;

    fn place(path: &DecisionPath) -> Place {
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
        services.part::<DecisionParts>()?.records().flush().await;
        let log = LogId::Account(input.path.account);
        let id = input.path.decision.as_str();
        let record = services.log().activity_get(&log, id).await;
        let record = record.map_err(|error| problem::of_directory(error.into()))?;
        let view = record.and_then(|record| DecisionView::read(&record.activity));
        view.map(Reply::new).ok_or_else(Problem::not_found)
    }
}
