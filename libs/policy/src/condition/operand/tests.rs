use super::*;

#[test]
fn a_text_is_another_without_case_if_their_lower_cases_are_one() {
    let texts = [
        "",
        "k",
        "K",
        "\u{212a}",
        "Team",
        "tEAM",
        "team\u{e9}",
        "TEAM\u{c9}",
        "i",
        "I",
        "\u{130}",
        "i\u{307}",
        "I\u{307}",
        "\u{131}",
        "\u{39f}\u{3a3}",
        "\u{3bf}\u{3c2}",
        "\u{3bf}\u{3c3}",
        "stra\u{df}e",
        "STRASSE",
        "\u{1e9e}",
    ];
    for one in texts {
        let folded = Folded::new(one);
        for other in texts {
            let same = one.to_lowercase() == other.to_lowercase();
            assert_eq!(folded.is(other), same, "{one:?} {other:?}");
        }
    }
}
