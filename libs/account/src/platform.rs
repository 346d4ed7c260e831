//! The installation: that it was bootstrapped, by which ticket, and whose it is. Only the operator's port asks that; no
//! other decision reads this.

mod decide;
mod event;
mod state;

pub use decide::{Bootstrap, IssueBootstrapTicket, NewOperator, bootstrap, issue_ticket};
pub use event::{BootstrapTicketIssued, Event, PlatformBootstrapped};
pub use state::{BootstrapTicket, Platform};
