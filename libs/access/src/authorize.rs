//! May they: the engine's answer about one caller, one action, one resource.
//!
//! Our own operations are asked exactly as a customer's are. What cannot be evaluated is an error answer, never an
//! Allow.

use trilby_directory::World;
use trilby_engine::{
    Answered, Decision, LayerKind, Notes, Outcome, Principal, Ready, Request, Sink, TagPrecedence,
    Verdict, decide, decide_into,
};
use trilby_model::{AccountId, Action, Arn, DecisionId, ProviderId, Timestamp};
use trilby_policy::Context;
use trilby_service::problem::{Code, Problem};

use crate::authenticate::Session;
use crate::input::Facts;
use crate::principal::{self, BrokenSessionPolicy};

/// A question about rights, complete but for the state it is decided on.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// Who asks.
    pub principal: Principal,
    /// The keys of the network and the moment.
    pub request_keys: Context,
    /// When.
    pub now: Timestamp,
    /// Whose word on tags counts, where they are both stored and part of the question.
    pub tags: TagPrecedence,
}

impl Inquiry {
    /// The question of somebody who has no session in an account: an outside identity. Trust policies name its provider
    /// by unique id.
    #[must_use]
    pub fn of_outsider(
        provider: Arn,
        provider_id: ProviderId,
        facts: &Facts,
        now: Timestamp,
    ) -> Self {
        Self {
            principal: Principal::WebIdentity {
                provider,
                provider_id: Some(provider_id),
            },
            request_keys: principal::request_keys(facts),
            now,
            tags: TagPrecedence::default(),
        }
    }

    /// The question of a session that stands, in this request.
    ///
    /// Errors: the session has a policy that cannot be evaluated; such a session may do nothing.
    pub fn of(
        session: &Session,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Self, BrokenSessionPolicy> {
        Ok(Self {
            principal: principal::principal(&session.caller, &session.account.state)?,
            request_keys: principal::request_keys(facts),
            now,
            tags: TagPrecedence::default(),
        })
    }

    /// The engine's decision.
    ///
    /// Errors: an action that is none, or a fault of the engine; both are our own.
    pub fn decide(
        &self,
        world: &World,
        action: &str,
        resource: &Arn,
        owner: Option<AccountId>,
        keys: &Context,
    ) -> Result<Decision, Problem> {
        let request = self.request(action, resource, owner, keys)?;
        decide(&request, &world.worlds()).map_err(Problem::internal)
    }

    /// The same in numbers: the answer, and notes of it in place of words.
    ///
    /// Errors: as [`Inquiry::decide`].
    pub fn decide_into(
        &self,
        world: &World,
        action: &str,
        resource: &Arn,
        owner: Option<AccountId>,
        keys: &Context,
        notes: &mut impl Sink,
    ) -> Result<Answered, Problem> {
        let ready = Ready::new(self.request(action, resource, owner, keys)?);
        decide_into(&ready, &world.worlds(), notes).map_err(Problem::internal)
    }

    fn request(
        &self,
        action: &str,
        resource: &Arn,
        owner: Option<AccountId>,
        keys: &Context,
    ) -> Result<Request, Problem> {
        let action: Action = action.parse().map_err(Problem::internal)?;
        let mut request = Request::new(self.principal.clone(), action, resource.clone());
        request.resource_account = owner;
        request.time = Some(self.now);
        request.tags = self.tags;
        request.context = self.request_keys.clone();
        request.context.extend(
            keys.iter()
                .map(|(key, value)| (key.to_owned(), value.clone())),
        );
        Ok(request)
    }

    /// Whether the answer is Allow. Everything else, faults included, is not.
    pub fn allows(
        &self,
        world: &World,
        action: &str,
        resource: &Arn,
        owner: Option<AccountId>,
        keys: &Context,
    ) -> Result<bool, Problem> {
        let answered = self.decide_into(world, action, resource, owner, keys, &mut ())?;
        Ok(is_allow(answered.outcome))
    }

    /// As [`Inquiry::allows`], for operations that let root take back a resource policy that locks everyone out
    /// (evaluation.md 6).
    pub(crate) fn allows_or_repairs(
        &self,
        world: &World,
        action: &str,
        resource: &Arn,
        owner: Option<AccountId>,
        keys: &Context,
    ) -> Result<bool, Problem> {
        let mut notes = Notes::default();
        let answered = self.decide_into(world, action, resource, owner, keys, &mut notes)?;
        Ok(is_allow(answered.outcome) || is_repairable(&answered, &notes, &self.principal, owner))
    }
}

/// Whether an answer allows.
#[must_use]
pub fn is_allow(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Allow => true,
        Outcome::ExplicitDeny | Outcome::ImplicitDeny => false,
    }
}

/// Whether this refusal is one that root may repair: only the policy on a resource of its own account stands in the
/// way. What an organization denies, it denies root too.
fn is_repairable(
    answered: &Answered,
    notes: &Notes,
    principal: &Principal,
    owner: Option<AccountId>,
) -> bool {
    let Some(layers) = notes.layers() else {
        return false;
    };
    let caps_nothing = |verdict: Option<Verdict>| match verdict {
        Some(Verdict::Allow | Verdict::None) => true,
        Some(Verdict::Deny | Verdict::NoMatch) | None => false,
    };
    matches!(principal, Principal::Root(root) if Some(root.account) == owner)
        && answered.outcome == Outcome::ExplicitDeny
        && answered.layer == LayerKind::Resource
        && caps_nothing(layers.scp)
        && caps_nothing(layers.rcp)
}

/// The 403 of a refused action. The resource is not named: only the caller knows whether it named it.
pub(crate) fn access_denied(action: &str, decision_id: &DecisionId) -> Problem {
    Problem::new(
        Code::AccessDenied,
        format!("you are not allowed `{action}` here"),
    )
    .with("action", action)
    .with("decision_id", decision_id.to_string())
}
