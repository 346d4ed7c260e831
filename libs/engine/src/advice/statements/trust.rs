//! What a new statement of a trust policy must test, for anyone to be told to write it.

use serde_json::{Map, Value, json};
use trilby_policy::{Context, ContextValue, keys};

use crate::advice::field::Field;
use crate::layer::LayerKind;
use crate::principal::Principal;

const EXTERNAL_ID: &str = "sts:ExternalId";

/// Its `Condition`, if it needs one. Outer `None`: whatever it could test of this request, it should not be written.
pub(super) fn condition(field: &Field<'_>) -> Option<Option<Value>> {
    let request = field.request;
    match &request.principal {
        Principal::WebIdentity { .. } => claims(&request.context).map(Some),
        Principal::Anonymous => None,
        // Who asks for an external id is not to be told to do without, nor to take another.
        _ if asks_for_external_id(field) => None,
        caller if caller.account() == request.owner() || caller.account().is_none() => Some(None),
        _ => {
            let given = request.context.scalar(EXTERNAL_ID)?;
            Some(Some(json!({ "StringEquals": { EXTERNAL_ID: given } })))
        }
    }
}

fn asks_for_external_id(field: &Field<'_>) -> bool {
    let wanted = keys::normalise(EXTERNAL_ID);
    field
        .spoken
        .iter()
        .filter(|spoken| spoken.seat.layer == LayerKind::Resource)
        .flat_map(|spoken| spoken.statement.condition.tests())
        .any(|test| test.key.normal() == wanted)
}

/// The audience and the subject of a login, of the issuer that says both.
fn claims(context: &Context) -> Option<Value> {
    let scalar = |key: &str| context.scalar(key).map(str::to_owned);
    context.iter().find_map(|(key, value)| {
        let issuer = key
            .strip_suffix(":aud")
            .filter(|_| !keys::is_reserved(key))?;
        let (audience, subject) = (key.to_owned(), format!("{issuer}:sub"));
        let ContextValue::Scalar(aud) = value else {
            return None;
        };
        let mut tests = Map::new();
        tests.insert(audience, json!(aud));
        tests.insert(subject.clone(), json!(scalar(&subject)?));
        Some(json!({ "StringEquals": tests }))
    })
}
