//! Conditions and the contexts they are asked of: every operator on values that fit, nearly fit, and are of no such type.

use serde_json::{Map, Value, json};

use super::{any_case, one_or_many};
use crate::random::Random;

/// A kind of value: its operators, the keys that hold it, what policies and requests say.
struct Type {
    operators: &'static [&'static str],
    keys: &'static [&'static str],
    /// Each is legal in a policy.
    policy: &'static [&'static str],
    /// Also texts that are no such value.
    request: &'static [&'static str],
    /// Single values may stand as JSON numbers or booleans.
    bare: bool,
    /// Any text is legal in a policy.
    free: bool,
}

const TYPES: [Type; 8] = [
    Type {
        operators: &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        keys: &[
            "app:s",
            "app:star",
            "app:absent",
            "aws:PrincipalTag/team",
            "aws:ResourceTag/team",
            "aws:username",
            "aws:PrincipalAccount",
            "aws:PrincipalType",
            "aws:userid",
            "app:list",
            "aws:ResourceAccount",
            "iam:ResourceTag/Team",
            "aws:PrincipalOrgID",
            "aws:ResourceOrgID",
            "aws:SourceIdentity",
            "aws:FederatedProvider",
        ],
        policy: &[
            "red",
            "Red",
            "blue",
            "",
            "r*",
            "*",
            "?e?",
            "1",
            "alice",
            "111111111111",
            "${aws:PrincipalTag/team}",
            "${app:s}",
            "${app:absent}",
            "${app:absent, 'red'}",
            "${app:list}",
            "${aws:PrincipalTag/Team, 'blue'}x*",
            "a${*}b",
            "a*b",
            "${$}",
            "${app:star}",
            "User",
            "1111*:guest",
            "r${?}d",
            "ann",
            "o-aaaaaaaaaa",
            "o-aaaaaaaaaa/r-abcd/*",
            "TUSR*",
        ],
        request: &[
            "red", "RED", "blue", "", "1", "a*b", "axb", "*", "bluexyz", "$", "r?d", "red ",
        ],
        bare: false,
        free: true,
    },
    Type {
        operators: &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        keys: &[
            "app:n",
            "app:m",
            "aws:MultiFactorAuthAge",
            "app:s",
            "trilby:ChainDepth",
            "trilby:OriginMfaAge",
        ],
        policy: &[
            "5",
            "5.0",
            "-5",
            "+5",
            "0",
            "-0",
            "10.5",
            "1e3",
            "1000",
            "9007199254740992",
            "9007199254740993",
            "0.1",
            "1e-1",
            "123456789012345678901234567890",
        ],
        request: &[
            "5",
            "5.00",
            "-5",
            "05",
            "0",
            "-0.0",
            "10.50",
            "1E+3",
            "9007199254740993",
            "9007199254740992",
            "five",
            "",
            "5.",
            ".5",
            "1e",
            " 5",
            "0x5",
            "0.10",
            "123456789012345678901234567891",
            "1e99999999999999999999",
            "-1e99999999999999999999",
            "5e-99999999999999999999",
            "0e99999999999999999999",
        ],
        bare: true,
        free: false,
    },
    Type {
        operators: &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        keys: &["aws:CurrentTime", "aws:TokenIssueTime", "app:d"],
        policy: &[
            "2026-01-01T00:00:00Z",
            "2026-01-01",
            "2026",
            "2026-01",
            "2026-01-01T02:00:00+02:00",
            "2025-12-31T23:59:59.5Z",
            "1767225600",
            "1767225599.5",
            "2024-02-29",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00Z",
        ],
        request: &[
            "2026-01-01T00:00:00Z",
            "1767225600",
            "1767225600.0",
            "2025-12-31T22:30:00Z",
            "2026-01-01T01:00:00+01:00",
            "2026-01-01T01:00:00+01",
            "2026-01-01T00:00:00.0000000000000000001Z",
            "1767225599.9999999999999999999",
            "00000000000000001767225600",
            "99999999999999999999999999",
            "-99999999999999999999999999",
            "2025-12-31T23:59:59.500Z",
            "2024-02-29T12:00:00-05:30",
            "2026-13-01",
            "yesterday",
            "",
            "2026-02-30",
            "2026",
            "2027-01-01",
        ],
        bare: false,
        free: false,
    },
    Type {
        operators: &["Bool"],
        keys: &[
            "aws:SecureTransport",
            "aws:MultiFactorAuthPresent",
            "app:b",
            "trilby:ViaSession",
            "aws:PrincipalIsAWSService",
        ],
        policy: &[
            "true",
            "false",
            "TRUE",
            "False",
            "${app:b}",
            "${app:absent}",
            "${app:s}",
        ],
        request: &["true", "false", "True", "yes", "", "1"],
        bare: true,
        free: false,
    },
    Type {
        operators: &["BinaryEquals"],
        keys: &["app:bin", "app:s"],
        policy: &["YQ==", "YWI=", "YWJj", "AAEC", "+/+/"],
        request: &[
            "YQ==", "YWI=", "YWJj", "YQ", "YWJj\n", "-_-_", "", "AAEC", "+/+/",
        ],
        bare: false,
        free: false,
    },
    Type {
        operators: &["IpAddress", "NotIpAddress"],
        keys: &["aws:SourceIp", "app:ip"],
        policy: &[
            "10.0.0.0/8",
            "10.1.2.3/8",
            "10.1.2.3",
            "0.0.0.0/0",
            "192.168.0.0/16",
            "::/0",
            "2001:db8::/32",
            "2001:db8::1",
            "203.0.113.128/25",
        ],
        request: &[
            "10.1.2.3",
            "10.255.0.1",
            "192.168.1.1",
            "203.0.113.127",
            "203.0.113.128",
            "2001:db8::1",
            "2001:DB8:0:0::1",
            "2001:db9::1",
            "10.1.2",
            "10.1.2.3/32",
            "",
            "nowhere",
        ],
        bare: false,
        free: false,
    },
    Type {
        operators: &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        keys: &["aws:PrincipalArn", "aws:SourceArn", "app:arn"],
        policy: &[
            "arn:aws:iam::111111111111:user/alice",
            "arn:aws:iam::111111111111:user/*",
            "arn:trilby:iam::111111111111:role/*",
            "arn:aws:iam::*:*",
            "arn:aws:app:*:*:doc/${app:s}",
            "arn:aws:app:*:1111*:finance/*",
            "${app:arn}",
            "${app:absent}",
            "arn:aws:iam::111111111111:user/${aws:username}",
            "arn:aws:app:*:${app:absent, '111111111111'}:*",
            "arn:aws:sts::111111111111:federated-user/g???t",
            "*",
        ],
        request: &[
            "arn:aws:app:us:111111111111:finance/1",
            "arn:aws:app:us:222222222222:store/a:111111111111:finance/d",
            "arn:trilby:app::111111111111:doc/red",
            "arn:aws:app::111111111111:doc/",
            "arn:aws:iam::111111111111:user/alice",
            "arn:aws:app",
            "not an arn",
            "",
            "arn:::::x",
        ],
        bare: false,
        free: false,
    },
    // Names compared as texts.
    Type {
        operators: &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        keys: &[
            "aws:PrincipalArn",
            "aws:SourceArn",
            "aws:PrincipalArn",
            "app:arn",
            "aws:FederatedProvider",
        ],
        policy: &[
            "arn:aws:iam::111111111111:user/alice",
            "arn:trilby:iam::111111111111:user/alice",
            "arn:aws:iam::*:root",
            "arn:aws:iam::111111111111:root",
            "arn:trilby:iam::*:root",
            "arn:aws:iam::111111111111:role/*",
            "arn:trilby:iam::111111111111:role/Dev",
            "ARN:AWS:IAM::111111111111:USER/ALICE",
            "arn:*:user/alice",
            "*:aws:*",
            "arn:??????:iam::*",
            "arn:aws-cn:iam::*:root",
            "${app:arn}",
            "${aws:PrincipalArn}",
            "arn:aws:iam::111111111111:user/${aws:username}",
            "arn:aws:sts::111111111111:federated-user/g???t",
            "arn:trilby:app::111111111111:doc/red",
            "arn:aws:iam::111111111111:oidc-provider/idp.example",
        ],
        request: &[
            "arn:aws:app::111111111111:doc/red",
            "arn:trilby:app::111111111111:doc/red",
            "arn:trilby:iam::111111111111:user/alice",
            "arn:aws:iam::111111111111:root",
            "arn:aws-cn:iam::111111111111:root",
            "arn:trilby",
            "not an arn",
            "",
        ],
        bare: false,
        free: true,
    },
];

