use super::*;

fn keys() -> InstallationKeys {
    InstallationKeys::generate(&mut Entropy::new([1; 32]))
}

#[test]
fn all_three_round_trip_as_text() {
    let keys = keys();
    let store = StoreKey::decode(&keys.store.encode()).unwrap();
    assert_eq!(store.fingerprint(), keys.store.fingerprint());
    let peppers = Peppers::decode(&keys.peppers.encode()).unwrap();
    assert!(peppers.verify(Some(&keys.peppers.mac("x")), "x"));
    let keks = Keks::decode(&keys.keks.encode()).unwrap();
    assert_eq!(keks.writing().id(), keys.keks.writing().id());
    assert!(keks.readable().is_none());
}

#[test]
fn sub_keys_differ_by_purpose_and_by_store() {
    let (a, b) = (
        keys(),
        InstallationKeys::generate(&mut Entropy::new([2; 32])),
    );
    assert_ne!(a.store.fingerprint(), b.store.fingerprint());
    assert_ne!(a.store.claim_key().mac("x"), b.store.claim_key().mac("x"));
    assert_ne!(*a.store.cursor_key(), a.store.fingerprint());
    assert_eq!(a.store.claim_key().mac("x"), a.store.claim_key().mac("x"));
    assert_ne!(a.store.claim_key().mac("x"), a.store.claim_key().mac("y"));
}

#[test]
fn several_peppers_and_a_readable_kek_round_trip_on_one_line_too() {
    let old = Pepper::new(PepperVersion::FIRST, [1; 32]);
    let new = Pepper::new(PepperVersion::new(2).unwrap(), [2; 32]);
    let peppers = Peppers::new([new, old]).unwrap();
    let text = peppers.encode().trim().replace('\n', ",");
    let read = Peppers::decode(&text).unwrap();
    assert_eq!(read.current().version().get(), 2);
    assert_eq!(read.iter().count(), 2);

    let keks = Keks::new(Kek::new([1; 32]), Some(Kek::new([2; 32])));
    let read = Keks::decode(&keks.encode()).unwrap();
    assert_eq!(read.writing().id(), keks.writing().id());
    assert_eq!(read.readable().unwrap().id(), keks.readable().unwrap().id());
}

#[test]
fn anything_else_is_refused_without_repeating_it() {
    let keys = keys();
    let (store, pepper, kek) = (
        keys.store.encode(),
        keys.peppers.encode(),
        keys.keks.encode(),
    );
    assert_eq!(
        StoreKey::decode("").unwrap_err(),
        Error::Count {
            expected: STORE,
            least: 1,
            most: 1,
            found: 0
        }
    );
    assert!(StoreKey::decode(&kek).is_err());
    assert!(StoreKey::decode(&format!("{}{}", *store, *store)).is_err());
    assert!(StoreKey::decode(&store[..store.len() - 2]).is_err());
    assert!(StoreKey::decode(&store.replace(":1:", ":2:")).is_err());
    assert!(Peppers::decode(&store).is_err());
    assert_eq!(
        Peppers::decode(&format!("{}{}", *pepper, *pepper)).unwrap_err(),
        Error::Twice { expected: PEPPER }
    );
    assert!(Peppers::decode(&pepper.replace(":1:1:", ":1:0:")).is_err());
    assert!(Peppers::decode(&pepper.replace(":1:1:", ":1:01:")).is_err());
    assert_eq!(
        Keks::decode(&format!("{}{}", *kek, *kek)).unwrap_err(),
        Error::Twice { expected: KEK }
    );
    let error = StoreKey::decode("hunter2").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1 is no `trilby-store-key` of format 1"
    );
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", keys());
    assert!(
        shown.contains("StoreKey(…)") && shown.contains("Pepper(version 1, …)"),
        "{shown}"
    );
}
