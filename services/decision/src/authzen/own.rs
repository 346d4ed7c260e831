//! Questions of a session about itself: a page that asks what its own user may do, with that user's session alone.
//!
//! What such a session says of itself is not taken for true: it asserts no attribute and no address. The circumstances
//! of its question (`authzen:context/…`) it may name; that they are the asker's word is in the key.

use trilby_service::Secret;
use trilby_service::caller::Caller;

use super::mapping::ADDRESSES;
use super::request::Evaluation;
use super::session::SESSION;

/// Whether all questions are about the session that asks, and none asserts an attribute of anything or where it is.
pub fn only_about<'q>(
    questions: impl IntoIterator<Item = &'q Evaluation<'q>>,
    caller: &Caller,
    bearer: Option<&Secret<String>>,
) -> bool {
    let mut questions = questions.into_iter().peekable();
    questions.peek().is_some()
        && questions.all(|question| is_about(question, caller, bearer) && asserts_nothing(question))
}

fn is_about(question: &Evaluation<'_>, caller: &Caller, bearer: Option<&Secret<String>>) -> bool {
    let subject = &question.subject;
    match &question.token {
        // With a token the subject's name says nothing, so it settles nothing here either.
        Some(token) => bearer.is_some_and(|bearer| bearer.expose() == token.expose()),
        None => subject.kind == SESSION && subject.id == caller.session_id.as_str(),
    }
}

fn asserts_nothing(question: &Evaluation<'_>) -> bool {
    question.subject.properties.is_empty()
        && question.action.properties.is_empty()
        && question.resource.properties.is_empty()
        && !question
            .context
            .iter()
            .any(|(name, _)| ADDRESSES.contains(name))
}
