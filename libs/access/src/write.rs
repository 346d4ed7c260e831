//! Writing on behalf of an authorized caller: receipts, circumstances, rights asked again, the answer kept.

mod circumstances;

use std::marker::PhantomData;
use std::sync::Arc;

use trilby_account::{Account, Actor, Command, Context, Event};
use trilby_directory::{After, Answer, Events, Executed, Plan, ReceiptKey, States, World, Write};
use trilby_eventlog::{Dependency, RevocationKind, SideWrite};
use trilby_model::{AccountId, ConsistencyToken, Entropy, LogId, Position};
use trilby_service::idempotency::{StoredAnswer, receipt_key, request_hash};
use trilby_service::problem::Problem;

use circumstances::origin;
pub use circumstances::{actor, actor_meta};

use crate::authenticate::Session;
use crate::authorize::{Inquiry, access_denied};
use crate::authorized::{Authorized, Grant};
use crate::guards::Judged;
use crate::input::{Facts, Input};
use crate::operation::{Access, Operation, Rule};
use crate::problem::{of_execution, of_rejection};
use crate::reply::{Reply, Sent};
use crate::services::Services;
use crate::target::{Place, Target};

type Decided = Plan<Sent, Problem>;

/// What an operation decided to change, and how it answers.
pub struct Change<Op: Operation> {
    plan: Decided,
    operation: PhantomData<fn() -> Op>,
}

impl<Op: Operation> Change<Op> {
    /// These events. The reply is made from the states after them and is kept with them for repetitions, without the
    /// members that [`Reply::withholding`] names.
    pub fn new(
        events: Vec<Events>,
        reply: impl FnOnce(&After) -> Result<Reply<Op>, Problem> + Send + 'static,
    ) -> Self {
        Self {
            plan: Plan::new(events, move |after| answer(reply(after)?.into_sent())),
            operation: PhantomData,
        }
    }

    /// Events of one account, answered from that account.
    pub fn of_account(
        account: AccountId,
        events: Vec<Event>,
        reply: impl FnOnce(&Account) -> Result<Reply<Op>, Problem> + Send + 'static,
    ) -> Self {
        Self::new(vec![Events::Account(account, events)], move |after| {
            reply(
                after
                    .account(account)
                    .ok_or_else(|| Problem::internal("a written account is not there"))?,
            )
        })
    }

    /// The same with rows of side tables, written in the same transaction.
    #[must_use]
    pub fn with_side(mut self, side: Vec<SideWrite>) -> Self {
        self.plan = self.plan.with_side(side);
        self
    }

    /// The same, decided anew if one of these logs moves before it is written.
    #[must_use]
    pub fn guarded_by(mut self, logs: Vec<LogId>) -> Self {
        self.plan = self.plan.guarded_by(logs);
        self
    }
}

/// As an answer with what of it may be kept.
fn answer(mut reply: Sent) -> Result<Answer<Sent>, Problem> {
    let stored = reply.keep()?;
    Ok(Answer {
        status: reply.status_code(),
        stored: Some(stored.to_bytes()),
        value: reply,
    })
}

/// What of a request a write needs, without the operation's types.
pub(crate) struct Incoming<'a> {
    facts: &'a Facts,
    raw_body: &'a [u8],
    receipt_log: Option<LogId>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn of<Op: Operation>(input: &'a Input<Op>) -> Self {
        Self {
            facts: &input.facts,
            raw_body: &input.raw_body,
            receipt_log: Op::receipt_log(&input.path),
        }
    }
}

impl<Op: Operation> Authorized<Op> {
    /// Executes one command on the path's account and answers from the account after it.
    ///
    /// `reply` may be called again if another writer was faster.
    ///
    /// Errors: the command's rejection, and those of [`Authorized::write`].
    pub async fn command<F>(
        &self,
        services: &Services,
        input: &Input<Op>,
        command: Command,
        reply: F,
    ) -> Result<Reply<Op>, Problem>
    where
        F: Fn(&Account, &[Event]) -> Result<Reply<Op>, Problem> + Clone + Send + 'static,
    {
        self.commands(services, input, vec![command], reply).await
    }

