use super::*;

#[test]
fn the_two_prefixes_and_every_case_are_one_key() {
    let mut context = Context::new();
    context.insert("AWS:SourceIp", "203.0.113.7");
    assert!(context.contains("trilby:sourceip"));
    assert_eq!(context.scalar("Trilby:SourceIP"), Some("203.0.113.7"));
    assert_eq!(
        context.try_insert("trilby:SOURCEIP", "10.0.0.1"),
        Err(ContextError::Duplicate {
            key: "trilby:SOURCEIP".into()
        })
    );
}

#[test]
fn a_multivalued_key_is_a_list_however_many_values_came() {
    let mut context = Context::new();
    context.insert("aws:TagKeys", "team");
    assert_eq!(
        context.get("aws:TagKeys"),
        Some(&ContextValue::List(vec!["team".into()]))
    );
    context.insert("https.example/realm:amr", "pwd");
    assert_eq!(
        context.get("https.example/realm:amr"),
        Some(&ContextValue::List(vec!["pwd".into()]))
    );
}

#[test]
fn several_values_of_a_single_valued_key_are_refused_from_outside() {
    let mut context = Context::new();
    let two = ContextValue::List(vec!["a".into(), "b".into()]);
    assert_eq!(
        context.try_insert("aws:PrincipalTag/Team", two.clone()),
        Err(ContextError::SingleValued {
            key: "aws:PrincipalTag/Team".into()
        })
    );
    assert_eq!(context.try_insert("docs:Labels", two), Ok(()));
    assert_eq!(context.try_insert("", "x"), Err(ContextError::EmptyKey));
}

#[test]
fn values_from_outside_are_bounded() {
    let mut context = Context::new();
    let most = ContextValue::List(vec!["x".repeat(32); 1_000]);
    assert_eq!(context.try_insert("docs:a", most), Ok(()));
    assert_eq!(context.try_insert("docs:b", "x".repeat(32_768)), Ok(()));
    for large in [
        ContextValue::Scalar("x".repeat(32_769)),
        ContextValue::List(vec![String::new(); 1_001]),
        ContextValue::List(vec!["x".repeat(20_000); 2]),
    ] {
        let refused = context.try_insert("docs:c", large);
        assert_eq!(refused, Err(ContextError::TooLarge));
        assert!(!context.contains("docs:c"));
    }
}

#[test]
fn one_value_in_a_list_is_the_value_of_a_single_valued_key() {
    let mut context = Context::new();
    context.insert("aws:username", vec!["ana".to_owned()]);
    assert_eq!(context.scalar("aws:username"), Some("ana"));
    context.insert("docs:Owner", vec!["ana".to_owned()]);
    assert_eq!(context.scalar("docs:Owner"), None);
}