/// Keys of many values, and what they hold.
const LISTS: [&str; 4] = [
    "aws:TagKeys",
    "app:list",
    "sts:TransitiveTagKeys",
    "aws:PrincipalOrgPaths",
];

/// Keys that must not stand without a set operator.
const NEEDS_SET: [&str; 4] = [
    "aws:TagKeys",
    "sts:TransitiveTagKeys",
    "aws:CalledVia",
    "aws:PrincipalOrgPaths",
];

/// A condition block; perhaps an empty one.
pub(super) fn block(random: &mut Random, variables: bool) -> Value {
    let mut block = Map::new();
    let fewest = usize::from(!random.chance(3));
    for _ in 0..random.between(fewest, 2) {
        let (operator, key, values) = test(random, variables);
        let key = spelled(random, key);
        let keys = block
            .entry(operator)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(keys) = keys.as_object_mut() {
            let twice = keys
                .keys()
                .any(|known| crate::context::normal(known) == crate::context::normal(&key));
            if !twice {
                keys.insert(key, values);
            }
        }
    }
    if random.chance(2) {
        block.insert("StringEquals".into(), json!({}));
    }
    Value::Object(block)
}

fn test(random: &mut Random, variables: bool) -> (String, &'static str, Value) {
    if random.chance(8) {
        let value: Value = match random.below(4) {
            0 => true.into(),
            1 => "true".into(),
            2 => "FALSE".into(),
            _ => false.into(),
        };
        let key = random.pick(&[
            "app:s",
            "app:list",
            "aws:TagKeys",
            "app:absent",
            "aws:username",
        ]);
        return ("Null".to_owned(), key, one_or_many(random, vec![value]));
    }
    let Some(of) = kind(random) else {
        return ("Null".to_owned(), "app:s", "true".into());
    };
    let operator = random.pick(of.operators);
    let on_list = random.chance(18);
    let key = if on_list {
        random.pick(&LISTS)
    } else {
        random.pick(of.keys)
    };
    let set = if NEEDS_SET.contains(&key) || random.chance(if on_list { 85 } else { 12 }) {
        random.pick(&["ForAllValues:", "ForAnyValue:"])
    } else {
        ""
    };
    let if_exists = if random.chance(20) { "IfExists" } else { "" };
    let values = (0..random.between(1, 3))
        .map(|_| value(random, of, variables))
        .collect();
    (
        format!("{set}{operator}{if_exists}"),
        key,
        one_or_many(random, values),
    )
}

