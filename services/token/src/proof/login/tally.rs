//! Guesses at a password as all processes count them: in the store, so that neither a second process nor a restart gives
//! anybody further ones.
//!
//! A counter holds a person's failures in a row, and by its end when the last one was. A process that knows that a person
//! has to wait does not ask ([`Attempt`]); where the store cannot be asked, what the process knows has to do.
//!
//! INVARIANT: a name that nobody has is counted by the same steps as one that somebody has, or the answer and its time
//! would tell who exists. That an account exists is no secret: its public keys are shown to everybody.

use trilby_access::Services;
use trilby_eventlog::{Counter, SideError, SideOutcome, SideWrite};
use trilby_model::{AccountId, LogId, Timestamp};
use trilby_service::problem::Problem;

use crate::TokenParts;
use crate::proof::Person;
use crate::throttle::{Attempt, Failures, limited};

/// Kind of the counters of wrong passwords. Stored.
const WRONG_PASSWORDS: u16 = 1;
/// Bytes of a name's MAC that say which counter it has if nobody has the name: as many as keep two names from sharing one, which
/// would tell that nobody has them. There are no more of these counters than were guessed at within an hour.
const NOBODY_BYTES: usize = 8;

/// The counter of a person's wrong passwords.
pub(super) struct Tally {
    log: LogId,
    subject: String,
}

impl Tally {
    /// Of whoever is meant by `username`, if there is such a person.
    ///
    /// Errors: faults only.
    pub(super) fn of(
        services: &Services,
        account: AccountId,
        person: Option<&Person>,
        username: &str,
    ) -> Result<Self, Problem> {
        let subject = match person {
            Some(person) => person.subject(account),
            None => {
                let key = &services.part::<TokenParts>()?.claim_key;
                // No claim is spelled like this, so no claim has this MAC.
                let name = format!("guess\0{account}\0{}", username.to_lowercase());
                let mac = key.mac(&name);
                let of_name = mac.iter().take(NOBODY_BYTES);
                of_name.fold("nobody-".to_owned(), |text, byte| {
                    format!("{text}{byte:02x}")
                })
            }
        };
        Ok(Self {
            log: LogId::Account(account),
            subject,
        })
    }

    /// Counts an attempt as failed before it is looked at.
    ///
    /// Errors: `rate_limited` while a delay runs.
    pub(super) async fn count(
        &self,
        services: &Services,
        attempt: &Attempt<'_>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let counted = self.add(services, attempt, now).await;
        counted.unwrap_or_else(|error| {
            tracing::warn!(%error, "a login was counted by this process alone");
            Ok(())
        })
    }

    async fn add(
        &self,
        services: &Services,
        attempt: &Attempt<'_>,
        now: Timestamp,
    ) -> Result<Result<(), Problem>, SideError> {
        let log = services.log();
        let stored = log.counter(&self.log, &self.subject, WRONG_PASSWORDS).await;
        let before = Failures::stored(stored.map_err(SideError::from)?, now);
        if let Some(failures) = before
            && let Some(wait_s) = failures.wait_s(now)
        {
            attempt.learn(failures);
            return Ok(Err(limited(wait_s)));
        }
        let add = SideWrite::CounterAdd {
            log: self.log.clone(),
            subject: self.subject.clone(),
            kind: WRONG_PASSWORDS,
            delta: 1,
            now,
            until: Some(Failures::until(now)),
        };
        let after = log.side_write(vec![add]).await?;
        let Some(failures) = Failures::stored(after.first().and_then(counter), now) else {
            return Ok(Ok(()));
        };
        attempt.learn(failures);
        // Others may have been counted since the counter was read, each just now: then this one comes right after them.
        let n_before = failures.n().saturating_sub(1);
        let n_read = before.map_or(0, |before| before.n());
        match Failures::delay_after(n_before) {
            Some(wait_s) if n_before > n_read => Ok(Err(limited(wait_s))),
            Some(_) | None => Ok(Ok(())),
        }
    }

    /// The password was not looked at after all.
    pub(super) async fn take_back(&self, services: &Services, now: Timestamp) {
        let less = SideWrite::CounterAdd {
            log: self.log.clone(),
            subject: self.subject.clone(),
            kind: WRONG_PASSWORDS,
            delta: -1,
            now,
            until: None,
        };
        if let Err(error) = services.log().side_write(vec![less]).await {
            tracing::warn!(%error, "a password that was not looked at counts as a wrong one");
        }
    }

    /// The password was right: the failures before it are forgotten.
    pub(super) async fn forget(&self, services: &Services) {
        let clear = SideWrite::CounterClear {
            log: self.log.clone(),
            subject: self.subject.clone(),
            kind: WRONG_PASSWORDS,
        };
        // The login stands whether or not they could be.
        if let Err(error) = services.log().side_write(vec![clear]).await {
            tracing::warn!(%error, "wrong passwords before a right one were not forgotten");
        }
    }
}

fn counter(outcome: &SideOutcome) -> Option<Counter> {
    match outcome {
        SideOutcome::Counter(counter) => Some(*counter),
        SideOutcome::Done => None,
    }
}