    /// As [`Authorized::command`], for several commands that become one commit, each decided on what those before it
    /// have made so.
    ///
    /// Errors: the first rejection, and those of [`Authorized::write`].
    pub async fn commands<F>(
        &self,
        services: &Services,
        input: &Input<Op>,
        commands: Vec<Command>,
        reply: F,
    ) -> Result<Reply<Op>, Problem>
    where
        F: Fn(&Account, &[Event]) -> Result<Reply<Op>, Problem> + Clone + Send + 'static,
    {
        let id = self.account_id()?;
        self.write(services, input, &[], |states, ctx| {
            let account = states.account(id).ok_or_else(Problem::not_found)?;
            let events = account
                .state
                .decide_all(commands.clone(), ctx)
                .map_err(of_rejection)?;
            let reply = reply.clone();
            let kept = events.clone();
            Ok(Change::of_account(id, events, move |after| {
                reply(after, &kept)
            }))
        })
        .await
    }

    /// Decides on the newest states and writes. `logs` are those it needs besides the path's.
    ///
    /// `decide` must be a pure function of its arguments: it is called again after each lost race, with the same
    /// context. If the path's state moved since the caller was authorized, the right is asked again on the state that
    /// is decided on, so nobody writes by a right that is gone.
    ///
    /// Errors: `decide`'s own; `access_denied`; those of [`of_execution`].
    pub async fn write<F>(
        &self,
        services: &Services,
        input: &Input<Op>,
        logs: &[LogId],
        mut decide: F,
    ) -> Result<Reply<Op>, Problem>
    where
        F: FnMut(&States, &Context) -> Result<Change<Op>, Problem>,
    {
        let incoming = Incoming::of(input);
        let mut decide = |states: &States, ctx: &Context| Ok(decide(states, ctx)?.plan);
        let written = self
            .write_plan(services, &incoming, logs, &mut decide)
            .await?;
        Ok(written.into())
    }
}

impl Grant {
    async fn write_plan(
        &self,
        services: &Services,
        incoming: &Incoming<'_>,
        logs: &[LogId],
        decide: &mut dyn FnMut(&States, &Context) -> Result<Decided, Problem>,
    ) -> Result<Sent, Problem> {
        let mut entropy = services.entropy();
        let receipt = self.receipt(incoming, logs, &mut entropy)?;
        let running = match receipt.chosen {
            true => Some(
                services
                    .in_flight()
                    .begin(receipt.log.clone(), receipt.key)?,
            ),
            false => None,
        };
        // Where a caller comes from is told to the place that was asked, whoever else keeps the receipt.
        let place = self.place_log();
        let origin = origin(
            place.as_ref().unwrap_or(&receipt.log),
            incoming.facts,
            &mut entropy,
        );
        let now = services.now();
        let ctx = Context::new(now, self.actor(), &mut entropy)
            .with_precondition(incoming.facts.precondition);
        let write = Write {
            logs: self.logs(logs),
            meta: self.meta(incoming.facts, origin.as_ref()),
            alive: self.alive(),
            incarnation: self.session.as_ref().map(Session::incarnation),
            trace: incoming.facts.trace.clone(),
            now,
            entropy,
            receipt,
        };
        let executed = services.directory().execute(write, |states| {
            self.still_allowed(states)?;
            let mut ctx = ctx.clone();
            ctx.now = states.now();
            let plan = decide(states, &ctx)?;
            self.stays_within(&plan, states, incoming.facts)?;
            Ok(plan.with_side(origin.iter().cloned().collect()))
        });
        let executed = executed.await.map_err(of_execution)?;
        drop(running);
        reply_of(executed)
    }

    /// The answer to the same request, if it was written before. Asked ahead of the handler: what it would look for may
    /// be gone by the very write that is repeated.
    ///
    /// Errors: `idempotency_key_reused`; those of [`of_execution`].
    pub(crate) async fn earlier(
        &self,
        services: &Services,
        incoming: &Incoming<'_>,
    ) -> Result<Option<Sent>, Problem> {
        let (Some(log), Some(key)) = (self.receipt_log(incoming), self.chosen_key(incoming)) else {
            return Ok(None);
        };
        let key = ReceiptKey {
            log,
            key,
            request_hash: self.hash_of(incoming),
            chosen: true,
        };
        let earlier = services.directory().earlier::<Sent, Problem>(&key);
        let earlier = earlier.await.map_err(of_execution)?;
        earlier.map(reply_of).transpose()
    }

