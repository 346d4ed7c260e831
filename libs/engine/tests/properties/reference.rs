//! The rules once more, slowly: a case is interpreted from its JSON with nothing compiled and nothing shared with the
//! engine or the policy crate. It knows as much of the language as the random cases use.

use std::collections::BTreeMap;

use serde_json::Value;

/// `allow`, `explicit_deny` or `implicit_deny`.
pub fn decide(case: &Value) -> &'static str {
    let request = Request::read(&case["request"]);
    let policies = &case["policies"];
    let bounded = request.has_identity() && !policies["boundary"].is_null();
    let seats: Vec<(&str, Vec<&Value>)> = vec![
        (
            "identity",
            if request.has_identity() {
                docs(&policies["identity"])
            } else {
                vec![]
            },
        ),
        (
            "boundary",
            if request.has_identity() {
                docs(&policies["boundary"])
            } else {
                vec![]
            },
        ),
        (
            "session",
            if request.account.is_some() {
                docs(&policies["session"])
            } else {
                vec![]
            },
        ),
        (
            "resource",
            policies["resource"].get("document").into_iter().collect(),
        ),
    ];
    let said = |seat: &str, effect: &str| -> Vec<u8> {
        let documents = seats
            .iter()
            .find(|(name, _)| *name == seat)
            .map(|(_, documents)| documents.clone())
            .unwrap_or_default();
        matching(&documents, effect, &request, seat == "resource", bounded)
    };
    let levels = |chain: &'static str, binds: bool| -> Vec<Vec<&Value>> {
        policies[chain]
            .as_array()
            .filter(|_| binds)
            .into_iter()
            .flatten()
            .map(docs)
            .collect()
    };
    let chains: Vec<Vec<&Value>> = levels("scp", request.account.is_some())
        .into_iter()
        .chain(levels("rcp", true))
        .collect();

    let denied = ["identity", "boundary", "session", "resource"]
        .iter()
        .any(|seat| !said(seat, "Deny").is_empty())
        || chains
            .iter()
            .any(|level| !matching(level, "Deny", &request, false, bounded).is_empty());
    if denied {
        return "explicit_deny";
    }
    if chains
        .iter()
        .any(|level| matching(level, "Allow", &request, false, bounded).is_empty())
    {
        return "implicit_deny";
    }
    let root = request.kind == "root";
    let allows = |seat: &str| !said(seat, "Allow").is_empty();
    let i = root || allows("identity");
    let b = root || !bounded || allows("boundary");
    let p = root
        || if policies["session"].is_null() {
            request.kind != "federated"
        } else {
            allows("session")
        };
    let classes = said("resource", "Allow");
    let (rd, re, ra) = (
        classes.contains(&3),
        classes.contains(&2),
        classes.contains(&1),
    );
    let assumes = request.resource.split(':').nth(2) == Some("iam")
        && request.resource.contains(":role/")
        && ["sts:assumerole", "sts:tagsession", "sts:setsourceidentity"]
            .contains(&request.action.as_str());
    let yes = if request.account.is_none() {
        rd
    } else if root && request.action == "sts:assumerole" {
        false
    } else if request.account != request.owner {
        (rd || re || ra) && i && b && p
    } else if assumes {
        b && p && (rd || re || (ra && i))
    } else {
        rd || ((i || re) && b && p)
    };
    if yes { "allow" } else { "implicit_deny" }
}

struct Request {
    kind: &'static str,
    /// The identities of the caller, most particular first.
    chain: Vec<String>,
    account: Option<String>,
    owner: Option<String>,
    action: String,
    resource: String,
    context: BTreeMap<String, Value>,
}

impl Request {
    fn read(value: &Value) -> Self {
        let principal = value["principal"].as_str().unwrap_or_default();
        let resource = value["resource"].as_str().unwrap().to_owned();
        let (kind, chain) = match &value["principal"] {
            Value::Object(service) if service.contains_key("service") => (
                "service",
                vec![service["service"].as_str().unwrap().to_owned()],
            ),
            Value::Object(_) => ("anonymous", vec![]),
            _ if principal.ends_with(":root") => ("root", vec![]),
            _ if principal.contains(":assumed-role/") => (
                "session",
                vec![
                    principal.to_owned(),
                    value["role"].as_str().unwrap().to_owned(),
                ],
            ),
            _ if principal.contains(":federated-user/") => (
                "federated",
                vec![
                    principal.to_owned(),
                    value["user"].as_str().unwrap().to_owned(),
                ],
            ),
            _ => ("user", vec![principal.to_owned()]),
        };
        let account = principal.split(':').nth(4).map(str::to_owned);
        let named = resource
            .split(':')
            .nth(4)
            .filter(|account| !account.is_empty())
            .map(str::to_owned);
        let mut context: BTreeMap<String, Value> = value["context"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (normal(key), value.clone()))
            .collect();
        if kind == "user" {
            context.insert(
                "aws:username".to_owned(),
                principal.rsplit('/').next().unwrap().into(),
            );
        }
        Self {
            kind,
            chain,
            owner: named.or_else(|| account.clone()),
            account,
            action: value["action"].as_str().unwrap().to_lowercase(),
            resource,
            context,
        }
    }

