use super::*;

fn refused(text: &str) -> Error {
    match parse(text) {
        Ok(node) => panic!("accepted {text:?} as {node:?}"),
        Err(error) => error,
    }
}

fn syntax(text: &str) -> Error {
    let error = refused(text);
    assert_eq!(error.code, ErrorCode::Syntax, "{text:?}: {error}");
    error
}

#[test]
fn values_are_read_with_their_places() {
    let node =
        parse("{\n  \"a\": [1, \"zwölf\", tru\u{65}],\n\t\"b/c\": {\"~\": null}\n}\n").unwrap();
    assert_eq!(node.at, Place { line: 1, column: 1 });
    assert_eq!(
        node.pointer("/a/0").unwrap().value,
        Value::Number("1".to_owned())
    );
    assert_eq!(
        node.pointer("/a/1").unwrap().at,
        Place {
            line: 2,
            column: 12
        }
    );
    assert_eq!(
        node.pointer("/a/2").unwrap().at,
        Place {
            line: 2,
            column: 21
        },
        "columns count characters, not bytes"
    );
    assert_eq!(node.pointer("/b~1c/~0").unwrap().value, Value::Null);
    assert_eq!(
        node.as_object().unwrap()[1].key_at,
        Place { line: 3, column: 2 }
    );
    assert_eq!(
        node.to_serde(),
        serde_json::json!({"a": [1, "zwölf", true], "b/c": {"~": null}})
    );
}

#[test]
fn pointers_name_array_items_by_plain_numbers_only() {
    let node = parse("[[10],20]").unwrap();
    assert_eq!(node.pointer("").unwrap(), &node);
    assert_eq!(
        node.pointer("/0/0").unwrap().value,
        Value::Number("10".to_owned())
    );
    for none in [
        "0",
        "/",
        "/2",
        "/01",
        "/+1",
        "/-",
        "/1/0",
        "/99999999999999999999999",
    ] {
        assert!(node.pointer(none).is_none(), "{none}");
    }
}

