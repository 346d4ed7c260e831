//! Identity providers, the sharing of them, and what ends with them (tokens.md 7.1, 9.2).

use serde_json::json;
use trilby_account::command::{
    ConfirmKeysUri, ObserveProviderKeys, RegisterProvider, RemoveProvider, RevokeSessions,
    RevokeTarget, SeenKeys, SetProviderStatus, ShareProvider, UpdateProvider,
};
use trilby_account::{Rejection, Revocation};
use trilby_model::ProviderId;
use trilby_model::federation::{ProviderChange, ShareTarget, Sharing};
use trilby_testkit::given::{Given, account};

use crate::build::*;

fn change(settings: serde_json::Value) -> ProviderChange {
    serde_json::from_value(settings).unwrap()
}

fn update(name: &str, settings: serde_json::Value) -> UpdateProvider {
    UpdateProvider {
        provider: name.parse().unwrap(),
        settings: change(settings),
    }
}

fn status(enabled: bool) -> SetProviderStatus {
    SetProviderStatus {
        provider: "acme".parse().unwrap(),
        enabled,
    }
}

fn share(with: &[&str]) -> ShareProvider {
    ShareProvider {
        provider: "acme".parse().unwrap(),
        shared_with: with.iter().map(|text| text.parse().unwrap()).collect(),
    }
}

fn id(given: &Given) -> ProviderId {
    let provider = given.state().provider(&"acme".parse().unwrap());
    provider.unwrap().id.clone()
}

fn seen(uri: &str, kid: &str) -> SeenKeys {
    SeenKeys {
        jwks_uri: uri.parse().unwrap(),
        thumbprints: [kid.to_owned()].into(),
        document: json!({ "keys": [{ "kid": kid }] }).to_string(),
    }
}

fn observe(uri: &str, kid: &str) -> ObserveProviderKeys {
    ObserveProviderKeys {
        provider: "acme".parse().unwrap(),
        keys: seen(uri, kid),
    }
}

/// What the last event ended.
fn ended(given: &Given) -> Vec<Revocation> {
    given.history().last().unwrap().revocations()
}

fn by(kind: char, parts: &[&str]) -> Vec<Revocation> {
    vec![Revocation {
        kind,
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        before_seq: None,
    }]
}

#[test]
fn audiences_are_required() {
    for settings in [
        json!({ "issuer": "https://login.acme.example" }),
        json!({ "issuer": "https://login.acme.example", "audiences": [] }),
    ] {
        let command = RegisterProvider {
            settings: change(settings),
            ..provider("acme")
        };
        account().when(command).rejected_as("invalid_parameter");
    }
    let given = account().with(provider("acme"));
    given
        .when(update("acme", json!({ "audiences": [] })))
        .rejected_as("invalid_parameter");
}

#[test]
fn the_issuer_never_changes() {
    let given = account().with(provider("acme"));
    let same = json!({ "issuer": "https://login.acme.example", "clock_skew_seconds": 5 });
    let given = given.with(update("acme", same));
    given
        .when(update(
            "acme",
            json!({ "issuer": "https://login.acme.example/" }),
        ))
        .rejected_as("invalid_parameter");
}

#[test]
fn a_name_is_taken_without_case_and_looks_like_no_id() {
    let given = account().with(provider("acme"));
    given
        .clone()
        .when(provider("Acme"))
        .rejected_as("already_exists");
    for name in ["TIDP0123456789ABCDEFG", "TLNK0123456789ABCDEFG"] {
        given
            .clone()
            .when(provider(name))
            .rejected_as("invalid_name");
    }
    let _ = given.with(RegisterProvider {
        name: "acme-2".parse().unwrap(),
        ..provider("acme")
    });
}

#[test]
fn an_account_has_at_most_100_providers() {
    let given = (0..100).fold(account(), |given, n| {
        given.with(provider(&format!("login-{n}")))
    });
    given
        .when(provider("one-more"))
        .rejected_as("limit_exceeded");
}

