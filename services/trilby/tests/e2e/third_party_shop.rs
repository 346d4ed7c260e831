//! A shop whose customers log in at an issuer that is not ours.

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::spawned::Spawned;

use crate::acme::{Acme, attach, create_key, create_user, key_session, once, program};
use crate::story_ana::{ANA, ask, assert_customers_rights, question, session};
use crate::third_party_issuer::{CLIENTS, Issuer};

/// An installation in which acme-prod has registered the issuer and acme-dev accepts it.
pub struct Shop {
    pub acme: Acme,
    pub issuer: Issuer,
    /// The provider's ARN.
    pub provider: String,
    /// Whoever asks for decisions, in acme-prod and in acme-dev.
    prod: Client,
    dev: Client,
}

/// A login at the issuer: its token, and the nonce that went with it.
pub struct Login {
    pub nonce: String,
    pub token: String,
}

impl Shop {
    /// At an issuer of its own; its customers' tokens are for these audiences.
    pub fn open(audiences: &[&str]) -> Shop {
        let issuer = Issuer::open();
        let acme = Acme::found(letting_in(issuer.url()));
        let registered = register(&acme, issuer.url(), audiences).expect(201);
        let provider = registered.text("/arn").to_owned();
        let (prod, dev) = (&acme.prod.id, &acme.dev.id);
        let sharing = format!("/v1/accounts/{prod}/oidc-providers/shop-login/sharing");
        once(&acme.prod_admin(), "PUT", &sharing)
            .header("if-match", registered.text("/etag"))
            .json(&json!({"shared_with": [dev]}))
            .send()
            .expect(200);
        once(
            &acme.dev_admin(),
            "POST",
            &acme.in_dev("/oidc-provider-links"),
        )
        .json(&json!({"provider_arn": provider}))
        .send()
        .expect(201);
        let admit = |admin: &Client, account: &str, seat: &str| {
            customers(admin, account, &provider);
            let map = format!("/v1/accounts/{account}/{seat}/shop-login/role-map");
            put_new(admin, &map, &json!({"role_map": role_map(account)}));
            decision_point(&acme, admin, account)
        };
        Shop {
            prod: admit(&acme.prod_admin(), prod, "oidc-providers"),
            dev: admit(&acme.dev_admin(), dev, "oidc-provider-links"),
            provider,
            issuer,
            acme,
        }
    }

    /// Both of the issuer's applications are the shop's.
    pub fn open_to_all() -> Shop {
        Shop::open(&CLIENTS.map(|(_, client)| client))
    }

    /// The program is killed and started again.
    pub fn restart(&mut self) {
        self.acme.trilby.kill();
        self.acme.trilby.restart();
    }

    pub fn accounts(&self) -> [&str; 2] {
        [&self.acme.prod.id, &self.acme.dev.id]
    }

    pub fn nonce(&self) -> String {
        let nonce = self.acme.stranger().request("POST", "/v1/nonces").send();
        nonce.expect(201).text("/nonce").to_owned()
    }

    /// Ana logs in at the issuer, by the code flow, with a nonce of ours.
    pub fn log_in(&self, algorithm: &str) -> Login {
        let nonce = self.nonce();
        let token = self.issuer.log_in(ANA, &nonce, algorithm);
        Login { nonce, token }
    }

    /// Whoever asks an account for decisions.
    pub fn asking(&self, account: &str) -> &Client {
        match account == self.acme.prod.id {
            true => &self.prod,
            false => &self.dev,
        }
    }

    /// An administrator of an account.
    pub fn admin_of(&self, account: &str) -> Client {
        match account == self.acme.prod.id {
            true => self.acme.prod_admin(),
            false => self.acme.dev_admin(),
        }
    }

    /// acme-prod reads the issuer's keys anew.
    pub fn refresh(&self) -> Answer {
        let provider = format!(
            "/v1/accounts/{}/oidc-providers/shop-login",
            self.acme.prod.id
        );
        once(
            &self.acme.prod_admin(),
            "POST",
            &format!("{provider}/refresh"),
        )
        .send()
    }

    /// Which roles a session could put on.
    pub fn roles_for(&self, known: &Client) -> Vec<String> {
        let listed = known.get("/v1/assumable-roles").expect(200);
        let roles = listed.json["roles"].as_array().unwrap();
        let arn = |role: &Value| role["role_arn"].as_str().unwrap().to_owned();
        let mut roles: Vec<_> = roles.iter().map(arn).collect();
        roles.sort_unstable();
        roles
    }

    /// `Customer` of each account.
    pub fn customers(&self) -> Vec<String> {
        let mut due = self.accounts().map(customer).to_vec();
        due.sort_unstable();
        due
    }

    /// The login, for a session that proves who she is.
    pub fn known_by(&self, login: &Login) -> Answer {
        self.acme.stranger().post(
            "/v1/federated-sessions",
            &json!({
                "provider": self.provider,
                "web_identity_token": login.token,
                "nonce": login.nonce,
            }),
        )
    }

    /// The login, for a session of `Customer`.
    pub fn worn_by(&self, account: &str, login: &Login) -> Answer {
        self.acme.stranger().post(
            "/v1/assume-role-with-web-identity",
            &json!({
                "role_arn": customer(account),
                "role_session_name": "ana",
                "web_identity_token": login.token,
                "nonce": login.nonce,
            }),
        )
    }

    pub fn bearer(&self, opened: &Answer) -> Client {
        let token = opened.text("/credentials/session_token");
        self.acme.stranger().with_token(token)
    }

