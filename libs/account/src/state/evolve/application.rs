//! Applications, registered resources, subject aliases.

use trilby_model::ApplicationName;

use super::Moment;
use crate::event::{
    ApplicationActionsPut, ApplicationRegistered, ApplicationTagsChanged, ApplicationUpdated,
    ResourceDeleted, ResourcePolicyDeleted, ResourcePolicyPut, ResourceRegistered,
    ResourceTagsChanged, ResourceUpdated, SubjectAliasPut,
};
use crate::id::{PrincipalId, ResourceName};
use crate::stamp::Stamp;
use crate::state::{Account, Application, Resource, ResourcePolicy, SubjectAlias, SubjectKey};
use crate::table::Table;

impl Account {
    pub(super) fn application_registered(&mut self, fact: &ApplicationRegistered, moment: Moment) {
        let application = Application {
            name: fact.application.clone(),
            description: fact.description.clone(),
            tags: fact.tags.clone(),
            catalogue: Default::default(),
            catalogue_stamp: None,
            resources: Table::default(),
            resource_policies: 0,
            stamp: Stamp::new(moment),
        };
        self.applications
            .insert(fact.application.clone(), application);
    }

    pub(super) fn application_updated(&mut self, fact: &ApplicationUpdated, moment: Moment) {
        if let Some(application) = self.applications.get_mut(&fact.application) {
            application.description.clone_from(&fact.description);
            application.stamp.touch(moment);
        }
    }

    pub(super) fn application_actions_put(&mut self, fact: &ApplicationActionsPut, moment: Moment) {
        if let Some(application) = self.applications.get_mut(&fact.application) {
            application.catalogue = fact.catalogue.clone();
            match &mut application.catalogue_stamp {
                Some(stamp) => stamp.touch(moment),
                None => application.catalogue_stamp = Some(Stamp::new(moment)),
            }
        }
    }

    pub(super) fn application_tags_changed(
        &mut self,
        fact: &ApplicationTagsChanged,
        moment: Moment,
    ) {
        if let Some(application) = self.applications.get_mut(&fact.application) {
            application.tags = fact.tags.clone();
            application.stamp.touch(moment);
        }
    }

    pub(super) fn resource_registered(&mut self, fact: &ResourceRegistered, moment: Moment) {
        if let Some(application) = self.applications.get_mut(&fact.application) {
            let resource = Resource {
                name: fact.resource.clone(),
                description: fact.description.clone(),
                owner: fact.owner.clone(),
                tags: fact.tags.clone(),
                policy: None,
                stamp: Stamp::new(moment),
            };
            application
                .resources
                .insert(fact.resource.clone(), resource);
        }
    }

    pub(super) fn resource_updated(&mut self, fact: &ResourceUpdated, moment: Moment) {
        if let Some(resource) = self.resource_mut(&fact.application, &fact.resource) {
            resource.description.clone_from(&fact.description);
            resource.owner.clone_from(&fact.owner);
            resource.stamp.touch(moment);
        }
    }

    pub(super) fn resource_tags_changed(&mut self, fact: &ResourceTagsChanged, moment: Moment) {
        if let Some(resource) = self.resource_mut(&fact.application, &fact.resource) {
            resource.tags = fact.tags.clone();
            resource.stamp.touch(moment);
        }
    }

    pub(super) fn resource_deleted(&mut self, fact: &ResourceDeleted) {
        if let Some(application) = self.applications.get_mut(&fact.application) {
            let resource = application.resources.get(&fact.resource);
            if resource.is_some_and(|resource| resource.policy.is_some()) {
                application.resource_policies = application.resource_policies.saturating_sub(1);
            }
            application.resources.remove(&fact.resource);
        }
    }

    // INVARIANT: `resource_policies` counts the resources that have one; kept here and in
    // `resource_deleted`.
    pub(super) fn resource_policy_put(&mut self, fact: &ResourcePolicyPut, moment: Moment) {
        let Some(application) = self.applications.get_mut(&fact.application) else {
            return;
        };
        let Some(resource) = application.resources.get_mut(&fact.resource) else {
            return;
        };
        let stamp = match &resource.policy {
            Some(policy) => {
                let mut stamp = policy.stamp;
                stamp.touch(moment);
                stamp
            }
            None => {
                application.resource_policies = application.resource_policies.saturating_add(1);
                Stamp::new(moment)
            }
        };
        resource.policy = Some(ResourcePolicy {
            text: fact.policy.clone(),
            stamp,
        });
    }

    pub(super) fn resource_policy_deleted(&mut self, fact: &ResourcePolicyDeleted) {
        let Some(application) = self.applications.get_mut(&fact.application) else {
            return;
        };
        let resource = application.resources.get_mut(&fact.resource);
        if resource.is_some_and(|resource| resource.policy.take().is_some()) {
            application.resource_policies = application.resource_policies.saturating_sub(1);
        }
    }

    // INVARIANT: a principal lists a subject exactly if the subject means it; kept in these two.
    pub(super) fn subject_alias_put(&mut self, fact: &SubjectAliasPut, moment: Moment) {
        let mut stamp = Stamp::new(moment);
        if let Some(old) = self.aliases.get(&fact.subject).cloned() {
            self.subject_alias_deleted(&fact.subject);
            stamp = old.stamp;
            stamp.touch(moment);
        }
        let listed = match &fact.principal {
            PrincipalId::User(id) => self.users.get_mut(id).map(|user| &mut user.aliases),
            PrincipalId::Role(id) => self.roles.get_mut(id).map(|role| &mut role.aliases),
        };
        if let Some(listed) = listed {
            listed.insert(fact.subject.clone());
            let alias = SubjectAlias {
                principal: fact.principal.clone(),
                stamp,
            };
            self.aliases.insert(fact.subject.clone(), alias);
        }
    }

    pub(super) fn subject_alias_deleted(&mut self, subject: &SubjectKey) {
        let Some(alias) = self.aliases.get(subject).cloned() else {
            return;
        };
        let listed = match &alias.principal {
            PrincipalId::User(id) => self.users.get_mut(id).map(|user| &mut user.aliases),
            PrincipalId::Role(id) => self.roles.get_mut(id).map(|role| &mut role.aliases),
        };
        if let Some(listed) = listed {
            listed.remove(subject);
        }
        self.aliases.remove(subject);
    }

    fn resource_mut(
        &mut self,
        application: &ApplicationName,
        resource: &ResourceName,
    ) -> Option<&mut Resource> {
        self.applications
            .get_mut(application)?
            .resources
            .get_mut(resource)
    }
}
