use super::*;

#[test]
fn the_same_seed_gives_the_same_stream() {
    let (mut a, mut b) = (Entropy::new([7; 32]), Entropy::new([7; 32]));
    assert_eq!(a.take::<100>(), b.take::<100>());
    assert_eq!(a.text(b"abc", 40), b.text(b"abc", 40));
}

#[test]
fn two_takes_and_two_seeds_differ() {
    let mut entropy = Entropy::new([7; 32]);
    assert_ne!(entropy.take::<16>(), entropy.take::<16>());
    assert_ne!(
        Entropy::new([1; 32]).take::<16>(),
        Entropy::new([2; 32]).take::<16>()
    );
    assert_eq!(Entropy::new([1; 32]).take::<0>(), [0_u8; 0]);
}

#[test]
fn text_has_the_length_and_uses_the_whole_alphabet_evenly() {
    let alphabet = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let text = Entropy::new([9; 32]).text(alphabet, 36_000);
    assert_eq!(text.len(), 36_000);
    for c in alphabet {
        let n = text.bytes().filter(|b| b == c).count();
        assert!((850..1150).contains(&n), "{}: {n}", char::from(*c));
    }
}

#[test]
fn printing_tells_no_seed() {
    assert_eq!(format!("{:?}", Entropy::new([1; 32])), "Entropy(…)");
}
