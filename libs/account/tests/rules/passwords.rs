use trilby_account::command::{IssuePasswordTicket, RemoveUserPassword, SetUserPassword};
use trilby_account::event::UserPasswordSet;
use trilby_testkit::given::{Given, account};

use crate::build::*;

fn ticket(given: &Given, seconds: i64) -> IssuePasswordTicket {
    IssuePasswordTicket {
        user: "mary".parse().unwrap(),
        expires_at: given.now().plus_seconds(seconds),
    }
}

fn redeem(generation: u32) -> SetUserPassword {
    SetUserPassword {
        ticket: Some(generation),
        ..password("mary")
    }
}

#[test]
fn each_password_has_its_generation_and_ends_sessions_if_asked() {
    let given = account().with(user("mary"));
    let id = user_id(&given, "mary");
    let set = |generation, revoke_sessions| UserPasswordSet {
        user: id.clone(),
        generation,
        hashing: hashing(),
        must_change: false,
        revoke_sessions,
    };
    let given = given
        .when(password("mary"))
        .then([set(1, true).into()])
        .when(SetUserPassword {
            revoke_sessions: false,
            ..password("mary")
        })
        .then([set(2, false).into()]);
    let ends: Vec<usize> = given.history()[2..]
        .iter()
        .map(|event| event.revocations().len())
        .collect();
    assert_eq!(ends, [1, 0]);
}

#[test]
fn generations_go_on_after_a_password_was_removed() {
    let given = account()
        .with(user("mary"))
        .with(password("mary"))
        .with(RemoveUserPassword {
            user: "mary".parse().unwrap(),
        })
        .with(password("mary"));
    let mary = given.state().user(&"mary".parse().unwrap()).unwrap();
    assert_eq!(mary.password.as_ref().unwrap().generation, 2);
}

#[test]
fn removing_a_password_that_is_not_there_is_refused() {
    account()
        .with(user("mary"))
        .when(RemoveUserPassword {
            user: "mary".parse().unwrap(),
        })
        .rejected_as("not_found");
}

#[test]
fn programs_have_no_passwords() {
    let given = account().with(service_user("ci"));
    let given = given.clone().when(password("ci"));
    given.rejected_as("invalid_state");
}

#[test]
fn a_ticket_opens_once() {
    let given = account().with(user("mary"));
    let given = {
        let ticket = ticket(&given, 3_600);
        given.with(ticket)
    };
    let given = given.with(redeem(1));
    given.when(redeem(1)).rejected_as("invalid_state");
}

#[test]
fn only_the_newest_ticket_opens_and_only_in_its_time() {
    let given = account().with(user("mary"));
    let first = ticket(&given, 3_600);
    let given = given.with(first.clone()).with(first);
    given.clone().when(redeem(1)).rejected_as("invalid_state");
    given
        .clone()
        .later(3_601)
        .when(redeem(2))
        .rejected_as("invalid_state");
    let _ = given.with(redeem(2));
}

#[test]
fn a_password_set_otherwise_kills_the_ticket() {
    let given = account().with(user("mary"));
    let first = ticket(&given, 3_600);
    let given = given.with(first).with(password("mary"));
    given.when(redeem(1)).rejected_as("invalid_state");
}

#[test]
fn a_ticket_that_is_dead_already_is_refused() {
    let given = account().with(user("mary"));
    let late = ticket(&given, 0);
    given.when(late).rejected_as("invalid_parameter");
}
