//! Organizations as answers show them.

use serde::Serialize;
use trilby_access::{Operation, Reply, etag_text};
use trilby_account::organization::{
    ControlAttachment, ControlPolicyRef, Member, MemberOrigin, Organization, Root, Unit, UnitRef,
};
use trilby_model::{AccountId, AccountName, Arn, OrganizationId, PolicyName, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use crate::api::SYSTEM_PREFIX;
use crate::api::policies::path::VersionNumber;

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Organization)]
pub struct OrganizationView {
    /// Id.
    pub id: OrganizationId,
    /// ARN.
    pub arn: Arn,
    /// Name.
    pub name: AccountName,
    /// The account that manages it.
    pub management_account: AccountId,
    /// Id of the root of its tree.
    pub root_id: String,
    /// How many accounts are in it, the management account among them.
    pub account_count: u64,
    /// When it was founded.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The version of the organization itself.
    pub etag: String,
}

/// A node of an organization's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrganizationUnit)]
pub struct UnitView {
    /// Id: `r-` for the root, `ou-` for a unit.
    pub id: String,
    /// ARN.
    pub arn: Arn,
    /// Whether it is the root.
    pub kind: UnitKind,
    /// Name; the root has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<AccountName>,
    /// What it hangs on; the root on nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The control policies attached to it.
    pub control_policies: Vec<AttachedControlPolicyView>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

/// Kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// The root of the tree.
    Root,
    /// An inner node.
    Unit,
}

/// A control policy that is attached to a node or a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AttachedControlPolicy)]
pub struct AttachedControlPolicyView {
    /// Id; of a policy of the system `system:` and its name.
    pub id: String,
    /// Name, of a policy of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<PolicyName>,
    /// The version attached, of a policy of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// An account as a member of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MemberAccount)]
pub struct MemberView {
    /// The account.
    pub account_id: AccountId,
    /// ARN of the membership.
    pub arn: Arn,
    /// The account's name when it joined.
    pub name: AccountName,
    /// What it hangs on in the tree.
    pub parent_id: String,
    /// How it came into the organization.
    pub origin: MemberOriginView,
    /// Whether the organization gave its root a credential, and did not take it back.
    pub root_credential: bool,
    /// The role by which the management account enters an account that it made; told when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_role_arn: Option<Arn>,
    /// The control policies attached to it.
    pub control_policies: Vec<AttachedControlPolicyView>,
    /// When it joined.
    pub created_at: Timestamp,
    /// When its membership last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

/// How an account came into an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MemberOrigin)]
pub enum MemberOriginView {
    /// It founded the organization.
    Management,
    /// The organization made it.
    Created,
    /// It took an invitation.
    Invited,
}

impl OrganizationView {
    /// An organization.
    ///
    /// Errors: `not_found` for one without a first event.
    pub fn of(organization: &Organization) -> Result<Self, Problem> {
        let parts = (
            organization.name(),
            organization.management_account(),
            organization.root(),
            organization.stamp(),
        );
        let (Some(name), Some(management), Some(root), Some(stamp)) = parts else {
            return Err(Problem::not_found());
        };
        Ok(Self {
            id: organization.id().clone(),
            arn: Arn::organization(&management, organization.id()),
            name: name.clone(),
            management_account: management,
            root_id: root.id.to_string(),
            account_count: u64::try_from(organization.members().len()).unwrap_or(u64::MAX),
            created_at: stamp.created_at,
            updated_at: stamp.updated_at,
            etag: etag_text(stamp.changed),
        })
    }
}

impl UnitView {
    /// The nodes of a tree: the root, then the units by id.
    ///
    /// Errors: `not_found` for an organization without a first event.
    pub fn all(organization: &Organization) -> Result<Vec<Self>, Problem> {
        let (management, root) = whole(organization)?;
        let units = organization.units().values();
        let units = units.map(|unit| Self::of_unit(management, organization.id(), unit));
        let root = Self::of_root(management, organization.id(), root);
        Ok(std::iter::once(root).chain(units).collect())
    }

