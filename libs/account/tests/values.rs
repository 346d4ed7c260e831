//! Values that events and commands share: their text, their bounds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use trilby_account::{Description, Holder, PrincipalId, Quota, Ref, ResourceName, Table, UserRef};
use trilby_policy::limits;

#[test]
fn quotas_of_documents_are_those_of_the_language() {
    let pairs = [
        (Quota::PolicyBytes, limits::MANAGED_POLICY_BYTES_MAX),
        (Quota::UserInlineBytes, limits::USER_INLINE_BYTES_MAX),
        (Quota::GroupInlineBytes, limits::GROUP_INLINE_BYTES_MAX),
        (Quota::RoleInlineBytes, limits::ROLE_INLINE_BYTES_MAX),
        (Quota::TrustPolicyBytes, limits::TRUST_POLICY_BYTES_MAX),
        (
            Quota::ResourcePolicyBytes,
            limits::RESOURCE_POLICY_BYTES_MAX,
        ),
        (Quota::AttachedPolicies, limits::ATTACHED_POLICIES_MAX),
        (Quota::PolicyVersions, limits::POLICY_VERSIONS_MAX),
        (Quota::GroupsPerUser, limits::GROUPS_PER_USER_MAX),
        (Quota::AccessKeysPerUser, limits::ACCESS_KEYS_PER_USER_MAX),
        (Quota::Groups, limits::GROUPS_PER_ACCOUNT_MAX),
        (Quota::Users, limits::USERS_PER_ACCOUNT_MAX),
        (Quota::Roles, limits::ROLES_PER_ACCOUNT_MAX),
        (Quota::Policies, limits::POLICIES_PER_ACCOUNT_MAX),
        (Quota::Tags, limits::TAGS_MAX),
    ];
    for (quota, limit) in pairs {
        assert_eq!(quota.limit(), limit as u64, "{quota}");
    }
}

#[test]
fn a_reference_is_an_id_where_it_can_be_one() {
    let by_id: UserRef = "TUSR0123456789ABCDEFG".parse().unwrap();
    assert!(matches!(by_id, Ref::Id(_)));
    let by_name: UserRef = "TUSR0123456789ABCDEF".parse().unwrap();
    assert!(matches!(by_name, Ref::Name(_)));
    assert!("not a name".parse::<UserRef>().is_err());
}

#[test]
fn ids_of_several_kinds_are_told_apart_by_their_prefix() {
    for text in ["TUSR0123456789ABCDEFG", "TROL0123456789ABCDEFG"] {
        assert_eq!(text.parse::<PrincipalId>().unwrap().to_string(), text);
        assert_eq!(text.parse::<Holder>().unwrap().to_string(), text);
    }
    let group = "TGRP0123456789ABCDEFG";
    assert!(matches!(group.parse(), Ok(Holder::Group(_))));
    assert!(group.parse::<PrincipalId>().is_err());
}

#[test]
fn the_first_slash_ends_a_resources_type() {
    let name: ResourceName = "object/a/b c".to_owned().try_into().unwrap();
    assert_eq!((name.kind.as_str(), name.key.as_str()), ("object", "a/b c"));
    assert_eq!(name.to_string(), "object/a/b c");
    for bad in ["object", "/x", "object/", "ob ject/x"] {
        assert!(ResourceName::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn a_description_has_a_thousand_characters_at_most() {
    assert!("é".repeat(1_000).parse::<Description>().is_ok());
    assert!("x".repeat(1_001).parse::<Description>().is_err());
    assert!("a\u{7}b".parse::<Description>().is_err());
    assert!(serde_json::from_str::<Description>("\"a\\u0000\"").is_err());
}

#[test]
fn a_table_is_an_object_in_key_order() {
    let text = r#"{"a":1,"b":2,"c":3}"#;
    let table: Table<String, u32> = serde_json::from_str(r#"{"c":3,"a":1,"b":2}"#).unwrap();
    assert_eq!(serde_json::to_string(&table).unwrap(), text);
    assert_eq!((table.len(), table.get("b")), (3, Some(&2)));
    let tail: Vec<_> = table.range("b".to_owned()..).map(|(_, n)| *n).collect();
    assert_eq!(tail, [2, 3]);
    assert_ne!(table, Table::default());
    assert_eq!(table, table.clone());
}
