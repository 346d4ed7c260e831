//! Members: their root's credential, invitations, delegation, quarantine and their leaving.

use trilby_account::command::{SetRootCredential, SuspendAccount};
use trilby_account::organization::{
    AcceptInvitation, CloseInvitation, CreateInvitation, DelegatedAction, DisableRoot, EnableRoot,
    InvitationEnd, LiftQuarantine, QuarantineTarget, RemoveDelegatedAdmin, SetDelegatedAdmin,
    SetQuarantine, accept_invitation, close_invitation, create_invitation, delete_organization,
    disable_root, enable_root, lift_quarantine, remove_member, set_quarantine,
};
use trilby_account::{Account, Event, PrincipalId, Rejection, RoleRef};
use trilby_model::{AccountId, Hash, Timestamp};
use trilby_testkit::given::START;

use crate::build::hashing;
use crate::organization_units::Tree;

fn fold(account: &mut Account, events: &[Event]) {
    for event in events {
        trilby_testkit::given::assert_stored_form(event);
        account.evolve(event, account.seq().next(), START);
    }
}

fn later() -> Timestamp {
    START.plus_seconds(3_600)
}

fn code<T: std::fmt::Debug>(result: Result<T, Rejection>) -> &'static str {
    result.unwrap_err().code()
}

fn enable(account: AccountId, email: Option<Hash>) -> EnableRoot {
    EnableRoot {
        account,
        expires_at: later(),
        email,
    }
}

fn quarantined(tree: &mut Tree, state: &mut Account, target: &QuarantineTarget) {
    let ctx = tree.context();
    let command = SetQuarantine {
        target: target.clone(),
        reason: None,
    };
    let made = set_quarantine(&tree.organization, state, &command, &ctx).unwrap();
    tree.after(&made.organization_events);
    fold(state, &made.account_events);
}

#[test]
fn root_of_a_member_gets_a_ticket_and_with_it_one_password() {
    let mut tree = Tree::new();
    let (account, mut state) = tree.member("acme-prod");
    let ctx = tree.context();
    let first = enable_root(&tree.organization, &state, &enable(account, None), &ctx);
    assert_eq!(code(first), "invalid_parameter", "an address is needed");
    let email = Some(Hash([1; 32]));
    let made = enable_root(&tree.organization, &state, &enable(account, email), &ctx).unwrap();
    tree.after(&made.organization_events);
    fold(&mut state, &made.account_events);
    assert!(tree.organization.member(account).unwrap().root_credential);
    assert!(state.root().password.is_none());
    let by_ticket = |ticket| SetRootCredential {
        hashing: hashing(),
        email: None,
        ticket: Some(ticket),
    };
    let ctx = tree.context();
    assert_eq!(
        code(state.decide(by_ticket(2).into(), &ctx)),
        "invalid_state"
    );
    let mut late = ctx.clone();
    late.now = later();
    assert_eq!(
        code(state.decide(by_ticket(1).into(), &late)),
        "invalid_state"
    );
    let set = state.decide(by_ticket(1).into(), &ctx).unwrap();
    fold(&mut state, &set);
    assert!(state.root().password.is_some());
    let again = state.decide(by_ticket(1).into(), &ctx);
    assert_eq!(code(again), "invalid_state", "a ticket opens once");
    // The address of a root that logs in is its own.
    let stolen = enable_root(&tree.organization, &state, &enable(account, email), &ctx);
    assert_eq!(code(stolen), "invalid_state");
}

#[test]
fn a_root_credential_that_was_taken_back_opens_nothing() {
    let mut tree = Tree::new();
    let (account, mut state) = tree.member("acme-prod");
    let ctx = tree.context();
    let disable = DisableRoot { account };
    let nothing = disable_root(&tree.organization, &state, &disable, &ctx);
    assert_eq!(code(nothing), "not_found");
    let email = Some(Hash([1; 32]));
    let made = enable_root(&tree.organization, &state, &enable(account, email), &ctx).unwrap();
    fold(&mut state, &made.account_events);
    let made = disable_root(&tree.organization, &state, &disable, &ctx).unwrap();
    tree.after(&made.organization_events);
    fold(&mut state, &made.account_events);
    assert!(state.root().password_ticket.is_none());
    assert!(!tree.organization.member(account).unwrap().root_credential);
    let revoked = made.account_events[0].revocations();
    assert_eq!(revoked[0].parts, [state.root_subject()]);
}

