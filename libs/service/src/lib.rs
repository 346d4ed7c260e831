//! What every process needs and no service owns: settings, telemetry, problems, reading requests strictly,
//! paging, idempotency, health and shutdown.
//!
//! It knows the nouns (`trilby-model`) and HTTP; not one service's routes, not what a policy is, not where
//! events are kept.

pub mod body;
pub mod caller;
pub mod clock;
pub mod headers;
pub mod params;
pub mod problem;
pub mod request_id;
pub mod secret;
pub mod server;
pub mod settings;

pub use caller::Caller;
pub use problem::{Code, FieldError, Problem};
pub use request_id::RequestIds;
pub use secret::Secret;
pub use settings::Settings;
