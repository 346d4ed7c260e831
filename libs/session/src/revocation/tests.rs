use super::*;
use crate::claims::{Dependency, Federation};
use crate::verify::tests::{account, now, role_claims, user_claims};

fn revoke(kind: char, parts: &[&str], of: u8, before_seq: u64) -> Revocation {
    let kind = RevocationKind::from_letter(kind).unwrap();
    Revocation {
        kind,
        id_hash: id_hash(kind, parts),
        log: account(of).into(),
        before_seq: Seq::new(before_seq),
        at: now(),
    }
}

fn dead(claims: &Claims, revocation: &Revocation) -> bool {
    let mut table = RevocationTable::new();
    table.insert(revocation);
    table.is_dead(&RestsOn::of(claims)).is_some()
}

/// A role session in account 1, assumed by a role session of account 2 that a provider there
/// began.
fn foreign_claims() -> Claims {
    let mut claims = role_claims();
    let dep = |of, kind, id: &str, seq| Dependency {
        account: account(of),
        kind,
        id: id.into(),
        seq,
    };
    claims.trilby.dep = vec![
        dep(1, DependencyKind::Role, "TROL0123456789ABCDEFG", 48),
        dep(2, DependencyKind::Account, "444455556666", 9),
        dep(2, DependencyKind::Session, "TSES000000000000000AA", 9),
        dep(2, DependencyKind::Role, "TROL000000000000000AA", 9),
        dep(2, DependencyKind::Provider, "TIDP000000000000000AA", 7),
    ];
    claims.trilby.fed = Some(Federation {
        prov: "arn:trilby:iam::444455556666:oidc-provider/google"
            .parse()
            .unwrap(),
        iss: "https://accounts.google.com".into(),
        sub: "1234".into(),
        aud: "app".into(),
        c: serde_json::Map::new(),
    });
    claims
}

#[test]
fn hashes_are_stable_and_parts_cannot_be_shifted() {
    let kind = RevocationKind::SessionName;
    assert_ne!(id_hash(kind, &["ab", "c"]), id_hash(kind, &["a", "bc"]));
    assert_ne!(id_hash(kind, &["ab"]), id_hash(kind, &["ab", ""]));
    assert_ne!(
        id_hash(kind, &["ab"]),
        id_hash(RevocationKind::SourceIdentity, &["ab"])
    );
    // Stored and sent: SHA-256("s" ‖ 00000001 ‖ "x")[..16].
    let hash = id_hash(RevocationKind::Id(DependencyKind::Session), &["x"]);
    let expected = digest::digest(&digest::SHA256, b"s\x00\x00\x00\x01x");
    assert_eq!(hash, expected.as_ref()[..16]);
}

#[test]
fn letters_and_codes_round_trip() {
    for kind in RevocationKind::ALL {
        assert_eq!(RevocationKind::from_letter(kind.letter()), Some(kind));
        assert_eq!(RevocationKind::from_code(kind.code()), Some(kind));
    }
    assert_eq!(RevocationKind::from_letter('x'), None);
    assert_eq!(RevocationKind::from_code(0), None);
}

#[test]
fn each_thing_a_session_rests_on_can_end_it_from_a_later_position_only() {
    let claims = foreign_claims();
    for (kind, parts, of, seen) in [
        ('s', &["TSES0123456789ABCDEFG"][..], 1, 48),
        ('a', &["111122223333"], 1, 48),
        ('r', &["TROL0123456789ABCDEFG"], 1, 48),
        ('n', &["TROL0123456789ABCDEFG", "ci-42"], 1, 48),
        ('v', &["mary"], 1, 48),
        ('v', &["mary"], 2, 7),
        ('a', &["444455556666"], 2, 9),
        ('s', &["TSES000000000000000AA"], 2, 9),
        ('r', &["TROL000000000000000AA"], 2, 9),
        ('p', &["TIDP000000000000000AA"], 2, 7),
        ('i', &["TIDP000000000000000AA", "1234"], 2, 7),
    ] {
        assert!(
            dead(&claims, &revoke(kind, parts, of, seen + 1)),
            "{kind} {parts:?}"
        );
        assert!(
            !dead(&claims, &revoke(kind, parts, of, seen)),
            "{kind} {parts:?}"
        );
    }
}

#[test]
fn others_are_left_alone() {
    let claims = foreign_claims();
    for (kind, parts, of) in [
        ('s', &["TSES000000000000000ZZ"][..], 1),
        ('r', &["TROL000000000000000ZZ"], 1),
        ('n', &["TROL0123456789ABCDEFG", "ci-43"], 1),
        ('v', &["bob"], 1),
        ('i', &["TIDP000000000000000AA", "5678"], 2),
        ('u', &["TUSR0123456789ABCDEFG"], 1),
        ('k', &["TKEY0123456789ABCDEFG"], 1),
    ] {
        assert!(
            !dead(&claims, &revoke(kind, parts, of, 1_000)),
            "{kind} {parts:?}"
        );
    }
}

