//! Random cases over a small alphabet, so that statements meet requests often enough to matter.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

pub const ALICE: &str = "arn:aws:iam::111111111111:user/alice";
pub const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/Dev/s1";
pub const ROLE: &str = "arn:aws:iam::111111111111:role/team/Dev";
pub const GUEST: &str = "arn:aws:sts::111111111111:federated-user/guest";
const DOC: &str = "arn:aws:app::111111111111:doc/1";

fn text(choices: &'static [&'static str]) -> BoxedStrategy<Value> {
    select(choices).prop_map(Value::from).boxed()
}

/// One value, or a list of some.
fn some(one: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop_oneof![
        one.clone(),
        prop::collection::vec(one, 1..3).prop_map(Value::from)
    ]
    .boxed()
}

fn action() -> impl Strategy<Value = (&'static str, Value)> {
    let values = || {
        some(text(&[
            "app:Read",
            "APP:rea?",
            "app:*",
            "*",
            "app:Write",
            "sts:AssumeRole",
            "sts:*",
        ]))
    };
    prop_oneof![4 => values().prop_map(|v| ("Action", v)), 1 => values().prop_map(|v| ("NotAction", v))]
}

fn resource() -> impl Strategy<Value = (&'static str, Value)> {
    let values = || {
        some(text(&[
            "*",
            DOC,
            "arn:trilby:app::111111111111:doc/*",
            "arn:aws:app:*:*:d?c/1",
            "arn:aws:iam::111111111111:role/*",
            "arn:aws:app::111111111111:doc/${aws:PrincipalTag/t}",
            "arn:aws:app::111111111111:doc/${aws:PrincipalTag/t, '1'}",
        ]))
    };
    prop_oneof![5 => values().prop_map(|v| ("Resource", v)), 1 => values().prop_map(|v| ("NotResource", v))]
}

fn operator() -> impl Strategy<Value = String> {
    let set = select(vec!["", "", "ForAllValues:", "ForAnyValue:"]);
    let base = select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIgnoreCase",
        "NumericLessThan",
        "Bool",
    ]);
    let end = select(vec!["", "", "IfExists"]);
    (set, base, end).prop_map(|(set, base, end)| format!("{set}{base}{end}"))
}

fn condition() -> impl Strategy<Value = Value> {
    let key = || {
        select(vec![
            "app:k",
            "App:K2",
            "app:list",
            "aws:PrincipalTag/t",
            "trilby:username",
        ])
    };
    let test = (
        operator(),
        key(),
        some(text(&[
            "a",
            "A",
            "b",
            "a*",
            "",
            "${aws:PrincipalTag/t}",
            "${aws:username}",
            "${app:k2, 'a'}",
        ])),
    );
    let numeric = some(text(&["1", "2"]));
    let truth = some(text(&["true", "FALSE"]));
    let typed = (test, numeric, truth).prop_map(|((operator, key, values), numbers, truths)| {
        let values = match () {
            () if operator.contains("Numeric") => numbers,
            () if operator.contains("Bool") => truths,
            () => values,
        };
        json!({ operator: { key: values } })
    });
    let null = (key(), some(text(&["true", "false"])))
        .prop_map(|(key, values)| json!({ "Null": { key: values } }));
    prop_oneof![4 => Just(json!({})), 3 => typed, 1 => null]
}

fn principal() -> impl Strategy<Value = Value> {
    let aws = some(text(&[
        ALICE,
        "arn:aws:iam::111111111111:user/carol",
        ROLE,
        SESSION,
        GUEST,
        "111111111111",
        "222222222222",
    ]));
    prop_oneof![
        1 => Just(json!("*")),
        1 => Just(json!({ "AWS": "*" })),
        6 => aws.prop_map(|aws| json!({ "AWS": aws })),
        1 => Just(json!({ "Service": "mail" })),
    ]
}

fn effect() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just("Allow"), 1 => Just("Deny")]
}

fn put(mut statement: Value, members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    for (name, value) in members {
        if value != json!({}) {
            statement[name] = value;
        }
    }
    statement
}

/// A statement that names nobody.
pub fn statement(effect: impl Strategy<Value = &'static str>) -> impl Strategy<Value = Value> {
    (effect, action(), resource(), condition()).prop_map(|(effect, action, resource, condition)| {
        put(
            json!({ "Effect": effect }),
            [action, resource, ("Condition", condition)],
        )
    })
}

/// A statement of a resource policy.
pub fn resource_statement(
    effect: impl Strategy<Value = &'static str>,
) -> impl Strategy<Value = Value> {
    (statement(effect), principal(), any::<u8>()).prop_map(|(statement, principal, dice)| {
        let statement = if dice % 4 == 0 {
            without_resource(statement)
        } else {
            statement
        };
        let negated = dice % 3 == 0 && statement["Effect"] == "Deny";
        put(
            statement,
            [(
                if negated { "NotPrincipal" } else { "Principal" },
                principal,
            )],
        )
    })
}

