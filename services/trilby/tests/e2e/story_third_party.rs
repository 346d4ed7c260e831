//! The story of a customer who logs in elsewhere, told with an issuer that is not ours.
//!
//! `cargo xtask test` starts npm `oidc-provider` for these.

use serde_json::{Value, json};

use trilby_testkit::http::{Answer, Client};

use crate::acme::{Acme, once};
use crate::story_ana::{ANA, ask, assert_customers_rights, question, session};
use crate::third_party_hostile;
use crate::third_party_issuer::{CLIENTS, Issuer};
use crate::third_party_shop::{Login, Shop, customer, letting_in, register, shopping, shopping_of};

#[test]
#[ignore = "needs services"]
fn the_whole_story_holds_with_a_third_party_and_after_a_kill() {
    for (algorithm, _) in CLIENTS {
        let mut shop = Shop::open_to_all();
        let told = Told::by(&shop, algorithm);
        told.assert_holds(&shop, algorithm);
        shop.restart();
        told.assert_holds(&shop, algorithm);
    }
}

/// What is left when the story has been told once.
struct Told {
    /// The login she came by.
    login: Login,
    /// Proves who she is.
    known: Client,
    /// Her session in acme-prod, revoked, and her session in acme-dev, which stands.
    revoked: Answer,
    worn: Answer,
    /// Where the logs stood when her first question was answered.
    before: String,
}

impl Told {
    fn by(shop: &Shop, algorithm: &str) -> Told {
        let login = shop.log_in(algorithm);
        let known = shop.bearer(&shop.known_by(&login).expect(201));
        assert_eq!(shop.roles_for(&known), shop.customers());
        let [prod, dev] = shop.accounts();
        let wear = |account| {
            let hat = json!({"role_arn": customer(account), "role_session_name": "ana"});
            known.post("/v1/assume-role", &hat).expect(200)
        };
        let (in_prod, in_dev) = (wear(prod), wear(dev));
        for (account, worn) in [(prod, &in_prod), (dev, &in_dev)] {
            let ana = session(worn.text("/credentials/session_token"));
            assert_customers_rights(shop.asking(account), account, &ana);
        }
        let ana = session(in_prod.text("/credentials/session_token"));
        let first = ask(shop.asking(prod), prod, &reading(&ana));
        assert_eq!(first.text("/context/trilby/decision"), "allow", "{first:?}");
        let before = first.seq().to_owned();
        close_the_order_book(shop, prod, &ana, &before);

        let me = shop.bearer(&in_prod).get("/v1/caller-identity");
        let seq = shop.revoke(prod, me.expect(200).text("/session_id"));
        let informed = shop.asking(prod).with_header("trilby-min-seq", &seq);
        shop.assert_refused_as_revoked(&informed, prod, &in_prod);
        Told {
            login,
            known,
            revoked: in_prod,
            worn: in_dev,
            before,
        }
    }

    /// Every fact of it, asked from scratch; and it can be told again.
    fn assert_holds(&self, shop: &Shop, algorithm: &str) {
        let [prod, dev] = shop.accounts();
        assert_eq!(shop.roles_for(&self.known), shop.customers());
        self.known
            .get("/v1/caller-identity")
            .expect_problem(401, "unauthenticated");
        shop.assert_refused_as_revoked(shop.asking(prod), prod, &self.revoked);
        let ana = session(self.worn.text("/credentials/session_token"));
        assert_customers_rights(shop.asking(dev), dev, &ana);
        self.assert_history(shop, prod);
        shop.known_by(&self.login)
            .expect_problem(400, "token_replayed");
        third_party_hostile::assert_refused(shop, algorithm);

        let worn = shop.worn_by(dev, &shop.log_in(algorithm)).expect(200);
        shop.assert_serves_until_revoked(dev, &worn);
        let known = shop.bearer(&shop.known_by(&shop.log_in(algorithm)).expect(201));
        assert_eq!(shop.roles_for(&known), shop.customers());
    }

    /// The role could read orders then, and cannot now.
    fn assert_history(&self, shop: &Shop, prod: &str) {
        let customer = json!({"type": "role", "id": "Customer", "properties": {"customer": ANA}});
        let now = ask(shop.asking(prod), prod, &reading(&customer));
        assert_eq!(
            now.text("/context/trilby/decision"),
            "implicit_deny",
            "{now:?}"
        );
        let then = shop.asking(prod).with_header("trilby-at-seq", &self.before);
        let then = ask(&then, prod, &reading(&customer));
        assert_eq!(then.text("/context/trilby/decision"), "allow", "{then:?}");
        assert_eq!(then.text("/context/trilby/deciding/0/sid"), "OwnOrders");
        assert_eq!(then.seq(), self.before);
    }
}

