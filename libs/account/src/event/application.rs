//! Facts about applications, their resources and resource policies, and subject aliases.

use trilby_model::{ApplicationName, Tags};

use crate::id::{PrincipalId, ResourceName};
use crate::state::SubjectKey;
use crate::stored::facts;
use crate::text::GuardText;
use crate::value::{ActionCatalogue, Description};

facts! {
    /// A service of the customer asks for decisions under this prefix.
    ApplicationRegistered {
        /// Its name: the prefix of its actions and ARNs.
        application: ApplicationName,
        /// Free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// Its tags.
        tags: Tags,
    }

    /// An application's description was replaced.
    ApplicationUpdated {
        /// The application.
        application: ApplicationName,
        /// The description it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
    }

    /// An application's catalogue was replaced.
    ApplicationActionsPut {
        /// The application.
        application: ApplicationName,
        /// The catalogue it has now.
        catalogue: ActionCatalogue,
    }

    /// An application is gone. Its name may be registered again: it is a word, not an identity.
    ApplicationDeleted {
        /// The application.
        application: ApplicationName,
    }

    /// An application's tags were replaced.
    ApplicationTagsChanged {
        /// The application.
        application: ApplicationName,
        /// All tags it has now.
        tags: Tags,
    }

    /// A resource is known by name, with tags for decisions.
    ResourceRegistered {
        /// The application.
        application: ApplicationName,
        /// Type and id.
        resource: ResourceName,
        /// Free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// The user or role that owns it, for conditions; the account always owns it in law.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<PrincipalId>,
        /// Its tags.
        tags: Tags,
    }

    /// A resource's description and owner were replaced.
    ResourceUpdated {
        /// The application.
        application: ApplicationName,
        /// Type and id.
        resource: ResourceName,
        /// The description it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// The owner it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<PrincipalId>,
    }

    /// A resource is no longer registered.
    ResourceDeleted {
        /// The application.
        application: ApplicationName,
        /// Type and id.
        resource: ResourceName,
    }

    /// A resource's tags were replaced.
    ResourceTagsChanged {
        /// The application.
        application: ApplicationName,
        /// Type and id.
        resource: ResourceName,
        /// All tags it has now.
        tags: Tags,
    }

    /// A resource has a policy, new or replaced.
    ResourcePolicyPut {
        /// The application.
        application: ApplicationName,
        /// Type and id.
        resource: ResourceName,
        /// The policy with the unique ids of who it names.
        policy: GuardText,
    }

    /// A resource has no policy any more.
    ResourcePolicyDeleted {
        /// The application.
        application: ApplicationName,
        /// Type and id.
        resource: ResourceName,
    }

    /// A subject as enforcement points name it means a principal.
    SubjectAliasPut {
        /// The subject.
        subject: SubjectKey,
        /// Whom it means.
        principal: PrincipalId,
    }

    /// A subject means nobody any more.
    SubjectAliasDeleted {
        /// The subject.
        subject: SubjectKey,
    }
}
