use super::*;

fn account(n: u8) -> AccountId {
    format!("{n}11122223333").parse().unwrap()
}

fn signing(account: AccountId) -> Purpose<'static> {
    Purpose::SigningKey {
        account,
        kid: "kid-1",
        alg: "ES256",
    }
}

fn entropy(seed: u8) -> Entropy {
    Entropy::new([seed; 32])
}

#[test]
fn a_data_key_survives_wrapping_and_so_does_what_it_sealed() {
    let keks = Keks::new(Kek::new([1; 32]), None);
    let key = DataKey::generate(&mut entropy(1));
    let sealed = key
        .seal(&signing(account(1)), b"private", &mut entropy(2))
        .unwrap();
    let wrapped = keks.wrap(account(1), &key, &mut entropy(3)).unwrap();
    let again = keks.unwrap(account(1), &wrapped).unwrap();
    assert_eq!(
        again
            .open(&signing(account(1)), &sealed)
            .unwrap()
            .as_slice(),
        b"private"
    );
}

#[test]
fn another_account_kid_algorithm_or_purpose_does_not_open() {
    let keks = Keks::new(Kek::new([1; 32]), None);
    let key = DataKey::generate(&mut entropy(1));
    let sealed = key
        .seal(&signing(account(1)), b"private", &mut entropy(2))
        .unwrap();
    for other in [
        signing(account(2)),
        Purpose::SigningKey {
            account: account(1),
            kid: "kid-2",
            alg: "ES256",
        },
        Purpose::SigningKey {
            account: account(1),
            kid: "kid-1",
            alg: "EdDSA",
        },
        Purpose::OtpSeed {
            account: account(1),
            device: "kid-1",
        },
        Purpose::DataKey {
            account: account(1),
        },
    ] {
        assert_eq!(
            key.open(&other, &sealed).unwrap_err(),
            Error::Refused,
            "{other:?}"
        );
    }
    let wrapped = keks.wrap(account(1), &key, &mut entropy(3)).unwrap();
    assert_eq!(
        keks.unwrap(account(2), &wrapped).unwrap_err(),
        Error::Refused
    );
    let other_key = DataKey::generate(&mut entropy(9));
    assert_eq!(
        other_key.open(&signing(account(1)), &sealed).unwrap_err(),
        Error::Refused
    );
}

#[test]
fn every_flipped_bit_and_every_prefix_is_refused() {
    let key = DataKey::generate(&mut entropy(1));
    let purpose = signing(account(1));
    let sealed = key
        .seal(&purpose, b"private", &mut entropy(2))
        .unwrap()
        .into_bytes();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut bytes = sealed.clone();
            bytes[at] ^= 1 << bit;
            assert!(key.open(&purpose, &Sealed::from_bytes(bytes)).is_err());
        }
        assert!(
            key.open(&purpose, &Sealed::from_bytes(sealed[..at].to_vec()))
                .is_err()
        );
    }
    let mut newer = sealed;
    newer[0] = 2;
    let error = key.open(&purpose, &Sealed::from_bytes(newer)).unwrap_err();
    assert_eq!(error, Error::Format { found: 2 });
}

#[test]
fn two_keks_are_readable_and_one_writes() {
    let (old, new) = (Kek::new([1; 32]), Kek::new([2; 32]));
    let key = DataKey::generate(&mut entropy(1));
    let wrapped = Keks::new(old.clone(), None)
        .wrap(account(1), &key, &mut entropy(2))
        .unwrap();

    let rotating = Keks::new(new.clone(), Some(old.clone()));
    assert!(rotating.wants_rewrap(&wrapped));
    let opened = rotating.unwrap(account(1), &wrapped).unwrap();
    let rewrapped = rotating.wrap(account(1), &opened, &mut entropy(3)).unwrap();
    assert!(!rotating.wants_rewrap(&rewrapped));

    let done = Keks::new(new, None);
    assert!(done.unwrap(account(1), &rewrapped).is_ok());
    assert_eq!(
        done.unwrap(account(1), &wrapped).unwrap_err(),
        Error::UnknownKek {
            id: old.id().clone()
        }
    );
}

#[test]
fn debug_shows_ids_and_sizes_only() {
    let kek = Kek::new([3; 32]);
    assert_eq!(format!("{kek:?}"), format!("Kek({}, …)", kek.id()));
    assert_eq!(kek.id().as_str().len(), 16);
    assert_eq!(
        format!("{:?}", DataKey::generate(&mut entropy(1))),
        "DataKey(…)"
    );
    assert_eq!(
        format!("{:?}", Sealed::from_bytes(vec![1, 2])),
        "Sealed(2 bytes)"
    );
}
