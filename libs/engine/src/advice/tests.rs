//! Advice on cases whose cure is known, and on a state of accounts: who may see what.

use serde_json::{Value, json};
use trilby_model::json as text;

use super::*;
use crate::simulate::simulate_with_advice;

const ANA: &str = "arn:trilby:iam::111122223333:user/ana";

fn allow(action: &str, condition: Value) -> Value {
    json!({ "document": { "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition } } })
}

fn deny(action: &str, condition: Value) -> Value {
    let mut policy = allow(action, condition);
    policy["document"]["Statement"]["Effect"] = json!("Deny");
    policy
}

fn case(policies: Value) -> Value {
    json!({
        "request": { "principal": ANA, "action": "docs:Read", "resource": "arn:trilby:docs::111122223333:doc/1" },
        "policies": policies,
    })
}

fn advice_within(case: &Value, budget: u64) -> Advice {
    let node = text::parse(&case.to_string()).unwrap();
    let simulation = simulate_with_advice(&node, 1, &mut Budget::of(budget)).unwrap();
    simulation.decision.advice.unwrap()
}

fn advice(case: &Value) -> Advice {
    advice_within(case, COMPARISONS_MAX)
}

/// The additions in short: `key=value`, or `+layer`.
fn short(advice: &Advice) -> Vec<String> {
    let told = |addition: &Addition| match addition {
        Addition::Context { key, value } => {
            format!("{key}={}", serde_json::to_string(value).unwrap())
        }
        Addition::Statement {
            layer,
            level,
            bypass,
            ..
        } => {
            let level = level
                .as_ref()
                .map(|level| format!(":{level}"))
                .unwrap_or_default();
            let bypass = if bypass.is_some() { "!" } else { "" };
            format!("+{}{level}{bypass}", layer.as_str())
        }
    };
    advice.any_of.iter().map(told).collect()
}

fn obstacles(advice: &Advice) -> Vec<String> {
    let told = |o: &Obstacle| format!("{}: {}", o.layer.as_str(), o.message);
    advice.in_the_way.iter().map(told).collect()
}

#[test]
fn what_nothing_allows_is_cured_by_a_statement_on_either_side() {
    let advice = advice(&case(json!({})));
    assert_eq!(short(&advice), ["+identity", "+resource"]);
    assert!(!advice.none_exists && advice.in_the_way.is_empty());
}

#[test]
fn a_missing_key_is_given_the_value_that_is_wanted() {
    for (condition, wanted) in [
        (
            json!({ "StringEquals": { "app:Team": ["red", "blue"] } }),
            r#"app:Team="red""#,
        ),
        (
            json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
            r#"aws:MultiFactorAuthPresent="true""#,
        ),
        (
            json!({ "NumericLessThan": { "app:n": "10" } }),
            r#"app:n="9""#,
        ),
        (
            json!({ "NumericGreaterThan": { "app:n": 1 }, "NumericLessThan": { "app:n": 2 } }),
            r#"app:n="1.1""#,
        ),
        (
            json!({ "IpAddress": { "aws:SourceIp": "10.1.0.0/16" } }),
            r#"aws:SourceIp="10.1.0.1""#,
        ),
        (
            json!({ "DateGreaterThan": { "app:t": "2026-01-01T00:00:00Z" } }),
            r#"app:t="2026-01-01T00:00:01.000Z""#,
        ),
        (
            json!({ "StringLike": { "app:p": "a*" }, "StringNotLike": { "app:p": "a" } }),
            r#"app:p="az""#,
        ),
        (
            json!({ "StringLike": { "app:p": ["a*"] }, "StringLikeIfExists": { "app:p": ["*b"] } }),
            r#"app:p="ab""#,
        ),
        (
            json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": ["x"] } }),
            r#"aws:TagKeys=["x"]"#,
        ),
        (
            json!({ "StringEquals": { "aws:username": "${app:name}" } }),
            r#"app:name="ana""#,
        ),
        (
            json!({ "Null": { "app:any": "false" } }),
            r#"app:any="true""#,
        ),
        (
            json!({ "ArnLike": { "aws:SourceArn": "arn:trilby:docs:*:1:doc/*" } }),
            r#"aws:SourceArn="arn:trilby:docs:z:1:doc/z""#,
        ),
        (
            json!({ "BinaryEquals": { "app:b": "aGk=" } }),
            r#"app:b="aGk=""#,
        ),
    ] {
        let told = advice(&case(
            json!({ "identity": [allow("docs:Read", condition.clone())] }),
        ));
        assert_eq!(short(&told)[0], wanted, "{condition}");
    }
}

#[test]
fn a_value_that_stands_in_the_resource_is_found() {
    let mut case = case(json!({ "identity": [allow("docs:Read", json!({}))] }));
    case["policies"]["identity"][0]["document"]["Statement"]["Resource"] =
        json!("arn:trilby:docs::111122223333:doc/${app:Doc}");
    assert_eq!(short(&advice(&case))[0], r#"app:Doc="1""#);
}

#[test]
fn a_key_that_is_compared_with_itself_is_given_a_value_of_its_type() {
    let own = json!({ "ForAllValues:ArnNotLike": { "app:arn": "${app:arn}" } });
    let told = advice(&case(
        json!({ "identity": [allow("*", json!({})), deny("*", own)] }),
    ));
    assert_eq!(short(&told), [r#"app:arn="arn:trilby:x:::x""#]);
}

#[test]
fn a_deny_for_want_of_a_key_is_lifted_by_the_key() {
    let unless_mfa = json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } });
    let told = advice(&case(
        json!({ "identity": [allow("*", json!({})), deny("*", unless_mfa)] }),
    ));
    assert_eq!(short(&told), [r#"aws:MultiFactorAuthPresent="true""#]);
}

#[test]
fn what_no_single_addition_cures_says_all_that_is_in_the_way() {
    let told = advice(&case(
        json!({ "boundary": [], "scp": [[allow("*", json!({}))], []] }),
    ));
    assert!(told.any_of.is_empty() && told.none_exists);
    assert_eq!(
        obstacles(&told),
        [
            "scp: no service control policy at level 1 allows it",
            "identity: no identity policy allows it",
            "boundary: the permissions boundary does not allow it",
        ]
    );
    let told = advice(&case(json!({ "identity": [deny("docs:*", json!({}))] })));
    assert!(told.any_of.is_empty() && told.none_exists);
    assert_eq!(
        obstacles(&told),
        [
            "identity: statement 0 of identity policy identity/0 denies it",
            "identity: no identity policy allows it",
        ]
    );
    assert!(told.in_the_way[0].denied_by.is_some());
}

#[test]
fn the_one_shut_level_of_a_chain_is_named() {
    let open = || json!([allow("*", json!({}))]);
    let told = advice(&case(
        json!({ "identity": [allow("*", json!({}))], "scp": [open(), [], open()] }),
    ));
    assert_eq!(short(&told), ["+scp:1"]);
    let told = advice(&case(
        json!({ "identity": [allow("*", json!({}))], "rcp": [[]] }),
    ));
    assert_eq!(short(&told), ["+rcp:0"]);
}

#[test]
fn a_grant_that_no_boundary_caps_is_marked() {
    let told = advice(&case(json!({ "boundary": [] })));
    assert_eq!(short(&told), ["+resource!"]);
}

#[test]
fn what_a_resource_is_called_is_no_pattern() {
    let mut case = case(json!({}));
    case["request"]["resource"] = json!("arn:trilby:docs::111122223333:doc/*${aws:username}?");
    let told = advice(&case);
    let Addition::Statement { statement, .. } = &told.any_of[0] else {
        panic!("{told:?}")
    };
    assert_eq!(
        statement["Resource"],
        "arn:trilby:docs::111122223333:doc/${*}${$}{aws:username}${?}"
    );
}

#[test]
fn without_a_budget_nothing_is_said_to_be_certain() {
    let wanting = json!({ "identity": [allow("docs:Read", json!({ "StringEquals": { "app:Team": "red" } }))], "boundary": [allow("*", json!({}))] });
    let told = advice_within(&case(wanting), 0);
    assert_eq!(short(&told), ["+identity", "+resource"]);
    let unless = |key: &str| deny("*", json!({ "StringNotEquals": { key: "x" } }));
    let two = json!({ "identity": [allow("*", json!({})), unless("app:a"), unless("app:b")] });
    for (budget, certain) in [(0, false), (COMPARISONS_MAX, true)] {
        let told = advice_within(&case(two.clone()), budget);
        assert!(told.any_of.is_empty());
        assert_eq!(told.none_exists, certain);
    }
}

/// Advice on a case for who may see the policies of these sides.
fn seen(case: &Value, principal: bool, resource: bool) -> Advice {
    let node = text::parse(&case.to_string()).unwrap();
    let (request, layers) = crate::simulate::layers_of(&node).unwrap();
    let visible = Visible {
        principal,
        resource,
    };
    let setting = Setting {
        visible,
        ..Setting::SIMULATED
    };
    let decision = evaluate(&request, &layers);
    let decision = advised(decision, &request, &layers, setting, &mut Budget::default());
    decision.redacted(visible).advice.unwrap()
}

/// Ana asks for something of another account, whose policy on it is this statement.
fn across(identity: &Value, resource: Value) -> Value {
    let mut case = case(json!({ "identity": [identity.clone()] }));
    case["request"]["resource"] = json!("arn:trilby:docs::444455556666:doc/1");
    let mut statement = resource;
    statement["Principal"] = json!("*");
    statement["Action"] = json!("*");
    case["policies"]["resource"] = json!({ "name": "hidden-name", "document": { "Version": "2012-10-17", "Statement": [statement] } });
    case
}

#[test]
fn what_another_account_wants_is_not_told() {
    let open = allow("*", json!({}));
    let secret =
        json!({ "Effect": "Allow", "Condition": { "StringEquals": { "app:Secret": "xyzzy" } } });
    let hidden = across(&open, secret);
    let all = seen(&hidden, true, true);
    assert_eq!(short(&all)[0], r#"app:Secret="xyzzy""#);

    let ours = seen(&hidden, true, false);
    assert!(ours.any_of.is_empty() && !ours.none_exists);
    assert_eq!(obstacles(&ours), ["resource: denied by the resource owner"]);
    let told = serde_json::to_string(&ours).unwrap();
    for word in ["Secret", "xyzzy", "hidden-name"] {
        assert!(!told.contains(word), "{told}");
    }

    let theirs = seen(&hidden, false, true);
    assert_eq!(short(&theirs), [r#"app:Secret="xyzzy""#, "+resource"]);
}

#[test]
fn a_key_that_a_hidden_policy_waits_for_is_not_told_though_a_seen_one_names_it() {
    let wanting = allow("*", json!({ "StringEquals": { "app:Team": "red" } }));
    let open = across(&wanting, json!({ "Effect": "Allow" }));
    assert_eq!(
        short(&seen(&open, true, false)),
        [r#"app:Team="red""#, "+identity"]
    );

    let mut waiting = across(&wanting, json!({ "Effect": "Allow" }));
    let statements = &mut waiting["policies"]["resource"]["document"]["Statement"];
    statements
        .as_array_mut()
        .unwrap()
        .push(json!({ "Effect": "Deny", "Principal": "*", "Action": "*",
        "Condition": { "StringNotEquals": { "app:Team": "red" } } }));
    assert_eq!(short(&seen(&waiting, true, true)), [r#"app:Team="red""#]);
    let ours = seen(&waiting, true, false);
    assert!(ours.any_of.is_empty() && !ours.none_exists);
    assert_eq!(
        obstacles(&ours),
        [
            "resource: denied by the resource owner",
            "identity: no identity policy allows it"
        ]
    );
}

#[test]
fn advice_for_one_viewer_is_not_shown_to_another() {
    let hidden = across(
        &allow("*", json!({})),
        json!({ "Effect": "Allow", "Condition": { "StringEquals": { "app:Secret": "xyzzy" } } }),
    );
    let node = text::parse(&hidden.to_string()).unwrap();
    let simulation = simulate_with_advice(&node, 1, &mut Budget::default()).unwrap();
    let seen = simulation.decision.redacted(Visible {
        principal: true,
        resource: false,
    });
    assert!(seen.advice.is_none());
}

#[test]
fn a_stored_policy_means_this_very_user() {
    let account: AccountId = "111122223333".parse().unwrap();
    let mut builder = crate::AccountBuilder::new(account);
    let user = |id: &str| crate::User {
        id: id.parse().unwrap(),
        name: "ana".to_owned(),
        arn: ANA.parse().unwrap(),
        tags: trilby_model::Tags::default(),
        policies: Vec::new(),
        groups: Vec::new(),
        boundary: None,
        disabled: false,
    };
    builder.add_user(user("TUSR00000000000000001"));
    let known = builder.build();
    let worlds = Worlds {
        principal_account: Some(&known),
        ..Worlds::default()
    };
    let mut asked = Request::new(
        crate::Principal::User(crate::UserPrincipal {
            arn: ANA.parse().unwrap(),
            id: None,
            account,
            name: "ana".to_owned(),
            tags: trilby_model::Tags::default(),
            session: crate::SessionFacts::default(),
        }),
        "docs:Read".parse().unwrap(),
        "arn:trilby:docs::111122223333:doc/1"
            .parse::<trilby_model::Arn>()
            .unwrap(),
    );
    let advise = |asked: &Request| {
        let reader = Reader {
            account,
            caller_known: true,
            askable: |_| true,
        };
        let decision = decide_with_advice(asked, &worlds, reader, &mut Budget::default());
        decision.unwrap().advice.unwrap()
    };
    assert_eq!(short(&advise(&asked)), ["+identity", "+resource"]);

    // Of a user that is not there nothing can be said but that.
    if let crate::Principal::User(user) = &mut asked.principal {
        user.id = Some("TUSR00000000000000002".parse().unwrap());
    }
    let told = advise(&asked);
    assert_eq!(short(&told), [""; 0]);
    assert_eq!(obstacles(&told), ["identity: no such principal is known"]);

    // Nor has a user or group a policy of its own that could name anyone.
    asked.resource = crate::Resource::Arn(ANA.parse().unwrap());
    asked.action = "iam:GetUser".parse().unwrap();
    if let crate::Principal::User(user) = &mut asked.principal {
        user.id = None;
    }
    assert_eq!(short(&advise(&asked)), ["+identity"]);
}

const ROLE: &str = "arn:trilby:iam::111122223333:role/Deploy";

fn assuming(principal: &str, action: &str, context: Value, trust: Value) -> Value {
    json!({
        "request": { "principal": principal, "action": action, "resource": ROLE, "context": context },
        "policies": {
            "identity": [allow("*", json!({}))],
            "resource": { "document": { "Version": "2012-10-17", "Statement": trust } },
        },
    })
}

#[test]
fn of_nothing_in_particular_no_resource_has_a_policy() {
    let mut asked = case(json!({}));
    asked["request"]["resource"] = json!("*");
    assert_eq!(short(&advice(&asked)), ["+identity"]);
}

#[test]
fn a_login_is_trusted_by_its_audience_and_its_subject_or_not_at_all() {
    let provider = "arn:trilby:iam::111122223333:oidc-provider/ci.example";
    let login = |context: Value| {
        let trust = json!([{
            "Effect": "Allow", "Principal": { "Federated": provider }, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": { "ci.example:aud": "us", "ci.example:sub": "repo:ours" } },
        }]);
        advice(&assuming(
            provider,
            "sts:AssumeRoleWithWebIdentity",
            context,
            trust,
        ))
    };
    let told = login(json!({ "ci.example:aud": "us", "ci.example:sub": "repo:theirs" }));
    assert_eq!(short(&told), ["+resource"]);
    let Addition::Statement { statement, .. } = &told.any_of[0] else {
        panic!("a statement")
    };
    assert_eq!(
        *statement,
        json!({
            "Effect": "Allow", "Principal": { "Federated": provider }, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": { "ci.example:aud": "us", "ci.example:sub": "repo:theirs" } },
        })
    );
    let told = login(json!({ "ci.example:sub": "repo:theirs" }));
    assert_eq!((short(&told), told.none_exists), (vec![], false));
    assert_eq!(
        obstacles(&told),
        ["resource: the trust policy does not allow it"]
    );
}

#[test]
fn nobody_is_told_to_do_without_an_external_id_or_to_take_another() {
    let outsider = "arn:trilby:iam::444455556666:user/eve";
    let asks = json!([{
        "Effect": "Allow", "Principal": { "AWS": "444455556666" }, "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "sts:ExternalId": "right" } },
    }]);
    let other = json!([{
        "Effect": "Allow", "Principal": { "AWS": "444455556666" }, "Action": "sts:TagSession",
    }]);
    let told = |context: Value, trust: &Value| {
        advice(&assuming(
            outsider,
            "sts:AssumeRole",
            context,
            trust.clone(),
        ))
    };
    let wrong = told(json!({ "sts:ExternalId": "wrong" }), &asks);
    assert_eq!((short(&wrong), wrong.none_exists), (vec![], false));
    assert_eq!(short(&told(json!({}), &asks)), ["sts:ExternalId=\"right\""]);
    assert_eq!(short(&told(json!({}), &other)), [""; 0]);
    let with = told(json!({ "sts:ExternalId": "theirs" }), &other);
    let Addition::Statement { statement, .. } = &with.any_of[0] else {
        panic!("a statement")
    };
    assert_eq!(
        statement["Condition"],
        json!({ "StringEquals": { "sts:ExternalId": "theirs" } })
    );
    assert!(statement.get("Resource").is_none());
    // At home nothing is asked for.
    let told = advice(&assuming(ANA, "sts:AssumeRole", json!({}), other));
    assert_eq!(short(&told), ["+resource"]);
}
