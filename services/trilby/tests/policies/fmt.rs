use std::fs;

use tempfile::TempDir;

use crate::policy;

const LOOSE: &str = r#"{"Statement": {"Resource": "*", "Effect": "Allow", "Sid": "",
  "Action": "s3:GetObject", "Condition": {"NumericLessThan": {"app:n": 10}}}, "Version": "2012-10-17"}"#;
const MINIFIED: &str = r#"{"Statement":[{"Action":["s3:GetObject"],"Condition":{"NumericLessThan":{"app:n":["10"]}},"Effect":"Allow","Resource":["*"]}],"Version":"2012-10-17"}"#;
const INDENTED: &str = r#"{
  "Statement": [
    {
      "Action": [
        "s3:GetObject"
      ],
      "Condition": {
        "NumericLessThan": {
          "app:n": [
            "10"
          ]
        }
      },
      "Effect": "Allow",
      "Resource": [
        "*"
      ]
    }
  ],
  "Version": "2012-10-17"
}
"#;

#[test]
fn the_form_is_printed() {
    let folder = TempDir::new().unwrap();
    for text in [LOOSE, INDENTED, MINIFIED] {
        let said = policy(folder.path(), &["fmt", "-"], text);
        assert_eq!((said.code, said.stdout.as_str()), (0, INDENTED));
        let said = policy(folder.path(), &["fmt", "--minify", "-"], text);
        assert_eq!((said.code, said.stdout), (0, format!("{MINIFIED}\n")));
        assert_eq!(said.stderr, "");
    }
}

#[test]
fn checking_names_what_is_in_another_form_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, text) in [
        ("a.json", LOOSE),
        ("b.json", INDENTED),
        ("c.json", MINIFIED),
    ] {
        fs::write(path(name), text).unwrap();
    }
    let said = policy(
        folder.path(),
        &["fmt", "--check", "a.json", "b.json", "c.json"],
        "",
    );
    assert_eq!((said.code, said.stdout.as_str()), (1, "a.json\nc.json\n"));
    let said = policy(folder.path(), &["fmt", "--check", "b.json"], "");
    assert_eq!((said.code, said.stdout.as_str()), (0, ""));
    let said = policy(folder.path(), &["fmt", "--check", "--minify", "b.json"], "");
    assert_eq!(said.code, 1);
    assert_eq!(
        policy(folder.path(), &["fmt", "--check", "-"], INDENTED).code,
        0
    );
    assert_eq!(fs::read_to_string(path("a.json")).unwrap(), LOOSE);
}

#[test]
fn writing_rewrites_what_is_in_another_form() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let wrong = LOOSE.replace("Allow", "Alow");
    for (name, text) in [
        ("a.json", LOOSE),
        ("b.json", INDENTED),
        ("wrong.json", &wrong),
    ] {
        fs::write(path(name), text).unwrap();
    }
    let said = policy(
        folder.path(),
        &["fmt", "--write", "a.json", "wrong.json", "b.json"],
        "",
    );
    assert_eq!((said.code, said.stdout.as_str()), (1, "a.json\n"));
    assert!(said.stderr.starts_with("wrong.json:1:"), "{}", said.stderr);
    assert_eq!(fs::read_to_string(path("a.json")).unwrap(), INDENTED);
    assert_eq!(fs::read_to_string(path("wrong.json")).unwrap(), wrong);
    let said = policy(folder.path(), &["fmt", "--write", "a.json", "b.json"], "");
    assert_eq!((said.code, said.stdout.as_str()), (0, ""));
    let said = policy(folder.path(), &["fmt", "--write", "-"], LOOSE);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("standard input"), "{}", said.stderr);
}

#[test]
fn a_wrong_document_has_no_form() {
    let folder = TempDir::new().unwrap();
    for flag in ["--minify", "--check", "--write"] {
        let said = policy(folder.path(), &["fmt", flag, "-"], "{\"Version\": 1}");
        assert_eq!((said.code, said.stdout.as_str()), (1, ""), "{flag}");
        assert!(said.stderr.contains("-:1:13: error: "), "{}", said.stderr);
    }
}
