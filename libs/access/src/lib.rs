//! Who calls, and may they.
//!
//! One way through for every operation of every service: [`Registry::add`] takes an [`Operation`] and makes its route,
//! its entry in the API's document and its row in the access matrix. A request then goes through path, authentication,
//! body, authorization by the engine, handler, answer, in that order.
//!
//! | module | what |
//! | --- | --- |
//! | [`operation`] | one operation as a type: route, rights, input, answer |
//! | [`registry`] | all operations: routes, OpenAPI, rows |
//! | [`authenticate`] | from a Bearer token to a caller that stands now |
//! | [`recorded`] | from our own record of a session to the same |
//! | [`authorize`] | the engine's answer about a caller |
//! | [`mod@write`] | commands: receipts, circumstances, repetition |
//! | [`list`] | pages of one pinned state |
//! | [`newest`] | the order of lists of the activity log |
//! | [`problem`] | problems from the errors of the crates below |
//!
//! Invariants:
//! * A handler runs only with an [`Authorized`] value, and only this crate makes one.
//! * What cannot be decided is an error, never an Allow.
//! * Who may not know of a resource gets the body of one that does not exist.

pub mod authenticate;
pub mod authorize;
mod authorized;
mod body;
mod browsers;
mod conditional;
pub mod containment;
mod freshness;
mod guards;
mod history;
mod input;
mod late;
pub mod list;
pub mod newest;
pub mod operation;
mod params;
mod pipeline;
pub mod principal;
pub mod problem;
mod problem_schema;
pub mod recorded;
pub mod registry;
mod reply;
mod revocations;
mod services;
mod target;
pub mod write;

pub use authorized::{Authorized, Grant};
pub use body::{Form, FromForm, Json, NoBody, RequestBody, Schemas};
pub use input::{Facts, Input};
pub use list::{ListQuery, Walk};
pub use operation::{Access, Browsers, Idempotency, Known, Method, Operation, Precondition};
pub use params::Empty;
pub use problem_schema::{ProblemDocument, ProblemField};
pub use registry::{Registry, Row};
pub use reply::{NoContent, Reply, ReplyBody, etag_text};
pub use revocations::Revocations;
pub use services::{Parts, Services};
pub use target::{Place, Question, Scope, Target};
pub use write::Change;
