//! Guessing and load: how often anyone may try.
//!
//! Counted before a credential is looked at, so that parallel guesses cannot slip through. All maps are bounded; what
//! falls out of one is forgotten, which only ever favours the honest. Nobody is locked out for good: a guess delays the
//! next login by at most a quarter of an hour. (A stranger who goes on guessing all the time keeps a person waiting.)
//!
//! Each process has its own maps. Guesses at a person are counted in the store as well, for all of them
//! (`proof/login/tally.rs`); here is what this process knows of that.

mod bucket;
mod guesses;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};
use trilby_model::{AccessKeyId, AccountId, ProviderId, Timestamp};
use trilby_service::problem::{Code, Problem};

use bucket::{Buckets, Rate};
pub(crate) use guesses::Failures;
use guesses::Guesses;

/// All limits of the service.
#[derive(Debug)]
pub struct Throttles {
    strangers: Buckets<Network>,
    failures: Buckets<Network>,
    keys: Buckets<Option<AccessKeyId>>,
    issuance: Buckets<AccountId>,
    records: Buckets<AccountId>,
    told: Buckets<Option<AccountId>>,
    providers: Buckets<ProviderId>,
    guesses: Guesses<Person>,
}

impl Default for Throttles {
    fn default() -> Self {
        Self {
            strangers: Buckets::new(Rate::per_second(20), 40),
            failures: Buckets::new(Rate::per_minute(10), 20),
            keys: Buckets::new(Rate::per_second(50), 50),
            issuance: Buckets::new(Rate::per_second(200), 400),
            records: Buckets::new(Rate::per_second(10), 10),
            told: Buckets::new(Rate::per_second(10), 10),
            providers: Buckets::new(Rate::per_second(50), 50),
            guesses: Guesses::default(),
        }
    }
}

/// Whose password is guessed at: a digest, so that long names fill no memory.
type Person = [u8; 32];

/// Whom an address stands for: one IPv4 address, or the /64 that one IPv6 client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of a client. Requests without an address (a broken proxy) share one.
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        Self(match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V6(address)) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
            }
            Some(IpAddr::V4(address)) => IpAddr::V4(address),
            None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        })
    }
}

/// A login that was counted and is now being checked. Failed unless [`Attempt::succeeded`] is called.
#[must_use]
#[derive(Debug)]
pub struct Attempt<'a> {
    throttles: &'a Throttles,
    network: Network,
    who: Person,
    now: Timestamp,
}

impl Throttles {
    /// One more request without a session from this network.
    ///
    /// Errors: `rate_limited`.
    pub fn stranger(&self, network: Network, now: Timestamp) -> Result<(), Problem> {
        self.strangers.take(&network, now).map_err(limited)
    }

    /// One more use of an access key, right or wrong; `None` for all that are no key's id.
    ///
    /// Errors: `rate_limited`, also while this network has failed too often.
    pub fn access_key(
        &self,
        id: Option<&AccessKeyId>,
        network: Network,
        now: Timestamp,
    ) -> Result<(), Problem> {
        self.failures.peek(&network, now).map_err(limited)?;
        self.keys.take(&id.cloned(), now).map_err(limited)
    }

    /// A credential of this network was wrong.
    pub fn failed(&self, network: Network, now: Timestamp) {
        // Taken or not: an empty bucket is what makes the next request wait.
        let _ = self.failures.take(&network, now);
    }

    /// One more session of an account.
    ///
    /// Errors: `rate_limited`.
    pub fn session(&self, account: AccountId, now: Timestamp) -> Result<(), Problem> {
        self.issuance.take(&account, now).map_err(limited)
    }

    /// Whether a provider's tokens are looked at now: not while too many of them were bad.
    ///
    /// Errors: `rate_limited`.
    pub fn provider(&self, provider: &ProviderId, now: Timestamp) -> Result<(), Problem> {
        self.providers.peek(provider, now).map_err(limited)
    }

    /// A provider's token was bad.
    pub fn provider_failed(&self, provider: &ProviderId, now: Timestamp) {
        // Taken or not: an empty bucket is what makes the next token wait.
        let _ = self.providers.take(provider, now);
    }

    /// Whether one more refusal is recorded in an account's activity: of a flood only some are.
    #[must_use]
    pub fn record(&self, account: AccountId, now: Timestamp) -> bool {
        self.records.take(&account, now).is_ok()
    }

    /// Whether one more refusal is told in the process's log; `None` for all that name no account there is.
    #[must_use]
    pub fn tell(&self, account: Option<AccountId>, now: Timestamp) -> bool {
        self.told.take(&account, now).is_ok()
    }

    /// One more guess at the password of `username` in `account`, both as the caller means them.
    ///
    /// Errors: `rate_limited` while a delay runs. The guess is then not looked at.
    pub fn login(
        &self,
        account: &str,
        username: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Problem> {
        self.failures.take(&network, now).map_err(limited)?;
        let who = person(account, username);
        self.guesses.begin(&who, now).map_err(limited)?;
        Ok(Attempt {
            throttles: self,
            network,
            who,
            now,
        })
    }
}

impl Attempt<'_> {
    /// What all processes together know of this person's failures: it counts for more than what this one does.
    pub(crate) fn learn(&self, failures: Failures) {
        self.throttles.guesses.learn(&self.who, failures);
    }

    /// The credential was right: this person's failures are forgotten, and this one was none of the network's.
    pub fn succeeded(self) {
        self.throttles.guesses.forget(&self.who);
        self.throttles.failures.give_back(&self.network, self.now);
    }
}

fn person(account: &str, username: &str) -> Person {
    let mut hash = Sha256::new();
    hash.update(account);
    // No account's number or alias holds this byte.
    hash.update([0]);
    hash.update(username.to_lowercase());
    hash.finalize().into()
}

/// The refusal of one who has to wait.
pub(crate) fn limited(wait_s: u64) -> Problem {
    Problem::new(
        Code::RateLimited,
        format!("too many requests; come again in {wait_s} s"),
    )
    .retry_after(wait_s)
}

#[cfg(test)]
mod tests;
