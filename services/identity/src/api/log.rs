//! The account's log: every control event, with what it was hashed from.

mod get_event;
mod list_events;
pub mod view;

pub use get_event::GetEvent;
pub use list_events::ListEvents;

/// The group of operations in the API's document.
const TAG: &str = "Log";
/// The right to read it.
const READ: &str = "iam:ReadLog";
