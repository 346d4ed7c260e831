//! Tokens that are not what they seem, each refused for what it is.

use serde_json::json;
use trilby_issuer::Algorithm;

use crate::demo::login::{ANA, CLIENT};
use crate::demo::teller::{Call, Teller, token_of};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    teller.say("Somebody tries Trilby with tokens of other kinds. The caller is told what is wrong with its own token, and nothing else.")?;
    let issuer = teller.issuer();
    let honest = issuer.claims(ANA, CLIENT);
    let mut expired = honest.clone();
    for time in ["iat", "exp"] {
        let at = honest
            .get(time)
            .and_then(serde_json::Value::as_i64)
            .unwrap_or_default();
        expired.insert(time.to_owned(), json!(at - 3_000));
    }
    let elsewhere = issuer.claims(ANA, "another-app");
    let tokens = [
        (
            "for-another-app",
            "one that she got for another application",
            "wrong_audience",
            issuer.token(Algorithm::Rs256, &elsewhere)?,
        ),
        (
            "expired",
            "one from an hour ago",
            "token_expired",
            issuer.token(Algorithm::Es256, &expired)?,
        ),
        (
            "forged",
            "one signed by a key that the issuer never had",
            "bad_signature",
            issuer.forged(Algorithm::Rs256, &honest)?,
        ),
        (
            "unsigned",
            "one that says `alg: none`",
            "unsupported_token_alg",
            issuer.unsigned(&honest, "bm9uZQ"),
        ),
    ];
    let provider = teller.memory.fact("provider")?;
    for (name, what, code, token) in tokens {
        let who = format!("hostile-{name}");
        teller.keep_secret(&format!("{who}.token"), &token)?;
        let refused = teller.call(
            Call::post("/v1/federated-sessions")
                .json(json!({"provider": provider, "web_identity_token": token_of(&who)}))
                .expect(400),
        )?;
        teller.check(*refused.at("/code") == code, &format!("{what}: {code}"))?;
    }
    Ok(())
}