fn without_resource(statement: Value) -> Value {
    let members = statement
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !name.ends_with("Resource"));
    Value::Object(
        members
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

pub fn policy(statements: Vec<Value>) -> Value {
    json!({ "name": "p", "document": { "Version": "2012-10-17", "Statement": statements } })
}

fn policies(statement: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let one = prop::collection::vec(statement, 1..3).prop_map(policy);
    prop::collection::vec(one, 0..3).prop_map(Value::from)
}

fn levels() -> impl Strategy<Value = Value> {
    let full = || {
        json!([policy(vec![
            json!({ "Effect": "Allow", "Action": "*", "Resource": "*" })
        ])])
    };
    let level = prop_oneof![3 => Just(full()), 1 => policies(statement(effect()))];
    prop_oneof![3 => Just(Value::Null), 2 => prop::collection::vec(level, 1..3).prop_map(Value::from)]
}

/// The one resource control policy that allows.
pub fn full_rcp() -> Value {
    policy(vec![
        json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }),
    ])
}

fn rcp_levels() -> impl Strategy<Value = Value> {
    let deny = statement(Just("Deny")).prop_filter_map(
        "a resource control policy has no NotAction",
        |statement| {
            let statement = put(statement, [("Principal", json!("*"))]);
            statement
                .get("NotAction")
                .is_none()
                .then(|| policy(vec![statement]))
        },
    );
    let level = (any::<u8>(), deny).prop_map(move |(dice, deny)| match dice % 6 {
        0 => json!([full_rcp(), deny]),
        1 => json!([deny]),
        2..=5 => json!([full_rcp()]),
        _ => json!([]),
    });
    prop_oneof![3 => Just(Value::Null), 1 => prop::collection::vec(level, 1..3).prop_map(Value::from)]
}

fn request() -> impl Strategy<Value = Value> {
    let who = select(vec![0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5]);
    let action = select(vec![
        "app:Read",
        "app:Read",
        "app:Write",
        "sts:AssumeRole",
        "sts:TagSession",
    ]);
    let resource = select(vec![
        DOC,
        DOC,
        "arn:aws:app::222222222222:doc/1",
        "arn:aws:iam::111111111111:role/Ops",
        "arn:aws:iam::222222222222:role/Ops",
        "*",
    ]);
    (who, action, resource, context()).prop_map(|(who, action, resource, context)| {
        let mut request = json!({ "action": action, "resource": resource, "context": context });
        request["principal"] = match who {
            0 => json!(ALICE),
            1 => json!(SESSION),
            2 => json!(GUEST),
            3 => json!("arn:aws:iam::111111111111:root"),
            4 => json!({ "service": "mail" }),
            _ => json!({ "anonymous": true }),
        };
        match who {
            1 => request["role"] = json!(ROLE),
            2 => request["user"] = json!(ALICE),
            _ => {}
        }
        request
    })
}

fn context() -> impl Strategy<Value = Value> {
    let scalar = || text(&["a", "b", "A", "1", "3", "true", "", "a*", "*"]);
    let one = |key: &'static str| {
        prop::option::of(scalar()).prop_map(move |value| value.map(|value| (key.to_owned(), value)))
    };
    let list = prop::option::of(prop::collection::vec(scalar(), 0..3))
        .prop_map(|value| value.map(|value| ("app:list".to_owned(), Value::from(value))));
    (one("app:k"), one("app:k2"), one("aws:PrincipalTag/t"), list).prop_map(|(a, b, c, d)| {
        Value::Object(
            [a, b, c, d]
                .into_iter()
                .flatten()
                .collect::<Map<String, Value>>(),
        )
    })
}

/// A whole case.
pub fn case() -> impl Strategy<Value = Value> {
    let optional = |list| prop_oneof![2 => Just(Value::Null), 1 => list];
    let resource = prop_oneof![
        2 => Just(Value::Null),
        3 => prop::collection::vec(resource_statement(effect()), 1..4).prop_map(policy),
    ];
    (
        request(),
        policies(statement(effect())),
        resource,
        optional(policies(statement(effect())).boxed()),
        optional(policies(statement(effect())).boxed()),
        levels(),
        rcp_levels(),
    )
        .prop_map(|(request, identity, resource, boundary, session, scp, rcp)| {
            json!({
                "id": "random",
                "request": request,
                "policies": { "identity": identity, "resource": resource, "boundary": boundary, "session": session, "scp": scp, "rcp": rcp },
            })
        })
}
