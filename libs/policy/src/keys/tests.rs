use super::*;

#[test]
fn the_prefixes_are_twins() {
    assert_eq!(normalise("trilby:SourceIp"), "aws:sourceip");
    assert_eq!(normalise("AWS:SourceIP"), "aws:sourceip");
    assert_eq!(normalise("docs:Owner"), "docs:owner");
    assert_eq!(Key::new("Trilby:UserName"), Key::new("aws:username"));
}

#[test]
fn families_need_a_tag_key() {
    assert_eq!(type_of("aws:PrincipalTag/Team"), Some(Type::String));
    assert!(!is_known("aws:PrincipalTag/"));
    assert!(!is_known("aws:PrincipalTag"));
}

#[test]
fn the_multivalued_keys_are_those_of_the_language() {
    for key in [
        "aws:TagKeys",
        "trilby:tagkeys",
        "aws:PrincipalOrgPaths",
        "aws:ResourceOrgPaths",
        "aws:CalledVia",
        "aws:PrincipalServiceNamesList",
        "sts:TransitiveTagKeys",
        "accounts.example.com/realm:amr",
    ] {
        assert!(is_multivalued(key), "{key}");
    }
    for key in ["aws:CalledViaFirst", "docs:Labels", ":amr", "aws:amr"] {
        assert!(!is_multivalued(key), "{key}");
    }
}

#[test]
fn every_key_of_a_trust_evaluation_is_known() {
    for key in [
        "trilby:FederatedProvider",
        "trilby:FederatedIssuer",
        "trilby:FederatedSubject",
        "trilby:FederatedAudience",
        "trilby:ViaSession",
        "sts:ExternalId",
        "sts:DurationSeconds",
    ] {
        assert!(is_known(key), "{key}");
        assert!(is_reserved(key), "{key}");
    }
}

#[test]
fn a_key_of_our_own_is_known_under_both_prefixes() {
    for key in ["trilby:OriginMfaAge", "aws:originmfaage"] {
        assert_eq!(type_of(key), Some(Type::Numeric), "{key}");
    }
    assert_eq!(type_of("sts:OriginMfaAge"), None);
}
