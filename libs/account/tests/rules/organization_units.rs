//! The tree: how deep, how wide, and what may hang where.

use trilby_account::organization::{
    Command, CreateUnit, DeleteUnit, Event, MoveMember, MoveUnit, Organization, RenameUnit,
    UnitRef, create_member,
};
use trilby_account::{Context, Precondition, Rejection};
use trilby_model::{AccountId, Seq, UnitId};
use trilby_testkit::given::Given;

use crate::organization::{acme, fold, member};

/// An organization with a history, and the account in whose name things are decided.
pub struct Tree {
    pub given: Given,
    pub organization: Organization,
}

impl Tree {
    pub fn new() -> Self {
        let (given, organization) = acme();
        Self {
            given,
            organization,
        }
    }

    pub fn root(&self) -> UnitRef {
        UnitRef::Root(self.organization.root().unwrap().id.clone())
    }

    /// The context of the next command: each has a seed of its own.
    pub fn context(&mut self) -> Context {
        self.given = self.given.clone().seeded();
        self.given.context()
    }

    pub fn when(&mut self, command: impl Into<Command>) -> Result<Vec<Event>, Rejection> {
        let ctx = self.context();
        self.organization.decide(&command.into(), &ctx)
    }

    pub fn when_if(
        &mut self,
        precondition: Precondition,
        command: impl Into<Command>,
    ) -> Result<Vec<Event>, Rejection> {
        let ctx = self.context().with_precondition(precondition);
        self.organization.decide(&command.into(), &ctx)
    }

    pub fn code(&mut self, command: impl Into<Command>) -> &'static str {
        self.when(command).unwrap_err().code()
    }

    pub fn after(&mut self, events: &[Event]) {
        fold(&mut self.organization, events);
    }

    pub fn with(&mut self, command: impl Into<Command>) {
        let events = self.when(command).unwrap();
        self.after(&events);
    }

    pub fn unit(&mut self, name: &str, parent: &UnitRef) -> UnitRef {
        let events = self.when(unit(name, parent)).unwrap();
        self.after(&events);
        let Event::UnitCreated(fact) = &events[0] else {
            panic!("{events:?}")
        };
        UnitRef::Unit(fact.unit.clone())
    }

    pub fn member(&mut self, name: &str) -> (AccountId, trilby_account::Account) {
        let ctx = self.context();
        let made = create_member(&self.organization, &member(name), &ctx).unwrap();
        self.after(&made.organization_events);
        let mut account = trilby_account::Account::empty(made.account);
        for event in &made.account_events {
            account.evolve(event, account.seq().next(), ctx.now);
        }
        (made.account, account)
    }
}

pub fn unit(name: &str, parent: &UnitRef) -> CreateUnit {
    CreateUnit {
        name: name.parse().unwrap(),
        parent: parent.clone(),
    }
}

fn id(node: &UnitRef) -> UnitId {
    let UnitRef::Unit(id) = node else { panic!() };
    id.clone()
}

fn moved(unit: &UnitRef, parent: &UnitRef) -> MoveUnit {
    MoveUnit {
        unit: id(unit),
        parent: parent.clone(),
    }
}

#[test]
fn five_units_hang_below_each_other_and_no_sixth() {
    let mut tree = Tree::new();
    let mut node = tree.root();
    let mut chain = Vec::new();
    for depth in 1..=5 {
        node = tree.unit(&format!("level {depth}"), &node);
        chain.push(node.clone());
    }
    assert_eq!(tree.code(unit("level 6", &node)), "limit_exceeded");
    // Nor by moving what has something below it.
    let root = tree.root();
    let two = tree.unit("two high", &root);
    tree.unit("its child", &two);
    assert_eq!(tree.code(moved(&two, &chain[3])), "limit_exceeded");
    tree.with(moved(&two, &chain[2]));
}