    fn has_identity(&self) -> bool {
        ["user", "session", "federated"].contains(&self.kind)
    }
}

fn normal(key: &str) -> String {
    let key = key.to_lowercase();
    key.strip_prefix("trilby:")
        .map_or(key.clone(), |rest| format!("aws:{rest}"))
}

fn docs(list: &Value) -> Vec<&Value> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|policy| &policy["document"])
        .collect()
}

/// One value or several.
fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect(),
        Value::Null => vec![],
        one => vec![one.as_str().unwrap()],
    }
}

/// How directly each matching statement names the caller: 3 itself, 2 who is behind it, 1 its account.
fn matching(
    documents: &[&Value],
    effect: &str,
    request: &Request,
    of_resource: bool,
    bounded: bool,
) -> Vec<u8> {
    let statements = documents
        .iter()
        .flat_map(|document| match &document["Statement"] {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        });
    statements
        .filter(|statement| {
            statement["Effect"] == effect
                && covers(statement, request)
                && holds(&statement["Condition"], request)
        })
        .filter_map(|statement| {
            if of_resource {
                named(statement, request, bounded)
            } else {
                Some(3)
            }
        })
        .collect()
}

fn covers(statement: &Value, request: &Request) -> bool {
    let action = |patterns: &Value| {
        list(patterns).iter().any(|pattern| {
            glob(
                &expand(&pattern.to_lowercase(), None).unwrap(),
                &request.action,
            )
        })
    };
    let actions = statement
        .get("Action")
        .map(&action)
        .unwrap_or_else(|| !action(&statement["NotAction"]));
    let fits = |pattern: &str| -> Option<bool> {
        let tokens = |text: &str| expand(text, Some(request));
        if pattern == "*" {
            return Some(true);
        }
        let (pattern, resource): (Vec<&str>, Vec<&str>) = (
            pattern.splitn(6, ':').collect(),
            request.resource.splitn(6, ':').collect(),
        );
        let last = tokens(pattern[5])?;
        let twin = |partition: &str| {
            if partition == "aws" {
                "trilby".to_owned()
            } else {
                partition.to_owned()
            }
        };
        let parts = resource.len() == 6
            && twin(pattern[1]) == twin(resource[1])
            && (2..5).all(|part| glob(&expand(pattern[part], None).unwrap(), resource[part]))
            && glob(&last, resource[5]);
        Some(parts)
    };
    let resources = match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(patterns), _) => list(patterns)
            .iter()
            .any(|pattern| fits(pattern) == Some(true)),
        (None, Some(patterns)) if statement["Effect"] == "Deny" => list(patterns)
            .iter()
            .all(|pattern| fits(pattern) != Some(true)),
        (None, Some(patterns)) => list(patterns)
            .iter()
            .all(|pattern| fits(pattern) == Some(false)),
        (None, None) => true,
    };
    actions && resources
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    Any,
    One,
    Char(char),
}

/// Tokens of a pattern; `None` if a variable has no text. Without a request variables are not known.
fn expand(pattern: &str, request: Option<&Request>) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let (Some(request), true) = (request, rest.starts_with("${")) {
            let end = rest.find('}').unwrap();
            let (key, default) = match rest[2..end].split_once(", ") {
                Some((key, default)) => (key, Some(default.trim_matches('\''))),
                None => (&rest[2..end], None),
            };
            let value = request
                .context
                .get(&normal(key))
                .and_then(Value::as_str)
                .or(default)?;
            tokens.extend(value.chars().map(Token::Char));
            rest = &rest[end + 1..];
            continue;
        }
        tokens.push(match c {
            '*' => Token::Any,
            '?' => Token::One,
            other => Token::Char(other),
        });
        rest = &rest[c.len_utf8()..];
    }
    Some(tokens)
}

