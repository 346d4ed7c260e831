//! Inputs of every target from the worked examples of evaluation (`libs/engine/tests/examples`).

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Target and input, for every case, document, pattern and condition of the examples.
pub fn inputs(root: &Path) -> Vec<(&'static str, String)> {
    let mut inputs = Vec::new();
    let folder = root.join("libs/engine/tests/examples");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the examples")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    for file in files {
        for line in fs::read_to_string(file).expect("text").lines() {
            let example: Value = serde_json::from_str(line).expect("an example");
            of_case(&example["case"], &mut inputs);
        }
    }
    inputs.sort();
    inputs.dedup();
    inputs
}

fn of_case(case: &Value, inputs: &mut Vec<(&'static str, String)>) {
    inputs.push(("simulate", case.to_string()));
    let request = &case["request"];
    for (place, kind) in [
        ("identity", 'i'),
        ("resource", 'r'),
        ("boundary", 'b'),
        ("session", 's'),
        ("scp", 'c'),
        ("rcp", 'C'),
    ] {
        let mut documents = Vec::new();
        gather(&case["policies"][place], &mut documents);
        for document in documents {
            inputs.push(("document", format!("{kind}l{document}")));
            for statement in listed(&document["Statement"]) {
                of_statement(statement, request, inputs);
            }
        }
    }
}

fn gather<'a>(value: &'a Value, documents: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, documents)),
        Value::Object(policy) => documents.extend(policy.get("document")),
        _ => {}
    }
}

fn of_statement(statement: &Value, request: &Value, inputs: &mut Vec<(&'static str, String)>) {
    let name = request["resource"].as_str().unwrap_or("*");
    for element in ["Resource", "NotResource"] {
        for pattern in listed(&statement[element]) {
            let pattern = text(pattern);
            inputs.push(("arn", format!("{pattern}\n*\n{name}\nvalue")));
            inputs.push(("glob", format!("{pattern}\n*\n{name}\nvalue")));
        }
    }
    for (operator, keys) in members(&statement["Condition"]) {
        for (key, values) in members(keys) {
            let held = &request["context"][key];
            let state = match held {
                Value::Null => "-".to_owned(),
                Value::Array(values) => {
                    let values = values.iter().map(|value| text(value) + "\t");
                    format!("[{}", values.collect::<String>())
                }
                one => format!("={}", text(one)),
            };
            let values: Vec<String> = listed(values).map(text).collect();
            inputs.push((
                "condition",
                format!("{operator}\n{state}\n{}", values.join("\n")),
            ));
            for value in values {
                inputs.push(("glob", format!("{value}\na*\n{}\nvalue", &state[1..])));
            }
        }
    }
}

fn listed(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Null => Box::new(std::iter::empty()),
        Value::Array(items) => Box::new(items.iter()),
        one => Box::new(std::iter::once(one)),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
