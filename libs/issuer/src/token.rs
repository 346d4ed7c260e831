//! Tokens, honest and not.

use aws_lc_rs::hmac;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::keys::{KeyPair, encode};

pub fn header(algorithm: &str, kid: &str) -> Map<String, Value> {
    let mut header = Map::new();
    header.insert("alg".to_owned(), json!(algorithm));
    header.insert("kid".to_owned(), json!(kid));
    header.insert("typ".to_owned(), json!("JWT"));
    header
}

pub fn signing_input(header: &Map<String, Value>, claims: &Map<String, Value>) -> String {
    let part =
        |object: &Map<String, Value>| encode(Value::Object(object.clone()).to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

pub fn signed(
    key: &KeyPair,
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
) -> Result<String, Error> {
    let input = signing_input(header, claims);
    let signature = key.sign(input.as_bytes())?;
    Ok(format!("{input}.{}", encode(&signature)))
}

pub fn mac_signed(key: &KeyPair, claims: &Map<String, Value>) -> String {
    let input = signing_input(&header("HS256", &key.kid), claims);
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public.to_string().as_bytes());
    format!(
        "{input}.{}",
        encode(hmac::sign(&secret, input.as_bytes()).as_ref())
    )
}
