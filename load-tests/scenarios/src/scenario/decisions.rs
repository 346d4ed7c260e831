//! The decision mix.

use serde_json::{Value, json};

use super::{Scenario, Shuffle, Stage};
use crate::api::{Api, request};
use crate::bare::{EVALUATION, EVALUATIONS};
use crate::generator::Request;
use crate::warm;
use crate::world::{Account, SESSION, World};

/// Users of each account.
const USERS: usize = 20;
/// Documents that are asked about.
const DOCUMENTS: usize = 1_000;
/// Different requests, sent in turn.
const REQUESTS: usize = 10_000;
/// Questions of a batch.
const BATCH: usize = 10;

/// Questions to decision processes about accounts that they have in memory.
pub struct Decisions {
    requests: Vec<Request>,
}

impl Scenario for Decisions {
    const TITLE: &'static str = "Decision mix";
    const SERVICE: &'static str = "decision";
    const MIX: &'static str = "of ten requests four ask for what a user's inline policy allows, two for what nothing allows, one for what \
        the policy denies, one with its reason (`Trilby-Explain: reason`), one about a session by its token, and one is a batch of ten";
    const P99_MS_MAX: f64 = 50.0;
    const RATE_FIRST: u32 = 500;
    const CALLERS: usize = 64;

    fn prepare(world: &mut World, stage: Stage) -> anyhow::Result<Self> {
        let accounts = world.accounts(stage.accounts)?;
        let api = world.api()?;
        for account in &accounts {
            furnish(&mut api.with_token(&account.token), account)?;
        }
        let mut shuffle = Shuffle(1);
        let requests = (0..REQUESTS).filter_map(|n| {
            let account = accounts.get(shuffle.below(accounts.len()))?;
            Some(asked(account, n, &mut shuffle))
        });
        let requests: Vec<Request> = requests.collect();
        // Each kind about each account, so that every process has what is asked about.
        warm::until_right(&stage.addresses, requests.iter().take(warm::REQUESTS_MAX))?;
        Ok(Self { requests })
    }

    fn requests(&mut self, _: usize) -> anyhow::Result<&[Request]> {
        Ok(&self.requests)
    }
}

fn furnish(admin: &mut Api, account: &Account) -> anyhow::Result<()> {
    let users = format!("/v1/accounts/{}/users", account.id);
    for n in 0..USERS {
        admin.post(&users, &json!({"name": format!("user-{n}")}))?;
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "Reads", "Effect": "Allow", "Action": ["docs:Read", "docs:List"], "Resource": "*"},
                {"Sid": "Purges", "Effect": "Deny", "Action": "docs:Purge", "Resource": "*"}
            ]
        });
        admin.put_new(
            &format!("{users}/user-{n}/inline-policies/Reading"),
            &json!({"document": document}),
        )?;
    }
    Ok(())
}

fn asked(account: &Account, n: usize, shuffle: &mut Shuffle) -> Request {
    const ALLOWED: &str = "\"decision\":true";
    const DENIED: &str = "\"decision\":false";
    let (action, holds, explains) = match n % 10 {
        0..=3 => ("docs:Read", ALLOWED, false),
        4 | 5 => ("docs:Write", DENIED, false),
        6 => ("docs:Purge", DENIED, false),
        7 => ("docs:Read", ALLOWED, true),
        8 => return of_session(account),
        _ => return batch(account, shuffle),
    };
    let body = question(action, shuffle);
    let headers: &[(&str, &str)] = match explains {
        true => &[("trilby-explain", "reason")],
        false => &[],
    };
    post(account, EVALUATION, headers, &body, holds)
}

fn question(action: &str, shuffle: &mut Shuffle) -> Value {
    json!({
        "subject": {"type": "user", "id": format!("user-{}", shuffle.below(USERS))},
        "action": {"name": action},
        "resource": {"type": "document", "id": shuffle.below(DOCUMENTS).to_string()},
    })
}

fn of_session(account: &Account) -> Request {
    let body = json!({
        "subject": {"type": "session", "id": SESSION, "properties": {"token": account.token}},
        "action": {"name": "iam:ListUsers"},
        "resource": {"type": "account", "id": account.id},
    });
    post(account, EVALUATION, &[], &body, "\"decision\":true")
}

fn batch(account: &Account, shuffle: &mut Shuffle) -> Request {
    let questions: Vec<Value> = (0..BATCH).map(|_| question("docs:Read", shuffle)).collect();
    let body = json!({ "evaluations": questions });
    post(account, EVALUATIONS, &[], &body, "\"decision\":true")
}

fn post(
    account: &Account,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
    holds: &'static str,
) -> Request {
    let json = [("content-type", "application/json")];
    let headers = [&json, headers].concat();
    let path = format!("/accounts/{}{path}", account.id);
    Request {
        bytes: request(
            "POST",
            &path,
            Some(&account.token),
            &headers,
            &body.to_string(),
        ),
        status: 200,
        holds,
    }
}
