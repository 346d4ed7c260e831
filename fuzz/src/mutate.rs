//! Mutations that know what an input is made of. Half of all are libFuzzer's own, which know bytes: they break what is
//! well-formed; these make of one well-formed input another.

use serde_json::{Map, Value, json};
use trilby_naive::Random;

const SETS: [&str; 3] = ["", "ForAllValues:", "ForAnyValue:"];

/// Operators, each with values that suit it.
const OPERATORS: [(&str, [&str; 3]); 15] = [
    ("StringEquals", ["a", "a*", "${a:v}"]),
    ("StringNotEquals", ["a", "", "${a:absent}"]),
    ("StringEqualsIgnoreCase", ["A", "a", "${a:v, 'a'}"]),
    ("StringLike", ["a*", "?", "${a:many}*"]),
    ("NumericEquals", ["1", "1.0", "x"]),
    ("NumericNotEquals", ["-1", "1e0", "x"]),
    ("NumericLessThan", ["2", "10.50", "x"]),
    ("NumericGreaterThanEquals", ["0", "9007199254740993", "x"]),
    ("DateEquals", ["2026-01-01T00:00:00Z", "1767225600", "x"]),
    ("DateLessThan", ["2026-01-01T02:00:00+02:00", "0", "x"]),
    ("Bool", ["true", "FALSE", "x"]),
    ("BinaryEquals", ["QmluYXJ5", "QQ==", "x"]),
    ("IpAddress", ["10.0.0.0/8", "2001:db8::1", "x"]),
    ("ArnLike", ["arn:aws:a:::r*", "arn:aws:a:::${a:v}", "x"]),
    ("Null", ["true", "false", "x"]),
];

/// Makes of an input of `condition` another.
pub fn condition(input: &str, random: &mut Random) -> Option<String> {
    let mut lines: Vec<String> = input.split('\n').map(str::to_owned).collect();
    let (operator, state) = (lines.first()?.clone(), lines.get(1)?.clone());
    let (set, rest) = match operator.split_once(':') {
        Some((set, rest)) => (format!("{set}:"), rest),
        None => (String::new(), operator.as_str()),
    };
    let base = rest.strip_suffix("IfExists").unwrap_or(rest);
    let known = OPERATORS.iter().find(|(name, _)| *name == base);
    let (other, others) = one(random, &OPERATORS)?;
    let value = random.pick(known.map_or(others, |(_, values)| values));
    let value = value.to_owned();
    match random.below(7) {
        0 => lines[0] = format!("{}{rest}", random.pick(&SETS)),
        1 => lines[0] = format!("{set}{other}"),
        2 => lines[0] = format!("{set}{base}IfExists"),
        3 => lines[1] = format!("={value}"),
        4 => lines[1] = "-".to_owned(),
        5 => {
            let held = state.trim_start_matches(['=', '[', '-']);
            let end = if held.ends_with('\t') || held.is_empty() {
                ""
            } else {
                "\t"
            };
            lines[1] = format!("[{held}{end}{value}\t");
        }
        _ => lines.push(value),
    }
    Some(lines.join("\n"))
}

/// Makes of an input of `document` another, if it holds JSON.
pub fn document(input: &str, random: &mut Random) -> Option<String> {
    let mut letters: Vec<char> = input.chars().take(2).collect();
    let text = input.get(2..)?;
    let mut document: Value = serde_json::from_str(text).ok()?;
    let statements = match document.get_mut("Statement")? {
        Value::Array(statements) => statements,
        one => {
            *one = json!([one.clone()]);
            one.as_array_mut()?
        }
    };
    let place = random.below(statements.len());
    match random.below(8) {
        0 => letters[0] = *one(random, &['i', 'b', 's', 'r', 't', 'c', 'C'])?,
        1 => letters[1] = *one(random, &['s', 'l', 't', 'u'])?,
        2 => statements.push(statements.get(place)?.clone()),
        _ => change(statements.get_mut(place)?.as_object_mut()?, random)?,
    }
    Some(format!(
        "{}{document}",
        letters.into_iter().collect::<String>()
    ))
}

/// Changes one member of a statement.
fn change(statement: &mut Map<String, Value>, random: &mut Random) -> Option<()> {
    let names: Vec<String> = statement.keys().cloned().collect();
    let name = one(random, &names)?.clone();
    match random.below(4) {
        0 => {
            let value = statement.remove(&name)?;
            let opposite = match name.strip_prefix("Not") {
                Some(plain) => plain.to_owned(),
                None => format!("Not{name}"),
            };
            statement.insert(opposite, value);
        }
        1 => {
            statement.remove(&name);
        }
        2 => {
            let (operator, values) = one(random, &OPERATORS)?;
            let operator = format!("{}{operator}", random.pick(&SETS));
            let conditions = statement.entry("Condition").or_insert_with(|| json!({}));
            let value = random.pick(values);
            conditions
                .as_object_mut()?
                .insert(operator, json!({ "a:k": value }));
        }
        _ => {
            let value = statement.get_mut(&name)?;
            *value = match value.take() {
                Value::Array(mut items) if items.len() == 1 => items.remove(0),
                Value::String(effect) if effect == "Allow" => json!("Deny"),
                Value::String(effect) if effect == "Deny" => json!("Allow"),
                other => json!([other]),
            };
        }
    }
    Some(())
}

fn one<'a, T>(random: &mut Random, choices: &'a [T]) -> Option<&'a T> {
    choices.get(random.below(choices.len()))
}

/// One step of libFuzzer: with these mutations, or with its own.
pub fn step(
    data: &mut [u8],
    size: usize,
    size_max: usize,
    seed: u32,
    mutate: fn(&str, &mut Random) -> Option<String>,
) -> usize {
    let mut random = Random::new(seed.into());
    let made = match random.below(2) {
        0 => std::str::from_utf8(&data[..size])
            .ok()
            .and_then(|text| mutate(text, &mut random)),
        _ => None,
    };
    match made {
        Some(made) if made.len() <= size_max => {
            data[..made.len()].copy_from_slice(made.as_bytes());
            made.len()
        }
        _ => libfuzzer_sys::fuzzer_mutate(data, size, size_max),
    }
}
