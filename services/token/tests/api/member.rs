//! An account's place in an organization, for what only an organization can do to it.

use serde_json::Value;
use trilby_account::event::Event as AccountEvent;
use trilby_account::organization::{
    AttachControlPolicy, Command, ControlKind, ControlPolicyName, CreateControlPolicy,
    CreateMember, CreateOrganization, Event, Organization, QuarantineTarget, SetQuarantine,
    TargetRef, create_member, create_organization, set_quarantine,
};
use trilby_account::{Actor, Context, Ref};
use trilby_directory::Events;
use trilby_model::{AccountId, OrganizationId};
use trilby_policy::Kind;
use trilby_service::clock::Clock;
use trilby_testkit::given::document;

use crate::world::World;

/// A member of an organization that another account manages.
pub struct Member<'a> {
    world: &'a World,
    account: AccountId,
    organization: OrganizationId,
}

fn ctx(world: &World) -> Context {
    let inside = &world.inside;
    Context::new(
        inside.clock().now(),
        Actor::System,
        &mut inside.services().entropy(),
    )
}

impl<'a> Member<'a> {
    /// Makes the world's account a member.
    pub fn join(world: &'a World) -> Self {
        let account = world.account;
        let management = world.another_account("Management");
        let create = CreateOrganization {
            name: "Acme".parse().unwrap(),
        };
        let state = world.inside.state(management);
        let made = create_organization(&state, &create, &ctx(world)).unwrap();
        let organization = made.organization.clone();
        world.inside.append_all(vec![
            Events::Organization(organization.clone(), made.organization_events),
            Events::Account(management, made.account_events),
        ]);
        let member = Self {
            world,
            account,
            organization,
        };
        // As a new member joins, with this account in its place.
        let create = CreateMember {
            name: "member".parse().unwrap(),
        };
        let mut joined = create_member(&member.state(), &create, &ctx(world)).unwrap();
        for event in &mut joined.organization_events {
            if let Event::MemberJoined(fact) = event {
                fact.account = account;
            }
        }
        let joined_too = joined
            .account_events
            .into_iter()
            .filter_map(|event| match event {
                AccountEvent::AccountJoinedOrganization(mut fact) => {
                    fact.account = account;
                    Some(fact.into())
                }
                _ => None,
            });
        world.inside.append_all(vec![
            Events::Organization(member.organization.clone(), joined.organization_events),
            Events::Account(account, joined_too.collect()),
        ]);
        member
    }

    fn state(&self) -> Organization {
        let directory = self.world.inside.services().directory();
        let view = self
            .world
            .inside
            .wait(directory.organization(&self.organization));
        view.unwrap().state.clone()
    }

    fn run(&self, command: impl Into<Command>) {
        let events = self
            .state()
            .decide(&command.into(), &ctx(self.world))
            .unwrap();
        let events = Events::Organization(self.organization.clone(), events);
        self.world.inside.append(events);
    }

    /// Attaches a control policy to the account.
    pub fn control(&self, policy: &Value) {
        let name = || Ref::Name("Guard".parse().unwrap());
        self.run(CreateControlPolicy {
            kind: ControlKind::Scp,
            name: "Guard".parse().unwrap(),
            description: None,
            document: document(Kind::Scp, policy),
        });
        self.run(AttachControlPolicy {
            target: TargetRef::Account(self.account),
            policy: ControlPolicyName::Own(name()),
        });
    }

    /// Puts the account, or a principal of it, into quarantine.
    pub fn quarantine(&self, target: QuarantineTarget) {
        let command = SetQuarantine {
            target,
            reason: None,
        };
        let state = self.world.inside.state(self.account);
        let held = set_quarantine(&self.state(), &state, &command, &ctx(self.world)).unwrap();
        self.world.inside.append_all(vec![
            Events::Organization(self.organization.clone(), held.organization_events),
            Events::Account(self.account, held.account_events),
        ]);
    }
}
