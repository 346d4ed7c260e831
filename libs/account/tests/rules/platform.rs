use trilby_account::platform::{
    Bootstrap, IssueBootstrapTicket, NewOperator, Platform, bootstrap, issue_ticket,
};
use trilby_account::{Account, AccountStatus, Actor, Context, Rejection};
use trilby_model::{Entropy, Hash};
use trilby_testkit::given::{START, assert_plain, assert_stored_form};

use crate::build::hashing;

fn context(seconds: i64) -> Context {
    let mut entropy = Entropy::new([5; 32]);
    Context::new(START.plus_seconds(seconds), Actor::System, &mut entropy)
}

fn with_ticket(platform: &mut Platform) {
    let command = IssueBootstrapTicket {
        expires_at: START.plus_seconds(1_800),
    };
    let events = issue_ticket(platform, &command, &context(0)).unwrap();
    fold(platform, &events);
}

fn fold(platform: &mut Platform, events: &[trilby_account::platform::Event]) {
    for event in events {
        assert_plain(&event.to_data(), event.etype());
        platform.evolve(event, platform.seq().next(), START);
    }
}

fn redeem(platform: &Platform, ticket: u32, seconds: i64) -> Result<NewOperator, Rejection> {
    let command = Bootstrap {
        ticket,
        account_name: "operator".parse().unwrap(),
        hashing: hashing(),
        root_email: Hash([1; 32]),
    };
    bootstrap(platform, &command, &context(seconds))
}

#[test]
fn the_newest_ticket_makes_the_operator_account_once() {
    let mut platform = Platform::empty();
    with_ticket(&mut platform);
    with_ticket(&mut platform);
    assert_eq!(redeem(&platform, 1, 0).unwrap_err().code(), "invalid_state");
    let made = redeem(&platform, 2, 1_799).unwrap();
    fold(&mut platform, &made.platform_events);
    assert_eq!(platform.operator_account(), Some(made.account));
    assert_eq!(platform.ticket(), None);
    assert_eq!(redeem(&platform, 2, 0).unwrap_err().code(), "invalid_state");
    let command = IssueBootstrapTicket {
        expires_at: START.plus_seconds(1_800),
    };
    assert!(issue_ticket(&platform, &command, &context(0)).is_err());
    let mut account = Account::empty(made.account);
    for event in &made.account_events {
        assert_stored_form(event);
        account.evolve(event, account.seq().next(), START);
    }
    assert_eq!(account.status(), AccountStatus::Active);
    assert!(account.root().password.is_some());
}

#[test]
fn an_expired_ticket_opens_nothing() {
    let mut platform = Platform::empty();
    assert!(redeem(&platform, 1, 0).is_err());
    with_ticket(&mut platform);
    assert!(redeem(&platform, 1, 1_800).is_err());
}
