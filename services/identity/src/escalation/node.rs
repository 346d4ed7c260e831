//! The principals of an account, and the questions about them.

use std::cell::Cell;

use trilby_access::Target;
use trilby_access::authorize::{Inquiry, is_allow};
use trilby_account::{Account, Attachment, Holder, PrincipalId, UserStatus};
use trilby_directory::World;
use trilby_engine::{
    Notes, Outcome, Principal, RoleSession, SessionFacts, Sink, TagPrecedence, UserPrincipal,
    Verdict,
};
use trilby_model::{Arn, RoleSessionName, Tags, Timestamp};
use trilby_policy::Context;
use trilby_service::problem::Problem;

use crate::api::boundaries::boundary_arn;

/// The session that roles are asked about under.
const SESSION: &str = "escalation";
/// What only a right to everything in `iam:` allows: no policy names it.
const PROBE: &str = "iam:EveryAction";

/// A user or role.
pub(super) struct Node<'a> {
    pub id: PrincipalId,
    pub arn: Arn,
    pub tags: &'a Tags,
    pub boundary: Option<&'a Attachment>,
    principal: Principal,
}

/// How far a principal is from everything.
pub(super) struct Standing {
    /// It may do everything already.
    pub administers: bool,
    /// It may do everything as soon as a policy of its own says so: nothing denies or caps it.
    pub liftable: bool,
}

/// Users that can log in, and roles.
pub(super) fn nodes(account: &Account) -> Vec<Node<'_>> {
    let id = account.id();
    let users = account
        .users()
        .values()
        .filter(|user| user.status == UserStatus::Active);
    let users = users.map(|user| {
        let arn = Arn::user(&id, &user.path, &user.name);
        let principal = Principal::User(UserPrincipal {
            arn: arn.clone(),
            id: Some(user.id.clone()),
            account: id,
            name: user.name.to_string(),
            tags: Tags::default(),
            session: SessionFacts::default(),
        });
        Node {
            id: PrincipalId::User(user.id.clone()),
            arn,
            tags: &user.tags,
            boundary: user.boundary.as_ref(),
            principal,
        }
    });
    let session: Option<RoleSessionName> = SESSION.parse().ok();
    let roles = account.roles().values().filter_map(|role| {
        let arn = Arn::role(&id, &role.path, &role.name);
        let principal = Principal::RoleSession(RoleSession {
            session_arn: Arn::assumed_role(&id, &role.name, session.as_ref()?),
            role_arn: arn.clone(),
            role_id: Some(role.id.clone()),
            account: id,
            session_name: SESSION.to_owned(),
            tags: Tags::default(),
            session_policies: None,
            session: SessionFacts::default(),
        });
        Some(Node {
            id: PrincipalId::Role(role.id.clone()),
            arn,
            tags: &role.tags,
            boundary: role.boundary.as_ref(),
            principal,
        })
    });
    users.chain(roles).collect()
}

impl Node<'_> {
    pub fn holder(&self) -> Holder {
        match self.id.clone() {
            PrincipalId::User(id) => Holder::User(id),
            PrincipalId::Role(id) => Holder::Role(id),
        }
    }
}

/// Asks about the principals of one account, and counts.
pub(super) struct Asker<'a> {
    pub account: &'a Account,
    world: &'a World,
    now: Timestamp,
    left: Cell<u32>,
    exhausted: Cell<bool>,
}

impl<'a> Asker<'a> {
    pub fn new(account: &'a Account, world: &'a World, now: Timestamp, questions_max: u32) -> Self {
        Self {
            account,
            world,
            now,
            left: Cell::new(questions_max),
            exhausted: Cell::new(false),
        }
    }

    /// Whether a question was not asked because there were too many.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// Whether a principal may do this.
    pub fn may(&self, who: &Node<'_>, action: &str, target: &Target) -> Result<bool, Problem> {
        let outcome = self.decide(who, action, &target.resource, &target.context, &mut ())?;
        Ok(outcome.is_some_and(is_allow))
    }

    pub fn standing(&self, who: &Node<'_>) -> Result<Standing, Problem> {
        let resource = Arn::account_of(&self.account.id());
        let mut notes = Notes::default();
        let outcome = self.decide(who, PROBE, &resource, &Context::new(), &mut notes)?;
        let Some((outcome, layers)) = outcome.zip(notes.layers()) else {
            return Ok(Standing {
                administers: false,
                liftable: false,
            });
        };
        let caps_nothing = |verdict: Option<Verdict>| match verdict {
            Some(Verdict::Allow | Verdict::None) | None => true,
            Some(Verdict::Deny | Verdict::NoMatch) => false,
        };
        Ok(Standing {
            administers: is_allow(outcome),
            liftable: outcome == Outcome::ImplicitDeny
                && caps_nothing(layers.boundary)
                && caps_nothing(layers.scp)
                && caps_nothing(layers.rcp),
        })
    }

    /// What a change of this principal is asked of.
    pub fn about(&self, node: &Node<'_>) -> Target {
        let target = Target::new(self.account.id(), node.arn.clone()).resource_tags(node.tags);
        let boundary = node.boundary;
        match boundary.and_then(|boundary| boundary_arn(self.account, boundary)) {
            Some(arn) => target.key("iam:PermissionsBoundary", arn.to_string()),
            None => target,
        }
    }

    fn decide(
        &self,
        who: &Node<'_>,
        action: &str,
        resource: &Arn,
        keys: &Context,
        notes: &mut impl Sink,
    ) -> Result<Option<Outcome>, Problem> {
        let left = self.left.get();
        if left == 0 {
            self.exhausted.set(true);
            return Ok(None);
        }
        self.left.set(left - 1);
        let inquiry = Inquiry {
            principal: who.principal.clone(),
            request_keys: Context::new(),
            now: self.now,
            tags: TagPrecedence::default(),
        };
        let owner = Some(self.account.id());
        inquiry
            .decide_into(self.world, action, resource, owner, keys, notes)
            .map(|answered| Some(answered.outcome))
    }
}
