//! What holds after any commands in any order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "rules/build.rs"]
#[expect(dead_code, reason = "the rules use the rest")]
mod build;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::json;
use trilby_account::command::{
    AddGroupMember, ChangeTags, CreateAccessKey, CreatePolicyVersion, DeleteAccessKey,
    DeleteApplication, DeleteGroup, DeleteInlinePolicy, DeletePolicy, DeletePolicyVersion,
    DeleteResource, DeleteResourcePolicy, DeleteRole, DeleteRoleMap, DeleteSubjectAlias,
    DeleteUser, DetachPolicy, PutRoleMap, PutSubjectAlias, RemoveBoundary, RemoveGroupMember,
    RemoveProvider, RemoveUserPassword, SetBoundary, SetDefaultPolicyVersion, SetProviderStatus,
    SetUserStatus, ShareProvider, TagChange, UpdateProvider, UpdateUser,
};
use trilby_account::{
    Account, Command, Event, Holder, HolderRef, MapSeatRef, PolicyRef, PrincipalId, PrincipalRef,
    SubjectKey, Taggable, UserStatus,
};
use trilby_model::{Seq, Timestamp};
use trilby_testkit::given::{Given, START, account, policy_document};

/// A few names, so that commands meet each other's things.
const NAMES: [&str; 4] = ["ann", "Bob", "cy", "dee"];

#[derive(Debug, Clone, Copy)]
struct Wish {
    what: u8,
    one: usize,
    two: usize,
    flag: bool,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let wish = (0..46_u8, 0..NAMES.len(), 0..NAMES.len(), any::<bool>()).prop_map(
        |(what, one, two, flag)| Wish {
            what,
            one,
            two,
            flag,
        },
    );
    proptest::collection::vec(wish, 1..120)
}

fn principal(name: &str, is_role: bool) -> PrincipalRef {
    match is_role {
        true => PrincipalRef::Role(name.parse().unwrap()),
        false => PrincipalRef::User(name.parse().unwrap()),
    }
}

