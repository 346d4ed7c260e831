use super::*;
use crate::pepper::{Pepper, PepperVersion};

fn peppers() -> Peppers {
    Peppers::single(Pepper::new(PepperVersion::FIRST, [9; 32]))
}

fn secret(seed: u8) -> AccessKeySecret {
    AccessKeySecret::generate(&mut Entropy::new([seed; 32]))
}

#[test]
fn a_secret_has_its_prefix_width_and_checksum() {
    let secret = secret(1);
    assert!(secret.expose().starts_with("tbk_"));
    assert_eq!(secret.expose().len(), 4 + 43 + 6);
    assert!(AccessKeySecret::is_well_formed(secret.expose()));
}

#[test]
fn every_prefix_extension_and_changed_character_is_refused() {
    let secret = secret(2);
    let text = secret.expose();
    let stored = secret.mac(&peppers());
    assert!(peppers().verify(Some(&stored), text));
    for cut in 0..text.len() {
        assert!(!AccessKeySecret::is_well_formed(&text[..cut]));
        assert!(!peppers().verify(Some(&stored), &text[..cut]));
    }
    for longer in [
        format!("{text}0"),
        format!("{text} "),
        format!(" {text}"),
        text.to_uppercase(),
    ] {
        assert!(!AccessKeySecret::is_well_formed(&longer));
        assert!(!peppers().verify(Some(&stored), &longer));
    }
    for at in 0..text.len() {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(!AccessKeySecret::is_well_formed(&changed), "{changed}");
        assert!(!peppers().verify(Some(&stored), &changed));
    }
}

#[test]
fn two_secrets_differ_and_neither_is_printed() {
    assert_ne!(secret(1).expose(), secret(2).expose());
    assert_eq!(format!("{:?}", secret(1)), "AccessKeySecret(…)");
}