#[test]
fn the_management_accounts_root_is_not_the_organizations_to_open() {
    let mut tree = Tree::new();
    let management = tree.given.state().clone();
    let ctx = tree.context();
    let email = Some(Hash([1; 32]));
    let command = enable(management.id(), email);
    let refused = enable_root(&tree.organization, &management, &command, &ctx);
    assert_eq!(code(refused), "invalid_state");
    let (account, state) = tree.member("acme-prod");
    let other = enable(account, email);
    let mixed_up = enable_root(&tree.organization, &management, &other, &ctx);
    assert_eq!(code(mixed_up), "not_found");
    drop(state);
}

#[test]
fn a_member_leaves_in_one_commit_of_both_logs() {
    let mut tree = Tree::new();
    let (account, mut state) = tree.member("acme-prod");
    let ctx = tree.context();
    let left = remove_member(&tree.organization, &state, account, &ctx).unwrap();
    tree.after(&left.organization_events);
    fold(&mut state, &left.account_events);
    assert!(tree.organization.member(account).is_none());
    assert!(state.organization().is_none());
    assert_eq!(state.claims().len(), 0, "it may join another");
    let again = remove_member(&tree.organization, &state, account, &ctx);
    assert_eq!(code(again), "not_found");
}

#[test]
fn what_came_through_links_ends_with_the_membership_that_a_share_may_have_been_for() {
    let mut tree = Tree::new();
    let (account, mut state) = tree.member("acme-prod");
    let linked = serde_json::json!({
        "link": "TLNK0123456789ABCDEFG",
        "name": "login",
        "provider": {
            "owner": "444455556666",
            "id": "TIDP0123456789ABCDEFG",
            "name": "login",
            "issuer": "https://login.acme.example",
        },
        "settings": { "audiences": [], "require_claims": [] },
    });
    let linked = Event::from_stored("provider_link.accepted", 1, &linked);
    fold(&mut state, &[linked.unwrap()]);
    let ctx = tree.context();
    let left = remove_member(&tree.organization, &state, account, &ctx).unwrap();
    let ended: Vec<_> = left
        .account_events
        .iter()
        .flat_map(Event::revocations)
        .map(|revocation| (revocation.kind, revocation.parts))
        .collect();
    assert_eq!(ended, [('l', vec!["TLNK0123456789ABCDEFG".to_owned()])]);
}

#[test]
fn the_management_account_leaves_only_with_the_whole_organization() {
    let mut tree = Tree::new();
    let mut management = tree.given.state().clone();
    let ctx = tree.context();
    let alone = remove_member(&tree.organization, &management, management.id(), &ctx);
    assert_eq!(code(alone), "invalid_state");
    let (account, state) = tree.member("acme-prod");
    let Err(Rejection::DeleteConflict { blockers, .. }) =
        delete_organization(&tree.organization, &management, &ctx)
    else {
        panic!()
    };
    assert_eq!(blockers[0].id, account.to_string());
    let left = remove_member(&tree.organization, &state, account, &ctx).unwrap();
    tree.after(&left.organization_events);
    let ended = delete_organization(&tree.organization, &management, &ctx).unwrap();
    tree.after(&ended.organization_events);
    fold(&mut management, &ended.account_events);
    assert!(tree.organization.is_deleted());
    assert!(management.organization().is_none());
    let again = delete_organization(&tree.organization, &management, &ctx);
    assert_eq!(code(again), "not_found");
    let root = tree.root();
    let nothing = tree.code(crate::organization_units::unit("x", &root));
    assert_eq!(nothing, "not_found");
}

