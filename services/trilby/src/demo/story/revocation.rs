//! A session ends with the key it came from.

use serde_json::json;

use crate::demo::sessions;
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let dev = teller.memory.fact("dev")?;
    teller.say("A contractor gets a key, opens a session with it, and then the key is deleted.")?;
    teller.call(
        Call::post(format!("/v1/accounts/{dev}/users"))
            .by("dev-admin")
            .once("demo-create-contractor")
            .json(json!({"name": "contractor"})),
    )?;
    sessions::access_key(teller, "dev-admin", &dev, "contractor", "contractor")?;
    sessions::key(teller, "contractor", true)?;
    teller.call(Call::get("/v1/caller-identity").by("contractor"))?;
    let key = teller.memory.fact("contractor_key")?;
    teller.call(
        Call::delete(format!(
            "/v1/accounts/{dev}/users/contractor/access-keys/{key}"
        ))
        .by("dev-admin")
        .once("demo-delete-key-00001"),
    )?;
    let refused = teller.call(
        Call::get("/v1/caller-identity")
            .by("contractor")
            .expect(401),
    )?;
    teller.check(
        *refused.at("/code") == "unauthenticated",
        "the token has not expired, and is worth nothing",
    )
}
