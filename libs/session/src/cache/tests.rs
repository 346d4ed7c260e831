use super::*;
use crate::key::{Algorithm, SigningKey};
use crate::verify::tests::{now, role_claims};

#[test]
fn a_second_look_needs_no_signature_but_every_other_check() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let claims = role_claims();
    let token = key.sign(&claims).unwrap();
    let record = KeyRecord {
        account: claims.trilby.acct,
        issuer: claims.iss.clone(),
        public: key.public().clone(),
        published: true,
    };
    let cache = TokenCache::default();
    let look = |record: Option<KeyRecord>, audience, at| {
        let expected = Expected {
            audience,
            skew_s: 5,
        };
        cache
            .verify(token.expose(), |_, _| record, &expected, at)
            .map(|v| v.claims().jti.clone())
    };

    assert!(cache.get(token.expose()).is_none());
    assert_eq!(
        look(Some(record.clone()), "trilby", now()).unwrap(),
        claims.jti
    );
    assert!(cache.get(token.expose()).is_some());
    assert_eq!(
        look(Some(record.clone()), "trilby", now()).unwrap(),
        claims.jti
    );

    let late = now().plus_seconds(3_605);
    assert_eq!(
        look(Some(record.clone()), "trilby", late),
        Err(Refusal::Expired)
    );
    assert_eq!(
        look(Some(record.clone()), "other", now()),
        Err(Refusal::WrongAudience)
    );
    assert_eq!(look(None, "trilby", now()), Err(Refusal::UnknownKey));
    let revoked = KeyRecord {
        published: false,
        ..record
    };
    assert_eq!(
        look(Some(revoked), "trilby", now()),
        Err(Refusal::UnknownKey)
    );
}

#[test]
fn a_refused_token_is_not_remembered() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let token = key.sign(&role_claims()).unwrap();
    let cache = TokenCache::new(10);
    let refusal = cache.verify(token.expose(), |_, _| None, &Expected::default(), now());
    assert_eq!(refusal.unwrap_err(), Refusal::UnknownKey);
    assert!(cache.get(token.expose()).is_none());
}