#[test]
fn whoever_is_in_quarantine_does_not_leave() {
    let mut tree = Tree::new();
    let (account, mut state) = tree.member("acme-prod");
    let role: RoleRef = "OrganizationAccountAccessRole".parse().unwrap();
    let principal = PrincipalId::Role(state.role(&role).unwrap().id.clone());
    for target in [
        QuarantineTarget::Account(account),
        QuarantineTarget::Principal { account, principal },
    ] {
        quarantined(&mut tree, &mut state, &target);
        let ctx = tree.context();
        let kept = remove_member(&tree.organization, &state, account, &ctx);
        assert_eq!(code(kept), "invalid_state");
        // A member does not let its own people out, also where it may let out others.
        let own = LiftQuarantine {
            target: target.clone(),
            by: account,
        };
        let refused = lift_quarantine(&tree.organization, &own, &ctx);
        assert_eq!(code(refused), "protected_resource");
        let by = tree.organization.management_account().unwrap();
        let lift = LiftQuarantine { target, by };
        let lifted = lift_quarantine(&tree.organization, &lift, &ctx).unwrap();
        tree.after(&lifted);
        assert_eq!(
            code(lift_quarantine(&tree.organization, &lift, &ctx)),
            "not_found"
        );
    }
    let ctx = tree.context();
    assert!(remove_member(&tree.organization, &state, account, &ctx).is_ok());
}

#[test]
fn quarantine_ends_the_targets_sessions_in_its_own_log() {
    let mut tree = Tree::new();
    let (account, mut state) = tree.member("acme-prod");
    let suspended = state
        .decide(SuspendAccount { reason: None }.into(), &tree.context())
        .unwrap();
    fold(&mut state, &suspended);
    let ctx = tree.context();
    let command = SetQuarantine {
        target: QuarantineTarget::Account(account),
        reason: Some("stolen".parse().unwrap()),
    };
    let made = set_quarantine(&tree.organization, &state, &command, &ctx).unwrap();
    let revoked = made.account_events[0].revocations();
    assert_eq!(
        (revoked[0].kind, &revoked[0].parts),
        ('a', &vec![account.to_string()])
    );
    tree.after(&made.organization_events);
    assert!(tree.organization.is_quarantined(account, None));
    let again = set_quarantine(&tree.organization, &state, &command, &ctx).unwrap();
    assert!(again.organization_events.is_empty() && again.account_events.is_empty());
    let opened = enable_root(
        &tree.organization,
        &state,
        &enable(account, Some(Hash([1; 32]))),
        &ctx,
    );
    assert_eq!(code(opened), "invalid_state");
}

#[test]
fn nobody_outside_and_no_unknown_principal_is_put_into_quarantine() {
    let mut tree = Tree::new();
    let (account, state) = tree.member("acme-prod");
    let management = tree.given.state().clone();
    let ctx = tree.context();
    let refused = |target, state: &Account| {
        let command = SetQuarantine {
            target,
            reason: None,
        };
        code(set_quarantine(&tree.organization, state, &command, &ctx))
    };
    let stranger: AccountId = "999999999999".parse().unwrap();
    let outside = QuarantineTarget::Account(stranger);
    assert_eq!(refused(outside, &Account::empty(stranger)), "not_found");
    let whole = QuarantineTarget::Account(management.id());
    assert_eq!(refused(whole, &management), "invalid_state");
    let unknown = QuarantineTarget::Principal {
        account,
        principal: "TUSR0123456789ABCDEFG".parse().unwrap(),
    };
    assert_eq!(refused(unknown, &state), "not_found");
}

#[test]
fn a_member_is_entrusted_with_some_actions_and_never_with_all() {
    let mut tree = Tree::new();
    let (account, state) = tree.member("acme-prod");
    let actions = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    let set = |names: &[&str]| SetDelegatedAdmin {
        account,
        actions: actions(names),
    };
    assert_eq!(tree.code(set(&[])), "invalid_parameter");
    tree.with(set(&["organizations:createunit"]));
    assert!(
        tree.organization
            .delegates(account, "organizations:CreateUnit")
    );
    assert!(
        !tree
            .organization
            .delegates(account, "organizations:MoveUnit")
    );
    assert_eq!(tree.when(set(&["organizations:CreateUnit"])).unwrap(), []);
    let management = SetDelegatedAdmin {
        account: tree.given.state().id(),
        ..set(&["organizations:CreateUnit"])
    };
    assert_eq!(tree.code(management), "invalid_state");
    for name in [
        "organizations:RegisterDelegatedAdministrator",
        "organizations:DeleteOrganization",
        "organizations:*",
        "iam:CreateUser",
    ] {
        assert!(name.parse::<DelegatedAction>().is_err(), "{name}");
    }
    let ctx = tree.context();
    let left = remove_member(&tree.organization, &state, account, &ctx).unwrap();
    tree.after(&left.organization_events);
    assert!(
        !tree
            .organization
            .delegates(account, "organizations:CreateUnit")
    );
    assert_eq!(tree.code(RemoveDelegatedAdmin { account }), "not_found");
}

