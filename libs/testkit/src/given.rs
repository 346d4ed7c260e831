//! Rules of an account as sentences: given what happened, when somebody wishes for something, then
//! this follows or it is refused.
//!
//! Every accepted command is checked for what must hold always: its events apply, each reads back
//! from its stored form as it was, none holds a fraction or a null, and repeating the decision in
//! the same context gives the same events.
//!
//! ```
//! # use trilby_testkit::given::{account, policy_document};
//! # use trilby_account::{command::*, Ref, ManagedPolicyRef, HolderRef, UserKind};
//! account()
//!     .with(CreateUser { name: "mary".parse().unwrap(), path: "/".parse().unwrap(), kind: UserKind::Human,
//!         description: None, tags: Default::default() })
//!     .when(DeleteUser { user: "bob".parse().unwrap(), cascade: false })
//!     .rejected_as("not_found");
//! ```

use serde_json::Value;
use trilby_account::event::AccountCreated;
use trilby_account::{Account, Actor, Command, Context, Event, Precondition, Rejection};
use trilby_model::{AccountId, Entropy, Seq, Timestamp};
use trilby_policy::{Document, Grammar, Kind};

/// The account that [`account`] makes.
pub const ACCOUNT: &str = "111122223333";
/// When things begin to happen; each commit is a second later than the one before.
pub const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// An account with a history, and the context in which the next command is decided.
#[derive(Debug, Clone)]
pub struct Given {
    account: Account,
    history: Vec<Event>,
    moments: Vec<(Seq, Timestamp)>,
    now: Timestamp,
    actor: Actor,
    precondition: Precondition,
    seeds_used: u64,
}

/// What became of a command.
#[derive(Debug)]
pub struct Outcome {
    before: Given,
    result: Result<Vec<Event>, Rejection>,
}

/// An account that has just been created.
#[must_use]
pub fn account() -> Given {
    let created = AccountCreated {
        account: account_id(),
        name: "acme-dev".parse().expect("a name"),
    };
    given([created.into()])
}

/// An account with these events in its log.
#[must_use]
pub fn given(events: impl IntoIterator<Item = Event>) -> Given {
    let nothing = Given {
        account: Account::empty(account_id()),
        history: Vec::new(),
        moments: Vec::new(),
        now: START,
        actor: Actor::Root(account_id()),
        precondition: Precondition::None,
        seeds_used: 0,
    };
    nothing.after(events.into_iter().collect())
}

fn account_id() -> AccountId {
    ACCOUNT.parse().expect("an account id")
}

/// A policy document for a seat.
#[must_use]
pub fn document(kind: Kind, document: &Value) -> Document {
    Document::parse(&document.to_string(), kind, &Grammar::stored()).expect("a legal document")
}

/// An identity policy that allows one action on everything.
#[must_use]
pub fn policy_document(action: &str) -> Document {
    let statement = serde_json::json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] });
    document(Kind::Identity, &policy)
}

impl Given {
    /// The state.
    #[must_use]
    pub fn state(&self) -> &Account {
        &self.account
    }

    /// All events so far.
    #[must_use]
    pub fn history(&self) -> &[Event] {
        &self.history
    }

    /// Where in the log, and when, each of them happened.
    #[must_use]
    pub fn moments(&self) -> &[(Seq, Timestamp)] {
        &self.moments
    }

    /// With another seed, as the next command has.
    #[must_use]
    pub fn seeded(mut self) -> Self {
        self.seeds_used += 1;
        self
    }

    /// With these events after the others, as one commit.
    #[must_use]
    pub fn after(mut self, events: Vec<Event>) -> Self {
        for event in &events {
            assert_stored_form(event);
            let seq = self.account.seq().next();
            self.account.evolve(event, seq, self.now);
            self.moments.push((seq, self.now));
        }
        self.history.extend(events);
        self.now = self.now.plus_seconds(1);
        self
    }

    /// With this command accepted and its events after the others.
    ///
    /// # Panics
    /// If it is refused.
    #[must_use]
    #[track_caller]
    pub fn with(self, command: impl Into<Command>) -> Self {
        self.when(command).accepted()
    }

