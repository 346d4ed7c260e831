//! Conditions that do not say what they seem to say.

use std::collections::HashSet;

use super::{At, Notes};
use crate::condition::{Comparison, Network, Operand, Operator, Order, SetOperator, Test};
use crate::finding::did_you_mean;
use crate::keys::{self, Key, Shape, Type};
use crate::statement::Effect;

pub(super) fn statement(at: At<'_>, notes: &mut Notes) {
    let tests = at.statement.condition.tests();
    let guarded: Guarded<'_> = tests
        .iter()
        .filter(|test| asks_for_presence(test))
        .map(|test| test.key.normal())
        .collect();
    for test in tests {
        if notes.is_full() {
            return;
        }
        unguarded_for_all(at, test, &guarded, notes);
        set_operator(at, test, notes);
        negated(at, test, &guarded, notes);
        mfa(at, test, notes);
        never_sent(at, test, &guarded, notes);
        private_range(at, test, notes);
        spoofable(at, test, notes);
        operator_type(at, test, notes);
        literal_star(at, test, notes);
        unknown_key(at, test, notes);
    }
}

pub(super) fn place(test: &Test) -> String {
    let key = trilby_model::json::escape_pointer(test.key.as_str());
    format!("/Condition/{}/{key}", test.operator)
}

/// Keys without which the statement does not apply.
type Guarded<'a> = HashSet<&'a str>;

/// Whether a test fails for every request without its key.
fn asks_for_presence(test: &Test) -> bool {
    if let Operand::Null(wanted) = test.operand() {
        return wanted.iter().all(|absent| !absent);
    }
    let Operator {
        set,
        negated,
        if_exists,
        ..
    } = test.operator;
    !if_exists
        && match set {
            None => !negated,
            Some(SetOperator::ForAnyValue) => true,
            Some(SetOperator::ForAllValues) => false,
        }
}

fn unguarded_for_all(at: At<'_>, test: &Test, guarded: &Guarded<'_>, notes: &mut Notes) {
    let Operator { set, .. } = test.operator;
    if set != Some(SetOperator::ForAllValues) || at.statement.effect != Effect::Allow {
        return;
    }
    if guarded.contains(test.key.normal()) {
        return;
    }
    let key = test.key.as_str();
    notes.add(
        at,
        "for_all_values_allow",
        &place(test),
        format!("this also allows requests without `{key}`: ForAllValues is true when there is nothing to test"),
        Some(&format!("add \"Null\": {{\"{key}\": \"false\"}}")),
    );
}

fn set_operator(at: At<'_>, test: &Test, notes: &mut Notes) {
    let single = keys::shape_of(test.key.as_str()) == Some(Shape::Single);
    if test.operator.set.is_some() && single {
        notes.add(
            at,
            "set_operator_on_single_value",
            &place(test),
            format!(
                "`{}` holds a single value; a set operator only changes what its absence means",
                test.key.as_str()
            ),
            Some("drop the set operator"),
        );
    }
}

fn negated(at: At<'_>, test: &Test, guarded: &Guarded<'_>, notes: &mut Notes) {
    let plain = test.operator.negated && test.operator.set.is_none();
    if !plain || at.statement.effect != Effect::Allow || guarded.contains(test.key.normal()) {
        return;
    }
    let key = test.key.as_str();
    notes.add(
        at,
        "negated_operator_allow",
        &place(test),
        format!("this also allows requests without `{key}`: a negated operator is true when the key is absent"),
        Some(&format!("add \"Null\": {{\"{key}\": \"false\"}}")),
    );
}

fn mfa(at: At<'_>, test: &Test, notes: &mut Notes) {
    let is_mfa = test.key.normal() == "aws:multifactorauthpresent";
    let is_bool = test.operator.comparison == Comparison::Bool && !test.operator.if_exists;
    let wants_false = test.values.iter().any(|v| v.eq_ignore_ascii_case("false"));
    if is_mfa && is_bool && wants_false && at.statement.effect == Effect::Deny {
        notes.add(
            at,
            "mfa_absent_not_denied",
            &place(test),
            "with long-term keys the key is absent, so that this Deny does not apply to them",
            Some("use BoolIfExists"),
        );
    }
    let is_age = test.key.normal() == "aws:multifactorauthage";
    let asks_age = matches!(
        test.operator.comparison,
        Comparison::Numeric(Order::Greater | Order::GreaterOrEqual)
    );
    if is_age && asks_age && asks_for_presence(test) && at.statement.effect == Effect::Deny {
        notes.add(
            at,
            "mfa_absent_not_denied",
            &place(test),
            "without a second factor the key is absent, so that this Deny does not apply",
            Some(&format!("use {}IfExists", test.operator)),
        );
    }
}

/// Keys that the language has and no request carries yet: nothing is called through another service, and accounts have no
/// regions.
const NEVER_SENT: [&str; 9] = [
    "aws:RequestedRegion",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ViaAWSService",
];