/// Customers of the account may read orders no more; asked as of before, they may.
fn close_the_order_book(shop: &Shop, account: &str, ana: &Value, before: &str) {
    let path = shopping_of(account);
    let admin = shop.admin_of(account);
    let now = admin.get(&path).expect(200);
    let closed = shopping(account, &["shop:PlaceOrder"]);
    let changed = once(&admin, "PUT", &path)
        .header("if-match", now.text("/etag"))
        .json(&json!({"document": closed}))
        .send()
        .expect(200);
    let informed = shop
        .asking(account)
        .with_header("trilby-min-seq", changed.seq());
    let after = ask(&informed, account, &reading(ana));
    assert_eq!(
        after.text("/context/trilby/decision"),
        "implicit_deny",
        "{after:?}"
    );
    assert_eq!(after.text("/context/trilby/layer"), "identity", "{after:?}");
    let then = shop.asking(account).with_header("trilby-at-seq", before);
    let then = ask(&then, account, &reading(ana));
    assert_eq!(then.text("/context/trilby/decision"), "allow", "{then:?}");
    assert_eq!(then.seq(), before);
}

/// May she read an order of her own?
fn reading(subject: &Value) -> Value {
    question(subject, "shop:ReadOrder", ANA)
}

#[test]
#[ignore = "needs services"]
fn a_third_partys_customer_wears_a_role_in_each_account_until_she_is_revoked() {
    let shop = Shop::open_to_all();
    for (algorithm, client) in CLIENTS {
        let login = shop.log_in(algorithm);
        let known = shop.known_by(&login).expect(201);
        assert_eq!(known.text("/subject"), ANA);
        assert_eq!(known.text("/audience"), client);
        assert_eq!(known.text("/provider"), shop.provider);

        let ana = shop.bearer(&known);
        assert_eq!(shop.roles_for(&ana), shop.customers(), "{algorithm}");

        for account in shop.accounts() {
            let hat = json!({"role_arn": customer(account), "role_session_name": "ana"});
            let worn = ana.post("/v1/assume-role", &hat).expect(200);
            shop.assert_serves_until_revoked(account, &worn);
        }
    }
}

#[test]
#[ignore = "needs services"]
fn a_third_partys_login_opens_a_role_without_a_session_between() {
    let shop = Shop::open_to_all();
    for (algorithm, _) in CLIENTS {
        for account in shop.accounts() {
            let login = shop.log_in(algorithm);
            let worn = shop.worn_by(account, &login).expect(200);
            shop.assert_serves_until_revoked(account, &worn);
            let again = shop.worn_by(account, &login);
            again.expect_problem(400, "token_replayed");
        }
    }
}

#[test]
#[ignore = "needs services"]
fn a_third_partys_login_is_good_once_and_for_its_nonce() {
    let shop = Shop::open_to_all();
    for (algorithm, _) in CLIENTS {
        let login = shop.log_in(algorithm);
        let other = Login {
            nonce: shop.nonce(),
            token: login.token.clone(),
        };
        let slipped = shop.known_by(&other);
        slipped.expect_problem(400, "nonce_mismatch");
        shop.known_by(&login).expect(201);
        let again = shop.known_by(&login);
        again.expect_problem(400, "token_replayed");
    }
}

#[test]
#[ignore = "needs services"]
fn a_third_partys_login_at_another_application_is_refused_in_both_accounts() {
    let shop = Shop::open(&["app-rs256"]);
    let elsewhere = shop.log_in("ES256");
    let refused = shop.known_by(&elsewhere);
    refused.expect_problem(400, "wrong_audience");
    for account in shop.accounts() {
        let refused = shop.worn_by(account, &elsewhere);
        refused.expect_problem(400, "wrong_audience");
    }
    shop.known_by(&shop.log_in("RS256")).expect(201);
}

#[test]
#[ignore = "needs services"]
fn a_third_party_that_the_operator_does_not_name_is_not_registered() {
    // Named: another port of the same host.
    let acme = Acme::found(letting_in("http://127.0.0.1:1"));
    let issuer = Issuer::open();
    let refused = register(&acme, issuer.url(), &["app-rs256"]);
    let refused = refused.expect_problem(400, "invalid_parameter");
    assert_eq!(refused.text("/errors/0/pointer"), "/settings/issuer");
    assert_eq!(issuer.fetches().discovery, 0);
    let listed = acme
        .prod_admin()
        .get(&format!("/v1/accounts/{}/oidc-providers", acme.prod.id));
    assert_eq!(listed.expect(200).json["items"], json!([]));
}