/// Text more often than the rest: it has the most forms.
fn kind(random: &mut Random) -> Option<&'static Type> {
    if random.chance(30) {
        TYPES.first()
    } else {
        TYPES.get(random.below(TYPES.len()))
    }
}

fn value(random: &mut Random, of: &Type, variables: bool) -> Value {
    let mut text = random.pick(of.policy);
    // Without variables `${…}` is text, and neither a name nor a truth value.
    let legal = |text: &str| variables || of.free || !text.starts_with("${");
    while !legal(text) {
        text = random.pick(of.policy);
    }
    if of.bare
        && random.chance(30)
        && let Ok(bare @ (Value::Number(_) | Value::Bool(_))) = serde_json::from_str(text)
        && prints_as(&bare, text)
    {
        return bare;
    }
    text.into()
}

/// A key in any spelling.
fn spelled(random: &mut Random, key: &str) -> String {
    let key = match key.strip_prefix("aws:") {
        Some(rest) if random.chance(15) => format!("trilby:{rest}"),
        Some(_) | None => key.to_owned(),
    };
    any_case(random, &key)
}

/// What a request says.
pub(super) fn context(random: &mut Random) -> Value {
    let mut context: Map<String, Value> = Map::new();
    let mut put = |random: &mut Random, key: &str, value: Value| {
        let key = spelled(random, key);
        let twice = context
            .keys()
            .any(|known| crate::context::normal(known) == crate::context::normal(&key));
        if !twice {
            context.insert(key, value);
        }
    };
    for of in &TYPES {
        for key in of.keys {
            let derived = matches!(
                *key,
                "aws:username"
                    | "aws:PrincipalAccount"
                    | "aws:PrincipalType"
                    | "aws:userid"
                    | "aws:PrincipalArn"
                    | "aws:ResourceAccount"
                    | "aws:ResourceOrgID"
                    | "aws:PrincipalIsAWSService"
                    | "trilby:ViaSession"
            );
            if *key == "app:absent" || *key == "app:list" {
                continue;
            }
            if random.chance(if derived { 3 } else { 35 }) {
                let text = random.pick(of.request);
                let value = match serde_json::from_str(text) {
                    Ok(bare @ (Value::Number(_) | Value::Bool(_)))
                        if random.chance(20) && prints_as(&bare, text) =>
                    {
                        bare
                    }
                    _ if random.chance(3) => json!([text]),
                    _ => text.into(),
                };
                put(random, key, value);
            }
        }
    }
    for key in LISTS {
        if random.chance(40) {
            let Some(of) = TYPES.get(random.below(2)) else {
                continue;
            };
            let value = if random.chance(10) {
                Value::String(random.pick(of.request).to_owned())
            } else {
                (0..random.between(0, 3))
                    .map(|_| Value::from(random.pick(of.request)))
                    .collect()
            };
            put(random, key, value);
        }
    }
    Value::Object(context)
}

/// Whether a value is written exactly so, and not in another form of the same.
fn prints_as(value: &Value, text: &str) -> bool {
    let printed = value.to_string();
    printed == text
}
