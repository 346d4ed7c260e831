//! How secrets are filed in the store's side tables: which number says what, what stands in the row.
//!
//! Every service that writes or reads such a row takes the number from here, so that two of them
//! cannot mean different things by one. Numbers are stored: never changed, never used again.

use trilby_model::Timestamp;

/// Kinds of rows in table `credential`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// Subject: a user's id, or the account's for root. Body: [`crate::PasswordHash::encode`].
    /// Generation: the password's.
    Password,
    /// Subject: the access key's id. Body: [`crate::Mac::to_bytes`]. Generation 1.
    AccessKey,
    /// Subject as for a password. Body: [`crate::Mac::to_bytes`] of the ticket. Generation: the
    /// ticket's.
    PasswordTicket,
    /// Subject: `bootstrap`, in the installation's log. Body: [`crate::Mac::to_bytes`].
    BootstrapTicket,
    /// Subject: a user's id. Body: [`crate::Mac::to_bytes`]. One generation a code.
    RecoveryCode,
    /// Subject: an invitation's number, in the organization's log. Body: [`crate::Mac::to_bytes`].
    /// Generation: the number.
    InvitationTicket,
    /// Subject: the access key's id. No body: it is no secret, and goes when the key's goes. Generation: the hour in
    /// which the key was last used ([`hour_of`]).
    AccessKeyUse,
}

impl CredentialKind {
    /// The stored number.
    pub const fn number(self) -> u16 {
        match self {
            Self::Password => 1,
            Self::AccessKey => 2,
            Self::PasswordTicket => 3,
            Self::BootstrapTicket => 4,
            Self::RecoveryCode => 5,
            Self::InvitationTicket => 6,
            Self::AccessKeyUse => 7,
        }
    }
}

/// Kinds of rows in table `sealed_key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealedKind {
    /// The account's data key, under the KEK that the row names. Id: [`DATA_KEY_ID`].
    DataKey,
    /// A private signing key, under the data key. Id: its `kid`.
    SigningKey,
    /// The seed of a second factor, under the data key. Id: the device's.
    OtpSeed,
}

impl SealedKind {
    /// The stored number.
    pub const fn number(self) -> u16 {
        match self {
            Self::DataKey => 1,
            Self::SigningKey => 2,
            Self::OtpSeed => 3,
        }
    }
}

const HOUR_S: i64 = 3_600;

/// The number of the hour of a time, counted from 1970. None before that, and some 490,000 years after.
pub fn hour_of(time: Timestamp) -> Option<u32> {
    u32::try_from(time.unix_seconds().div_euclid(HOUR_S)).ok()
}

/// When the hour of that number began.
pub fn beginning_of(hour: u32) -> Timestamp {
    Timestamp::from_unix_seconds(i64::from(hour) * HOUR_S)
}

/// Id of an account's one data key.
pub const DATA_KEY_ID: &str = "data";
/// What rows under a data key name in the place of a KEK.
pub const UNDER_DATA_KEY: &str = "data";
/// Subject of the row of the bootstrap ticket.
pub const BOOTSTRAP: &str = "bootstrap";
