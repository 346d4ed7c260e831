//! What providers and links have in common: both give logins, both may have a role map. They are listed and deleted alike.

mod delete;
mod kind;
mod list;

pub use delete::DeleteSeat;
pub use kind::SeatKind;
pub use list::ListSeats;