fn command(given: &Given, wish: Wish) -> Option<Command> {
    let Wish {
        what, flag, two, ..
    } = wish;
    let (one, other) = (NAMES[wish.one], NAMES[wish.two]);
    let holder: HolderRef = match two % 3 {
        0 => build::to_user(one),
        1 => build::to_group(one),
        _ => build::to_role(one),
    };
    let managed = if flag {
        build::customer(other)
    } else {
        build::system(["ReadOnlyAccess", "AdministratorAccess"][two % 2])
    };
    let key = given.state().access_keys().keys().nth(wish.one).cloned();
    let bucket = format!("bucket/{other}");
    let subject = SubjectKey::new("user", other).unwrap();
    let app = ["s3", "docs"][two % 2];
    Some(match what {
        0..=2 => build::user(one).into(),
        3 => build::group(one).into(),
        4 => build::own_role(one).into(),
        5 => build::policy(one).into(),
        6 => DeleteUser {
            user: one.parse().unwrap(),
            cascade: flag,
        }
        .into(),
        7 => DeleteGroup {
            group: one.parse().unwrap(),
            cascade: flag,
        }
        .into(),
        8 => DeleteRole {
            role: one.parse().unwrap(),
            cascade: flag,
        }
        .into(),
        9 => DeletePolicy {
            policy: one.parse().unwrap(),
            cascade: flag,
        }
        .into(),
        10..=12 => AddGroupMember {
            group: one.parse().unwrap(),
            user: other.parse().unwrap(),
        }
        .into(),
        13 => RemoveGroupMember {
            group: one.parse().unwrap(),
            user: other.parse().unwrap(),
        }
        .into(),
        14..=16 => build::attach(holder, managed).into(),
        17 => DetachPolicy {
            holder,
            policy: managed,
        }
        .into(),
        18 => build::inline(holder, other, policy_document("s3:*")).into(),
        19 => DeleteInlinePolicy {
            holder,
            name: other.parse().unwrap(),
        }
        .into(),
        20 | 21 => CreateAccessKey {
            user: one.parse().unwrap(),
            expires_at: None,
            allowed_cidrs: Vec::new(),
        }
        .into(),
        22 => {
            let access_key = key?;
            let owner = given.state().access_key(&access_key)?.user.clone();
            DeleteAccessKey {
                user: trilby_account::Ref::Id(owner),
                access_key,
            }
            .into()
        }
        23 => build::password(one).into(),
        24 => RemoveUserPassword {
            user: one.parse().unwrap(),
        }
        .into(),
        25 => SetUserStatus {
            user: one.parse().unwrap(),
            status: if flag {
                UserStatus::Active
            } else {
                UserStatus::Disabled
            },
        }
        .into(),
        26 => UpdateUser {
            user: one.parse().unwrap(),
            name: Some(other.parse().unwrap()),
            path: flag.then(|| "/team/".parse().unwrap()),
            description: None,
        }
        .into(),
        27 => CreatePolicyVersion {
            policy: one.parse().unwrap(),
            document: policy_document("s3:PutObject"),
            set_as_default: flag,
        }
        .into(),
        28 => SetDefaultPolicyVersion {
            policy: one.parse().unwrap(),
            version: two as u32 + 1,
        }
        .into(),
        29 => DeletePolicyVersion {
            policy: one.parse().unwrap(),
            version: two as u32 + 1,
        }
        .into(),
        30 => build::application(app).into(),
        31 if flag => build::resource(app, &bucket).into(),
        31 => DeleteResource {
            application: app.parse().unwrap(),
            resource: bucket.try_into().unwrap(),
            cascade: wish.one == 0,
        }
        .into(),
        32 if flag => {
            let arn = format!("arn:trilby:iam::111122223333:user/{one}");
            build::guard(app, &bucket, &json!({ "AWS": arn })).into()
        }
        32 | 37 | 45 => DeleteResourcePolicy {
            application: app.parse().unwrap(),
            resource: bucket.try_into().unwrap(),
        }
        .into(),
        33 => {
            let user = given.state().user(&one.parse().unwrap())?;
            PutSubjectAlias {
                subject,
                principal: PrincipalId::User(user.id.clone()),
            }
            .into()
        }
        34 if flag => DeleteSubjectAlias { subject }.into(),
        34 => DeleteApplication {
            application: app.parse().unwrap(),
            cascade: true,
        }
        .into(),
        35 => SetBoundary {
            principal: principal(one, two % 2 == 0),
            policy: managed,
        }
        .into(),
        36 => RemoveBoundary {
            principal: principal(one, flag),
        }
        .into(),
        39 => build::provider(one).into(),
        40 => UpdateProvider {
            provider: one.parse().unwrap(),
            settings: serde_json::from_value(json!({ "clock_skew_seconds": two })).unwrap(),
        }
        .into(),
        41 => SetProviderStatus {
            provider: one.parse().unwrap(),
            enabled: flag,
        }
        .into(),
        42 => ShareProvider {
            provider: one.parse().unwrap(),
            shared_with: [format!("{:012}", 200_000_000_000 + two).parse().unwrap()].into(),
        }
        .into(),
        43 if flag => RemoveProvider {
            provider: one.parse().unwrap(),
            cascade: two == 0,
        }
        .into(),
        43 => {
            let login = format!("arn:trilby:iam::111122223333:oidc-provider/{other}");
            build::login_role(one, &login).into()
        }
        44 => {
            let role = format!("arn:trilby:iam::111122223333:role/{other}");
            let map = match two {
                0 => json!({}),
                _ => json!({ "default_roles": [role] }),
            };
            let seat = MapSeatRef::Provider(one.parse().unwrap());
            match flag {
                true => PutRoleMap {
                    seat,
                    map: serde_json::from_value(map).unwrap(),
                }
                .into(),
                false => DeleteRoleMap { seat }.into(),
            }
        }
        _ => ChangeTags {
            target: Taggable::User(one.parse().unwrap()),
            change: TagChange::Replace(build::tags(&[("team", other)])),
        }
        .into(),
    })
}

/// Plays wishes; refused ones are passed over. Every state on the way is consistent.
fn play(wishes: &[Wish]) -> Given {
    let mut given = account();
    for wish in wishes {
        let Some(command) = command(&given, *wish) else {
            continue;
        };
        match given.state().decide(command, &given.context()) {
            Ok(events) => {
                let applied = events.len();
                let before = given.state().seq().get();
                given = given.after(events).seeded();
                assert_eq!(given.state().seq().get(), before + applied as u64);
                assert_consistent(given.state());
            }
            Err(_) => given = given.seeded(),
        }
    }
    given
}

