//! The form that a commit changes is the form made from nothing.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use trilby_account::command::{
    AddGroupMember, AttachPolicy, CreateGroup, CreatePolicy, CreatePolicyVersion, CreateRole,
    CreateUser, DeleteGroup, DeletePolicy, DeleteResource, DeleteRole, DeleteUser, DetachPolicy,
    PutInlinePolicy, PutResource, PutResourcePolicy, PutSubjectAlias, RegisterApplication,
    RemoveBoundary, RemoveGroupMember, SetBoundary, SetDefaultPolicyVersion, SetUserStatus,
    UpdateUser,
};
use trilby_account::event::{AccountCreated, UserRenamed};
use trilby_account::{
    Account, Actor, Command, Context, Event, HolderRef, KnownPrincipals, ManagedPolicyRef,
    PolicyText, PrincipalId, PrincipalRef, Ref, ResourceName, RoleLimits, SubjectKey, UserKind,
    UserStatus,
};
use trilby_engine as engine;
use trilby_eventlog::{Head, HeadState};
use trilby_model::{AccountId, Entropy, Hash, LogId, Seq, Tags, Timestamp};
use trilby_policy::Kind;
use trilby_testkit::given::{document, policy_document};

use super::PolicyCache;
use crate::error::Error;
use crate::view::{AccountView, View};

const ACCOUNT: &str = "111122223333";
const NAMES: [&str; 4] = ["anna", "bob", "carl", "dora"];

fn id() -> AccountId {
    ACCOUNT.parse().unwrap()
}

fn head(seq: Seq) -> Head {
    let at = Timestamp::from_unix_seconds(1_800_000_000);
    Head {
        log: LogId::Account(id()),
        seq,
        hash: Hash([0; 32]),
        at,
        state: HeadState::Open,
    }
}

fn compiled(state: &Account, previous: Option<&AccountView>, cache: &PolicyCache) -> AccountView {
    let head = head(state.seq());
    let compiled = super::account(state, previous, cache, &head).unwrap();
    View {
        head,
        state: state.clone(),
        compiled,
    }
}

fn evolve(state: &mut Account, events: &[Event]) {
    for event in events {
        let seq = state.seq().next();
        state.evolve(event, seq, Timestamp::from_unix_seconds(1_800_000_000));
    }
}

fn begun() -> Account {
    let mut state = Account::empty(id());
    let created = AccountCreated {
        account: id(),
        name: "acme".parse().unwrap(),
    };
    evolve(&mut state, &[created.into()]);
    state
}

/// Decides and folds; a refused command changes nothing.
fn step(state: &mut Account, command: impl Into<Command>, seed: u8) {
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    let mut entropy = Entropy::new([seed; 32]);
    let mut fresh = [0; 32];
    // Ids must differ between steps that have the same seed.
    for (to, from) in fresh.iter_mut().zip(state.seq().get().to_be_bytes()) {
        *to = from;
    }
    fresh[31] = entropy.take::<1>()[0];
    let ctx = Context::new(now, Actor::System, &mut Entropy::new(fresh));
    if let Ok(events) = state.decide(command.into(), &ctx) {
        evolve(state, &events);
    }
}

fn user(name: &str) -> trilby_account::UserRef {
    Ref::Name(name.parse().unwrap())
}

/// Everything that decisions can see of an account, in one order.
fn picture(account: &engine::Account) -> Vec<String> {
    let policies =
        |policies: &mut dyn Iterator<Item = &Arc<engine::CompiledPolicy>>| -> Vec<String> {
            policies
                .map(|policy| {
                    format!(
                        "{} {:?} {:?}",
                        policy.name(),
                        policy.version(),
                        policy.document()
                    )
                })
                .collect()
        };
    let mut lines = vec![format!(
        "{} {:?} {}",
        account.id(),
        account.organization(),
        account.caps_everything()
    )];
    for user in account.users() {
        let all = policies(&mut account.policies_of(user));
        let cap = policies(&mut user.boundary.iter().flatten());
        lines.push(format!(
            "user {} {} {} {:?} {} {all:?} {cap:?} {}",
            user.id,
            user.name,
            user.arn,
            user.tags,
            user.disabled,
            user.boundary.is_some()
        ));
    }
    for role in account.roles() {
        let own = policies(&mut role.policies.iter());
        let cap = policies(&mut role.boundary.iter().flatten());
        lines.push(format!(
            "role {} {} {} {own:?} {cap:?} {} {:?}",
            role.id,
            role.name,
            role.arn,
            role.boundary.is_some(),
            role.trust
        ));
    }
    for resource in account.resources() {
        lines.push(format!(
            "resource {} {:?} {:?}",
            resource.arn, resource.tags, resource.policy
        ));
    }
    for name in NAMES {
        lines.push(format!(
            "named {name} {:?}",
            account.user_named(name).map(|user| &user.id)
        ));
        lines.push(format!(
            "role named {name} {:?}",
            account.role_named(name).map(|role| &role.id)
        ));
        let arn = format!("arn:trilby:iam::{ACCOUNT}:user/{name}")
            .parse()
            .unwrap();
        lines.push(format!(
            "at {arn} {:?}",
            account.user_at(&arn).map(|user| &user.id)
        ));
    }
    lines.sort();
    lines
}