#[test]
fn a_known_issuer_is_shared_whatever_the_administrator_thinks() {
    let google = |more: serde_json::Value| {
        let mut settings = json!({ "issuer": "https://accounts.google.com", "audiences": ["app"] });
        settings
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        RegisterProvider {
            settings: change(settings),
            ..provider("google")
        }
    };
    let given = account().with(google(json!({})));
    let made = given.state().provider(&"google".parse().unwrap()).unwrap();
    assert_eq!(made.settings.sharing, Sharing::Shared);
    assert!(!made.settings.required_claims.is_empty());
    let private = [
        json!({ "sharing": "private" }),
        json!({ "sharing": "private", "required_claims": [] }),
        json!({ "sharing": "private", "required_claims": [{ "any_of": ["sub"] }] }),
    ];
    for private in private {
        for refused in [
            given.clone().when(update("google", private.clone())),
            account().when(google(private.clone())),
        ] {
            let refused = refused.rejected_as("invalid_parameter");
            let Rejection::InvalidSettings(invalid) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(invalid.pointer, "/sharing", "{private}");
            assert!(invalid.message.starts_with("must be `shared`"));
        }
    }
    let asks = json!({ "required_claims": [{ "any_of": ["sub"] }] });
    let given = account().with(google(asks));
    let made = given.state().provider(&"google".parse().unwrap()).unwrap();
    assert_eq!(made.settings.sharing, Sharing::Shared);
}

#[test]
fn keys_in_the_settings_must_fit_into_an_event() {
    let keys = json!({ "source": "static", "jwks": { "keys": [{ "kty": "OKP", "x": "x", "weight": 0.5 }] } });
    let given = account().with(provider("acme"));
    given
        .when(update("acme", json!({ "keys": keys })))
        .rejected_as("invalid_parameter");
}

#[test]
fn disabling_and_removing_end_what_came_through_a_provider_and_enabling_revives_nothing() {
    let given = account().with(provider("acme"));
    let acme = id(&given);
    let given = given.with(status(false));
    assert_eq!(ended(&given), by('p', &[acme.as_str()]));
    assert!(
        !given
            .state()
            .provider(&"acme".parse().unwrap())
            .unwrap()
            .enabled
    );
    let given = given
        .when(status(false))
        .changes_nothing()
        .with(status(true));
    assert_eq!(ended(&given), []);
    let remove = RemoveProvider {
        provider: "acme".parse().unwrap(),
        cascade: false,
    };
    let given = given.with(remove.clone());
    assert_eq!(ended(&given), by('p', &[acme.as_str()]));
    assert!(given.state().providers().is_empty());
    given.clone().when(remove).rejected_as("not_found");
    let given = given.with(provider("acme"));
    assert_ne!(id(&given), acme, "an id is never given twice");
}

#[test]
fn a_share_taken_back_ends_what_came_through_the_provider_and_a_wider_one_does_not() {
    let given = account().with(provider("acme"));
    let acme = id(&given);
    let given = given.with(share(&["444455556666"]));
    assert_eq!(ended(&given), []);
    let given = given.with(share(&["444455556666", "o-4k7m2xq9ab"]));
    assert_eq!(ended(&given), []);
    let given = given.with(share(&["o-4k7m2xq9ab", "777788889999"]));
    assert_eq!(ended(&given), by('p', &[acme.as_str()]));
    given
        .clone()
        .when(share(&["777788889999", "o-4k7m2xq9ab"]))
        .changes_nothing();
    let shared = given.state().provider(&"acme".parse().unwrap()).unwrap();
    let organization = "o-4k7m2xq9ab".parse().unwrap();
    assert!(shared.is_shared_with("777788889999".parse().unwrap(), None));
    assert!(!shared.is_shared_with("444455556666".parse().unwrap(), None));
    assert!(shared.is_shared_with("444455556666".parse().unwrap(), Some(&organization)));
}

