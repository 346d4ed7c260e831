//! What is amiss with questions that no policy could allow: they are badly put, and a bare `false` would not say so.
//!
//! It goes into a header: the body of an answer is bare unless reasons are asked for. It tells nothing but what the asker
//! wrote, and never why a session does not stand, or what policies say.

use super::mapping::Unanswerable;

/// What was found amiss in one request.
#[derive(Debug, Default)]
pub struct Hint {
    asked: usize,
    amiss: usize,
    first: Option<String>,
}

impl Hint {
    /// Another question.
    pub fn count(&mut self) {
        self.asked = self.asked.saturating_add(1);
    }

    /// The question that was counted last could not be answered.
    pub fn note(&mut self, why: Unanswerable) {
        match why {
            Unanswerable::NoService
            | Unanswerable::Action
            | Unanswerable::Resource
            | Unanswerable::Foreign => {
                self.amiss = self.amiss.saturating_add(1);
                let asked = self.asked;
                self.first.get_or_insert_with(|| match asked {
                    0 | 1 => why.message(),
                    nth => format!("question {nth}: {}", why.message()),
                });
            }
            Unanswerable::Session(_) => {}
        }
    }

    /// In words, if there is something to say.
    pub fn text(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        Some(match self.amiss {
            0 | 1 => first.clone(),
            amiss => format!("{first} ({amiss} of {} questions are amiss)", self.asked),
        })
    }
}
