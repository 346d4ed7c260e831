//! The account itself.

mod close_account;
mod get_account;
mod get_account_summary;
mod suspend_account;
mod update_account;
mod view;

pub use close_account::CloseAccount;
pub use get_account::GetAccount;
pub use get_account_summary::GetAccountSummary;
pub use suspend_account::{SuspendAccount, Suspension, not_the_operators};
pub use update_account::UpdateAccount;
pub use view::AccountView;

/// The group of operations in the API's document.
pub const TAG: &str = "Accounts";
