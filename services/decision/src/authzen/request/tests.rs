use trilby_model::json;

use super::*;

fn node(text: &str) -> Node {
    json::parse(text).expect("JSON")
}

fn question(text: &str) -> Result<(), Option<String>> {
    Evaluation::read(&node(text)).map(drop).map_err(|problem| {
        problem
            .errors
            .first()
            .and_then(|error| error.pointer.clone())
    })
}

#[test]
fn unknown_members_are_passed_over() {
    let node = node(
        r#"{"subject":{"type":"user","id":"a","x":1},"action":{"name":"read","y":[]},"resource":{"type":"r","id":"1"},"z":null}"#,
    );
    let one = Evaluation::read(&node).expect("a question");
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
    let node = node(
        r#"{"subject":{"type":"user","id":"a","properties":{"p":1}},"resource":{},"action":{"name":"read"},
            "evaluations":[{"resource":{"type":"r","id":"1"},"subject":{"type":"user","id":"b"}},{}]}"#,
    );
    let batch = Batch::read(&node, 10).expect("a batch");
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

/// A batch of so many empty items over a context with so much text.
fn batch(n_items: usize, n_bytes: usize, item: &str) -> Node {
    let items = vec![item; n_items].join(",");
    let text = "x".repeat(n_bytes);
    node(&format!(
        r#"{{"subject":{{"type":"user","id":"a"}},"action":{{"name":"read"}},"resource":{{"type":"r","id":"1"}},
            "context":{{"text":"{text}"}},"evaluations":[{items}]}}"#
    ))
}

#[test]
fn what_all_items_take_from_the_defaults_is_bounded() {
    let code = |node: &Node| Batch::read(node, 1_000).map(drop).map_err(|it| it.code);
    assert_eq!(code(&batch(1_000, 16_000, "{}")), Ok(()));
    assert_eq!(
        code(&batch(1_000, 17_000, "{}")),
        Err(Code::PayloadTooLarge)
    );
    // A default that no item takes counts nothing; one that is `null` in the item is taken.
    assert_eq!(code(&batch(1_000, 17_000, r#"{"context":{}}"#)), Ok(()));
    assert_eq!(
        code(&batch(1_000, 17_000, r#"{"context":null}"#)),
        Err(Code::PayloadTooLarge)
    );
    assert_eq!(code(&batch(1_001, 1, "{}")), Err(Code::InvalidParameter));
}

#[test]
fn items_share_their_defaults() {
    let node = batch(2, 10, "{}");
    let batch = Batch::read(&node, 10).expect("a batch");
    let default = node.pointer("/context/text").expect("it is there");
    assert_eq!(batch.questions().count(), 2);
    for question in batch.questions() {
        let (_, value) = question.context.first().expect("one member");
        assert!(std::ptr::eq(*value, default));
    }
}