/// What two places in the state say about one thing is the same.
fn assert_consistent(account: &Account) {
    let users = account.users();
    assert_eq!(users.len(), account.user_names().len());
    for (key, id) in account.user_names().iter() {
        assert_eq!(users.get(id).expect("the user").name.key(), *key);
    }
    assert_eq!(account.groups().len(), account.group_names().len());
    for (key, id) in account.group_names().iter() {
        assert_eq!(
            account.groups().get(id).expect("the group").name.key(),
            *key
        );
    }
    assert_eq!(account.roles().len(), account.role_names().len());
    for (key, id) in account.role_names().iter() {
        assert_eq!(account.roles().get(id).expect("the role").name.key(), *key);
    }
    assert_eq!(account.policies().len(), account.policy_names().len());
    for (key, id) in account.policy_names().iter() {
        assert_eq!(account.policies().get(id).expect("it").name.key(), *key);
    }
    assert_memberships(account);
    assert_providers(account);
    assert_attachments(account);
    assert_boundaries(account);
    assert_credentials(account);
    for application in account.applications().values() {
        let with_policy = application
            .resources
            .values()
            .filter(|r| r.policy.is_some());
        assert_eq!(application.resource_policies as usize, with_policy.count());
    }
    for quota in account.quota_use() {
        assert!(quota.used <= quota.limit, "{quota:?}");
    }
}

fn assert_providers(account: &Account) {
    assert_eq!(account.providers().len(), account.provider_names().len());
    for (name, id) in account.provider_names().iter() {
        let provider = account.providers().get(id).unwrap();
        assert_eq!((&provider.name.key(), &provider.id), (name, id));
        assert!(provider.role_map.iter().all(|mapped| {
            let named = mapped.map.roles();
            named.len() == mapped.roles.len() && named.iter().all(|arn| mapped.role(arn).is_some())
        }));
    }
}

fn assert_memberships(account: &Account) {
    let mut from_groups = BTreeSet::new();
    for (id, group) in account.groups().iter() {
        from_groups.extend(group.members.keys().map(|user| (id.clone(), user.clone())));
    }
    let mut from_users = BTreeSet::new();
    for (id, user) in account.users().iter() {
        assert!(user.groups.len() <= 10);
        from_users.extend(user.groups.iter().map(|group| (group.clone(), id.clone())));
    }
    assert_eq!(from_groups, from_users);
}

fn assert_attachments(account: &Account) {
    let mut from_policies = BTreeSet::new();
    for (id, policy) in account.policies().iter() {
        assert!(policy.in_force().is_some(), "a version is in force");
        assert!(policy.versions.len() <= 20);
        assert!(policy.versions.keys().all(|n| *n <= policy.last_version));
        from_policies.extend(policy.holders.iter().map(|h| (h.clone(), id.clone())));
    }
    let users = account.users().keys().cloned().map(Holder::User);
    let groups = account.groups().keys().cloned().map(Holder::Group);
    let roles = account.roles().keys().cloned().map(Holder::Role);
    let mut from_holders = BTreeSet::new();
    for holder in users.chain(groups).chain(roles) {
        let grants = account.grants(&holder).expect("the holder");
        assert!(grants.attached.len() <= 10);
        for attachment in &grants.attached {
            if let PolicyRef::Customer(id) = &attachment.policy {
                assert!(from_holders.insert((holder.clone(), id.clone())), "once");
            }
        }
    }
    assert_eq!(from_policies, from_holders);
}

fn assert_boundaries(account: &Account) {
    let mut from_policies = BTreeSet::new();
    for (id, policy) in account.policies().iter() {
        from_policies.extend(policy.bounds.iter().map(|of| (of.clone(), id.clone())));
    }
    let users = account.users().keys().cloned().map(PrincipalId::User);
    let roles = account.roles().keys().cloned().map(PrincipalId::Role);
    let mut from_principals = BTreeSet::new();
    for principal in users.chain(roles) {
        if let Some(boundary) = account.boundary(&principal)
            && let PolicyRef::Customer(id) = &boundary.policy
        {
            from_principals.insert((principal, id.clone()));
        }
    }
    assert_eq!(from_policies, from_principals);
}

