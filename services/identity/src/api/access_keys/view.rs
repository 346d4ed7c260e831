//! Access keys as answers show them.

use serde::{Deserialize, Serialize, Serializer};
use trilby_access::etag_text;
use trilby_account::{AccessKey, AccessKeyStatus};
use trilby_credential::AccessKeySecret;
use trilby_model::{AccessKeyId, Timestamp, UserId};
use utoipa::ToSchema;

/// An access key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccessKey)]
pub struct AccessKeyView {
    /// The public half: `client_id` of `client_credentials`.
    pub access_key_id: AccessKeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// Whether it opens.
    pub status: KeyStanding,
    /// When it stops opening.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Networks it may be used from; empty: any.
    pub allowed_cidrs: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

/// A new access key with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewAccessKey)]
pub struct NewKeyView {
    /// The key.
    #[serde(flatten)]
    pub key: AccessKeyView,
    /// The secret half: `client_secret`. `null` if this answer repeats an earlier one.
    #[serde(serialize_with = "shown_once")]
    #[schema(value_type = Option<String>, required = true, example = "tbk_…")]
    pub secret: AccessKeySecret,
    /// `true` if this answer repeats an earlier one, so that the secret is not in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false, default = false)]
    pub secret_withheld: bool,
}

/// Whether an access key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AccessKeyStatus)]
pub enum KeyStanding {
    /// It does.
    Active,
    /// It does not, and its sessions ended.
    Inactive,
}

impl AccessKeyView {
    /// A key.
    pub fn of(key: &AccessKey) -> Self {
        Self {
            access_key_id: key.id.clone(),
            user_id: key.user.clone(),
            status: match key.status {
                AccessKeyStatus::Active => KeyStanding::Active,
                AccessKeyStatus::Inactive => KeyStanding::Inactive,
            },
            expires_at: key.expires_at,
            allowed_cidrs: key.allowed_cidrs.clone(),
            created_at: key.stamp.created_at,
            updated_at: key.stamp.updated_at,
            etag: etag_text(key.stamp.changed),
        }
    }
}

impl From<KeyStanding> for AccessKeyStatus {
    fn from(status: KeyStanding) -> Self {
        match status {
            KeyStanding::Active => Self::Active,
            KeyStanding::Inactive => Self::Inactive,
        }
    }
}

fn shown_once<S: Serializer>(secret: &AccessKeySecret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}