    /// One node.
    ///
    /// Errors: `not_found`.
    pub fn of(organization: &Organization, node: &UnitRef) -> Result<Self, Problem> {
        let (management, _) = whole(organization)?;
        let id = organization.id();
        match node {
            UnitRef::Root(root) => organization
                .root_of(root)
                .map(|root| Self::of_root(management, id, root)),
            UnitRef::Unit(unit) => organization
                .units()
                .get(unit)
                .map(|unit| Self::of_unit(management, id, unit)),
        }
        .ok_or_else(Problem::not_found)
    }

    fn of_root(management: AccountId, organization: &OrganizationId, root: &Root) -> Self {
        Self {
            id: root.id.to_string(),
            arn: Arn::organization_root(&management, organization, &root.id),
            kind: UnitKind::Root,
            name: None,
            parent_id: None,
            control_policies: control_policies(&root.control_policies),
            created_at: root.stamp.created_at,
            updated_at: root.stamp.updated_at,
            etag: etag_text(root.stamp.changed),
        }
    }

    fn of_unit(management: AccountId, organization: &OrganizationId, unit: &Unit) -> Self {
        Self {
            id: unit.id.to_string(),
            arn: Arn::unit(&management, organization, &unit.id),
            kind: UnitKind::Unit,
            name: Some(unit.name.clone()),
            parent_id: Some(unit.parent.to_string()),
            control_policies: control_policies(&unit.control_policies),
            created_at: unit.stamp.created_at,
            updated_at: unit.stamp.updated_at,
            etag: etag_text(unit.stamp.changed),
        }
    }
}

fn whole(organization: &Organization) -> Result<(AccountId, &Root), Problem> {
    let parts = organization.management_account().zip(organization.root());
    parts.ok_or_else(Problem::not_found)
}

/// The answer that shows one node.
///
/// Errors: `not_found`.
pub fn unit_reply<Op: Operation<Reply = UnitView>>(
    organization: &Organization,
    node: &UnitRef,
) -> Result<Reply<Op>, Problem> {
    let view = UnitView::of(organization, node)?;
    let changed = match node {
        UnitRef::Root(id) => organization.root_of(id).map(|root| root.stamp.changed),
        UnitRef::Unit(id) => organization.units().get(id).map(|unit| unit.stamp.changed),
    };
    Ok(Reply::new(view).etag(changed.ok_or_else(Problem::not_found)?))
}

/// The answer that shows one member.
///
/// Errors: `not_found`.
pub fn member_reply<Op: Operation<Reply = MemberView>>(
    organization: &Organization,
    account: AccountId,
) -> Result<Reply<Op>, Problem> {
    let (management, _) = whole(organization)?;
    let member = organization
        .member(account)
        .ok_or_else(Problem::not_found)?;
    let view = MemberView::of(management, organization.id(), member);
    Ok(Reply::new(view).etag(member.stamp.changed))
}

impl MemberView {
    /// A member.
    pub fn of(management: AccountId, organization: &OrganizationId, member: &Member) -> Self {
        let parent: &UnitRef = &member.parent;
        Self {
            account_id: member.account,
            arn: Arn::member(&management, organization, &member.account),
            name: member.name.clone(),
            parent_id: parent.to_string(),
            origin: match member.origin {
                MemberOrigin::Management => MemberOriginView::Management,
                MemberOrigin::Created => MemberOriginView::Created,
                MemberOrigin::Invited => MemberOriginView::Invited,
            },
            root_credential: member.root_credential,
            access_role_arn: None,
            control_policies: control_policies(&member.control_policies),
            created_at: member.stamp.created_at,
            updated_at: member.stamp.updated_at,
            etag: etag_text(member.stamp.changed),
        }
    }

    /// The same with the role that opens the account.
    #[must_use]
    pub fn opened_by(self, role: Arn) -> Self {
        Self {
            access_role_arn: Some(role),
            ..self
        }
    }
}

fn control_policies(attached: &[ControlAttachment]) -> Vec<AttachedControlPolicyView> {
    let view = |attachment: &ControlAttachment| match &attachment.policy {
        ControlPolicyRef::Own(id) => AttachedControlPolicyView {
            id: id.to_string(),
            name: None,
            version: None,
        },
        ControlPolicyRef::System { name, version } => AttachedControlPolicyView {
            id: format!("{SYSTEM_PREFIX}{name}"),
            name: Some(name.clone()),
            version: Some(VersionNumber(*version).to_string()),
        },
    };
    attached.iter().map(view).collect()
}