    /// Decided as somebody else.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// Decided under a precondition; only the next command is.
    #[must_use]
    pub fn if_match(mut self, precondition: Precondition) -> Self {
        self.precondition = precondition;
        self
    }

    /// Decided later.
    #[must_use]
    pub fn later(mut self, seconds: i64) -> Self {
        self.now = self.now.plus_seconds(seconds);
        self
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A context for deciding now.
    #[must_use]
    pub fn context(&self) -> Context {
        let mut seed = [0; 32];
        for (to, from) in seed.iter_mut().zip(self.seeds_used.to_be_bytes()) {
            *to = from;
        }
        let mut entropy = Entropy::new(seed);
        Context::new(self.now, self.actor.clone(), &mut entropy)
            .with_precondition(self.precondition)
    }

    /// Decides on a command.
    #[must_use]
    pub fn when(mut self, command: impl Into<Command>) -> Outcome {
        let command = command.into();
        let ctx = self.context();
        let result = self.account.decide(command.clone(), &ctx);
        assert_eq!(
            result,
            self.account.decide(command, &ctx),
            "deciding is deterministic"
        );
        self.seeds_used += 1;
        self.precondition = Precondition::None;
        Outcome {
            before: self,
            result,
        }
    }
}

impl Outcome {
    /// The account afterwards.
    ///
    /// # Panics
    /// If the command was refused.
    #[track_caller]
    pub fn accepted(self) -> Given {
        match self.result {
            Ok(events) => self.before.after(events),
            Err(rejection) => panic!("refused: {rejection} ({rejection:?})"),
        }
    }

    /// Exactly these events, and the account afterwards.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = Event>) -> Given {
        let expected: Vec<Event> = events.into_iter().collect();
        assert_eq!(self.result.as_ref(), Ok(&expected));
        self.accepted()
    }

    /// Events of exactly these stored types, and the account afterwards.
    #[track_caller]
    pub fn then_types(self, etypes: &[&str]) -> Given {
        let events = self.result.as_ref().expect("accepted");
        let found: Vec<&str> = events.iter().map(Event::etype).collect();
        assert_eq!(found, etypes);
        self.accepted()
    }

    /// It is so already: accepted without an event.
    #[track_caller]
    pub fn changes_nothing(self) -> Given {
        assert_eq!(self.result.as_deref(), Ok(&[][..]));
        self.before
    }

    /// Refused for exactly this.
    #[track_caller]
    pub fn rejected(self, rejection: Rejection) -> Given {
        assert_eq!(self.result, Err(rejection));
        self.before
    }

    /// Refused under this code of the API; gives the refusal.
    #[track_caller]
    pub fn rejected_as(self, code: &str) -> Rejection {
        let rejection = self.result.expect_err("it should be refused");
        assert_eq!(rejection.code(), code, "{rejection}");
        rejection
    }
}

/// What holds of every event: it reads back as it was, and is JSON that hashes the same everywhere.
///
/// # Panics
/// If it does not hold.
pub fn assert_stored_form(event: &Event) {
    let data = event.to_data();
    assert!(
        data.is_object(),
        "the data of {} is an object",
        event.etype()
    );
    assert_plain(&data, event.etype());
    let text: Value = serde_json::from_str(&data.to_string()).expect("JSON");
    let back = Event::from_stored(event.etype(), event.version(), &text).expect("readable");
    assert_eq!(back, *event, "stored and read back");
}

/// No fractions, no nulls, no integer that a double would round.
///
/// # Panics
/// If there is one.
pub fn assert_plain(value: &Value, whose: &str) {
    match value {
        Value::Null => panic!("{whose} holds a null"),
        Value::Number(number) => {
            let exact = number.as_i64().map(i64::unsigned_abs);
            assert!(
                exact.is_some_and(|n| n <= 1 << 53),
                "{whose} holds the number {number}"
            );
        }
        Value::Array(items) => items.iter().for_each(|item| assert_plain(item, whose)),
        Value::Object(members) => members.values().for_each(|item| assert_plain(item, whose)),
        Value::Bool(_) | Value::String(_) => {}
    }
}