fn invite(account: AccountId) -> CreateInvitation {
    CreateInvitation {
        account,
        expires_at: later(),
    }
}

fn created(id: AccountId) -> Account {
    let mut state = Account::empty(id);
    let created = trilby_account::event::AccountCreated {
        account: id,
        name: "guest".parse().unwrap(),
    };
    fold(&mut state, &[created.into()]);
    state
}

#[test]
fn an_invitation_opens_for_its_account_alone_and_once() {
    let mut tree = Tree::new();
    let guest: AccountId = "222233334444".parse().unwrap();
    let ctx = tree.context();
    let events = create_invitation(&tree.organization, &invite(guest), &ctx).unwrap();
    tree.after(&events);
    let mut state = created(guest);
    let accept = AcceptInvitation { number: 1 };
    let other = created("333344445555".parse().unwrap());
    let stolen = accept_invitation(&tree.organization, &other, &accept, &ctx);
    assert_eq!(code(stolen), "not_found");
    let mut late = ctx.clone();
    late.now = later();
    let expired = accept_invitation(&tree.organization, &state, &accept, &late);
    assert_eq!(code(expired), "not_found");
    let joined = accept_invitation(&tree.organization, &state, &accept, &ctx).unwrap();
    tree.after(&joined.organization_events);
    fold(&mut state, &joined.account_events);
    assert!(tree.organization.member(guest).is_some());
    assert_eq!(
        state.organization().unwrap().organization_seq,
        tree.organization.seq()
    );
    let again = accept_invitation(&tree.organization, &state, &accept, &ctx);
    assert_eq!(code(again), "not_found");
    let member = create_invitation(&tree.organization, &invite(guest), &ctx);
    assert_eq!(code(member), "already_exists");
}

#[test]
fn root_of_an_account_that_was_invited_stays_its_own() {
    let mut tree = Tree::new();
    let guest: AccountId = "222233334444".parse().unwrap();
    let mut state = created(guest);
    let ctx = tree.context();
    let invited = create_invitation(&tree.organization, &invite(guest), &ctx).unwrap();
    tree.after(&invited);
    let accept = AcceptInvitation { number: 1 };
    let joined = accept_invitation(&tree.organization, &state, &accept, &ctx).unwrap();
    tree.after(&joined.organization_events);
    fold(&mut state, &joined.account_events);
    let email = Some(Hash([1; 32]));
    let enabled = enable_root(&tree.organization, &state, &enable(guest, email), &ctx);
    assert_eq!(code(enabled), "invalid_state");
    let disable = DisableRoot { account: guest };
    let disabled = disable_root(&tree.organization, &state, &disable, &ctx);
    assert_eq!(code(disabled), "invalid_state");
}

#[test]
fn a_newer_invitation_voids_the_one_before() {
    let mut tree = Tree::new();
    let guest: AccountId = "222233334444".parse().unwrap();
    let invite = CreateInvitation {
        account: guest,
        expires_at: later(),
    };
    let ctx = tree.context();
    for _ in 0..2 {
        let events = create_invitation(&tree.organization, &invite, &ctx).unwrap();
        tree.after(&events);
    }
    let open: Vec<u32> = tree.organization.invitations().keys().copied().collect();
    assert_eq!(open, [2]);
    let close = |number, account| CloseInvitation {
        number,
        account,
        end: InvitationEnd::Declined,
    };
    let stranger = Some("333344445555".parse().unwrap());
    let refused = close_invitation(&tree.organization, &close(2, stranger), &ctx);
    assert_eq!(code(refused), "not_found");
    let refused = close_invitation(&tree.organization, &close(1, None), &ctx);
    assert_eq!(code(refused), "not_found");
    let closed = close_invitation(&tree.organization, &close(2, Some(guest)), &ctx).unwrap();
    tree.after(&closed);
    assert!(tree.organization.invitations().is_empty());
}
