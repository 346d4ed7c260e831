//! The few words that cases are made of.

use crate::random::Random;

/// The account most callers are of.
pub(super) const HOME: &str = "111111111111";
/// Accounts.
pub(super) const ACCOUNTS: [&str; 3] = [HOME, "222222222222", "333333333333"];
/// How many of a hundred texts are written in mixed case where case says nothing.
pub(super) const ANY_CASE: usize = 25;

pub(super) const ACTIONS: [&str; 8] = [
    "app:Read",
    "app:ReadAll",
    "app:Write",
    "app:Delete",
    "store:Get",
    "store:Put_1",
    "registry:PutResourcePolicy",
    "registry:DeleteResourcePolicy",
];

pub(super) const ACTION_PATTERNS: [&str; 19] = [
    "*",
    "*",
    "app:*",
    "app:Read",
    "app:Read",
    "app:ReadAll",
    "app:Write",
    "app:*",
    "app:R*",
    "app:*ea*",
    "app:????",
    "app:?ead*l*",
    "*",
    "*:*",
    "store:*",
    "sts:*",
    "sts:AssumeRole*",
    "sts:TagSession",
    "registry:*ResourcePolicy",
];

pub(super) const RESOURCES: [&str; 12] = [
    "arn:aws:app::111111111111:doc/1",
    "arn:aws:app::111111111111:doc/1/2/x",
    "arn:aws:app::111111111111:home/alice/notes",
    "arn:aws:app:eu:111111111111:doc/a*b",
    "arn:aws:app:eu:222222222222:doc/1",
    "arn:aws:app::222222222222:doc/red:part:7",
    "arn:aws:app:::doc/1",
    "arn:aws:store::111111111111:red",
    "arn:aws:app:::111111111111:doc/1",
    "arn:aws:app::elsewhere:doc/1",
    "arn:aws:app::111111111111:doc/1",
    "arn:aws:iam::111111111111:user/alice",
];

pub(super) const RESOURCE_PATTERNS: [&str; 32] = [
    "*",
    "*",
    "*",
    "arn:aws:app:*:*:*",
    "arn:aws:app:*:*:*o*",
    "*",
    "arn:aws:app::111111111111:doc/1",
    "arn:aws:app:*:*:doc/1",
    "arn:aws:app:*:*:*",
    "arn:aws:app:*:111111111111:*",
    "arn:aws:app::111111111111:doc/*",
    "arn:aws:app:*:*:doc/?",
    "arn:aws:app:*:*:doc/*/x",
    "arn:aws:app:e?:*:*",
    "arn:aws:app::1*1:DOC/1",
    "arn:aws:app:::*",
    "arn:aws:app:*:1?1111111111:*1*",
    "arn:aws:store:*:*:${aws:PrincipalTag/team}",
    "arn:aws:app:*:*:home/${aws:username}/*",
    "arn:aws:app:*:*:home/${AWS:UserName}/?otes",
    "arn:aws:app:*:*:doc/${app:s}",
    "arn:aws:app:*:*:doc/${app:absent}",
    "arn:aws:app:*:*:doc/${app:absent, '1'}",
    "arn:aws:app:*:*:doc/${app:list}*",
    "arn:aws:app:*:*:doc/${aws:PrincipalTag/team, 'red'}:*",
    "arn:aws:app:*:*:doc/a${*}b",
    "arn:aws:app:*:*:doc/a*b",
    "arn:aws:app:*:*:doc/${app:star}*",
    "arn:aws:iam::*:role/Dev",
    "arn:aws:iam::111111111111:role/*",
    "arn:aws:iam::*:*",
    "arn:other:app::111111111111:doc/1",
];

pub(super) const USERS: [&str; 5] = [
    "arn:aws:iam::111111111111:user/alice",
    "arn:aws:iam::111111111111:user/alice",
    "arn:aws:iam::111111111111:user/carol",
    "arn:aws:iam::111111111111:user/deep/path/dora",
    "arn:aws:iam::222222222222:user/alice",
];

pub(super) const SESSIONS: [&str; 5] = [
    "arn:aws:sts::111111111111:assumed-role/Dev/s1",
    "arn:aws:sts::111111111111:assumed-role/Dev/s1",
    "arn:aws:sts::111111111111:assumed-role/Dev/s2",
    "arn:aws:sts::111111111111:assumed-role/Deep/s1",
    "arn:aws:sts::222222222222:assumed-role/Dev/s1",
];

pub(super) const FEDERATED: [&str; 2] = [
    "arn:aws:sts::111111111111:federated-user/guest",
    "arn:aws:sts::111111111111:federated-user/alice",
];

pub(super) const ROOTS: [&str; 2] = [
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::222222222222:root",
];

pub(super) const SERVICES: [&str; 2] = ["svc.example", "other.example"];

pub(super) const PROVIDERS: [&str; 2] = [
    "arn:aws:iam::111111111111:oidc-provider/idp.example",
    "arn:aws:iam::111111111111:oidc-provider/other.example/realms/a",
];

/// What a resource policy can name under `AWS`.
pub(super) const NAMED: [&str; 16] = [
    "*",
    "111111111111",
    "222222222222",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::222222222222:root",
    "arn:aws:iam::111111111111:user/alice",
    "arn:aws:iam::111111111111:user/alice",
    "arn:aws:iam::111111111111:user/carol",
    "arn:aws:iam::111111111111:user/deep/path/dora",
    "arn:aws:iam::111111111111:role/Dev",
    "arn:aws:iam::111111111111:role/path/Deep",
    "arn:aws:iam::111111111111:role/Deep",
    "arn:aws:sts::111111111111:assumed-role/Dev/s1",
    "arn:aws:sts::111111111111:assumed-role/Deep/s1",
    "arn:aws:sts::111111111111:federated-user/guest",
    "arn:aws:iam::222222222222:user/alice",
];

/// Writes an ARN in the other of the twin partitions at times.
pub(super) fn partition(random: &mut Random, arn: &str) -> String {
    match arn.strip_prefix("arn:aws:") {
        Some(rest) if random.chance(25) => format!("arn:trilby:{rest}"),
        Some(_) | None => arn.to_owned(),
    }
}