    fn hash_of(&self, incoming: &Incoming<'_>) -> [u8; 32] {
        request_hash(
            self.rule.method.as_str(),
            &incoming.facts.path_and_query,
            incoming.raw_body,
        )
    }

    fn receipt_log(&self, incoming: &Incoming<'_>) -> Option<LogId> {
        incoming.receipt_log.clone().or_else(|| self.place_log())
    }

    fn place_log(&self) -> Option<LogId> {
        match &self.place {
            Place::Account(account) => Some(LogId::Account(*account)),
            Place::Organization(id) => Some(LogId::Organization(id.clone())),
            // Only principals of the operator account get that far with the installation.
            Place::Caller | Place::Installation => self
                .session
                .as_ref()
                .map(|session| LogId::Account(session.caller.account)),
            Place::Nowhere => None,
        }
    }

    fn logs(&self, more: &[LogId]) -> Vec<LogId> {
        self.place_log()
            .into_iter()
            .chain(more.iter().cloned())
            .collect()
    }

    fn receipt(
        &self,
        incoming: &Incoming<'_>,
        logs: &[LogId],
        entropy: &mut Entropy,
    ) -> Result<ReceiptKey, Problem> {
        let log = self
            .receipt_log(incoming)
            .or_else(|| logs.first().cloned())
            .ok_or_else(|| Problem::internal("a write without a log"))?;
        let chosen = self.chosen_key(incoming);
        // A plain hash of a body is as good as the body where that can be guessed, as passwords can: it is kept only
        // where a repetition will be compared with it.
        let request_hash = match chosen {
            Some(_) => self.hash_of(incoming),
            None => entropy.take(),
        };
        Ok(ReceiptKey {
            log,
            key: chosen.unwrap_or_else(|| entropy.take()),
            request_hash,
            chosen: chosen.is_some(),
        })
    }

    /// The key that the client chose. A public operation has no principal whose key it could be.
    fn chosen_key(&self, incoming: &Incoming<'_>) -> Option<[u8; 32]> {
        let (key, session) = incoming
            .facts
            .idempotency_key
            .as_ref()
            .zip(self.session.as_ref())?;
        let principal = session.caller.principal_unique_id();
        Some(receipt_key(principal, key.as_str()))
    }

    fn actor(&self) -> Actor {
        match self.session.as_ref().map(|session| &session.caller) {
            Some(caller) => actor(caller),
            None => Actor::System,
        }
    }

    /// What is hashed with the events: who, by which decision, in which request, from where.
    fn meta(&self, facts: &Facts, origin: Option<&SideWrite>) -> serde_json::Value {
        let mut meta = serde_json::Map::new();
        if let Some(session) = &self.session {
            meta.insert("actor".to_owned(), actor_meta(&session.caller));
            meta.insert(
                "decision_id".to_owned(),
                self.decision_id.to_string().into(),
            );
        }
        meta.insert("operation".to_owned(), self.rule.id.into());
        meta.insert("request_id".to_owned(), facts.request_id.to_string().into());
        if let Some(SideWrite::PersonalInsert(row)) = origin {
            let row = serde_json::json!({
                "subject": row.subject,
                "field": row.field,
                "generation": row.generation,
                "sha256": row.digest().to_string(),
            });
            meta.insert("origin".to_owned(), row);
        }
        if let Some(organization) = &self.rights.resource_organization {
            // As text: seqs are 64 bits, and integers in events have 53.
            meta.insert(
                "organization_seq".to_owned(),
                organization.seq().to_string().into(),
            );
        }
        serde_json::Value::Object(meta)
    }

    fn alive(&self) -> Vec<Dependency> {
        let Some(session) = &self.session else {
            return Vec::new();
        };
        let rests = session.verified.rests_on().iter();
        rests
            .filter_map(|rest| {
                Some(Dependency {
                    log: LogId::Account(rest.account),
                    kind: RevocationKind::from_code(rest.kind.code())?,
                    id_hash: rest.id_hash,
                    seq: trilby_model::Seq::new(rest.seq),
                })
            })
            .collect()
    }