#[test]
fn a_repeated_member_is_refused_however_it_is_spelled() {
    for (text, pointer, column) in [
        (r#"{"Effect":"Deny","Effect":"Allow"}"#, "/Effect", 18),
        (r#"{"a":1,"\u0061":2}"#, "/a", 8),
        (r#"{"x":[{},{"é":1,"\u00e9":2}]}"#, "/x/1/é", 17),
        (r#"{"a/b":1,"a\/b":2}"#, "/a~1b", 10),
        (r#"{"":1,"":2}"#, "/", 7),
    ] {
        let error = refused(text);
        assert_eq!(
            (error.code, error.pointer.as_str(), error.at),
            (
                ErrorCode::DuplicateMember,
                pointer,
                Place { line: 1, column }
            ),
            "{text}"
        );
    }
    assert!(
        parse(r#"{"a":1,"A":2}"#).is_ok(),
        "names in other case are other names"
    );
    assert!(
        parse(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok(),
        "names repeat in other objects"
    );
}

#[test]
fn a_repetition_is_found_among_many_members() {
    for (n, again) in [
        (7, 0),
        (8, 0),
        (8, 7),
        (9, 8),
        (500, 0),
        (500, 499),
        (500, 250),
    ] {
        let members: Vec<String> = (0..n).map(|i| format!("\"k{i}\":{i}")).collect();
        let members = members.join(",");
        assert_eq!(
            parse(&format!("{{{members}}}"))
                .unwrap()
                .as_object()
                .unwrap()
                .len(),
            n
        );
        assert_eq!(
            refused(&format!("{{{members},\"k{again}\":0}}")).code,
            ErrorCode::DuplicateMember,
            "{n} {again}"
        );
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(parse(&nested(NESTING_MAX)).is_ok());
    let error = refused(&nested(NESTING_MAX + 1));
    assert_eq!((error.code, error.at.column), (ErrorCode::TooDeep, 33));
    assert_eq!(refused(&"[".repeat(1_000_000)).code, ErrorCode::TooDeep);
    assert_eq!(
        refused(&"{\"a\":".repeat(1_000_000)).code,
        ErrorCode::TooDeep
    );
    let mixed = format!("{}1{}", "{\"a\":[".repeat(16), "]}".repeat(16));
    assert!(parse(&mixed).is_ok());
}

#[test]
fn surrogates_come_in_pairs() {
    assert_eq!(parse(r#""\ud83d\ude00""#).unwrap().as_str(), Some("😀"));
    assert_eq!(parse(r#""\uD83D\uDE00x""#).unwrap().as_str(), Some("😀x"));
    for lone in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud83dx""#,
        r#""\ud83d\n""#,
        r#""\ud83d\u0041""#,
        r#""\ude00\ud83d""#,
        r#""\ud83d\ud83d\ude00""#,
    ] {
        let error = syntax(lone);
        assert_eq!(
            (error.message.as_str(), error.at.column),
            ("half of a surrogate pair is no character", 2),
            "{lone}"
        );
    }
}

#[test]
fn escapes_are_those_of_the_standard() {
    assert_eq!(
        parse(r#""\"\\\/\b\f\n\r\t\u0000\u00e9""#).unwrap().as_str(),
        Some("\"\\/\u{8}\u{c}\n\r\t\u{0}é")
    );
    for bad in [
        r#""\a""#,
        r#""\x41""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\u+123""#,
        r#""\U0041""#,
        r#""\'""#,
        "\"\\",
        "\"\\u",
        "\"\\ud83d\\",
        "\"\\\n\"",
    ] {
        syntax(bad);
    }
    for raw in ["\"\n\"", "\"\t\"", "\"\u{0}\"", "\"\u{1f}\""] {
        assert_eq!(syntax(raw).at.column, 2);
    }
    assert_eq!(
        parse("\"\u{7f}\u{85}\u{2028}\"").unwrap().as_str(),
        Some("\u{7f}\u{85}\u{2028}")
    );
}

#[test]
fn numbers_keep_their_text() {
    for good in [
        "0",
        "-0",
        "1",
        "-1",
        "10",
        "1.0",
        "1.10",
        "0.1e-7",
        "1E+2",
        "1e0",
        "12345678901234567890123",
        "18446744073709551615",
        "-9223372036854775808",
        "1e308",
        "1e-400",
    ] {
        assert_eq!(parse(good).unwrap().value, Value::Number(good.to_owned()));
    }
    for bad in [
        "01",
        "-01",
        "00",
        "+1",
        "1.",
        ".1",
        "-",
        "1e",
        "1e+",
        "1.e1",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "-Infinity",
        "١",
        "1e400",
        "-1e400",
        "1e999999999999",
        "--1",
    ] {
        syntax(bad);
    }
    assert_eq!(syntax("[1, 1e400]").pointer, "/1");
    assert_eq!(syntax("[1, 1e400]").at.column, 5);
}

#[test]
fn integers_of_64_bits_stay_exact() {
    for text in [
        "18446744073709551615",
        "-9223372036854775808",
        "9007199254740993",
    ] {
        assert_eq!(parse(text).unwrap().to_serde().to_string(), text);
    }
}

#[test]
fn what_other_readers_let_pass_is_refused() {
    for bad in [
        "",
        " ",
        "\u{feff}1",
        "\u{feff}",
        "1 2",
        "{} {}",
        "{}x",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{null:1}",
        "// x\n1",
        "/* x */1",
        "1 // x",
        "True",
        "nul",
        "nulll",
        "truefalse",
        "undefined",
        "\u{a0}1",
        "\u{b}1",
        "\u{c}1",
        "[",
        "{",
        "[1",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "\"a",
        "]",
        "}",
        "\u{0}",
        "1\u{0}",
    ] {
        syntax(bad);
    }
}

#[test]
fn an_error_says_where() {
    let error = syntax("{\n  \"Statement\": [ {\"Effect\": Allow} ]\n}");
    assert_eq!(
        (error.pointer.as_str(), error.at),
        (
            "/Statement/0/Effect",
            Place {
                line: 2,
                column: 29
            }
        )
    );
    assert_eq!(
        error.to_string(),
        "`A` stands where a value should be at line 2, column 29"
    );
    assert_eq!(
        syntax("\u{feff}{}").message,
        "the text begins with a byte order mark"
    );
    assert_eq!(syntax("{} x").message, "there is text after the value");
}

#[test]
fn bytes_must_be_utf_8() {
    assert_eq!(parse_bytes("\"é\"".as_bytes()).unwrap().as_str(), Some("é"));
    for bytes in [
        &b"[\"a\n\xff\"]"[..],
        b"\xff\xfe[\0]\0",
        b"\"\xed\xa0\x80\"",
    ] {
        assert_eq!(
            parse_bytes(bytes).unwrap_err().message,
            "the text is not UTF-8"
        );
    }
    assert_eq!(
        parse_bytes(b"[\n \xff]").unwrap_err().at,
        Place { line: 2, column: 2 }
    );
}

#[test]
fn every_character_is_spelled_as_the_library_spells_it() {
    for char in ('\0'..='\u{a0}').chain(['\u{2028}', '\u{ffff}', '\u{1f600}']) {
        let value = serde_json::json!({ format!("a{char}"): format!("{char}b") });
        assert_eq!(canonical(&value), canonical::by_library(&value), "{char:?}");
    }
    let edges = [1_i64 << 53, -(1 << 53), (1 << 53) + 1, i64::MIN, 0, -1];
    for edge in edges {
        let value = serde_json::json!([edge]);
        assert_eq!(canonical(&value), canonical::by_library(&value));
    }
}

#[test]
fn canonical_form_is_rfc_8785() {
    let value = parse(r#"{ "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew", "1": "One", "\ud83d\ude00": "Emoji", "\u0080": "Control", "\u00f6": "o" }"#).unwrap().to_serde();
    let text = canonical(&value);
    let order: Vec<usize> = [
        "Carriage", "One", "Control", "\"o\"", "Euro", "Emoji", "Hebrew",
    ]
    .iter()
    .map(|word| text.find(word).unwrap())
    .collect();
    assert!(
        order.is_sorted(),
        "members are sorted by UTF-16 units: {text}"
    );
    assert_eq!(
        canonical(
            &parse(r#"[ 1.0, -0, 1e21, 0.000001, 1E-7, 333333333.33333329, "\u000f\n\"\\\/é" ]"#)
                .unwrap()
                .to_serde()
        ),
        "[1,0,1e+21,0.000001,1e-7,333333333.3333333,\"\\u000f\\n\\\"\\\\/é\"]"
    );
}
