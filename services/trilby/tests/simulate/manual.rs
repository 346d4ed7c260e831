//! What `docs/simulate.md` shows is what happens.

use std::path::Path;

use super::{run_in, trilby};

const MANUAL: &str = include_str!("../../../../docs/simulate.md");

/// A fenced block: its language and its text.
fn blocks() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in MANUAL.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(language), false) => {
                found.push((language.to_owned(), String::new()));
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let (_, text) = found.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            (None, false) => {}
        }
    }
    found
}

/// Writes the files of a block (`cat > NAME <<'EOF'` up to `EOF`), runs its one `trilby simulate` line, gives what it prints.
fn run(folder: &Path, script: &str) -> String {
    let mut printed = String::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line
            .strip_prefix("cat > ")
            .and_then(|rest| rest.strip_suffix(" <<'EOF'"))
        {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "EOF").collect();
            std::fs::write(folder.join(name), text.join("\n") + "\n").unwrap();
        } else if let Some(arguments) = line.strip_prefix("trilby simulate ") {
            let arguments: Vec<&str> = arguments.split(' ').collect();
            let output = run_in(folder, &arguments);
            printed += &String::from_utf8(output.stdout).unwrap();
            printed += &String::from_utf8(output.stderr).unwrap();
        } else {
            panic!("a line that is not run: {line}");
        }
    }
    printed
}

#[test]
fn every_example_of_the_manual_prints_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut examples = 0;
    let mut printed: Option<String> = None;
    for (language, text) in blocks() {
        match (language.as_str(), printed.take()) {
            ("sh", _) => printed = Some(run(folder.path(), &text)),
            ("json" | "text", Some(printed)) => {
                assert_eq!(shape(&language, &printed), shape(&language, &text));
                examples += 1;
            }
            (_, _) => {}
        }
    }
    assert!(examples >= 5, "{examples} examples");
}

/// JSON without its white space: the manual breaks lines that the command does not.
fn shape(language: &str, text: &str) -> String {
    if language == "text" {
        return text.trim().to_owned();
    }
    let values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let values: Vec<String> = values.map(|value| value.unwrap().to_string()).collect();
    values.join("\n")
}

#[test]
fn the_help_names_the_forms_of_input() {
    let output = trilby().arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for word in [".json", ".jsonl", "--explain"] {
        assert!(text.contains(word), "{text}");
    }
}
