//! `GET /v1/assumable-roles`: which roles, in which accounts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trilby_access::{
    Access, Authorized, Browsers, Empty, Facts, Input, Method, NoBody, Operation, Place, Reply,
    Services, problem,
};
use trilby_directory::{AccountView, TrustingRole};
use trilby_model::{AccountAlias, AccountId, Arn, ConsistencyToken, LogId, RoleId};
use trilby_service::cursor::{self, Cursor, Expected, filter_hash};
use trilby_service::problem::{Code, Problem};
use utoipa::{IntoParams, ToSchema};

use crate::issue::assumable::{Assumable, Need, Seeker};

/// Most roles that are looked at for one list, over all its pages.
const CANDIDATES_MAX: usize = 10_000;
const KIND: &str = "assumable-roles";

/// Lists roles that the caller could put on.
pub struct ListAssumableRoles;

/// Which page, of which roles.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AssumableRolesQuery {
    /// Only roles of this account.
    account: Option<AccountId>,
    /// Only roles whose names begin so, whatever the case.
    name_prefix: Option<String>,
    /// Most roles of the page: 1 to 1000, else 100.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Roles that can be put on, by account and ARN.
#[derive(Serialize, ToSchema)]
pub struct AssumableRoles {
    /// The roles.
    roles: Vec<AssumableRole>,
    /// For each account of the page, the seq of its log at which it was judged.
    evaluated_at: BTreeMap<String, u64>,
    /// Where the next page begins, if there is one.
    next_cursor: Option<String>,
}

/// A role that can be put on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssumableRole {
    /// The role.
    role_arn: Arn,
    /// Its account.
    account: AccountId,
    /// The account's alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_alias: Option<AccountAlias>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Longest session, in seconds.
    max_session_duration: u32,
    /// By what an outside identity has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<Via>,
    /// What the request must say besides the role and a name.
    needs: BTreeSet<Need>,
}

/// By what an outside identity has a role.
#[derive(Debug, Serialize, ToSchema)]
pub struct Via {
    /// The provider that vouched.
    provider: Arn,
    /// The rules of the account's role map that give the role; none where trust alone decides.
    rule_ids: Vec<String>,
}

impl Operation for ListAssumableRoles {
    const ID: &'static str = "list_assumable_roles";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/assumable-roles";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "List roles that can be put on";
    const DESCRIPTION: &'static str = "Over all accounts, for a session of a user or role or for a federated session. \
        Only what would succeed is listed; `needs` says what the request must say for it.";
    const ACCESS: Access = Access::Authenticated("tells each caller only of roles open to it");
    const FEDERATED: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "A page of roles";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];
    const HISTORY: bool = false;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = Empty;
    type Query = AssumableRolesQuery;
    type Body = NoBody;
    type Reply = AssumableRoles;

    fn place(_: &Empty) -> Place {
        Place::Caller
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let seeker = match grant.federated() {
            Some(session) => Seeker::Federated(session),
            None => Seeker::Session(grant.session()?),
        };
        let walk = Walk::begin(services, &seeker, &input)?;
        let page = walk.page(services, &seeker, &input.facts).await?;
        Ok(Reply::new(page).no_store())
    }
}

/// One page's walk over the candidates.
struct Walk<'a> {
    query: &'a AssumableRolesQuery,
    limit: usize,
    log: LogId,
    filter: [u8; 32],
    seq: ConsistencyToken,
    after: Option<(String, String)>,
}

impl<'a> Walk<'a> {
    fn begin(
        services: &Services,
        seeker: &Seeker<'_>,
        input: &'a Input<ListAssumableRoles>,
    ) -> Result<Self, Problem> {
        let query = &input.query;
        let limit = cursor::limit(query.limit)?;
        let view = seeker.account();
        let account = query.account.map(|account| account.to_string());
        let filter = filter_hash([
            ("principal", seeker.principal()),
            ("account", account.as_deref().unwrap_or_default()),
            (
                "name_prefix",
                query.name_prefix.as_deref().unwrap_or_default(),
            ),
        ]);
        let mut walk = Self {
            query,
            limit,
            log: view.head.log.clone(),
            filter,
            seq: ConsistencyToken::new(vec![view.position()]).map_err(Problem::internal)?,
            after: None,
        };
        if let Some(cursor) = &query.cursor {
            let expected = Expected {
                kind: KIND,
                log: &walk.log,
                filter,
            };
            let now = services.now();
            let cursor = services.cursor_key().open(cursor, &expected, now)?;
            let [account, role] = cursor.last.as_slice() else {
                return Err(Problem::new(
                    Code::InvalidCursor,
                    "the cursor is of another list",
                ));
            };
            walk.after = Some((account.clone(), role.clone()));
        }
        Ok(walk)
    }

