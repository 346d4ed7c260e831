use super::*;

fn peppers(version: u16) -> Peppers {
    Peppers::single(pepper(version))
}

fn pepper(version: u16) -> Pepper {
    Pepper::new(PepperVersion::new(version).unwrap(), [version as u8; 32])
}

fn hash(text: &str, peppers: &Peppers) -> PasswordHash {
    let mut entropy = Entropy::new([1; 32]);
    PasswordHash::make(
        &Password::new(text).unwrap(),
        peppers,
        Params::FLOOR,
        &mut entropy,
    )
    .unwrap()
}

fn check(stored: Option<&PasswordHash>, text: &str, peppers: &Peppers) -> Verdict {
    verify(stored, text, peppers, Params::FLOOR).unwrap()
}

#[test]
fn a_right_password_is_right_in_both_normal_forms() {
    let peppers = peppers(1);
    let stored = hash("caf\u{e9} au lait, 2 sugars", &peppers);
    let right = Verdict::Right { rehash: false };
    assert_eq!(
        check(Some(&stored), "caf\u{e9} au lait, 2 sugars", &peppers),
        right
    );
    assert_eq!(
        check(Some(&stored), "cafe\u{301} au lait, 2 sugars", &peppers),
        right
    );
    assert_eq!(
        check(Some(&stored), "cafe au lait, 2 sugars", &peppers),
        Verdict::Wrong
    );
    assert_eq!(check(Some(&stored), "", &peppers), Verdict::Wrong);
}

#[test]
fn nobody_and_oversized_passwords_are_wrong() {
    let peppers = peppers(1);
    let longest = "x".repeat(BYTES_MAX);
    let stored = hash(&longest, &peppers);
    assert_eq!(check(None, &longest, &peppers), Verdict::Wrong);
    assert_eq!(
        check(Some(&stored), &format!("{longest}x"), &peppers),
        Verdict::Wrong
    );
    assert_eq!(
        check(Some(&stored), &"x".repeat(100_000), &peppers),
        Verdict::Wrong
    );
}

#[test]
fn an_older_pepper_or_a_lower_cost_asks_for_a_rehash() {
    let old = peppers(1);
    let stored = hash("a fine long password", &old);
    let both = Peppers::new([pepper(1), pepper(2)]).unwrap();
    assert_eq!(
        check(Some(&stored), "a fine long password", &both),
        Verdict::Right { rehash: true }
    );
    assert_eq!(
        check(Some(&stored), "a fine long password", &peppers(2)),
        Verdict::Wrong
    );
    let dearer = Params::new(19_456, 3, 1).unwrap();
    assert_eq!(
        verify(Some(&stored), "a fine long password", &old, dearer).unwrap(),
        Verdict::Right { rehash: true }
    );
}

#[test]
fn the_stored_form_is_read_back_and_nothing_else_is() {
    let stored = hash("a fine long password", &peppers(1));
    let text = stored.encode();
    assert!(
        text.starts_with("1:$argon2id$v=19$m=19456,t=2,p=1$"),
        "{text}"
    );
    assert_eq!(PasswordHash::decode(&text).unwrap(), stored);
    for bad in [
        String::new(),
        text.replacen("1:", "0:", 1),
        text.replacen("1:", "01:", 1),
        text.replacen("1:", "", 1),
        text.replacen("argon2id", "argon2i", 1),
        text.replacen("v=19", "v=16", 1),
        text.replacen("m=19456", "m=8", 1),
        text.replacen("m=19456", "m=019456", 1),
        text.replacen("t=2", "t=999", 1),
        format!("{text}$"),
        format!("{text}="),
        text[..text.len() - 1].to_owned(),
    ] {
        assert_eq!(PasswordHash::decode(&bad), Err(Error::Unreadable), "{bad}");
    }
}

#[test]
fn cost_below_the_floor_or_above_the_ceiling_is_refused() {
    assert!(Params::new(19_455, 2, 1).is_none());
    assert!(Params::new(19_456, 1, 1).is_none());
    assert!(Params::new(19_456, 2, 0).is_none());
    assert!(Params::new(65_537, 2, 1).is_none());
    assert!(Params::new(65_536, 16, 4).is_some());
}

#[test]
fn debug_shows_neither_password_nor_hash() {
    let password = Password::new("hunter2 hunter2 hunter2").unwrap();
    assert_eq!(format!("{password:?}"), "Password(…)");
    let stored = hash("hunter2 hunter2 hunter2", &peppers(1));
    assert_eq!(
        format!("{stored:?}"),
        "PasswordHash(m=19456,t=2,p=1, pepper 1, …)"
    );
}
