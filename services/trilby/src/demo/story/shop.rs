//! Where Acme's customers come from: an outside issuer that one account registers and another accepts.

use serde_json::{Value, json};

use crate::demo::login::{self, CLIENT};
use crate::demo::sessions;
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let prod = teller.memory.fact("prod")?;
    let dev = teller.memory.fact("dev")?;
    let port = teller.issuer().port().to_string();
    teller.memory.remember(login::PORT, &port)?;
    let issuer = teller.issuer().url().to_owned();

    teller.say(
        "Customers of Acme's shop have no users here. They log in elsewhere: at Google, at Keycloak, or at the small issuer that\n\
         this demo runs on loopback. acme-prod registers it: its URL, and the audience that its tokens must be for.",
    )?;
    let provider = teller.call(
        Call::post(format!("/v1/accounts/{prod}/oidc-providers"))
            .by("prod-admin")
            .once("demo-register-provider")
            .json(json!({"name": "shop-login", "settings": {"issuer": issuer, "audiences": [CLIENT]}})),
    )?;
    let arn = sessions::text(&provider.json, "/arn")?.to_owned();
    teller.memory.remember("provider", &arn)?;

    teller.say("It shares the provider with acme-dev, which accepts it by a link of its own. Each account decides for itself.")?;
    teller.call(
        Call::put(format!(
            "/v1/accounts/{prod}/oidc-providers/shop-login/sharing"
        ))
        .by("prod-admin")
        .once("demo-share-provider")
        .header("If-Match", sessions::text(&provider.json, "/etag")?)
        .json(json!({"shared_with": [dev]})),
    )?;
    teller.call(
        Call::post(format!("/v1/accounts/{dev}/oidc-provider-links"))
            .by("dev-admin")
            .once("demo-accept-provider")
            .json(json!({"provider_arn": arn})),
    )?;

    teller.say(
        "Each account has a role `Customer`. Its trust policy admits whoever the provider vouches for; the role map says who gets it,\n\
         and carries the login's subject over as the tag `customer`. The shop's policy uses that tag: a customer's own orders, and no\n\
         refunds.",
    )?;
    for (account, admin, seat) in [
        (&prod, "prod-admin", "oidc-providers"),
        (&dev, "dev-admin", "oidc-provider-links"),
    ] {
        role(teller, account, admin, &arn)?;
        teller.call(
            Call::put(format!("/v1/accounts/{account}/{seat}/shop-login/role-map"))
                .by(admin)
                .once(format!("demo-map-{admin}"))
                .header("If-None-Match", "*")
                .json(json!({"role_map": role_map(account)}))
                .expect(201),
        )?;
    }

    teller.say("And the shop itself, which will ask for decisions, and may look into the past.")?;
    let base = format!("/v1/accounts/{prod}");
    teller.call(
        Call::post(format!("{base}/applications"))
            .by("prod-admin")
            .once("demo-register-app-shop")
            .json(json!({"name": "shop"})),
    )?;
    teller.call(
        Call::post(format!("{base}/users"))
            .by("prod-admin")
            .once("demo-create-user-shop")
            .json(json!({"name": "shop", "kind": "service"})),
    )?;
    teller.call(
        Call::put(format!(
            "{base}/users/shop/attached-policies/system:DecisionPointAccess"
        ))
        .by("prod-admin")
        .once("demo-attach-shop-asks")
        .expect(204),
    )?;
    teller.call(
        Call::put(format!("{base}/users/shop/inline-policies/LooksBack"))
            .by("prod-admin")
            .once("demo-put-looks-back")
            .header("If-None-Match", "*")
            .json(json!({"document": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "iam:ReadHistory", "Resource": "*"}]
            }}))
            .expect(201),
    )?;
    sessions::access_key(teller, "prod-admin", &prod, "shop", "shop")?;
    sessions::key(teller, "shop", false)
}

fn role(teller: &mut Teller<'_>, account: &str, admin: &str, provider: &str) -> anyhow::Result<()> {
    teller.call(
        Call::post(format!("/v1/accounts/{account}/roles"))
            .by(admin)
            .once(format!("demo-customer-{admin}"))
            .json(json!({
                "name": "Customer",
                "description": "Whoever logs in to the shop",
                "trust_policy": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Effect": "Allow",
                        "Principal": {"Federated": provider},
                        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
                        "Condition": {"StringEquals": {"oidc/shop-login:aud": CLIENT}}
                    }]
                }
            })),
    )?;
    teller.call(
        Call::put(format!(
            "/v1/accounts/{account}/roles/Customer/inline-policies/Shopping"
        ))
        .by(admin)
        .once(format!("demo-shopping-{admin}"))
        .header("If-None-Match", "*")
        .json(json!({"document": shopping(account, &["shop:ReadOrder", "shop:PlaceOrder"])}))
        .expect(201),
    )?;
    Ok(())
}

/// What customers may do, to what lies below their own number.
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

fn role_map(account: &str) -> Value {
    json!({
        "rules": [{
            "id": "customers", "priority": 10,
            "when": [{"claim": "email_verified", "op": "bool", "value": true}],
            "roles": [format!("arn:trilby:iam::{account}:role/Customer")],
            "tags": {"customer": "{claim:sub}"}
        }]
    })
}