    /// The session has a customer's rights; once it is revoked, a decision that has seen so refuses it.
    #[track_caller]
    pub fn assert_serves_until_revoked(&self, account: &str, worn: &Answer) {
        let me = self.bearer(worn).get("/v1/caller-identity").expect(200);
        assert_eq!(me.text("/account"), account);
        assert!(
            me.text("/arn").ends_with(":assumed-role/Customer/ana"),
            "{me:?}"
        );
        let ana = session(worn.text("/credentials/session_token"));
        assert_customers_rights(self.asking(account), account, &ana);
        let order = question(&ana, "shop:PlaceOrder", ANA);
        let before = ask(self.asking(account), account, &order);
        assert_eq!(before.json["decision"], true, "{before:?}");
        let seq = self.revoke(account, me.text("/session_id"));
        let informed = self.asking(account).with_header("trilby-min-seq", &seq);
        self.assert_refused_as_revoked(&informed, account, worn);
    }

    /// Ends a session; the position from which it has ended.
    pub fn revoke(&self, account: &str, session_id: &str) -> String {
        let revocations = format!("/v1/accounts/{account}/revocations");
        let revoked = once(&self.admin_of(account), "POST", &revocations)
            .json(&json!({"session_id": session_id}))
            .send()
            .expect(202);
        revoked.text("/seq").to_owned()
    }

    /// The session is worth nothing, neither to whoever holds it nor to the shop that asks about it.
    #[track_caller]
    pub fn assert_refused_as_revoked(&self, asking: &Client, account: &str, worn: &Answer) {
        let ana = session(worn.text("/credentials/session_token"));
        let after = ask(asking, account, &question(&ana, "shop:PlaceOrder", ANA));
        assert_eq!(after.json["decision"], false, "{after:?}");
        let message = after.text("/context/trilby/message");
        assert!(message.contains("revoked"), "{after:?}");
        let me = self.bearer(worn).get("/v1/caller-identity");
        me.expect_problem(401, "unauthenticated");
    }
}

/// The program, allowed to call exactly this private issuer.
pub fn letting_in(issuer: &str) -> Spawned {
    program()
        .env("TRILBY_TOKENS__PRIVATE_ISSUER_HOSTS", issuer)
        .start()
}

/// acme-prod registers the issuer by its URL: where its keys are is found by discovery.
pub fn register(acme: &Acme, issuer: &str, audiences: &[&str]) -> Answer {
    let path = format!("/v1/accounts/{}/oidc-providers", acme.prod.id);
    let settings = json!({"issuer": issuer, "audiences": audiences});
    once(&acme.prod_admin(), "POST", &path)
        .json(&json!({"name": "shop-login", "settings": settings}))
        .send()
}

/// The role `Customer`, which admits whomever the provider vouches for.
fn customers(admin: &Client, account: &str, provider: &str) {
    let roles = format!("/v1/accounts/{account}/roles");
    let audiences = CLIENTS.map(|(_, client)| client);
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": {"StringEquals": {"oidc/shop-login:aud": audiences}}
        }]
    });
    once(admin, "POST", &roles)
        .json(&json!({"name": "Customer", "trust_policy": trust}))
        .send()
        .expect(201);
    let shopping = shopping(account, &["shop:ReadOrder", "shop:PlaceOrder"]);
    put_new(admin, &shopping_of(account), &json!({"document": shopping}));
}

/// Where the policy is that says what a customer may.
pub fn shopping_of(account: &str) -> String {
    format!("/v1/accounts/{account}/roles/Customer/inline-policies/Shopping")
}

/// A customer may do this to orders of their own, and nobody may have a refund.
pub fn shopping(account: &str, actions: &[&str]) -> Value {
    let own = format!("arn:trilby:shop::{account}:order/${{trilby:PrincipalTag/customer}}/*");
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "OwnOrders", "Effect": "Allow", "Action": actions, "Resource": own},
            {"Sid": "NoRefundsOnline", "Effect": "Deny", "Action": "shop:Refund*", "Resource": "*"}
        ]
    })
}

pub fn customer(account: &str) -> String {
    format!("arn:trilby:iam::{account}:role/Customer")
}

fn role_map(account: &str) -> Value {
    json!({
        "rules": [{
            "id": "customers", "priority": 10,
            "when": [{"claim": "email_verified", "op": "bool", "value": true}],
            "roles": [customer(account)],
            "tags": {"customer": "{claim:sub}"}
        }]
    })
}

/// The shop, which asks the account for decisions.
fn decision_point(acme: &Acme, admin: &Client, account: &str) -> Client {
    once(
        admin,
        "POST",
        &format!("/v1/accounts/{account}/applications"),
    )
    .json(&json!({"name": "shop"}))
    .send()
    .expect(201);
    create_user(admin, account, "shop");
    attach(admin, account, "shop", "system:DecisionPointAccess");
    let history = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iam:ReadHistory", "Resource": "*"}]
    });
    let path = format!("/v1/accounts/{account}/users/shop/inline-policies/History");
    put_new(admin, &path, &json!({"document": history}));
    let stranger = acme.stranger();
    let token = key_session(&stranger, &create_key(admin, account, "shop"));
    stranger.with_token(&token)
}

fn put_new(admin: &Client, path: &str, body: &Value) {
    once(admin, "PUT", path)
        .header("if-none-match", "*")
        .json(body)
        .send()
        .expect(201);
}
