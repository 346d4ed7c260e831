use trilby_account::organization::{
    ACCESS_ROLE, ControlPolicyRef, CreateMember, CreateOrganization, Organization, create_member,
    create_organization,
};
use trilby_account::{Account, ClaimKind, PolicyRef, Rejection, RoleRef};
use trilby_model::{Entropy, Seq, Timestamp};
use trilby_testkit::given::{Given, START, account, assert_plain, assert_stored_form};

pub fn acme() -> (Given, Organization) {
    let given = account();
    let command = CreateOrganization {
        name: "Acme".parse().unwrap(),
    };
    let made = create_organization(given.state(), &command, &given.context()).unwrap();
    let mut organization = Organization::empty(made.organization);
    fold(&mut organization, &made.organization_events);
    (given.after(made.account_events), organization)
}

pub fn fold(organization: &mut Organization, events: &[trilby_account::organization::Event]) {
    for event in events {
        let data = event.to_data();
        assert_plain(&data, event.etype());
        let back =
            trilby_account::organization::Event::from_stored(event.etype(), event.version(), &data);
        assert_eq!(back.unwrap(), *event);
        organization.evolve(event, organization.seq().next(), START);
    }
}

pub fn member(name: &str) -> CreateMember {
    CreateMember {
        name: name.parse().unwrap(),
    }
}

#[test]
fn an_account_makes_an_organization_and_manages_it() {
    let (given, organization) = acme();
    let id = given.state().id();
    assert_eq!(organization.management_account(), Some(id));
    assert_eq!(organization.seq(), Seq::new(2));
    let membership = given.state().organization().unwrap();
    assert_eq!(membership.organization, *organization.id());
    assert_eq!(membership.organization_seq, organization.seq());
    let claims = given.history().last().unwrap().claims();
    assert_eq!(claims[0].kind, ClaimKind::OrganizationMember);
    assert_eq!(claims, given.state().claims());
}

#[test]
fn every_level_has_the_system_policy_that_caps_nothing() {
    let (given, organization) = acme();
    let levels = organization.levels(given.state().id()).unwrap();
    assert_eq!(levels.len(), 2);
    for level in levels {
        let ControlPolicyRef::System { name, version } = &level[0].policy else {
            panic!()
        };
        assert_eq!((name.as_str(), *version), ("FullAccess", 1));
    }
    let root = &organization.root().unwrap().id;
    let path = organization.path_of(given.state().id()).unwrap();
    assert_eq!(path, format!("{}/{root}/", organization.id()));
    assert!(
        organization
            .levels("000000000000".parse().unwrap())
            .is_none()
    );
}

#[test]
fn an_account_is_in_one_organization_at_most() {
    let (given, organization) = acme();
    let command = CreateOrganization {
        name: "Other".parse().unwrap(),
    };
    let refused = create_organization(given.state(), &command, &given.context());
    assert_eq!(
        refused,
        Err(Rejection::AlreadyExists {
            kind: trilby_account::ThingKind::Organization,
            name: organization.id().to_string()
        })
    );
}

#[test]
fn a_member_account_has_one_door_and_the_management_account_its_key() {
    let (given, mut organization) = acme();
    let made = create_member(&organization, &member("acme-prod"), &given.context()).unwrap();
    fold(&mut organization, &made.organization_events);
    let mut account = Account::empty(made.account);
    for event in &made.account_events {
        assert_stored_form(event);
        account.evolve(event, account.seq().next(), START);
    }
    assert_eq!(account.root().password, None);
    assert_eq!(
        account.organization().unwrap().organization_seq,
        organization.seq()
    );
    let role: RoleRef = ACCESS_ROLE.parse().unwrap();
    let role = account.role(&role).unwrap();
    let management = format!("{}", given.state().id());
    assert!(role.trust.policy.document.contains(&management));
    assert!(role.trust.principals.is_empty());
    let PolicyRef::System { name, .. } = &role.grants.attached[0].policy else {
        panic!()
    };
    assert_eq!(name.as_str(), "AdministratorAccess");
    assert_eq!(
        made.access_role.to_string(),
        format!("arn:trilby:iam::{}:role/{ACCESS_ROLE}", made.account)
    );
    assert_eq!(
        organization.member(made.account).unwrap().name.as_str(),
        "acme-prod"
    );
}

#[test]
fn an_account_in_an_organization_cannot_be_closed() {
    let (given, _) = acme();
    given
        .when(trilby_account::command::CloseAccount {})
        .rejected_as("invalid_state");
}

#[test]
fn no_organization_without_a_log_makes_members() {
    let organization = Organization::empty("o-4k7m2xq9ab".parse().unwrap());
    let refused = create_member(&organization, &member("x"), &account().context());
    assert_eq!(refused.unwrap_err().code(), "not_found");
}

#[test]
fn an_organization_has_a_thousand_accounts_at_most() {
    let (given, mut organization) = acme();
    let mut entropy = Entropy::new([3; 32]);
    let mut at = START;
    let mut make = |organization: &Organization| {
        let ctx = trilby_account::Context::new(
            at,
            trilby_account::Actor::Root(given.state().id()),
            &mut entropy,
        );
        at = Timestamp::from_micros(at.micros() + 1);
        create_member(organization, &member("m"), &ctx)
    };
    for _ in 0..999 {
        let made = make(&organization).unwrap();
        fold(&mut organization, &made.organization_events);
    }
    assert_eq!(make(&organization).unwrap_err().code(), "limit_exceeded");
}
