//! An operation's constants, gathered for tests and documents.

use trilby_model::Action;
use trilby_service::problem::Code;

use super::Error;
use crate::body::RequestBody;
use crate::operation::{Access, Browsers, Idempotency, Known, Method, Operation, Precondition};

/// One operation as data.
#[derive(Debug, Clone)]
pub struct Row {
    /// Operation id.
    pub id: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path template.
    pub path: &'static str,
    /// Group in the API's document.
    pub tag: &'static str,
    /// One line about it.
    pub summary: &'static str,
    /// Who may call.
    pub access: Access,
    /// To whom a refusal may be told.
    pub known: Known,
    /// Status of success.
    pub success: u16,
    /// Problems that only this operation can have.
    pub problems: &'static [Code],
    /// Whether `Idempotency-Key` is taken.
    pub idempotency: Idempotency,
    /// Whether `If-Match` is taken.
    pub precondition: Precondition,
    /// Whether the past can be asked.
    pub history: bool,
    /// Whether there is a request body.
    pub has_body: bool,
    /// Which pages in browsers may read the answer.
    pub browsers: Browsers,
}

impl Row {
    pub(super) fn of<Op: Operation>() -> Self {
        Self {
            id: Op::ID,
            method: Op::METHOD,
            path: Op::PATH,
            tag: Op::TAG,
            summary: Op::SUMMARY,
            access: Op::ACCESS,
            known: Op::KNOWN,
            success: Op::SUCCESS,
            problems: Op::PROBLEMS,
            idempotency: Op::IDEMPOTENCY,
            precondition: Op::PRECONDITION,
            history: Op::HISTORY,
            has_body: <Op::Body as RequestBody>::PRESENT,
            browsers: Op::BROWSERS,
        }
    }

    /// The names of the path's parameters, in order.
    #[must_use]
    pub fn path_parameters(&self) -> Vec<&'static str> {
        self.path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect()
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |reason: &str| {
            Err(Error::Senseless {
                id: self.id,
                reason: reason.to_owned(),
            })
        };
        let action = |name: &str| name.parse::<Action>().is_ok();
        if self.id.is_empty()
            || !self
                .id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        {
            return wrong("the id must be snake case");
        }
        if !self.path.starts_with('/') {
            return wrong("the path must begin with a slash");
        }
        match self.access {
            Access::Action(name) if !action(name) => return wrong("the action is none"),
            Access::Public("") | Access::Authenticated("") => {
                return wrong("an exempt operation must say why");
            }
            Access::Action(_) | Access::Public(_) | Access::Authenticated(_) => {}
        }
        if let Known::ByAction(name) = self.known
            && !action(name)
        {
            return wrong("the reading action is none");
        }
        if self.method.is_read() && self.precondition != Precondition::None {
            return wrong("a read has no precondition");
        }
        if self.method.is_read() && self.idempotency != Idempotency::None {
            return wrong("a read needs no idempotency key");
        }
        if matches!(self.access, Access::Public(_)) && self.history {
            return wrong("the past needs a right, so a public operation has none");
        }
        Ok(())
    }
}