/// A test that comes to the same for every request, since none carries its key. One with `IfExists` says so itself.
fn never_sent(at: At<'_>, test: &Test, guarded: &Guarded<'_>, notes: &mut Notes) {
    let Operator {
        comparison,
        if_exists,
        ..
    } = test.operator;
    let never = |name: &&str| keys::normalise(name) == test.key.normal();
    if comparison == Comparison::Null || if_exists || !NEVER_SENT.iter().any(never) {
        return;
    }
    let key = test.key.as_str();
    let (comes_to, hint) = match (asks_for_presence(test), at.statement.effect) {
        (true, Effect::Deny) => (
            "this Deny never applies",
            Some(format!(
                "write {}IfExists, or leave the test out",
                test.operator
            )),
        ),
        (true, Effect::Allow) => ("this Allow never applies", None),
        (false, Effect::Deny) if !guarded.contains(test.key.normal()) => (
            "this test always holds",
            Some(format!(
                "the Deny applies whatever is listed here; add \"Null\": {{\"{key}\": \"false\"}}, or leave the test out"
            )),
        ),
        (false, Effect::Deny | Effect::Allow) => return,
    };
    notes.add(
        at,
        "key_never_sent",
        &place(test),
        format!("no request carries `{key}`, so that {comes_to}"),
        hint.as_deref(),
    );
}

const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
];

fn private_range(at: At<'_>, test: &Test, notes: &mut Notes) {
    let Operand::Ip(networks) = test.operand() else {
        return;
    };
    for (index, (network, written)) in networks.iter().zip(&test.values).enumerate() {
        if notes.is_full() {
            return;
        }
        let private = PRIVATE
            .iter()
            .filter_map(|text| Network::parse(text))
            .any(|private| private.covers(network));
        if private {
            notes.add(
                at,
                "private_address",
                &format!("{}/{index}", place(test)),
                format!(
                    "`{written}` is a private range; requests from the internet never carry it"
                ),
                Some("name the public addresses your requests come from"),
            );
        }
    }
}

fn spoofable(at: At<'_>, test: &Test, notes: &mut Notes) {
    let key = test.key.normal();
    if at.statement.effect == Effect::Allow && matches!(key, "aws:useragent" | "aws:referer") {
        notes.add(
            at,
            "spoofable_key_allow",
            &place(test),
            format!("the caller chooses `{}` freely", test.key.as_str()),
            Some("do not grant by it"),
        );
    }
}

fn operator_type(at: At<'_>, test: &Test, notes: &mut Notes) {
    let Some(value) = keys::type_of(test.key.as_str()) else {
        return;
    };
    let suits = match test.operator.comparison {
        Comparison::Text | Comparison::TextIgnoreCase | Comparison::Glob | Comparison::Null => {
            value != Type::Ip
        }
        Comparison::Arn => value == Type::Arn || value == Type::String,
        Comparison::Numeric(_) => matches!(value, Type::Numeric | Type::String | Type::Date),
        Comparison::Date(_) => matches!(value, Type::Date | Type::String),
        Comparison::Bool => matches!(value, Type::Bool | Type::String),
        Comparison::Binary => value == Type::String,
        Comparison::Ip => value == Type::Ip || value == Type::String,
    };
    let presence = test.operator.comparison == Comparison::Null;
    let hint = (value == Type::Ip).then(|| {
        let wanted = if test.operator.negated {
            "NotIpAddress"
        } else {
            "IpAddress"
        };
        format!("use {wanted}")
    });
    if !suits && !presence {
        notes.add(
            at,
            "operator_type",
            &place(test),
            format!(
                "{} does not suit the values of `{}`",
                test.operator,
                test.key.as_str()
            ),
            hint.as_deref(),
        );
    }
}

/// Keys of AWS about what Trilby does not have; near the name of another key, and not meant as that.
const FOREIGN: [&str; 17] = [
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceInstanceARN",
    "aws:Ec2InstanceSourceVpc",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:AssumedRoot",
    "aws:ChatbotSourceArn",
    "aws:SignInSessionArn",
    "sts:AWSServiceName",
    "sts:RequestContextProviders",
    "sts:TaskPolicyArn",
];

/// A star under an operator without wildcards, in a value that hardly has one.
fn literal_star(at: At<'_>, test: &Test, notes: &mut Notes) {
    if !matches!(
        test.operator.comparison,
        Comparison::Text | Comparison::TextIgnoreCase
    ) {
        return;
    }
    for (index, value) in test.values.iter().enumerate() {
        if notes.is_full() {
            return;
        }
        if !value.replace("${*}", "").contains('*') {
            continue;
        }
        let wanted = if test.operator.negated {
            "StringNotLike"
        } else {
            "StringLike"
        };
        notes.add(
            at,
            "literal_star",
            &format!("{}/{index}", place(test)),
            format!(
                "{} has no wildcards: `*` is a star and nothing else",
                test.operator
            ),
            Some(&format!(
                "use {wanted}, or write `${{*}}` if a star is meant"
            )),
        );
    }
}

fn unknown_key(at: At<'_>, test: &Test, notes: &mut Notes) {
    unknown(at, &test.key, || place(test), notes);
}

/// Keys of the service's own namespaces that do not exist.
pub(super) fn unknown(at: At<'_>, key: &Key, place: impl Fn() -> String, notes: &mut Notes) {
    let ours = ["aws:", "sts:"].iter().any(|p| key.normal().starts_with(p));
    let key = key.as_str();
    if !ours || keys::is_known(key) || notes.is_full() {
        return;
    }
    let is_foreign = |name: &&str| keys::normalise(name) == keys::normalise(key);
    let (message, hint) = if FOREIGN.iter().any(is_foreign) {
        let message = format!("AWS has `{key}`, Trilby does not: no request carries it");
        (message, None)
    } else {
        let known = keys::REGISTRY.iter().map(|entry| entry.name);
        let message = format!("no request carries `{key}`");
        (message, did_you_mean(key, known))
    };
    notes.add(
        at,
        "unknown_condition_key",
        &place(),
        message,
        hint.as_deref(),
    );
}
