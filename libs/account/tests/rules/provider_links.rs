//! Links to other accounts' providers (tokens.md 7.1, R18), and role maps (8.2).

use serde_json::json;
use trilby_account::command::{
    AcceptProviderLink, CreateRole, DeleteRole, DeleteRoleMap, PutRoleMap, RemoveProviderLink,
    ShareProvider, UpdateProviderLink,
};
use trilby_account::event::AccountCreated;
use trilby_account::federation::OfferedProvider;
use trilby_account::{
    Account, Actor, Context, KnownPrincipals, MapSeatRef, Precondition, Revocation,
};
use trilby_model::{Entropy, Seq};
use trilby_testkit::given::{Given, START, account};

use crate::build::*;

const OWNER: &str = "444455556666";
const LINKED: &str = "arn:trilby:iam::444455556666:oidc-provider/acme";

/// An account with the provider `acme`, shared with these.
fn owner(shared_with: &[&str]) -> Account {
    let id = OWNER.parse().unwrap();
    let mut state = Account::empty(id);
    let created = AccountCreated {
        account: id,
        name: "owner".parse().unwrap(),
    };
    state.evolve(&created.into(), Seq::new(1), START);
    let ctx = Context::new(START, Actor::Root(id), &mut Entropy::new([5; 32]));
    let share = ShareProvider {
        provider: "acme".parse().unwrap(),
        shared_with: shared_with
            .iter()
            .map(|text| text.parse().unwrap())
            .collect(),
    };
    let commands = [provider("acme").into(), share.into()];
    for event in state.decide_all(commands, &ctx).unwrap() {
        let seq = state.seq().next();
        state.evolve(&event, seq, START);
    }
    state
}

fn offered(to: &Given) -> OfferedProvider {
    owner(&["111122223333"])
        .offers(&"acme".parse().unwrap(), to.state())
        .expect("an offer")
}

fn accept(name: &str, to: &Given) -> AcceptProviderLink {
    AcceptProviderLink {
        name: name.parse().unwrap(),
        provider: offered(to),
        settings: serde_json::from_value(json!({})).unwrap(),
    }
}

fn linked() -> Given {
    let given = account();
    let accept = accept("acme", &given);
    given.with(accept)
}

/// A role that trusts the linked provider, whose settings the caller has looked up.
fn linked_role(name: &str) -> CreateRole {
    let owner = owner(&["111122223333"]);
    let providers = owner.providers().values();
    let providers = providers.map(|provider| (provider.id.clone(), provider.settings.clone()));
    CreateRole {
        known: KnownPrincipals {
            providers: providers.collect(),
            ..KnownPrincipals::default()
        },
        ..login_role(name, LINKED)
    }
}

#[test]
fn a_provider_is_offered_only_to_whom_it_is_shared_with() {
    let given = account();
    let offers = |shared_with: &[&str]| {
        let owner = owner(shared_with);
        owner
            .offers(&"acme".parse().unwrap(), given.state())
            .is_some()
    };
    assert!(offers(&["111122223333"]));
    assert!(!offers(&[]));
    assert!(!offers(&["777788889999"]));
    // The account is in no organization.
    assert!(!offers(&["o-4k7m2xq9ab"]));
    let owner = owner(&["111122223333"]);
    assert_eq!(owner.offers(&"other".parse().unwrap(), given.state()), None);
    assert_eq!(
        owner.offers(&"acme".parse().unwrap(), &owner),
        None,
        "its own account"
    );
}

#[test]
fn an_organizations_share_reaches_its_accounts() {
    let owner = owner(&["o-4k7m2xq9ab"]);
    let joined = |organization: &str| {
        let fact = json!({ "account": "111122223333", "organization": organization, "organization_seq": 1 });
        let event = trilby_account::Event::from_stored("account.joined_organization", 1, &fact);
        let given = account().after(vec![event.unwrap()]);
        owner
            .offers(&"acme".parse().unwrap(), given.state())
            .is_some()
    };
    assert!(joined("o-4k7m2xq9ab"));
    assert!(!joined("o-zzzzzzzzzz"));
}

