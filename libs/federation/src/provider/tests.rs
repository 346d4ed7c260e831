use serde_json::json;

use super::*;

fn provider(issuer: &str, enabled: bool) -> Provider {
    let change: trilby_model::federation::ProviderChange =
        serde_json::from_value(json!({ "issuer": issuer, "audiences": ["a", "b"] })).unwrap();
    Provider {
        id: "TIDP0123456789ABCDEFG".parse().unwrap(),
        name: "idp".parse().unwrap(),
        settings: change.create().unwrap(),
        enabled,
        link: None,
    }
}

#[test]
fn a_provider_is_chosen_by_its_exact_issuer() {
    let all = [
        provider("https://a.example", true),
        provider("https://b.example", true),
    ];
    assert_eq!(
        choose(&all, "https://b.example")
            .unwrap()
            .settings
            .issuer
            .as_str(),
        "https://b.example"
    );
    for unknown in [
        "",
        "https://c.example",
        "https://a.example/",
        "https://A.example",
        "a.example",
    ] {
        assert_eq!(
            choose(&all, unknown).unwrap_err(),
            ChoiceError::Unknown,
            "{unknown}"
        );
        assert_eq!(
            choose(&all[..1], unknown).unwrap_err(),
            ChoiceError::Unknown,
            "{unknown}"
        );
    }
    assert_eq!(
        choose(&[], "https://a.example").unwrap_err(),
        ChoiceError::Unknown
    );
}

#[test]
fn a_disabled_provider_is_not_chosen() {
    let off = provider("https://a.example", false);
    let on = provider("https://a.example", true);
    assert_eq!(
        choose([&off], "https://a.example").unwrap_err(),
        ChoiceError::Disabled
    );
    assert!(choose([&off, &on], "https://a.example").unwrap().enabled);
    assert_eq!(
        Refusal::from(ChoiceError::Disabled).code(),
        "provider_disabled"
    );
}

#[test]
fn of_several_providers_none_is_guessed() {
    let one = provider("https://a.example", true);
    let two = one.clone();
    assert_eq!(
        choose([&one, &two], "https://a.example").unwrap_err(),
        ChoiceError::Ambiguous
    );
}

#[test]
fn a_link_only_narrows_audiences() {
    let link = |audiences: serde_json::Value| Provider {
        link: Some(Link {
            id: "TLNK0123456789ABCDEFG".parse().unwrap(),
            settings: serde_json::from_value(json!({ "audiences": audiences })).unwrap(),
        }),
        ..provider("https://a.example", true)
    };
    let all = link(json!([]));
    assert!(all.accepts_audience("a") && all.accepts_audience("b"));
    let narrow = link(json!(["b", "c"]));
    assert_eq!(
        narrow
            .audiences()
            .map(ProviderAudience::as_str)
            .collect::<Vec<_>>(),
        ["b"]
    );
    assert!(!narrow.accepts_audience("a") && !narrow.accepts_audience("c"));
}
