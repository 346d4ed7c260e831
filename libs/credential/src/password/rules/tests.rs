use super::*;

fn reasons(text: &str, rules: Rules, names: &[&str]) -> Vec<&'static str> {
    match check(
        text,
        rules,
        names.iter().copied(),
        &RefusedPasswords::shipped(),
    ) {
        Ok(_) => Vec::new(),
        Err(reasons) => reasons.into_iter().map(Reason::code).collect(),
    }
}

fn long(text: &str) -> Vec<&'static str> {
    reasons(text, Rules::ALONE, &[])
}

#[test]
fn ordinary_long_passwords_are_accepted() {
    for good in [
        "seven grey umbrellas",
        "Rüben im Vorgarten!",
        "пять синих гвоздей на полке",
        "    spaces count too   x",
        "k9#Lw2vT!pq8ZmR4",
        "dragon boats sail past noon",
        "密码很长而且没有人会猜到它的样子啊",
    ] {
        assert_eq!(long(good), Vec::<&str>::new(), "{good}");
    }
}

#[test]
fn length_is_counted_in_characters_and_capped_in_bytes() {
    assert_eq!(long("ffiord vex quiz"), Vec::<&str>::new());
    assert_eq!(long("fiord vex quiz"), ["too_short"]);
    assert_eq!(
        reasons("fiord vex quiz", Rules::WITH_SECOND_FACTOR, &[]),
        Vec::<&str>::new()
    );
    assert_eq!(long(&"aé9 zK".repeat(60)), ["too_long"]);
    assert!(Rules::new(11, false).is_none());
    assert!(Rules::new(12, false).is_some());
    assert!(Rules::new(7, true).is_none());
    assert!(Rules::new(257, true).is_none());
}

#[test]
fn common_passwords_are_refused_also_decorated_and_disguised() {
    let short = Rules::WITH_SECOND_FACTOR;
    for common in [
        "password",
        "PASSWORD",
        "Password2024!!",
        "p@ssw0rd",
        "P4$$w0rd",
        "!!P@ssw0rd99",
        "correct horse battery staple",
        "CorrectHorseBatteryStaple1",
        "maytheforcebewithyou",
        "iloveyousomuch",
        "changeme123456",
        "administrator1",
    ] {
        assert!(reasons(common, short, &[]).contains(&"common"), "{common}");
    }
}

#[test]
fn names_do_not_count() {
    let names = ["mary", "acme-prod", "mary.poppins@example.com"];
    for bad in [
        "mary.poppins@example.com",
        "Mary Poppins 2024",
        "acme-prod acme!",
        "trilbytrilby1234",
    ] {
        assert!(
            reasons(bad, Rules::ALONE, &names).contains(&"contains_name"),
            "{bad}"
        );
    }
    assert_eq!(
        reasons("mary bought nine lamps", Rules::ALONE, &names),
        Vec::<&str>::new()
    );
    // Two letters are in every second word.
    assert_eq!(
        reasons("bo sold nineteen lamps", Rules::ALONE, &["bo"]),
        Vec::<&str>::new()
    );
}

#[test]
fn repetitions_and_runs_are_refused() {
    for bad in [
        "aaaaaaaaaaaaaaaa",
        "xyzzyxyzzyxyzzyxyzzy",
        "a1b2c3d4a1b2c3d4",
    ] {
        assert!(long(bad).contains(&"repetition"), "{bad}");
    }
    for bad in [
        "abcdefghijklmnopq",
        "qwertyuiopasdfghj",
        "zyxwvutsrqponmlk",
        "qwerty1234567890",
        "aaaabbbbccccdddd",
    ] {
        assert!(long(bad).contains(&"run"), "{bad}");
    }
}

#[test]
fn a_short_password_is_a_run_only_if_it_is_one() {
    for short in ["x", "zeugma", "hat 7", "wolfix"] {
        assert_eq!(long(short), ["too_short"], "{short}");
    }
    for run in ["abc", "1234", "qwert7"] {
        assert!(long(run).contains(&"run"), "{run}");
    }
}

#[test]
fn an_own_list_replaces_the_shipped_one() {
    let own = RefusedPasswords::from_text("Tiny Little Secret Phrase\n\n").unwrap();
    let check = |text| check(text, Rules::ALONE, [], &own).is_ok();
    assert!(!check("tiny little secret phrase"));
    assert!(check("correct horse battery staple"));
    assert_eq!(
        RefusedPasswords::from_text("\n \n").unwrap_err(),
        UnreadableList::Empty
    );
}

#[test]
fn the_shipped_file_is_sorted_lower_case_and_without_doubles() {
    let text = include_str!("../../../data/refused-passwords.txt");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 1_000);
    for pair in lines.windows(2) {
        assert!(pair[0] < pair[1], "{pair:?}");
    }
    assert!(lines.iter().all(|line| *line == line.to_lowercase()));
}
