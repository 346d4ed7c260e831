//! Trust in accounts outside the organization: nobody is let in from there who does not say for whom they act.
//!
//! Whoever acts for many customers is trusted by each of them, and can be tricked into acting on one by another. The
//! external id tells the customers apart, and does so only if no customer can choose it: it must be a value that was
//! issued, by the account that trusts or by the one that is trusted.

use std::collections::BTreeSet;

use trilby_model::{AccountId, IssuedExternalId};
use trilby_policy::condition::{Comparison, SetOperator, Test};
use trilby_policy::{AwsPrincipal, Document, Effect, PrincipalElement, Statement};

use crate::rejection::Rejection;
use crate::state::Account;
use crate::text::KnownPrincipals;
use crate::value::Reason;

/// The action that lets somebody in; the others of trust policies only add to it.
const ASSUME: &str = "sts:AssumeRole";
const KEY: &str = "sts:externalid";

/// Refuses a trust policy that lets in principals of accounts outside the organization without asking for an external
/// id that was issued, unless a reason for that is on record.
pub(crate) fn check(
    account: &Account,
    document: &Document,
    known: &KnownPrincipals,
    waiver: Option<&Reason>,
) -> Result<(), Rejection> {
    if waiver.is_some() {
        return Ok(());
    }
    let mut open = BTreeSet::new();
    for statement in document.statements.iter().filter(|one| lets_in(one)) {
        let outside = outsiders(account, statement, known);
        open.extend(outside.filter(|outsider| !asks(account, *outsider, statement, known)));
    }
    if open.is_empty() {
        return Ok(());
    }
    let accounts = open.into_iter().collect();
    Err(Rejection::ExternalIdRequired { accounts })
}

/// The external ids that a document names in its conditions, whoever issued them.
pub(crate) fn named(document: &Document) -> BTreeSet<IssuedExternalId> {
    let tests = document
        .statements
        .iter()
        .flat_map(|statement| statement.condition.tests())
        .filter(|test| test.key.normal() == KEY);
    tests
        .flat_map(|test| test.values.iter())
        .filter_map(|value| value.parse().ok())
        .collect()
}

fn lets_in(statement: &Statement) -> bool {
    let assume = ASSUME.parse();
    statement.effect == Effect::Allow && assume.is_ok_and(|assume| statement.action.covers(&assume))
}

fn outsiders<'a>(
    account: &'a Account,
    statement: &'a Statement,
    known: &'a KnownPrincipals,
) -> impl Iterator<Item = AccountId> + 'a {
    let own = account.organization().map(|state| &state.organization);
    let named = statement
        .principal
        .iter()
        .flat_map(|element: &PrincipalElement| &element.set().aws);
    let accounts = named.filter_map(|principal| match principal {
        AwsPrincipal::Account(id) => Some(*id),
        AwsPrincipal::User(arn)
        | AwsPrincipal::Role(arn)
        | AwsPrincipal::RoleSession(arn)
        | AwsPrincipal::FederatedUser(arn) => arn.account_id(),
        // Neither is ever stored: everyone is refused, and who is gone is nobody.
        AwsPrincipal::Everyone | AwsPrincipal::Unresolved(_) => None,
    });
    accounts.filter(move |id| {
        let sibling = own.is_some() && known.organizations.get(id) == own;
        *id != account.id() && !sibling
    })
}

/// Whether this statement lets nobody of `outsider` in who does not name one of the ids that were issued.
fn asks(
    account: &Account,
    outsider: AccountId,
    statement: &Statement,
    known: &KnownPrincipals,
) -> bool {
    let issued = |value: &str| {
        let Ok(id) = value.parse::<IssuedExternalId>() else {
            return false;
        };
        account.external_ids().contains_key(&id)
            || known
                .external_ids
                .get(&outsider)
                .is_some_and(|ids| ids.contains(&id))
    };
    let mut tests = statement.condition.tests().iter();
    tests.any(|test| pins(test) && test.values.iter().all(|value| issued(value)))
}

/// Whether the key must be there and be one of the values.
fn pins(test: &Test) -> bool {
    let operator = &test.operator;
    test.key.normal() == KEY
        && operator.comparison == Comparison::Text
        && !operator.negated
        && !operator.if_exists
        && operator.set != Some(SetOperator::ForAllValues)
        && !test.values.is_empty()
}
