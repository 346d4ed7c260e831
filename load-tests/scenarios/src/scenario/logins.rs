//! The login storm.

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use trilby_issuer::{Algorithm, Issuer};

use super::{Scenario, Stage};
use crate::api::{request, text};
use crate::generator::Request;
use crate::warm;
use crate::world::World;

/// Whom the issuer's tokens are for.
const AUDIENCE: &str = "shop-web";
/// Networks that people log in from. One may log in 20 times a second.
const NETWORKS: usize = 50_000;

/// How long a session is asked for.
const SESSION_S: u32 = 3_600;

/// People who log in with an outside token, each with a fresh one, to processes that have the issuer's keys.
pub struct Logins {
    issuer: Issuer,
    roles: Vec<String>,
    n_tokens: usize,
    requests: Vec<Request>,
}

impl Scenario for Logins {
    const TITLE: &'static str = "Login storm";
    const SERVICE: &'static str = "token";
    const MIX: &'static str = "one half token exchanges (RFC 8693) for a role session, the other `assume-role-with-web-identity`; each with an \
        RS256 token of its own, signed before the clock runs, of a person of her own from one of 50,000 networks; the issuer's keys are known";
    const P99_MS_MAX: f64 = 250.0;
    const RATE_FIRST: u32 = 50;
    const CALLERS: usize = 64;

    fn prepare(world: &mut World, stage: Stage) -> anyhow::Result<Self> {
        let accounts = world.accounts(stage.accounts)?;
        let api = world.api()?;
        let mut roles = Vec::new();
        for account in &accounts {
            let base = format!("/v1/accounts/{}", account.id);
            let mut admin = api.with_token(&account.token);
            let provider = admin.post(
                &format!("{base}/oidc-providers"),
                &json!({"name": "shop-login", "settings": {"issuer": stage.issuer.url(), "audiences": [AUDIENCE]}}),
            )?;
            admin.post(
                &format!("{base}/roles"),
                &json!({"name": "Customer", "trust_policy": trust(&text(&provider, "/arn")?)}),
            )?;
            roles.push(format!("arn:trilby:iam::{}:role/Customer", account.id));
        }
        let mut logins = Self {
            issuer: stage.issuer,
            roles,
            n_tokens: 0,
            requests: Vec::new(),
        };
        // Each process reads the issuer's keys, and each account, at its first login. A token opens a role once.
        for address in &stage.addresses {
            for _ in 0..2 * logins.roles.len() {
                warm::until_fresh_is_right(*address, || logins.login())?;
            }
        }
        Ok(logins)
    }

    fn requests(&mut self, n: usize) -> anyhow::Result<&[Request]> {
        self.requests = (0..n)
            .map(|_| self.login())
            .collect::<anyhow::Result<_>>()?;
        Ok(&self.requests)
    }
}

impl Logins {
    /// A login that was not there before.
    fn login(&mut self) -> anyhow::Result<Request> {
        let n = self.n_tokens;
        self.n_tokens += 1;
        let mut claims: Map<String, Value> = self.issuer.claims(&format!("person-{n}"), AUDIENCE);
        claims.insert("jti".to_owned(), json!(format!("login-{n}")));
        let token = self.issuer.token(Algorithm::Rs256, &claims)?;
        let at = n.checked_rem(self.roles.len()).unwrap_or(0);
        let role = self.roles.get(at).context("an account")?;
        // By the number of the account's turn: each account has both.
        let exchanges = n
            .checked_div(self.roles.len())
            .unwrap_or(0)
            .is_multiple_of(2);
        Ok(match exchanges {
            true => exchange(n, role, &token),
            false => assume(n, role, &token),
        })
    }
}

fn assume(n: usize, role: &str, token: &str) -> Request {
    let body = json!({
        "role_arn": role,
        "role_session_name": format!("person-{n}"),
        "web_identity_token": token,
        "duration_seconds": SESSION_S,
    });
    let path = "/v1/assume-role-with-web-identity";
    let request = post(n, path, "application/json", &body.to_string());
    Request {
        holds: "\"session_token\"",
        ..request
    }
}

/// RFC 8693. Nothing in it needs to be encoded.
fn exchange(n: usize, role: &str, token: &str) -> Request {
    let body = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={token}\
         &subject_token_type=urn:ietf:params:oauth:token-type:id_token&audience={role}\
         &trilby:role_session_name=person-{n}&trilby:duration_seconds={SESSION_S}"
    );
    let form = "application/x-www-form-urlencoded";
    Request {
        holds: "\"access_token\"",
        ..post(n, "/v1/token", form, &body)
    }
}

fn post(n: usize, path: &str, content_type: &str, body: &str) -> Request {
    let network = n % NETWORKS;
    let address = format!("10.{}.{}.1", network / 250, network % 250);
    let headers = [
        ("content-type", content_type),
        ("x-forwarded-for", address.as_str()),
    ];
    Request {
        bytes: request("POST", path, None, &headers, body),
        status: 200,
        holds: "",
    }
}

fn trust(provider: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {"oidc/shop-login:aud": AUDIENCE}}
        }]
    })
}