    /// Refuses facts that raise somebody's rights past the caller's own, whatever operation wants them.
    fn stays_within(&self, plan: &Decided, states: &States, facts: &Facts) -> Result<(), Problem> {
        let (Some(session), Some(inquiry), Access::Action(action)) =
            (&self.session, &self.inquiry, self.rule.access)
        else {
            return Ok(());
        };
        let world = renewed(&self.rights, states);
        let now = states.now();
        for written in &plan.events {
            let (id, events) = match written {
                Events::Account(id, events) => (*id, events),
                Events::Organization(..) | Events::Platform(_) => continue,
            };
            let Some(view) = states.account(id) else {
                continue;
            };
            let (caller, before) = (&session.caller, &view.state);
            let judged = Judged::of(caller, inquiry, &world, action, before, events, facts, now);
            if let Some(judged) = judged {
                judged.check()?;
            }
        }
        Ok(())
    }

    /// Asks for the right again if the state it was decided on is not the one that is written to.
    fn still_allowed(&self, states: &States) -> Result<(), Problem> {
        let (Some(inquiry), Some(target), Access::Action(action)) =
            (&self.inquiry, &self.target, self.rule.access)
        else {
            return Ok(());
        };
        let world = renewed(&self.rights, states);
        if world.same_as(&self.rights) {
            return Ok(());
        }
        if !allowed_in(&self.rule, inquiry, &world, action, target)? {
            return Err(access_denied(action, &self.decision_id));
        }
        for also in &target.also {
            if !inquiry.allows(
                &world,
                also.action,
                &also.resource,
                target.account,
                &target.context,
            )? {
                return Err(access_denied(also.action, &self.decision_id));
            }
        }
        Ok(())
    }
}

fn reply_of(executed: Executed<Sent>) -> Result<Sent, Problem> {
    match executed {
        Executed::Done(done) => Ok(done.value.token_or(done.token)),
        Executed::Replayed { receipt, token } => {
            let mut stored = match &receipt.response {
                Some(bytes) => StoredAnswer::from_bytes(bytes)?,
                None => return Err(Problem::internal("a receipt without an answer")),
            };
            if let Some(body) = &mut stored.body {
                complete(body, &token);
            }
            Sent::again(stored).map(|reply| reply.at(token))
        }
    }
}

/// Puts the commit's hash into a body's `seq`: the answer was kept with the commit, before that had one.
fn complete(body: &mut serde_json::Value, token: &ConsistencyToken) {
    let Some(seq) = body.get_mut("seq") else {
        return;
    };
    let kept: Option<ConsistencyToken> = seq.as_str().and_then(|text| text.parse().ok());
    let stands = |position: &Position| {
        let now = token.get(&position.log);
        now.is_some_and(|now| now.seq == position.seq)
    };
    if kept.is_some_and(|kept| kept.positions().iter().all(stands)) {
        *seq = token.to_string().into();
    }
}

/// The operation's own question, asked in one place.
pub(crate) fn allowed_in(
    rule: &Rule,
    inquiry: &Inquiry,
    world: &World,
    action: &str,
    target: &Target,
) -> Result<bool, Problem> {
    let Target {
        resource,
        account,
        context,
        instead,
        ..
    } = target;
    let allows = |action: &str| match rule.root_repairs {
        true => inquiry.allows_or_repairs(world, action, resource, *account, context),
        false => inquiry.allows(world, action, resource, *account, context),
    };
    match instead {
        Some(narrower) => Ok(allows(action)? || allows(narrower)?),
        None => allows(action),
    }
}

/// The same world with the states that are about to be written to.
fn renewed(rights: &World, states: &States) -> World {
    let account = |view: &Option<Arc<trilby_directory::AccountView>>| {
        view.as_ref()
            .map(|view| states.account(view.state.id()).unwrap_or(view).clone())
    };
    let organization = |view: &Option<Arc<trilby_directory::OrganizationView>>| {
        view.as_ref()
            .map(|view| states.organization(view.state.id()).unwrap_or(view).clone())
    };
    World {
        principal: account(&rights.principal),
        principal_organization: organization(&rights.principal_organization),
        resource: account(&rights.resource),
        resource_organization: organization(&rights.resource_organization),
    }
}
