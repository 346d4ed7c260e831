use proptest::prelude::*;

use super::*;

/// Pieces of text and `?` between them.
fn parts(spelled: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (index, text) in spelled.split('?').enumerate() {
        if index > 0 {
            parts.push(Part::One);
        }
        parts.push(Part::Text(text));
    }
    parts
}

/// The definition: the first place at which every character fits.
fn reference(spelled: &str, text: &str) -> Option<String> {
    let piece: Vec<char> = spelled.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let at = text
        .windows(piece.len())
        .position(|window| window.iter().zip(&piece).all(|(c, p)| *p == '?' || c == p))?;
    Some(text[at + piece.len()..].iter().collect())
}

fn found(spelled: &str, text: &str) -> Option<String> {
    after_first(parts(spelled).into_iter(), text).map(str::to_owned)
}

#[test]
fn pieces_longer_than_a_word() {
    let long = "ab?".repeat(60);
    let fits = "abz".repeat(60);
    assert_eq!(found(&long, &format!("ab{fits}rest")), Some("rest".into()));
    assert_eq!(found(&long, &format!("{}ab", &fits[..177])), None);
    let end = format!("{}x", "?".repeat(128));
    assert_eq!(
        found(&end, &format!("{}xyz", "ö".repeat(130))),
        Some("yz".into())
    );
}

#[test]
fn nothing_to_find_is_found_nowhere() {
    assert_eq!(after_first(std::iter::empty(), "text"), None);
}

proptest! {
    #[test]
    fn it_finds_what_trying_every_place_finds(piece in "[abä?]{1,90}", text in "[abä]{0,200}") {
        prop_assert_eq!(found(&piece, &text), reference(&piece, &text));
    }

    #[test]
    fn it_finds_what_is_there(
        piece in "[abcdef?]{1,150}", filler in "[abcdef]{1,150}", before in "[abcdef]{0,40}", after in "[a-f]{0,9}",
    ) {
        let mut filler = filler.chars().cycle();
        let hidden: String = piece.chars().map(|c| if c == '?' { filler.next().unwrap() } else { c }).collect();
        let text = format!("{before}{hidden}{after}");
        let left = found(&piece, &text);
        prop_assert_eq!(&left, &reference(&piece, &text));
        prop_assert!(left.is_some());
    }
}
