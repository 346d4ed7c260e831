//! The installation: that it was bootstrapped, and by which ticket. No decision reads this.

mod decide;
mod event;
mod state;

pub use decide::{Bootstrap, IssueBootstrapTicket, NewOperator, bootstrap, issue_ticket};
pub use event::{BootstrapTicketIssued, Event, PlatformBootstrapped};
pub use state::{BootstrapTicket, Platform};
