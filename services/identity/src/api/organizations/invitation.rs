//! Invitations: as paths name them, and as answers show them.

use serde::{Deserialize, Serialize, Serializer};
use trilby_access::etag_text;
use trilby_account::organization::{Invitation, InvitationId};
use trilby_credential::{CredentialKind, Ticket};
use trilby_eventlog::SideWrite;
use trilby_model::{AccountId, LogId, OrganizationId, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::segment::Segment;
use crate::written::no_credentials;

/// An invitation of an organization.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InvitationPath {
    /// The organization.
    pub organization: OrganizationId,
    /// The invitation.
    #[param(value_type = String, example = "o-4k7m2xq9ab.7")]
    pub invitation: Segment<InvitationId>,
}

/// An invitation of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ReceivedPath {
    /// The invited account.
    pub account: AccountId,
    /// The invitation.
    #[param(value_type = String, example = "o-4k7m2xq9ab.7")]
    pub invitation: Segment<InvitationId>,
}

/// Takes the ticket of an invitation that is over out of the store.
#[must_use]
pub fn no_ticket(invitation: &InvitationId) -> SideWrite {
    let log = LogId::Organization(invitation.organization.clone());
    let subject = invitation.number.to_string();
    no_credentials(&log, &subject, CredentialKind::InvitationTicket)
}

/// An invitation that can be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    /// Its id.
    #[schema(example = "o-4k7m2xq9ab.7")]
    pub id: String,
    /// The account that may join, and no other.
    pub account_id: AccountId,
    /// When its ticket stops opening.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// The version of the invitation.
    pub etag: String,
}

/// An invitation with its ticket, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewInvitationTicket)]
pub struct NewInvitationView {
    /// Its id.
    #[schema(example = "o-4k7m2xq9ab.7")]
    pub id: String,
    /// The account that may join, and no other.
    pub account_id: AccountId,
    /// The ticket. `null` if this answer repeats an earlier one.
    #[serde(serialize_with = "shown_once")]
    #[schema(value_type = Option<String>, required = true, example = "tbi_…")]
    pub ticket: Ticket,
    /// `true` if this answer repeats an earlier one, so that the ticket is not in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false, default = false)]
    pub ticket_withheld: bool,
    /// When it stops opening.
    pub expires_at: Timestamp,
}

impl InvitationView {
    /// An invitation.
    #[must_use]
    pub fn of(organization: &OrganizationId, invitation: &Invitation) -> Self {
        Self {
            id: id(organization, invitation).to_string(),
            account_id: invitation.account,
            expires_at: invitation.expires_at,
            created_at: invitation.stamp.created_at,
            etag: etag_text(invitation.stamp.changed),
        }
    }
}

impl NewInvitationView {
    /// An invitation that was made now.
    #[must_use]
    pub fn of(organization: &OrganizationId, invitation: &Invitation, ticket: Ticket) -> Self {
        Self {
            id: id(organization, invitation).to_string(),
            account_id: invitation.account,
            ticket,
            ticket_withheld: false,
            expires_at: invitation.expires_at,
        }
    }
}

fn id(organization: &OrganizationId, invitation: &Invitation) -> InvitationId {
    InvitationId {
        organization: organization.clone(),
        number: invitation.number,
    }
}

fn shown_once<S: Serializer>(ticket: &Ticket, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(ticket.expose())
}
