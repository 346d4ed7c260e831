use trilby_model::json;

use super::*;

fn node(text: &str) -> Node {
    json::parse(text).expect("JSON")
}

fn question(text: &str) -> Result<Evaluation, Option<String>> {
    Evaluation::read(&node(text)).map_err(|problem| {
        problem
            .errors
            .first()
            .and_then(|error| error.pointer.clone())
    })
}

#[test]
fn unknown_members_are_passed_over() {
    let one = question(
        r#"{"subject":{"type":"user","id":"a","x":1},"action":{"name":"read","y":[]},"resource":{"type":"r","id":"1"},"z":null}"#,
    )
    .expect("a question");
    assert_eq!(
        (
            one.subject.id.as_str(),
            one.action.name.as_str(),
            one.resource.kind.as_str()
        ),
        ("a", "read", "r")
    );
}

#[test]
fn each_missing_member_is_named() {
    let whole = r#"{"subject":{"type":"user","id":"a"},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#;
    for (cut, pointer) in [
        (r#""subject":{"type":"user","id":"a"},"#, "/subject"),
        (r#""action":{"name":"read"},"#, "/action"),
        (r#","resource":{"type":"r","id":"1"}"#, "/resource"),
        (r#""type":"user","#, "/subject/type"),
        (r#","id":"a""#, "/subject/id"),
        (r#""name":"read""#, "/action/name"),
        (r#""type":"r","#, "/resource/type"),
        (r#","id":"1""#, "/resource/id"),
    ] {
        assert_eq!(
            question(&whole.replacen(cut, "", 1)),
            Err(Some(pointer.to_owned())),
            "without {cut}"
        );
    }
}

#[test]
fn wrong_types_and_empty_texts_are_refused() {
    assert!(
        question(
            r#"{"subject":"alice","action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#
        )
        .is_err()
    );
    assert!(question(r#"{"subject":{"type":"u","id":"a"},"action":{"name":7},"resource":{"type":"r","id":"1"}}"#).is_err());
    assert!(question(r#"{"subject":{"type":"u","id":""},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#).is_err());
    assert!(question(r#"{"subject":{"type":"u","id":null},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#).is_err());
}

#[test]
fn an_item_replaces_a_default_whole_and_an_unused_default_is_not_looked_at() {
    let batch = Batch::read(&node(
        r#"{"subject":{"type":"user","id":"a","properties":{"p":1}},"resource":{},"action":{"name":"read"},
            "evaluations":[{"resource":{"type":"r","id":"1"},"subject":{"type":"user","id":"b"}},{}]}"#,
    ), 10)
    .expect("a batch");
    let Batch::Many { items, semantic } = batch else {
        panic!("many")
    };
    assert_eq!(semantic, Semantic::ExecuteAll);
    let first = items[0].as_ref().expect("the first is whole");
    assert_eq!(
        (first.subject.id.as_str(), first.subject.properties.len()),
        ("b", 0)
    );
    assert!(
        items[1].is_err(),
        "the second inherits a resource without type and id"
    );
}

#[test]
fn an_empty_batch_is_a_single_question() {
    let one = r#"{"subject":{"type":"user","id":"a"},"action":{"name":"read"},"resource":{"type":"r","id":"1"},"evaluations":[]}"#;
    assert!(matches!(Batch::read(&node(one), 10), Ok(Batch::Single(_))));
}

#[test]
fn an_unknown_semantic_is_refused() {
    let text = r#"{"evaluations":[{}],"options":{"evaluations_semantic":"any"}}"#;
    assert!(Batch::read(&node(text), 10).is_err());
}
