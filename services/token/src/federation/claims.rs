//! An outside identity's claims as condition keys, and as a federated session keeps them.

use serde_json::{Map, Value};
use trilby_federation::{ConditionValue, VerifiedIdentity};
use trilby_policy::keys::is_reserved;
use trilby_policy::{Context, ContextValue};

/// What a policy may ask about who was vouched for.
pub(crate) fn keys(
    issuer: &str,
    subject: &str,
    audience: &str,
    claims: Vec<(String, ConditionValue)>,
) -> Context {
    let mut keys = Context::new();
    for (key, value) in claims {
        // An issuer whose host is called like a family of ours says nothing in that family.
        if is_reserved(&key) {
            continue;
        }
        let value = match value {
            ConditionValue::Scalar(one) => ContextValue::Scalar(one),
            ConditionValue::List(many) => ContextValue::List(many),
        };
        keys.insert(key, value);
    }
    for (key, value) in [
        ("trilby:FederatedIssuer", issuer),
        ("trilby:FederatedSubject", subject),
        ("trilby:FederatedAudience", audience),
    ] {
        keys.insert(key, ContextValue::Scalar(value.to_owned()));
    }
    keys
}

/// Longest text of the claims that a federated session keeps.
const KEPT_BYTES_MAX: usize = 2_048;

/// Claims as a federated session keeps them: nested as they were. `None` if they are too many.
pub(crate) fn kept(identity: &VerifiedIdentity) -> Option<Map<String, Value>> {
    let kept = exposed(identity);
    let size = serde_json::to_string(&kept).ok()?.len();
    (size <= KEPT_BYTES_MAX).then_some(kept)
}

/// The exposed claims of a token, nested as they were.
pub(crate) fn exposed(identity: &VerifiedIdentity) -> Map<String, Value> {
    let mut exposed = Map::new();
    for (path, value) in identity.exposed_claims() {
        put(&mut exposed, &path.steps(), value);
    }
    exposed
}

fn put(into: &mut Map<String, Value>, steps: &[String], value: &Value) {
    match steps {
        [] => {}
        [last] => {
            into.insert(last.clone(), value.clone());
        }
        [first, rest @ ..] => {
            let inner = into
                .entry(first.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}