#[test]
fn a_provider_is_not_shared_with_its_own_account_nor_with_too_many() {
    let given = account().with(provider("acme"));
    given
        .clone()
        .when(share(&["111122223333"]))
        .rejected_as("invalid_parameter");
    let many: Vec<ShareTarget> = (0..101)
        .map(|n| format!("{:012}", 200_000_000_000_u64 + n).parse().unwrap())
        .collect();
    let command = ShareProvider {
        provider: "acme".parse().unwrap(),
        shared_with: many.into_iter().collect(),
    };
    given.when(command).rejected_as("invalid_parameter");
}

#[test]
fn a_provider_that_roles_trust_is_removed_only_in_a_cascade_and_is_not_inherited() {
    let login = "arn:trilby:iam::111122223333:oidc-provider/acme";
    let given = account().with(provider("acme"));
    let acme = id(&given);
    let given = given.with(login_role("deploy", login));
    let remove = |cascade| RemoveProvider {
        provider: "acme".parse().unwrap(),
        cascade,
    };
    given
        .clone()
        .when(remove(false))
        .rejected_as("delete_conflict");
    let given = given.with(remove(true)).with(provider("acme"));
    let deploy = given.state().role(&"deploy".parse().unwrap()).unwrap();
    assert_eq!(deploy.trust.providers[login], acme);
    assert_ne!(id(&given), acme);
}

#[test]
fn a_trust_policy_names_only_providers_that_the_account_has() {
    let given = account().with(provider("acme"));
    for arn in [
        "arn:trilby:iam::111122223333:oidc-provider/other",
        "arn:trilby:iam::111122223333:oidc-provider/Acme",
        "arn:trilby:iam::444455556666:oidc-provider/acme",
        "arn:trilby:sts::111122223333:oidc-provider/acme",
        "accounts.google.com",
    ] {
        given
            .clone()
            .when(login_role("deploy", arn))
            .rejected_as("invalid_principal");
    }
    let alias = "arn:aws:iam::111122223333:oidc-provider/acme";
    let given = given.with(login_role("deploy", alias));
    let deploy = given.state().role(&"deploy".parse().unwrap()).unwrap();
    assert_eq!(deploy.trust.providers[alias], id(&given));
}

#[test]
fn seen_keys_are_recorded_when_they_change_and_do_not_move_the_etag() {
    const AT: &str = "https://login.acme.example/keys";
    let given = account().with(provider("acme"));
    let etag = |given: &Given| {
        given
            .state()
            .provider(&"acme".parse().unwrap())
            .unwrap()
            .stamp
    };
    let before = etag(&given);
    let given = given.with(observe(AT, "k1"));
    let acme = given.state().provider(&"acme".parse().unwrap()).unwrap();
    assert_eq!(
        acme.jwks_uri().unwrap().as_str(),
        AT,
        "the first place is pinned"
    );
    assert_eq!(etag(&given), before);
    let given = given.when(observe(AT, "k1")).changes_nothing();
    let given = given.with(observe(AT, "k2"));
    let seen = given.state().provider(&"acme".parse().unwrap()).unwrap();
    assert!(
        seen.keys
            .observed
            .as_ref()
            .unwrap()
            .thumbprints
            .contains("k2")
    );
}

