//! Guards against raising one's own rights (identity.md 3.2), over every write of every service.
//!
//! They judge the facts that are about to be written, not the operation that asks: whichever way leads to a fact, a
//! cascade or another protocol, it is judged alike. Principle: nobody makes a principal stronger than himself by
//! writing policy, unless an explicit, unscoped right of an administrator says so.
//!
//! | guard | way up | module |
//! | --- | --- | --- |
//! | G1 | a new version of a policy that is attached | `in_force` |
//! | G2, G7, G8 | giving others what one's own boundary keeps from one | `sticky` |
//! | G5, G6 | credentials or memberships of the stronger | `ceiling` |
//! | G10 | tags that rights depend on | `locked` |
//! | G11 | something long-lived out of a limited session | `limited` |
//! | G14 | an account that nobody administers | `last` |

mod ceiling;
mod in_force;
mod last;
mod limited;
mod locked;
mod rights;
mod sticky;

use trilby_account::{Account, Event, Holder, PrincipalId};
use trilby_directory::World;
use trilby_model::Timestamp;
use trilby_service::caller::{Caller, CallerKind};
use trilby_service::problem::{Code, Problem};

use crate::authorize::Inquiry;
use crate::input::Facts;

/// The facts about one account that somebody is about to write.
pub(crate) struct Judged<'a> {
    caller: &'a Caller,
    inquiry: &'a Inquiry,
    world: &'a World,
    /// The action that the operation was authorized for.
    action: &'static str,
    before: &'a Account,
    after: Account,
    events: &'a [Event],
    facts: &'a Facts,
}

impl<'a> Judged<'a> {
    /// Facts about the caller's own account. `None` for those about others: what one account does to another is
    /// decided by the organization's rights.
    #[expect(clippy::too_many_arguments, reason = "named fields of one value")]
    pub(crate) fn of(
        caller: &'a Caller,
        inquiry: &'a Inquiry,
        world: &'a World,
        action: &'static str,
        before: &'a Account,
        events: &'a [Event],
        facts: &'a Facts,
        now: Timestamp,
    ) -> Option<Self> {
        if caller.account != before.id() {
            return None;
        }
        let mut after = before.clone();
        for event in events {
            let seq = after.seq().next();
            after.evolve(event, seq, now);
        }
        Some(Self {
            caller,
            inquiry,
            world,
            action,
            before,
            after,
            events,
            facts,
        })
    }

    /// Refuses what raises somebody's rights past the caller's own.
    ///
    /// Errors: `escalation_refused` with the guard; faults of the engine.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        limited::check(self)?;
        sticky::check(self)?;
        in_force::check(self)?;
        ceiling::check(self)?;
        locked::check(self)?;
        last::check(self)
    }

    /// The caller as policies know it; nothing for root.
    fn principal(&self) -> Option<PrincipalId> {
        match &self.caller.kind {
            CallerKind::Root => None,
            CallerKind::User { id, .. } => Some(PrincipalId::User(id.clone())),
            CallerKind::Role { id, .. } => Some(PrincipalId::Role(id.clone())),
        }
    }
}

fn refused(guard: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(Code::EscalationRefused, detail.into()).with("guard", guard)
}

/// The users and roles that a holder's policies give rights to.
fn subjects(account: &Account, holder: &Holder) -> Vec<PrincipalId> {
    match holder {
        Holder::User(id) => vec![PrincipalId::User(id.clone())],
        Holder::Role(id) => vec![PrincipalId::Role(id.clone())],
        Holder::Group(id) => {
            let group = account.groups().get(id);
            let members = group.into_iter().flat_map(|group| group.members.keys());
            members.cloned().map(PrincipalId::User).collect()
        }
    }
}