#[derive(Debug, Clone)]
enum Move {
    User(usize),
    Rename(usize, usize),
    DropUser(usize),
    Status(usize, bool),
    Inline(usize, usize),
    Group(usize),
    DropGroup(usize),
    GroupInline(usize, usize),
    Join(usize, usize),
    Leave(usize, usize),
    Policy(usize),
    Version(usize, bool),
    Default(usize, u32),
    DropPolicy(usize),
    Attach(usize, usize, u8),
    Detach(usize, usize, u8),
    Bound(usize, usize, bool),
    Unbound(usize, bool),
    Role(usize),
    DropRole(usize),
    Resource(usize),
    ResourcePolicy(usize, usize),
    DropResource(usize),
    Alias(usize, usize),
}

fn moves() -> impl Strategy<Value = Move> {
    let n = || 0..NAMES.len();
    prop_oneof![
        4 => n().prop_map(Move::User),
        2 => (n(), n()).prop_map(|(a, b)| Move::Rename(a, b)),
        1 => n().prop_map(Move::DropUser),
        1 => (n(), any::<bool>()).prop_map(|(a, b)| Move::Status(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Move::Inline(a, b)),
        2 => n().prop_map(Move::Group),
        1 => n().prop_map(Move::DropGroup),
        2 => (n(), n()).prop_map(|(a, b)| Move::GroupInline(a, b)),
        3 => (n(), n()).prop_map(|(a, b)| Move::Join(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Move::Leave(a, b)),
        2 => n().prop_map(Move::Policy),
        2 => (n(), any::<bool>()).prop_map(|(a, b)| Move::Version(a, b)),
        2 => (n(), 1..4_u32).prop_map(|(a, b)| Move::Default(a, b)),
        1 => n().prop_map(Move::DropPolicy),
        3 => (n(), n(), 0..3_u8).prop_map(|(a, b, c)| Move::Attach(a, b, c)),
        1 => (n(), n(), 0..3_u8).prop_map(|(a, b, c)| Move::Detach(a, b, c)),
        3 => (n(), n(), any::<bool>()).prop_map(|(a, b, c)| Move::Bound(a, b, c)),
        1 => (n(), any::<bool>()).prop_map(|(a, b)| Move::Unbound(a, b)),
        1 => n().prop_map(Move::Role),
        1 => n().prop_map(Move::DropRole),
        2 => n().prop_map(Move::Resource),
        1 => (n(), n()).prop_map(|(a, b)| Move::ResourcePolicy(a, b)),
        1 => n().prop_map(Move::DropResource),
        1 => (n(), n()).prop_map(|(a, b)| Move::Alias(a, b)),
    ]
}

fn holder(name: &str, kind: u8) -> HolderRef {
    match kind {
        0 => HolderRef::User(user(name)),
        1 => HolderRef::Group(Ref::Name(name.parse().unwrap())),
        _ => HolderRef::Role(Ref::Name(name.parse().unwrap())),
    }
}

fn principal(name: &str, is_role: bool) -> PrincipalRef {
    match is_role {
        true => PrincipalRef::Role(Ref::Name(name.parse().unwrap())),
        false => PrincipalRef::User(user(name)),
    }
}

fn resource(name: &str) -> ResourceName {
    ResourceName {
        kind: "doc".parse().unwrap(),
        key: name.parse().unwrap(),
    }
}

fn perform(state: &mut Account, made: &Move, seed: u8) {
    let path: trilby_model::Path = "/".parse().unwrap();
    let tags = Tags::default();
    let policy = |n: usize| Ref::Name(NAMES[n].parse().unwrap());
    let app: trilby_model::ApplicationName = "docs".parse().unwrap();
    let known = KnownPrincipals::default;
    match *made {
        Move::User(n) => {
            let name = NAMES[n].parse().unwrap();
            step(
                state,
                CreateUser {
                    name,
                    path,
                    kind: UserKind::Human,
                    description: None,
                    tags,
                },
                seed,
            );
        }
        Move::Rename(a, b) => {
            let name = Some(NAMES[b].parse().unwrap());
            step(
                state,
                UpdateUser {
                    user: user(NAMES[a]),
                    name,
                    path: None,
                    description: None,
                },
                seed,
            );
        }
        Move::DropUser(n) => step(
            state,
            DeleteUser {
                user: user(NAMES[n]),
                cascade: true,
            },
            seed,
        ),
        Move::Status(n, active) => {
            let status = if active {
                UserStatus::Active
            } else {
                UserStatus::Disabled
            };
            step(
                state,
                SetUserStatus {
                    user: user(NAMES[n]),
                    status,
                },
                seed,
            );
        }
        Move::Inline(n, m) => {
            let (name, document) = (
                NAMES[m].parse().unwrap(),
                policy_document(&format!("docs:Read{seed}")),
            );
            step(
                state,
                PutInlinePolicy {
                    holder: holder(NAMES[n], 0),
                    name,
                    document,
                },
                seed,
            );
        }
        Move::Group(n) => {
            step(
                state,
                CreateGroup {
                    name: NAMES[n].parse().unwrap(),
                    path,
                    description: None,
                    tags,
                },
                seed,
            );
        }
        Move::DropGroup(n) => {
            step(
                state,
                DeleteGroup {
                    group: Ref::Name(NAMES[n].parse().unwrap()),
                    cascade: true,
                },
                seed,
            );
        }
        Move::GroupInline(n, m) => {
            let (name, document) = (
                NAMES[m].parse().unwrap(),
                policy_document(&format!("docs:List{seed}")),
            );
            step(
                state,
                PutInlinePolicy {
                    holder: holder(NAMES[n], 1),
                    name,
                    document,
                },
                seed,
            );
        }
        Move::Join(n, m) => {
            let group = Ref::Name(NAMES[n].parse().unwrap());
            step(
                state,
                AddGroupMember {
                    group,
                    user: user(NAMES[m]),
                },
                seed,
            );
        }
        Move::Leave(n, m) => {
            let group = Ref::Name(NAMES[n].parse().unwrap());
            step(
                state,
                RemoveGroupMember {
                    group,
                    user: user(NAMES[m]),
                },
                seed,
            );
        }
        Move::Policy(n) => {
            let (name, document) = (
                NAMES[n].parse().unwrap(),
                policy_document(&format!("docs:Write{seed}")),
            );
            step(
                state,
                CreatePolicy {
                    name,
                    path,
                    description: None,
                    tags,
                    document,
                },
                seed,
            );
        }
        Move::Version(n, set_as_default) => {
            let document = policy_document(&format!("docs:Edit{seed}"));
            step(
                state,
                CreatePolicyVersion {
                    policy: policy(n),
                    document,
                    set_as_default,
                },
                seed,
            );
        }
        Move::Default(n, version) => step(
            state,
            SetDefaultPolicyVersion {
                policy: policy(n),
                version,
            },
            seed,
        ),
        Move::DropPolicy(n) => step(
            state,
            DeletePolicy {
                policy: policy(n),
                cascade: true,
            },
            seed,
        ),
        Move::Attach(n, m, kind) => {
            let policy = ManagedPolicyRef::Customer(policy(m));
            step(
                state,
                AttachPolicy {
                    holder: holder(NAMES[n], kind),
                    policy,
                },
                seed,
            );
        }
        Move::Detach(n, m, kind) => {
            let policy = ManagedPolicyRef::Customer(policy(m));
            step(
                state,
                DetachPolicy {
                    holder: holder(NAMES[n], kind),
                    policy,
                },
                seed,
            );
        }
        Move::Role(n) => {
            let trust = json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "sts:AssumeRole" }] });
            let limits = RoleLimits::default();
            let (name, trust) = (NAMES[n].parse().unwrap(), document(Kind::Trust, &trust));
            step(
                state,
                CreateRole {
                    name,
                    path,
                    description: None,
                    tags,
                    trust,
                    known: known(),
                    limits,
                    external_id_waiver: None,
                },
                seed,
            );
        }
        Move::DropRole(n) => {
            step(
                state,
                DeleteRole {
                    role: Ref::Name(NAMES[n].parse().unwrap()),
                    cascade: true,
                },
                seed,
            );
        }
        Move::Resource(n) => {
            step(
                state,
                RegisterApplication {
                    name: app.clone(),
                    description: None,
                    tags: Tags::default(),
                },
                seed,
            );
            let put = PutResource {
                application: app,
                resource: resource(NAMES[n]),
                description: None,
                owner: None,
                tags,
            };
            step(state, put, seed);
        }
        Move::ResourcePolicy(n, m) => {
            let text = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "docs:*",
                "Principal": { "AWS": format!("arn:trilby:iam::{ACCOUNT}:user/{}", NAMES[m]) }, "Resource": "*" }] });
            let document = document(Kind::Resource, &text);
            let put = PutResourcePolicy {
                application: app,
                resource: resource(NAMES[n]),
                document,
                known: known(),
            };
            step(state, put, seed);
        }
        Move::DropResource(n) => {
            step(
                state,
                DeleteResource {
                    application: app,
                    resource: resource(NAMES[n]),
                    cascade: true,
                },
                seed,
            );
        }
        Move::Bound(n, m, is_role) => step(
            state,
            SetBoundary {
                principal: principal(NAMES[n], is_role),
                policy: ManagedPolicyRef::Customer(policy(m)),
            },
            seed,
        ),
        Move::Unbound(n, is_role) => step(
            state,
            RemoveBoundary {
                principal: principal(NAMES[n], is_role),
            },
            seed,
        ),
        Move::Alias(n, m) => {
            let Some(found) = state.user(&user(NAMES[m])).map(|user| user.id.clone()) else {
                return;
            };
            let subject = SubjectKey::new("person", NAMES[n]).unwrap();
            step(
                state,
                PutSubjectAlias {
                    subject,
                    principal: PrincipalId::User(found),
                },
                seed,
            );
        }
    }
}