    async fn page(
        self,
        services: &Services,
        seeker: &Seeker<'_>,
        facts: &Facts,
    ) -> Result<AssumableRoles, Problem> {
        let mut roles = Vec::new();
        let mut evaluated_at = BTreeMap::new();
        for (account, candidates) in self.candidates(services, seeker).await? {
            let Some((view, mut found)) =
                seeker.judge(services, facts, account, &candidates).await?
            else {
                continue;
            };
            found.sort_by_key(|role| role.arn.to_string());
            let found = found
                .into_iter()
                .filter(|role| self.is_meant(account, role));
            for role in found {
                if roles.len() > self.limit {
                    break;
                }
                evaluated_at.insert(account.to_string(), view.seq().get());
                roles.extend(shown(&view, seeker, role));
            }
            if roles.len() > self.limit {
                break;
            }
        }
        let next_cursor = self.cut(services, &mut roles)?;
        evaluated_at.retain(|account, _| {
            roles
                .iter()
                .any(|role: &AssumableRole| role.account.to_string() == *account)
        });
        Ok(AssumableRoles {
            roles,
            evaluated_at,
            next_cursor,
        })
    }

    /// Cuts the page to its size, and makes the cursor of the next if there was more.
    fn cut(
        &self,
        services: &Services,
        roles: &mut Vec<AssumableRole>,
    ) -> Result<Option<String>, Problem> {
        if roles.len() <= self.limit {
            return Ok(None);
        }
        roles.truncate(self.limit);
        let Some(last) = roles.last() else {
            return Ok(None);
        };
        let cursor = Cursor {
            kind: KIND.to_owned(),
            log: self.log.clone(),
            filter: self.filter,
            last: vec![last.account.to_string(), last.role_arn.to_string()],
            seq: self.seq.clone(),
        };
        let sealed =
            services
                .cursor_key()
                .seal(&cursor, services.now(), services.entropy().take())?;
        Ok(Some(sealed))
    }

    /// Roles whose trust policies name the caller, by account, from where the page begins.
    async fn candidates(
        &self,
        services: &Services,
        seeker: &Seeker<'_>,
    ) -> Result<BTreeMap<AccountId, Vec<RoleId>>, Problem> {
        let trusted = seeker.trusted()?;
        let rows = services.directory().trusting(&trusted).await;
        let rows: Vec<TrustingRole> = rows.map_err(problem::of_directory)?;
        let mut candidates: BTreeMap<AccountId, Vec<RoleId>> = BTreeMap::new();
        for row in rows.into_iter().take(CANDIDATES_MAX) {
            let is_later = self
                .after
                .as_ref()
                .is_none_or(|(account, _)| row.account.to_string() >= *account);
            let is_asked = self.query.account.is_none_or(|asked| asked == row.account);
            if is_later && is_asked {
                candidates.entry(row.account).or_default().push(row.role);
            }
        }
        Ok(candidates)
    }

    fn is_meant(&self, account: AccountId, role: &Assumable) -> bool {
        let (account, arn) = (account.to_string(), role.arn.to_string());
        let is_later = self
            .after
            .as_ref()
            .is_none_or(|after| (&account, &arn) > (&after.0, &after.1));
        let name = role.arn.resource().rsplit('/').next().unwrap_or_default();
        let begins = self
            .query
            .name_prefix
            .as_ref()
            .is_none_or(|prefix| name.to_lowercase().starts_with(&prefix.to_lowercase()));
        is_later && begins
    }
}

fn shown(view: &AccountView, seeker: &Seeker<'_>, role: Assumable) -> Option<AssumableRole> {
    let stored = view.state.role(&trilby_account::Ref::Id(role.id))?;
    let via = match seeker {
        Seeker::Session(_) => None,
        Seeker::Federated(session) => {
            let fed = session.verified.claims().trilby.fed.as_ref();
            fed.map(|fed| Via {
                provider: fed.prov.clone(),
                rule_ids: role.rules.iter().map(ToString::to_string).collect(),
            })
        }
    };
    Some(AssumableRole {
        role_arn: role.arn,
        account: view.state.id(),
        account_alias: view.state.alias().cloned(),
        description: stored.description.as_ref().map(|text| text.to_string()),
        max_session_duration: stored.limits.max_session_duration_s,
        via,
        needs: role.needs,
    })
}