#[test]
fn only_a_linked_provider_of_another_account_can_be_named_in_trust() {
    account()
        .when(login_role("deploy", LINKED))
        .rejected_as("invalid_principal");
    // Of which nothing is known counts as one for the world.
    linked()
        .when(login_role("deploy", LINKED))
        .rejected_as("weak_trust_policy");
    let given = linked().with(linked_role("deploy"));
    let deploy = given.state().role(&"deploy".parse().unwrap()).unwrap();
    let link = given.state().link(&"acme".parse().unwrap()).unwrap();
    assert_eq!(deploy.trust.providers[LINKED], link.provider.id);
    assert_eq!(link.provider.arn().to_string(), LINKED);
    given
        .when(login_role(
            "other",
            "arn:trilby:iam::444455556666:oidc-provider/other",
        ))
        .rejected_as("invalid_principal");
}

#[test]
fn a_provider_is_linked_once() {
    let given = linked();
    let again = accept("again", &given);
    given.clone().when(again).rejected_as("already_exists");
    let same = accept("ACME", &given);
    given.when(same).rejected_as("already_exists");
}

#[test]
fn a_removed_link_ends_what_came_through_it() {
    let given = linked();
    let link = given
        .state()
        .link(&"acme".parse().unwrap())
        .unwrap()
        .id
        .clone();
    let remove = |cascade| RemoveProviderLink {
        link: "acme".parse().unwrap(),
        cascade,
    };
    let trusted = given.clone().with(linked_role("deploy"));
    trusted
        .clone()
        .when(remove(false))
        .rejected_as("delete_conflict");
    for given in [given.with(remove(false)), trusted.with(remove(true))] {
        assert_eq!(
            given.history().last().unwrap().revocations(),
            [Revocation {
                kind: 'l',
                parts: vec![link.to_string()],
                before_seq: None
            }]
        );
        assert!(given.state().links().is_empty());
        given
            .when(login_role("later", LINKED))
            .rejected_as("invalid_principal");
    }
}

#[test]
fn a_links_settings_change_whole() {
    let given = linked();
    let update = UpdateProviderLink {
        link: "acme".parse().unwrap(),
        settings: serde_json::from_value(json!({ "audiences": ["app"] })).unwrap(),
    };
    let given = given.with(update.clone()).when(update).changes_nothing();
    let link = given.state().link(&"acme".parse().unwrap()).unwrap();
    assert_eq!(link.settings.audiences.len(), 1);
}

fn put(seat: MapSeatRef, roles: &[&str]) -> PutRoleMap {
    let rules = json!({ "rules": [{
        "id": "eng", "priority": 1, "roles": roles,
        "when": [{ "claim": "groups", "op": "contains", "value": "eng" }]
    }] });
    PutRoleMap {
        seat,
        map: serde_json::from_value(rules).unwrap(),
    }
}

fn to_provider() -> MapSeatRef {
    MapSeatRef::Provider("acme".parse().unwrap())
}

const DEPLOY: &str = "arn:trilby:iam::111122223333:role/deploy";
const LOGIN: &str = "arn:trilby:iam::111122223333:oidc-provider/acme";