/// An account in which most moves do something.
fn populated() -> Account {
    let mut state = begun();
    for n in 0..NAMES.len() {
        let m = (n + 1) % NAMES.len();
        let made = [
            Move::User(n),
            Move::Group(n),
            Move::Policy(n),
            Move::Role(n),
            Move::Resource(n),
            Move::Join(n, n),
        ];
        let given = [
            Move::Attach(n, n, 0),
            Move::Attach(n, n, 1),
            Move::Attach(n, n, 2),
            Move::Inline(n, m),
            Move::Bound(n, m, false),
            Move::Bound(m, n, true),
        ];
        for made in made.iter().chain(&given) {
            perform(&mut state, made, 200);
        }
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_a_commit_changes_is_what_would_be_made_from_nothing(made in prop::collection::vec(moves(), 1..60)) {
        let cache = PolicyCache::default();
        let mut state = populated();
        let mut view = compiled(&state, None, &cache);
        for (n, made) in made.iter().enumerate() {
            perform(&mut state, made, u8::try_from(n).unwrap());
            view = compiled(&state, Some(&view), &cache);
            let whole = compiled(&state, None, &PolicyCache::default());
            prop_assert_eq!(picture(&view.compiled), picture(&whole.compiled), "after {:?}", made);
        }
    }
}

#[test]
fn what_a_commit_leaves_alone_is_not_made_again() {
    const USERS: usize = 2_000;
    let cache = PolicyCache::default();
    let mut state = begun();
    perform(&mut state, &Move::Policy(0), 1);
    for n in 0..USERS {
        let create = CreateUser {
            name: format!("user-{n}").parse().unwrap(),
            path: "/".parse().unwrap(),
            kind: UserKind::Human,
            description: None,
            tags: Tags::default(),
        };
        step(&mut state, create, 1);
    }
    perform(&mut state, &Move::User(0), 1);
    perform(&mut state, &Move::User(1), 1);
    perform(&mut state, &Move::Attach(0, 0, 0), 1);
    perform(&mut state, &Move::Alias(1, 1), 1);
    let before = compiled(&state, None, &cache);
    let made_again = |made: &[Move]| {
        let mut state = before.state.clone();
        made.iter().for_each(|made| perform(&mut state, made, 2));
        assert_ne!(state.seq(), before.state.seq());
        let after = compiled(&state, Some(&before), &cache);
        assert_eq!(after.compiled.users().count(), state.users().len());
        let same = |user: &&Arc<engine::User>| {
            let was = before.compiled.user(&user.id);
            was.is_some_and(|was| Arc::ptr_eq(was, user))
        };
        after.compiled.users().filter(|user| !same(user)).count()
    };
    assert_eq!(made_again(&[Move::Status(1, false)]), 1);
    assert_eq!(made_again(&[Move::Version(0, true)]), 1);
    assert_eq!(made_again(&[Move::Rename(1, 2)]), 1);
    // Whose it is.
    assert_eq!(made_again(&[Move::Alias(2, 0)]), 1);
    assert_eq!(made_again(&[Move::Resource(0)]), 0);
}

#[test]
fn two_users_that_swap_names_in_one_commit_are_found_by_their_new_names() {
    let cache = PolicyCache::default();
    let mut state = begun();
    perform(&mut state, &Move::User(0), 1);
    perform(&mut state, &Move::User(1), 2);
    let before = compiled(&state, None, &cache);
    let find = |name: &str| state.user(&user(name)).unwrap().id.clone();
    let (anna, bob) = (find("anna"), find("bob"));
    let renamed = |user: &trilby_model::UserId, name: &str| -> Event {
        UserRenamed {
            user: user.clone(),
            name: name.parse().unwrap(),
            path: "/".parse().unwrap(),
        }
        .into()
    };
    let mut after = state.clone();
    evolve(
        &mut after,
        &[
            renamed(&anna, "carl"),
            renamed(&bob, "anna"),
            renamed(&anna, "bob"),
        ],
    );
    let after = compiled(&after, Some(&before), &cache);
    assert_eq!(after.compiled.user_named("anna").unwrap().id, bob);
    assert_eq!(after.compiled.user_named("bob").unwrap().id, anna);
    assert!(after.compiled.user_named("carl").is_none());
}

#[test]
fn a_policy_is_compiled_once_for_each_text() {
    let cache = PolicyCache::default();
    let mut state = begun();
    for made in [
        Move::User(0),
        Move::User(1),
        Move::Policy(0),
        Move::Attach(0, 0, 0),
        Move::Attach(1, 0, 0),
    ] {
        perform(&mut state, &made, 1);
    }
    let first = compiled(&state, None, &cache);
    let policy = |view: &AccountView, name: &str| {
        Arc::clone(&view.compiled.user_named(name).unwrap().policies[0])
    };
    assert!(Arc::ptr_eq(&policy(&first, "anna"), &policy(&first, "bob")));
    perform(&mut state, &Move::Status(0, false), 2);
    let second = compiled(&state, Some(&first), &cache);
    assert!(Arc::ptr_eq(
        &policy(&first, "anna"),
        &policy(&second, "anna")
    ));
    let again = compiled(&state, None, &cache);
    assert!(Arc::ptr_eq(
        &policy(&first, "anna"),
        &policy(&again, "anna")
    ));
    perform(&mut state, &Move::Version(0, true), 3);
    let third = compiled(&state, Some(&second), &cache);
    assert!(!Arc::ptr_eq(
        &policy(&second, "anna"),
        &policy(&third, "anna")
    ));
    assert_eq!(policy(&third, "anna").version(), Some("v2"));
}

#[test]
fn a_document_that_is_not_what_its_digest_says_stops_the_log() {
    let state = begun();
    let mut state = state.clone();
    perform(&mut state, &Move::User(0), 1);
    let found = state.user(&user("anna")).unwrap().id.clone();
    let mut text = PolicyText::of(&policy_document("docs:Read"));
    text.document = policy_document("docs:*").canonical().into();
    let event = trilby_account::event::UserInlinePolicyPut {
        user: found,
        name: "p".parse().unwrap(),
        policy: text,
    };
    evolve(&mut state, &[event.into()]);
    let refused = super::account(&state, None, &PolicyCache::default(), &head(state.seq()));
    assert!(
        matches!(refused, Err(Error::Quarantined { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_document_that_cannot_be_read_stops_the_log() {
    let mut state = begun();
    perform(&mut state, &Move::User(0), 1);
    let found = state.user(&user("anna")).unwrap().id.clone();
    let mut text = PolicyText::of(&policy_document("docs:Read"));
    text.document = r#"{"Version":"2099-01-01","Statement":[]}"#.into();
    text.sha256 = Hash(
        sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(
            text.document.as_bytes(),
        ))
        .into(),
    );
    let event = trilby_account::event::UserInlinePolicyPut {
        user: found,
        name: "p".parse().unwrap(),
        policy: text,
    };
    evolve(&mut state, &[event.into()]);
    let refused = super::account(&state, None, &PolicyCache::default(), &head(state.seq()));
    assert!(
        matches!(refused, Err(Error::Quarantined { .. })),
        "{refused:?}"
    );
}
