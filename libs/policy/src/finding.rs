//! What is wrong, or merely odd, in a document: where, why, and what was probably meant.

use std::fmt;

use trilby_model::json::{Node, Value};

/// Whether a finding blocks the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document is legal; a reader should look twice.
    Warning,
}

/// One remark about one place of a document.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Stable name of the rule, `snake_case`.
    pub code: &'static str,
    /// Whether it blocks.
    pub severity: Severity,
    /// JSON pointer (RFC 6901) into the document as it was given; for lint, into its canonical form.
    pub pointer: String,
    /// Line in the text, from 1.
    pub line: u32,
    /// Column in the text, from 1.
    pub column: u32,
    /// One sentence for a person.
    pub message: String,
    /// What to write instead, when that can be guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// The same finding with its place in the text the document was read from.
    ///
    /// A finding made from a compiled document points into the canonical form, where every list is an
    /// array. Where `source` has a lone value instead, the pointer loses the index.
    #[must_use]
    pub fn located_in(mut self, source: &Node) -> Self {
        let mut pointer = String::new();
        let mut node = source;
        for token in self.pointer.split('/').skip(1) {
            let stands_alone = !matches!(node.value, Value::Array(_)) && token == "0";
            let step = format!("/{token}");
            match node.pointer(&step) {
                Some(next) => {
                    pointer.push_str(&step);
                    node = next;
                }
                None if stands_alone => {}
                None => break,
            }
        }
        self.pointer = pointer;
        self.line = node.at.line;
        self.column = node.at.column;
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        if !self.pointer.is_empty() {
            write!(f, " (at {})", self.pointer)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

/// Names further apart than this are not what was meant.
const SIMILARITY_MIN: f64 = 0.78;

/// Longer texts are not misspelt names, and comparing them takes long.
const MISSPELT_BYTES_MAX: usize = 100;

/// "did you mean" for a misspelt name: the closest of `known`, if one is close.
pub(crate) fn did_you_mean<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    if written.len() > MISSPELT_BYTES_MAX {
        return None;
    }
    let folded = written.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&folded, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= SIMILARITY_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| format!("did you mean `{name}`?"))
}