#[test]
fn keys_elsewhere_wait_for_an_administrator() {
    const HERE: &str = "https://login.acme.example/keys";
    const THERE: &str = "https://evil.example/keys";
    let confirm = |uri: &str| ConfirmKeysUri {
        provider: "acme".parse().unwrap(),
        jwks_uri: uri.parse().unwrap(),
    };
    let given = account().with(provider("acme")).with(observe(HERE, "k1"));
    given
        .clone()
        .when(confirm(THERE))
        .rejected_as("invalid_state");
    let given = given.with(observe(THERE, "x"));
    let acme = given.state().provider(&"acme".parse().unwrap()).unwrap();
    assert!(acme.needs_review());
    assert_eq!(acme.jwks_uri().unwrap().as_str(), HERE);
    assert!(
        acme.keys
            .observed
            .as_ref()
            .unwrap()
            .thumbprints
            .contains("k1")
    );
    let given = given.when(observe(THERE, "y")).changes_nothing();
    given
        .clone()
        .when(confirm(HERE))
        .rejected_as("invalid_state");
    let given = given.with(confirm(THERE));
    let acme = given.state().provider(&"acme".parse().unwrap()).unwrap();
    assert!(!acme.needs_review());
    assert_eq!(acme.jwks_uri().unwrap().as_str(), THERE);
    assert_eq!(
        acme.keys.observed, None,
        "the old place's keys are trusted no more"
    );
}

#[test]
fn a_provider_whose_settings_say_so_moves_its_keys_itself() {
    let given = account()
        .with(provider("acme"))
        .with(update(
            "acme",
            json!({ "keys": { "source": "discovery", "follow_jwks_uri": true } }),
        ))
        .with(observe("https://login.acme.example/keys", "k1"))
        .with(observe("https://login.acme.example/keys2", "k2"));
    let acme = given.state().provider(&"acme".parse().unwrap()).unwrap();
    assert_eq!(
        acme.jwks_uri().unwrap().as_str(),
        "https://login.acme.example/keys2"
    );
    assert!(
        acme.keys
            .observed
            .as_ref()
            .unwrap()
            .thumbprints
            .contains("k2")
    );
}

#[test]
fn other_keys_in_the_settings_forget_those_that_were_seen() {
    let pinned = json!({ "source": "jwks_uri", "jwks_uri": "https://login.acme.example/pinned" });
    let given = account()
        .with(provider("acme"))
        .with(observe("https://login.acme.example/keys", "k1"))
        .with(update("acme", json!({ "keys": pinned })));
    let acme = given.state().provider(&"acme".parse().unwrap()).unwrap();
    assert_eq!(acme.keys.observed, None);
    assert_eq!(
        acme.jwks_uri().unwrap().as_str(),
        "https://login.acme.example/pinned"
    );
    given
        .when(observe("https://login.acme.example/keys", "k1"))
        .rejected_as("invalid_state");
}

#[test]
fn sessions_of_a_provider_or_of_one_subject_are_revoked_by_kind() {
    let given = account().with(provider("acme"));
    let acme = id(&given);
    let revoke = |subject: Option<&str>| RevokeSessions {
        target: RevokeTarget::Provider {
            provider: "acme".parse().unwrap(),
            subject: subject.map(str::to_owned),
        },
        issued_before_seq: None,
        reason: None,
    };
    assert_eq!(
        ended(&given.clone().with(revoke(None))),
        by('p', &[acme.as_str()])
    );
    assert_eq!(
        ended(&given.clone().with(revoke(Some("ana")))),
        by('i', &[acme.as_str(), "ana"])
    );
    given
        .when(revoke(Some("")))
        .rejected_as("invalid_parameter");
}

#[test]
fn sessions_are_revoked_by_the_values_they_carry() {
    let given = account().with(own_role("deploy"));
    let role = role_id(&given, "deploy");
    let revoke = |target| RevokeSessions {
        target,
        issued_before_seq: None,
        reason: None,
    };
    let by_identity = RevokeTarget::SourceIdentity("mary".parse().unwrap());
    assert_eq!(
        ended(&given.clone().with(revoke(by_identity))),
        by('v', &["mary"])
    );
    let by_name = |role: &str| RevokeTarget::SessionName {
        role: role.parse().unwrap(),
        name: "ci-42".parse().unwrap(),
    };
    assert_eq!(
        ended(&given.clone().with(revoke(by_name("deploy")))),
        by('n', &[role.as_str(), "ci-42"])
    );
    given
        .when(revoke(by_name("ghost")))
        .rejected_as("not_found");
}
