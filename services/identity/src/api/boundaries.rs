//! Permissions boundaries of users and roles.
//!
//! The operations are the same for both; they differ in path, action and ARN, which [`BoundedKind`] says.

mod delete_boundary;
mod given;
mod kind;
mod put_boundary;
mod view;

pub use delete_boundary::DeleteBoundary;
pub use given::{boundary_arn, bounded, getting, wanted};
pub use kind::BoundedKind;
pub use put_boundary::PutBoundary;
pub use view::{BoundaryView, shown};
