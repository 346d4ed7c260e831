//! What every process needs and no service owns: settings, telemetry, problems, reading requests strictly,
//! paging, idempotency, health and shutdown.
//!
//! It knows the nouns (`trilby-model`) and HTTP; not one service's routes, not what a policy is, not where
//! events are kept.

pub mod body;
pub mod caller;
pub mod clock;
pub mod cursor;
pub mod headers;
pub mod idempotency;
pub mod params;
pub mod problem;
pub mod request_id;
pub mod secret;
pub mod server;
pub mod settings;
pub mod telemetry;

pub use caller::Caller;
pub use problem::{Code, FieldError, Problem};
pub use request_id::RequestIds;
pub use secret::Secret;
pub use settings::Settings;

/// Compares a document that is made from code with its file; `TRILBY_TEST_WRITE_DOCS=1` writes the file.
#[cfg(test)]
fn checked_document(path: &str, made: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if std::env::var_os("TRILBY_TEST_WRITE_DOCS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        file == made,
        "{} is not what the code says; TRILBY_TEST_WRITE_DOCS=1 cargo test -p trilby-service writes it",
        path.display()
    );
}