fn glob(pattern: &[Token], text: &str) -> bool {
    let mut chars = text.chars();
    match pattern.split_first() {
        None => text.is_empty(),
        Some((Token::Any, rest)) => text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .any(|at| glob(rest, &text[at..])),
        Some((Token::One, rest)) => chars.next().is_some() && glob(rest, chars.as_str()),
        Some((Token::Char(c), rest)) => chars.next() == Some(*c) && glob(rest, chars.as_str()),
    }
}

fn named(statement: &Value, request: &Request, bounded: bool) -> Option<u8> {
    let lists = |element: &Value, wanted: &str| {
        element == "*"
            || list(&element["AWS"])
                .iter()
                .any(|value| *value == "*" || *value == wanted)
    };
    let everyone = |element: &Value| {
        element == "*" || (request.kind != "service" && list(&element["AWS"]).contains(&"*"))
    };
    if let Some(element) = statement.get("NotPrincipal") {
        let exempt = match request.kind {
            "service" => {
                element == "*" || list(&element["Service"]).contains(&request.chain[0].as_str())
            }
            "anonymous" => everyone(element),
            _ => {
                lists(element, request.account.as_ref().unwrap())
                    && request
                        .chain
                        .iter()
                        .all(|identity| lists(element, identity))
            }
        };
        return (bounded || !exempt).then_some(3);
    }
    let element = &statement["Principal"];
    if everyone(element)
        || (request.kind == "service"
            && list(&element["Service"]).contains(&request.chain[0].as_str()))
    {
        return Some(3);
    }
    let aws = list(&element["AWS"]);
    match request.kind {
        "service" | "anonymous" => None,
        "root" => aws
            .contains(&request.account.as_ref().unwrap().as_str())
            .then_some(3),
        _ if aws.contains(&request.chain[0].as_str()) => Some(3),
        _ if request
            .chain
            .get(1)
            .is_some_and(|behind| aws.contains(&behind.as_str())) =>
        {
            Some(2)
        }
        _ => aws
            .contains(&request.account.as_ref().unwrap().as_str())
            .then_some(1),
    }
}

fn holds(condition: &Value, request: &Request) -> bool {
    let Some(operators) = condition.as_object() else {
        return true;
    };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().unwrap().iter().all(|(key, values)| {
            test(
                operator,
                &list(values),
                request.context.get(&normal(key)),
                request,
            )
        })
    })
}

fn test(operator: &str, wanted: &[&str], got: Option<&Value>, request: &Request) -> bool {
    if operator == "Null" {
        let absent = got.is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
        return wanted.contains(&absent.to_string().as_str());
    }
    let (base, if_exists) = operator
        .strip_suffix("IfExists")
        .map_or((operator, false), |base| (base, true));
    let (set, base) = base
        .split_once(':')
        .map_or((None, base), |(set, base)| (Some(set), base));
    let negated = base.contains("Not");
    let Some(got) = got else {
        return if_exists || set.map_or(negated, |set| set == "ForAllValues");
    };
    let fits = |value: &str| {
        wanted
            .iter()
            .any(|wanted| compare(&base.replace("Not", ""), wanted, value, request))
            != negated
    };
    let values: Vec<&str> = list(got);
    let empty = values.iter().all(|value| value.is_empty());
    match (set, got.is_array()) {
        (None, true) => false,
        (None, false) => fits(values[0]),
        (Some("ForAllValues"), _) => empty || values.iter().all(|value| fits(value)),
        (Some(_), _) => !empty && values.iter().any(|value| fits(value)),
    }
}

fn compare(operator: &str, wanted: &str, value: &str, request: &Request) -> bool {
    match operator {
        "NumericLessThan" => value
            .parse::<i64>()
            .is_ok_and(|value| value < wanted.parse::<i64>().unwrap()),
        "Bool" => {
            ["true", "false"].contains(&value.to_lowercase().as_str())
                && wanted.eq_ignore_ascii_case(value)
        }
        "StringLike" => expand(wanted, Some(request)).is_some_and(|tokens| glob(&tokens, value)),
        _ => expand(wanted, Some(request)).is_some_and(|tokens| {
            // Without wildcards a star is a star.
            let text: String = tokens
                .iter()
                .map(|token| match token {
                    Token::Any => '*',
                    Token::One => '?',
                    Token::Char(c) => *c,
                })
                .collect();
            if operator == "StringEqualsIgnoreCase" {
                text.to_lowercase() == value.to_lowercase()
            } else {
                text == value
            }
        }),
    }
}
