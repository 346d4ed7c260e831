#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use trilby_model::federation::ProviderAudience;

use super::*;

fn change(issuer: &str) -> ProviderChange {
    let audience: ProviderAudience = "app".parse().unwrap();
    ProviderChange {
        issuer: Some(issuer.parse().unwrap()),
        audiences: Some([audience].into()),
        ..ProviderChange::default()
    }
}

#[test]
fn each_known_issuer_is_shared_and_asks_for_its_claims_unasked() {
    for known in KNOWN {
        let (Issuer::Is(text) | Issuer::Below(text)) = known.issuer;
        let settings = complete(change(&format!("https://{text}"))).unwrap();
        assert_eq!(settings.sharing, Sharing::Shared, "{}", known.name);
        assert_eq!(settings.required_claims.len(), known.required.len());
        assert_eq!(
            settings.keys,
            KeySource::Discovery {
                follow_jwks_uri: true
            }
        );
    }
}

#[test]
fn a_known_issuer_is_known_however_it_is_written() {
    for text in [
        "https://accounts.google.com",
        "https://ACCOUNTS.google.com",
        "https://accounts.google.com/",
        "https://accounts.google.com:443",
        "https://oidc.circleci.com/org/00000000-0000-0000-0000-000000000000",
        "https://token.actions.githubusercontent.com/acme",
        "https://login.microsoftonline.com/common/v2.0",
    ] {
        assert!(known_issuer(&text.parse().unwrap()).is_some(), "{text}");
    }
    for text in [
        "https://accounts.google.com.evil.example",
        "https://evil.example/accounts.google.com",
        "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
        "https://login.acme.example",
    ] {
        assert!(known_issuer(&text.parse().unwrap()).is_none(), "{text}");
    }
}

/// `iss` is compared byte for byte, and none of them ends in a slash.
#[test]
fn a_known_host_is_not_registered_with_a_slash_behind_it() {
    for known in KNOWN {
        let (Issuer::Is(text) | Issuer::Below(text)) = known.issuer;
        if text.contains('/') {
            continue;
        }
        let refused = complete(change(&format!("https://{text}/"))).unwrap_err();
        assert_eq!(refused.pointer, "/issuer", "{text}");
        let right = format!("`https://{text}`");
        assert!(refused.message.contains(&right), "{}", refused.message);
    }
    for other in [
        "https://login.acme.example/",
        "https://oidc.circleci.com/org/4711",
    ] {
        assert!(complete(change(other)).is_ok(), "{other}");
    }
}

#[test]
fn a_known_issuer_cannot_be_called_private_nor_ask_less() {
    let google = || change("https://accounts.google.com");
    let private = ProviderChange {
        sharing: Some(Sharing::Private),
        required_claims: Some(Vec::new()),
        ..google()
    };
    assert_eq!(complete(private).unwrap_err().pointer, "/sharing");
    // Also with the claims that it would have as a shared one, which nobody sent.
    let private = ProviderChange {
        sharing: Some(Sharing::Private),
        ..google()
    };
    let refused = complete(private).unwrap_err();
    assert_eq!(refused.pointer, "/sharing");
    assert!(refused.message.starts_with("must be `shared`"));
    let asks = |claims: &[&str]| ProviderChange {
        required_claims: Some(vec![RequiredClaim {
            any_of: claims.iter().map(|claim| claim.parse().unwrap()).collect(),
        }]),
        ..google()
    };
    let settings = complete(asks(&["sub"])).unwrap();
    assert_eq!(settings.required_claims.len(), 1);
    for less in [&["locale"][..], &["sub", "locale"]] {
        let refused = complete(asks(less)).unwrap_err();
        assert_eq!(refused.pointer, "/required_claims", "{less:?}");
    }
    assert!(
        complete(change("https://login.acme.example"))
            .unwrap()
            .required_claims
            .is_empty()
    );
}