#[test]
fn a_unit_never_hangs_below_itself() {
    let mut tree = Tree::new();
    let root = tree.root();
    let upper = tree.unit("upper", &root);
    let lower = tree.unit("lower", &upper);
    assert_eq!(tree.code(moved(&upper, &upper)), "invalid_state");
    assert_eq!(tree.code(moved(&upper, &lower)), "invalid_state");
    tree.with(moved(&lower, &root));
    tree.with(moved(&upper, &lower));
    let (account, _) = tree.member("acme-prod");
    tree.with(MoveMember {
        account,
        parent: upper.clone(),
    });
    assert_eq!(
        tree.organization.path_of(account).unwrap(),
        format!("{}/{root}/{lower}/{upper}/", tree.organization.id())
    );
    assert_eq!(tree.organization.levels(account).unwrap().len(), 4);
}

#[test]
fn names_are_unique_below_one_node_and_case_does_not_count() {
    let mut tree = Tree::new();
    let root = tree.root();
    let prod = tree.unit("Production", &root);
    assert_eq!(tree.code(unit("production", &root)), "already_exists");
    let twin = tree.unit("Production", &prod);
    assert_eq!(tree.code(moved(&twin, &root)), "already_exists");
    let rename = |name: &str| RenameUnit {
        unit: id(&prod),
        name: name.parse().unwrap(),
    };
    tree.with(rename("PRODUCTION"));
    assert_eq!(tree.when(rename("PRODUCTION")).unwrap(), []);
    let dev = tree.unit("Development", &root);
    let taken = RenameUnit {
        unit: id(&dev),
        name: "production".parse().unwrap(),
    };
    assert_eq!(tree.code(taken), "already_exists");
}

#[test]
fn only_an_empty_unit_can_be_deleted() {
    let mut tree = Tree::new();
    let root = tree.root();
    let (upper, other) = (tree.unit("upper", &root), tree.unit("other", &root));
    let lower = tree.unit("lower", &upper);
    let delete = |node: &UnitRef| DeleteUnit { unit: id(node) };
    assert_eq!(tree.code(delete(&upper)), "delete_conflict");
    tree.with(delete(&lower));
    tree.with(delete(&upper));
    let (account, _) = tree.member("acme-prod");
    tree.with(MoveMember {
        account,
        parent: other.clone(),
    });
    let Err(Rejection::DeleteConflict { blockers, .. }) = tree.when(delete(&other)) else {
        panic!()
    };
    assert_eq!(blockers[0].id, account.to_string());
    assert_eq!(tree.code(delete(&lower)), "not_found");
}

#[test]
fn nothing_hangs_on_what_is_not_there() {
    let mut tree = Tree::new();
    let root = tree.root();
    let there = tree.unit("there", &root);
    let (account, _) = tree.member("acme-prod");
    for nowhere in ["r-0000", "ou-00000000"] {
        let nowhere: UnitRef = nowhere.parse().unwrap();
        assert_eq!(tree.code(unit("x", &nowhere)), "not_found");
        assert_eq!(tree.code(moved(&there, &nowhere)), "not_found");
        let parent = nowhere;
        assert_eq!(tree.code(MoveMember { account, parent }), "not_found");
    }
    let account: AccountId = "999999999999".parse().unwrap();
    let parent = there;
    assert_eq!(tree.code(MoveMember { account, parent }), "not_found");
}

#[test]
fn a_change_of_a_unit_that_was_read_before_another_is_refused() {
    let mut tree = Tree::new();
    let root = tree.root();
    let node = tree.unit("unit", &root);
    let seen = tree.organization.units()[&id(&node)].stamp.changed;
    let rename = |name: &str| RenameUnit {
        unit: id(&node),
        name: name.parse().unwrap(),
    };
    let events = tree.when_if(Precondition::Unchanged(seen), rename("new"));
    tree.after(&events.unwrap());
    let refused = tree.when_if(Precondition::Unchanged(seen), rename("newer"));
    assert_eq!(refused.unwrap_err().code(), "etag_mismatch");
    let refused = tree.when_if(
        Precondition::Unchanged(Seq::new(1)),
        DeleteUnit { unit: id(&node) },
    );
    assert_eq!(refused.unwrap_err().code(), "etag_mismatch");
}

#[test]
fn an_organization_has_a_thousand_units_at_most() {
    let mut tree = Tree::new();
    let root = tree.root();
    for n in 0..1_000 {
        tree.unit(&format!("unit {n}"), &root);
    }
    assert_eq!(tree.code(unit("one more", &root)), "limit_exceeded");
}