fn assert_credentials(account: &Account) {
    let mut keys_of_users = BTreeSet::new();
    let mut aliases_of_principals = BTreeSet::new();
    for (id, user) in account.users().iter() {
        assert!(user.access_keys.len() <= 2);
        keys_of_users.extend(user.access_keys.iter().map(|key| (key.clone(), id.clone())));
        let principal = PrincipalId::User(id.clone());
        let aliases = user.aliases.iter();
        aliases_of_principals.extend(aliases.map(|alias| (alias.clone(), principal.clone())));
    }
    for (id, role) in account.roles().iter() {
        let principal = PrincipalId::Role(id.clone());
        let aliases = role.aliases.iter();
        aliases_of_principals.extend(aliases.map(|alias| (alias.clone(), principal.clone())));
    }
    let keys = account.access_keys().iter();
    let keys: BTreeSet<_> = keys
        .map(|(id, key)| (id.clone(), key.user.clone()))
        .collect();
    assert_eq!(keys, keys_of_users);
    let aliases = account.subject_aliases().iter();
    let aliases: BTreeSet<_> = aliases
        .map(|(subject, alias)| (subject.clone(), alias.principal.clone()))
        .collect();
    assert_eq!(aliases, aliases_of_principals);
}

fn fold(mut state: Account, log: &[(Event, Seq, Timestamp)]) -> Account {
    for (event, seq, at) in log {
        state.evolve(event, *seq, *at);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn replaying_the_stored_log_gives_the_live_state(wishes in wishes()) {
        let live = play(&wishes);
        let log: Vec<(Event, Seq, Timestamp)> = live
            .history()
            .iter()
            .zip(live.moments().iter().copied())
            .map(|(event, (seq, at))| {
                let text = event.to_data().to_string();
                let data = &mut serde_json::Deserializer::from_str(&text);
                let event = Event::from_stored(event.etype(), event.version(), data).unwrap();
                (event, seq, at)
            })
            .collect();
        let replayed = fold(Account::empty(live.state().id()), &log);
        prop_assert_eq!(&replayed, live.state());
        prop_assert_eq!(
            serde_json::to_string(&replayed).unwrap(),
            serde_json::to_string(live.state()).unwrap()
        );
    }

    #[test]
    fn a_snapshot_anywhere_and_the_tail_give_the_full_fold(wishes in wishes(), cut in any::<prop::sample::Index>()) {
        let live = play(&wishes);
        let log: Vec<_> = live
            .history()
            .iter()
            .cloned()
            .zip(live.moments().iter().copied())
            .map(|(event, (seq, at))| (event, seq, at))
            .collect();
        let (head, tail) = log.split_at(cut.index(log.len() + 1));
        let state = fold(Account::empty(live.state().id()), head);
        let snapshot = serde_json::to_vec(&state).unwrap();
        let restored: Account = serde_json::from_slice(&snapshot).unwrap();
        prop_assert_eq!(&restored, &state);
        prop_assert_eq!(&serde_json::to_vec(&restored).unwrap(), &snapshot);
        prop_assert_eq!(&fold(restored, tail), live.state());
    }

    #[test]
    fn a_state_in_a_readers_hand_does_not_change(wishes in wishes()) {
        let half = play(&wishes[..wishes.len() / 2]);
        let held = half.state().clone();
        let before = serde_json::to_string(&held).unwrap();
        let _ = play(&wishes);
        let mut moving = held.clone();
        for event in half.history() {
            moving.evolve(event, moving.seq().next(), START);
        }
        prop_assert_eq!(serde_json::to_string(&held).unwrap(), before);
    }
}

#[test]
fn random_commands_reach_every_kind_of_event_they_can_make() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..1_536 {
        let wishes = wishes().new_tree(&mut runner).unwrap().current();
        seen.extend(play(&wishes).history().iter().map(Event::etype));
    }
    let out_of_reach = [
        "account.",
        "external_id.",
        "root.",
        "session.",
        "signing_key.",
        "provider_link.",
    ];
    let exceptions = [
        "access_key.activated",
        "access_key.deactivated",
        "access_key.sessions_revoked",
        "application.actions_put",
        "application.tags_changed",
        "application.updated",
        "group.tags_changed",
        "group.updated",
        "policy.tags_changed",
        "policy.updated",
        "provider.keys_observed",
        "provider.keys_uri_changed",
        "provider.keys_uri_confirmed",
        "provider.sessions_revoked",
        "resource.tags_changed",
        "resource.updated",
        "role.sessions_revoked",
        "role.tags_changed",
        "role.trust_policy_replaced",
        "role.updated",
        "user.erased",
        "user.password_ticket_issued",
        "user.sessions_revoked",
        "user.updated",
    ];
    for (etype, _) in Event::KNOWN {
        let reachable = !out_of_reach
            .iter()
            .any(|subject| etype.starts_with(subject))
            && !exceptions.contains(etype);
        assert!(!reachable || seen.contains(etype), "{etype} never happened");
    }
}
