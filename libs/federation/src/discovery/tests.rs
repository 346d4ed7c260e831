use super::*;

fn issuer() -> IssuerUrl {
    "https://idp.example/a".parse().unwrap()
}

#[test]
fn a_description_must_be_of_the_issuer_itself() {
    for (body, expected) in [
        ("nonsense", DiscoveryError::Malformed),
        ("[]", DiscoveryError::Malformed),
        (
            r#"{"issuer":"https://idp.example/a","issuer":"https://idp.example/a"}"#,
            DiscoveryError::Malformed,
        ),
        (
            r#"{"issuer":"https://idp.example/a/","jwks_uri":"https://idp.example/k"}"#,
            DiscoveryError::OtherIssuer,
        ),
        (
            r#"{"issuer":"https://IDP.example/a","jwks_uri":"https://idp.example/k"}"#,
            DiscoveryError::OtherIssuer,
        ),
        (
            r#"{"jwks_uri":"https://idp.example/k"}"#,
            DiscoveryError::OtherIssuer,
        ),
        (
            r#"{"issuer":"https://idp.example/a"}"#,
            DiscoveryError::NoKeys,
        ),
        (
            r#"{"issuer":"https://idp.example/a","jwks_uri":"http://idp.example/k"}"#,
            DiscoveryError::NoKeys,
        ),
        (
            r#"{"issuer":"https://idp.example/a","jwks_uri":"file:///etc/passwd"}"#,
            DiscoveryError::NoKeys,
        ),
    ] {
        assert_eq!(
            read(body.as_bytes(), &issuer()).unwrap_err(),
            expected,
            "{body}"
        );
    }
}

#[test]
fn a_description_gives_the_address_of_keys_and_the_algorithms_we_know() {
    let body = r#"{"issuer":"https://idp.example/a","jwks_uri":"https://keys.example/k","id_token_signing_alg_values_supported":["RS256","HS256","none"],"more":1}"#;
    let discovered = read(body.as_bytes(), &issuer()).unwrap();
    assert_eq!(discovered.jwks_uri.as_str(), "https://keys.example/k");
    assert_eq!(
        discovered.algorithms,
        Some(BTreeSet::from([SignatureAlgorithm::Rs256]))
    );
}

#[test]
fn a_description_that_cannot_be_fetched_says_why() {
    let refused = crate::guard::Refused::Literal;
    assert_eq!(
        DiscoveryError::Fetch(FetchError::Refused(refused)).to_string(),
        "the issuer's description cannot be fetched: the address may not be called: its host is an address, not a name"
    );
}
