//! The proof that an operation's rule was met.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use trilby_directory::{AccountView, Freshness, OrganizationView, World};
use trilby_model::{AccountId, Arn, ConsistencyToken, DecisionId, Timestamp};
use trilby_policy::Context;
use trilby_service::caller::Caller;
use trilby_service::problem::Problem;

use crate::authenticate::{FederatedSession, Session, reach};
use crate::authorize::{Inquiry, access_denied};
use crate::freshness::counted_here;
use crate::operation::{Operation, Rule};
use crate::services::Services;
use crate::target::{Place, Target};

/// Says that the caller may perform `Op` on this request's target, and gives the state to perform it on.
///
/// INVARIANT: made by the pipeline only, after the rule in `Op::ACCESS` was met. It cannot be cloned, built or
/// turned into that of another operation.
pub struct Authorized<Op: Operation> {
    grant: Grant,
    operation: PhantomData<fn() -> Op>,
}

impl<Op: Operation> Authorized<Op> {
    pub(crate) fn new(grant: Grant) -> Self {
        Self {
            grant,
            operation: PhantomData,
        }
    }
}

impl<Op: Operation> Deref for Authorized<Op> {
    type Target = Grant;

    fn deref(&self) -> &Grant {
        &self.grant
    }
}

/// What the proof holds, whatever the operation. By itself it proves nothing: no handler takes it.
pub struct Grant {
    pub(crate) rule: Rule,
    pub(crate) session: Option<Session>,
    pub(crate) federated: Option<FederatedSession>,
    pub(crate) inquiry: Option<Inquiry>,
    pub(crate) target: Option<Target>,
    pub(crate) place: Place,
    /// The state that rights were decided on: the newest.
    pub(crate) rights: World,
    /// The state the answer is read from: the newest, or the past that was asked for.
    pub(crate) read: World,
    /// The organization the path names, at the state the answer is read from.
    pub(crate) organization: Option<Arc<OrganizationView>>,
    pub(crate) decision_id: DecisionId,
    pub(crate) now: Timestamp,
}

impl Grant {
    /// Who calls.
    ///
    /// Errors: `unauthenticated`, for public operations only.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.session
            .as_ref()
            .map(|session| &session.caller)
            .ok_or_else(Problem::unauthenticated)
    }

    /// The caller's session with its verified token.
    ///
    /// Errors: `unauthenticated`, for public operations only.
    pub fn session(&self) -> Result<&Session, Problem> {
        self.session.as_ref().ok_or_else(Problem::unauthenticated)
    }

    /// Judges the caller's session once more, on states at least as fresh as this: for operations that are told positions by
    /// other ways than the header.
    ///
    /// Errors: `unauthenticated`; those of freshness.
    pub async fn stands_at(
        &self,
        services: &Services,
        freshness: &Freshness,
    ) -> Result<(), Problem> {
        let session = self.session()?;
        if reach(services, session.verified.rests_on(), freshness).await? {
            session.clone().again(services).await?;
        }
        Ok(())
    }

    /// The caller's federated session, for operations that take one, if that is what called.
    #[must_use]
    pub fn federated(&self) -> Option<&FederatedSession> {
        self.federated.as_ref()
    }

    /// When the request came.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Id of the decision that allowed this.
    #[must_use]
    pub fn decision_id(&self) -> &DecisionId {
        &self.decision_id
    }

    /// The account of the path, as fresh or as old as the request asks. For a path within an organization: its
    /// management account.
    ///
    /// Errors: `not_found` if it does not exist (or did not then).
    pub fn account(&self) -> Result<&Arc<AccountView>, Problem> {
        self.read.resource.as_ref().ok_or_else(Problem::not_found)
    }

    /// The number of the path's account.
    ///
    /// Errors: `not_found` if it does not exist (or did not then).
    pub fn account_id(&self) -> Result<AccountId, Problem> {
        self.account().map(|view| view.state.id())
    }

    /// The organization that the path names, or that the path's account is in.
    ///
    /// Errors: `not_found` if there is none.
    pub fn organization(&self) -> Result<&Arc<OrganizationView>, Problem> {
        self.organization
            .as_ref()
            .or(self.read.resource_organization.as_ref())
            .ok_or_else(Problem::not_found)
    }

    /// The states the answer is read from.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.read
    }

    /// The consistency token of those states; `Trilby-Seq` of the answer unless the operation writes.
    #[must_use]
    pub fn token(&self) -> Option<ConsistencyToken> {
        if let (Place::Organization(_), Some(organization)) = (&self.place, &self.organization) {
            let mut positions = self.read.positions();
            positions.retain(|position| position.log != organization.head.log);
            positions.insert(0, organization.position());
            return ConsistencyToken::new(positions).ok();
        }
        self.read.token()
    }

    /// Asks the engine another question about this caller, on the state that rights are decided on.
    ///
    /// Errors: faults only; a refusal is `false`.
    pub fn allows(
        &self,
        action: &str,
        resource: &Arn,
        owner: AccountId,
        keys: &Context,
    ) -> Result<bool, Problem> {
        self.inquiry()?
            .allows(&self.rights, action, resource, Some(owner), keys)
    }

    /// As [`Grant::allows`], with the refusal as a problem.
    ///
    /// Errors: `access_denied`.
    pub fn require(
        &self,
        action: &str,
        resource: &Arn,
        owner: AccountId,
        keys: &Context,
    ) -> Result<(), Problem> {
        if self.allows(action, resource, owner, keys)? {
            Ok(())
        } else {
            Err(access_denied(action, &self.decision_id))
        }
    }

    /// Whether the past may be counted so: from a log of the caller's or of the path's account.
    ///
    /// Errors: `invalid_parameter`.
    pub fn may_go_back(&self, freshness: &Freshness) -> Result<(), Problem> {
        counted_here(freshness, &self.rights, self.organization.as_ref())
    }

    /// The caller as the engine knows it, with the keys of the request, for questions about other worlds.
    ///
    /// Errors: `unauthenticated`, for public operations only; `access_denied` for a session whose own policies cannot
    /// be evaluated.
    pub fn inquiry(&self) -> Result<&Inquiry, Problem> {
        let refused = || match &self.session {
            Some(_) => access_denied(self.rule.id, &self.decision_id),
            None => Problem::unauthenticated(),
        };
        self.inquiry.as_ref().ok_or_else(refused)
    }
}
