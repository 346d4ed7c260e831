//! The form of problems in the API's document. The problems themselves are `libs/service`'s.

use serde::Serialize;
use utoipa::ToSchema;

/// A refusal or a fault (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, title = "Problem")]
pub struct ProblemDocument {
    /// Address of a page about this problem.
    pub r#type: String,
    /// Short text, the same each time.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable name of the problem.
    pub code: String,
    /// What happened this time.
    pub detail: String,
    /// The path that was asked for.
    pub instance: Option<String>,
    /// Our id of the request.
    pub request_id: Option<String>,
    /// The parts of the request that are at fault.
    pub errors: Option<Vec<ProblemField>>,
    /// With `access_denied`: the decision that refused.
    pub decision_id: Option<String>,
    /// With `access_denied`: the action that is not allowed.
    pub action: Option<String>,
}

/// One faulty part of a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer into the body (RFC 6901).
    pub pointer: Option<String>,
    /// Name of a path, query or form parameter.
    pub parameter: Option<String>,
    /// Name of a header.
    pub header: Option<String>,
    /// What is wrong.
    pub code: String,
    /// The same in words.
    pub detail: String,
    /// Line in the body, from 1.
    pub line: Option<u32>,
    /// Column in the line, from 1.
    pub column: Option<u32>,
}