#[test]
fn a_role_map_names_roles_of_this_account_that_trust_the_provider() {
    let given = account()
        .with(provider("acme"))
        .with(provider("other"))
        .with(login_role("deploy", LOGIN))
        .with(login_role(
            "stranger",
            "arn:trilby:iam::111122223333:oidc-provider/other",
        ))
        .with(own_role("plain"));
    for role in [
        "arn:trilby:iam::111122223333:role/stranger",
        "arn:trilby:iam::111122223333:role/plain",
        "arn:trilby:iam::111122223333:role/ghost",
        "arn:trilby:iam::444455556666:role/deploy",
    ] {
        let refused = given.clone().when(put(to_provider(), &[DEPLOY, role]));
        refused.rejected_as("role_not_trusting_provider");
    }
    let given = given.with(put(to_provider(), &[DEPLOY]));
    let acme = given.state().provider(&"acme".parse().unwrap()).unwrap();
    let mapped = acme.role_map.as_ref().unwrap();
    assert_eq!(
        mapped.role(&DEPLOY.parse().unwrap()),
        Some(&role_id(&given, "deploy"))
    );
    given.when(put(to_provider(), &[DEPLOY])).changes_nothing();
}

#[test]
fn a_link_has_a_role_map_of_its_own() {
    let seat = || MapSeatRef::Link("acme".parse().unwrap());
    let given = linked()
        .with(linked_role("deploy"))
        .with(put(seat(), &[DEPLOY]));
    assert!(
        given
            .state()
            .link(&"acme".parse().unwrap())
            .unwrap()
            .role_map
            .is_some()
    );
    let remove = RemoveProviderLink {
        link: "acme".parse().unwrap(),
        cascade: true,
    };
    let gone = given.clone().with(remove);
    assert!(gone.state().links().is_empty());
    let delete = DeleteRoleMap { seat: seat() };
    let given = given.with(delete.clone());
    assert!(
        given
            .state()
            .link(&"acme".parse().unwrap())
            .unwrap()
            .role_map
            .is_none()
    );
    given.when(delete).rejected_as("not_found");
}

#[test]
fn a_role_made_again_is_not_the_one_a_map_means() {
    let given = account()
        .with(provider("acme"))
        .with(login_role("deploy", LOGIN))
        .with(put(to_provider(), &[DEPLOY]));
    let first = role_id(&given, "deploy");
    let given = given
        .with(DeleteRole {
            role: "deploy".parse().unwrap(),
            cascade: false,
        })
        .with(login_role("deploy", LOGIN));
    let acme = given.state().provider(&"acme".parse().unwrap()).unwrap();
    let mapped = acme.role_map.as_ref().unwrap();
    assert_eq!(mapped.role(&DEPLOY.parse().unwrap()), Some(&first));
    assert_ne!(role_id(&given, "deploy"), first);
    // Saved again, the map means the new one.
    let given = given.with(put(to_provider(), &[DEPLOY]));
    let acme = given.state().provider(&"acme".parse().unwrap()).unwrap();
    let mapped = acme.role_map.as_ref().unwrap();
    assert_eq!(
        mapped.role(&DEPLOY.parse().unwrap()),
        Some(&role_id(&given, "deploy"))
    );
}

#[test]
fn a_role_map_is_replaced_only_as_it_was_read() {
    let given = account()
        .with(provider("acme"))
        .with(login_role("deploy", LOGIN));
    let given = given.with(put(to_provider(), &[DEPLOY]));
    let changed = given.state().seq();
    let empty = PutRoleMap {
        seat: to_provider(),
        map: serde_json::from_value(json!({})).unwrap(),
    };
    for stale in [Precondition::Absent, Precondition::Unchanged(Seq::new(1))] {
        let outcome = given.clone().if_match(stale).when(empty.clone());
        outcome.rejected_as("etag_mismatch");
    }
    let _ = given.if_match(Precondition::Unchanged(changed)).with(empty);
}

#[test]
fn a_deny_trusts_no_provider() {
    let denying = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Principal": { "Federated": LOGIN }, "Action": "sts:AssumeRoleWithWebIdentity" }
    ] });
    let role = CreateRole {
        trust: trilby_testkit::given::document(trilby_policy::Kind::Trust, &denying),
        ..own_role("deploy")
    };
    account()
        .with(provider("acme"))
        .with(role)
        .when(put(to_provider(), &[DEPLOY]))
        .rejected_as("role_not_trusting_provider");
}
