//! The admin burst.

use serde_json::json;

use super::{Scenario, Shuffle, Stage};
use crate::api::{key, request};
use crate::generator::Request;
use crate::warm;
use crate::world::{Account, World};

/// Users that are there before, and whose tags are changed.
const USERS: usize = 20;

/// Administrators of many accounts who change and look at once.
pub struct Admin {
    accounts: Vec<Account>,
    n_requests: usize,
    kinds: Shuffle,
    requests: Vec<Request>,
}

impl Scenario for Admin {
    const TITLE: &'static str = "Admin burst";
    const SERVICE: &'static str = "identity";
    const MIX: &'static str = "of ten requests four make a user, four change a user's tags and two list twenty users; the accounts in turn";
    const P99_MS_MAX: f64 = 250.0;
    const RATE_FIRST: u32 = 50;
    const CALLERS: usize = 64;

    fn prepare(world: &mut World, stage: Stage) -> anyhow::Result<Self> {
        let accounts = world.accounts(stage.accounts)?;
        let api = world.api()?;
        for account in &accounts {
            let mut admin = api.with_token(&account.token);
            for n in 0..USERS {
                let users = format!("/v1/accounts/{}/users", account.id);
                admin.post(&users, &json!({"name": format!("user-{n}")}))?;
            }
        }
        let looks: Vec<Request> = accounts.iter().map(list).collect();
        warm::until_right(&stage.addresses, &looks)?;
        Ok(Self {
            accounts,
            n_requests: 0,
            kinds: Shuffle(1),
            requests: Vec::new(),
        })
    }

    fn requests(&mut self, n: usize) -> anyhow::Result<&[Request]> {
        let first = self.n_requests;
        self.n_requests += n;
        let each = (first..self.n_requests).zip(self.accounts.iter().cycle());
        self.requests = each
            .map(|(n, account)| asked(n, self.kinds.below(10), account))
            .collect();
        Ok(&self.requests)
    }
}

fn asked(n: usize, kind: usize, account: &Account) -> Request {
    let users = format!("/v1/accounts/{}/users", account.id);
    match kind {
        0..=3 => {
            let body = json!({"name": format!("made-{n}"), "tags": {"team": "load"}});
            write(account, "POST", &users, &body.to_string(), 201)
        }
        4..=7 => {
            let path = format!("{users}/user-{}/tags", n % USERS);
            let body = json!({"tags": {"shift": n.to_string()}});
            write(account, "PATCH", &path, &body.to_string(), 200)
        }
        _ => list(account),
    }
}

fn write(account: &Account, method: &str, path: &str, body: &str, status: u16) -> Request {
    let key = key();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key.as_str()),
    ];
    Request {
        bytes: request(method, path, Some(&account.token), &headers, body),
        status,
        holds: "",
    }
}

fn list(account: &Account) -> Request {
    let path = format!("/v1/accounts/{}/users?limit=20", account.id);
    Request {
        bytes: request("GET", &path, Some(&account.token), &[], ""),
        status: 200,
        holds: "\"items\"",
    }
}