#[test]
fn users_and_keys_end_their_own_sessions() {
    let mut claims = user_claims();
    assert!(dead(
        &claims,
        &revoke('u', &["TUSR0123456789ABCDEFG"], 1, 49)
    ));
    assert!(dead(
        &claims,
        &revoke('k', &["TKEY0123456789ABCDEFG"], 1, 49)
    ));
    // The principal counts even where no dependency names it.
    claims.trilby.dep.clear();
    assert!(dead(
        &claims,
        &revoke('u', &["TUSR0123456789ABCDEFG"], 1, 49)
    ));
}

#[test]
fn a_new_root_password_ends_roots_sessions() {
    let mut claims = user_claims();
    claims.sub = "111122223333".into();
    claims.trilby.kind = SessionKind::Root;
    claims.trilby.arn = "arn:trilby:iam::111122223333:root".parse().unwrap();
    claims.trilby.dep.clear();
    claims.check().unwrap();
    assert!(dead(&claims, &revoke('u', &["111122223333"], 1, 49)));
    assert!(!dead(&claims, &revoke('u', &["111122223333"], 1, 48)));
    assert!(!dead(
        &user_claims(),
        &revoke('u', &["111122223333"], 1, 49)
    ));
}

#[test]
fn a_source_identity_ends_sessions_of_its_own_tenant_only() {
    // Account 2 has nothing to do with this session, whatever name it guesses.
    assert!(!dead(&role_claims(), &revoke('v', &["mary"], 2, 1_000)));
    assert!(dead(&role_claims(), &revoke('v', &["mary"], 1, 1_000)));
}

#[test]
fn an_id_revoked_in_an_unknown_log_counts_as_never_seen() {
    assert!(dead(
        &role_claims(),
        &revoke('u', &["TUSR0123456789ABCDEFG"], 2, 1)
    ));
}

#[test]
fn a_dependency_seen_twice_counts_from_the_lower_position() {
    let mut claims = role_claims();
    let mut older = claims.trilby.dep[1].clone();
    older.seq = 10;
    claims.trilby.dep.push(older);
    assert!(dead(
        &claims,
        &revoke('u', &["TUSR0123456789ABCDEFG"], 1, 11)
    ));
}

#[test]
fn the_highest_position_stands_whatever_the_order() {
    let mut table = RevocationTable::new();
    for seq in [60, 40, 60] {
        table.insert(&revoke('u', &["TUSR0123456789ABCDEFG"], 1, seq));
    }
    assert_eq!(table.len(), 1);
    let found = table.is_dead(&RestsOn::of(&user_claims())).unwrap();
    assert_eq!(found.before_seq, Seq::new(60));
    assert_eq!(found.kind.letter(), 'u');
}

#[test]
fn rows_fall_out_after_the_longest_session() {
    let mut table = RevocationTable::new();
    table.insert(&revoke('u', &["TUSR0123456789ABCDEFG"], 1, 60));
    table.purge(now().plus_seconds(KEPT_S));
    assert_eq!(table.len(), 1);
    table.purge(now().plus_seconds(KEPT_S + 1));
    assert!(table.is_empty());
}

#[test]
fn what_names_values_is_counted_for_each_log() {
    let mut table = RevocationTable::new();
    let count = |table: &RevocationTable, n| table.n_by_value(&revoke('v', &[""], n, 1).log);
    for value in ["dora", "dora", "karl"] {
        table.insert(&revoke('v', &[value], 1, 60));
    }
    table.insert(&revoke('i', &["TPRV0123456789ABCDEFG", "dora"], 1, 61));
    table.insert(&revoke('n', &["TROL0123456789ABCDEFG", "dora"], 2, 7));
    table.insert(&revoke('u', &["TUSR0123456789ABCDEFG"], 1, 62));
    assert_eq!([count(&table, 1), count(&table, 2)], [3, 1]);
    let later = Revocation {
        at: now().plus_seconds(KEPT_S),
        ..revoke('v', &["late"], 1, 90)
    };
    table.insert(&later);
    table.purge(now().plus_seconds(KEPT_S + 1));
    assert_eq!([count(&table, 1), count(&table, 2)], [1, 0]);
}

#[test]
fn a_full_session_takes_a_bounded_number_of_look_ups() {
    let mut claims = foreign_claims();
    while claims.trilby.dep.len() < 12 {
        let mut another = claims.trilby.dep[2].clone();
        another.id = format!("TSES0000000000000000{}", claims.trilby.dep.len());
        claims.trilby.dep.push(another);
    }
    // 12 dependencies (the own role among them), session, account, subject, name, 2 x identity.
    assert_eq!(RestsOn::of(&claims).iter().len(), 18);
}
