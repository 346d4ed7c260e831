//! The HTTP servers of a process.

mod resource;

pub use resource::resource;
