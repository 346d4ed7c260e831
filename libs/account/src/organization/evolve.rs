//! What each event makes of an organization.

mod control_policy;

use trilby_model::{AccountId, Seq, Timestamp};

use super::event::{
    Event, InvitationCreated, MemberJoined, OrganizationCreated, QuarantineSet, UnitCreated,
};
use super::policy::{ControlAttachment, ControlPolicyRef};
use super::state::{DelegatedAdmin, Invitation, Member, Organization, Quarantine, Root, Unit};
use crate::stamp::{Moment, Stamp};

impl Organization {
    /// Takes in the event at `seq` of this organization's log, stored at `at`.
    pub fn evolve(&mut self, event: &Event, seq: Seq, at: Timestamp) {
        let moment = Moment { seq, at };
        self.seq = seq;
        match event {
            Event::OrganizationCreated(fact) => self.created(fact, moment),
            Event::OrganizationDeleted(_) => {
                self.deleted = true;
                self.touch(moment);
            }

            Event::MemberJoined(fact) => self.member_joined(fact, moment),
            Event::MemberMoved(fact) => self.change_member(fact.account, moment, |member| {
                member.parent = fact.parent.clone();
            }),
            Event::MemberLeft(fact) => {
                self.members.remove(&fact.account);
                self.delegated_admins.remove(&fact.account);
            }
            Event::MemberRootCredentialEnabled(fact) => {
                self.change_member(fact.account, moment, |member| member.root_credential = true);
            }
            Event::MemberRootCredentialDisabled(fact) => {
                self.change_member(fact.account, moment, |member| {
                    member.root_credential = false
                });
            }

            Event::UnitCreated(fact) => self.unit_created(fact, moment),
            Event::UnitRenamed(fact) => {
                self.change_unit(&fact.unit, moment, |unit| unit.name = fact.name.clone());
            }
            Event::UnitMoved(fact) => {
                self.change_unit(&fact.unit, moment, |unit| unit.parent = fact.parent.clone());
            }
            Event::UnitDeleted(fact) => {
                self.units.remove(&fact.unit);
            }

            Event::ControlPolicyCreated(fact) => self.policy_created(fact, moment),
            Event::ControlPolicyUpdated(fact) => self.policy_updated(fact, moment),
            Event::ControlPolicyVersionCreated(fact) => self.policy_version_created(fact, moment),
            Event::ControlPolicyDefaultVersionSet(fact) => self.policy_default_set(fact, moment),
            Event::ControlPolicyVersionDeleted(fact) => self.policy_version_deleted(fact, moment),
            Event::ControlPolicyDeleted(fact) => {
                self.control_policies.remove(&fact.policy);
            }
            Event::ControlPolicyAttached(fact) => {
                self.policy_attached(&fact.target, &fact.policy, moment);
            }
            Event::ControlPolicyDetached(fact) => {
                self.policy_detached(&fact.target, &fact.policy, moment);
            }

            Event::QuarantineSet(fact) => self.quarantine_set(fact, moment),
            Event::QuarantineLifted(fact) => {
                self.quarantines.remove(&fact.target.to_string());
            }

            Event::DelegatedAdminSet(fact) => {
                let before = self.delegated_admins.get(&fact.account);
                let mut stamp = before.map_or_else(|| Stamp::new(moment), |admin| admin.stamp);
                stamp.touch(moment);
                let admin = DelegatedAdmin {
                    account: fact.account,
                    actions: fact.actions.clone(),
                    stamp,
                };
                self.delegated_admins.insert(fact.account, admin);
            }
            Event::DelegatedAdminRemoved(fact) => {
                self.delegated_admins.remove(&fact.account);
            }

            Event::InvitationCreated(fact) => self.invitation_created(fact, moment),
            Event::InvitationClosed(fact) => {
                self.invitations.remove(&fact.number);
            }
        }
    }

    fn created(&mut self, fact: &OrganizationCreated, moment: Moment) {
        self.name = Some(fact.name.clone());
        self.management_account = Some(fact.management_account);
        self.root = Some(Root {
            id: fact.root.clone(),
            control_policies: attached(&fact.control_policies, moment.seq),
            stamp: Stamp::new(moment),
        });
        self.stamp = Some(Stamp::new(moment));
    }

    fn member_joined(&mut self, fact: &MemberJoined, moment: Moment) {
        let member = Member {
            account: fact.account,
            name: fact.name.clone(),
            parent: fact.parent.clone(),
            origin: fact.origin,
            root_credential: false,
            control_policies: attached(&fact.control_policies, moment.seq),
            stamp: Stamp::new(moment),
        };
        self.members.insert(fact.account, member);
    }

    fn unit_created(&mut self, fact: &UnitCreated, moment: Moment) {
        let unit = Unit {
            id: fact.unit.clone(),
            name: fact.name.clone(),
            parent: fact.parent.clone(),
            control_policies: attached(&fact.control_policies, moment.seq),
            stamp: Stamp::new(moment),
        };
        self.units.insert(fact.unit.clone(), unit);
    }

    fn quarantine_set(&mut self, fact: &QuarantineSet, moment: Moment) {
        let quarantine = Quarantine {
            target: fact.target.clone(),
            reason: fact.reason.clone(),
            stamp: Stamp::new(moment),
        };
        self.quarantines.insert(fact.target.to_string(), quarantine);
    }

    fn invitation_created(&mut self, fact: &InvitationCreated, moment: Moment) {
        let invitation = Invitation {
            number: fact.number,
            account: fact.account,
            expires_at: fact.expires_at,
            stamp: Stamp::new(moment),
        };
        self.invitations.insert(fact.number, invitation);
        self.last_invitation = self.last_invitation.max(fact.number);
    }

    fn change_member(
        &mut self,
        account: AccountId,
        moment: Moment,
        change: impl FnOnce(&mut Member),
    ) {
        if let Some(member) = self.members.get_mut(&account) {
            change(member);
            member.stamp.touch(moment);
        }
    }

    fn change_unit(
        &mut self,
        id: &trilby_model::UnitId,
        moment: Moment,
        change: impl FnOnce(&mut Unit),
    ) {
        if let Some(unit) = self.units.get_mut(id) {
            change(unit);
            unit.stamp.touch(moment);
        }
    }

    fn touch(&mut self, moment: Moment) {
        if let Some(stamp) = &mut self.stamp {
            stamp.touch(moment);
        }
    }
}

fn attached(policies: &[ControlPolicyRef], since: Seq) -> Vec<ControlAttachment> {
    let attached = policies.iter().map(|policy| ControlAttachment {
        policy: policy.clone(),
        since,
    });
    attached.collect()
}
