//! Policy documents: whatever is read is printed, read again and is the same; whatever is not is told well.
//!
//! Input: the kind of document as a letter of `ibsrtcC`, how it is read as a letter of `sltu`, then the document.

use trilby_model::json;
use trilby_policy::{
    CODES, Document, Finding, Grammar, Kind, Severity, limits::FINDINGS_MAX, lint,
};

pub fn run(input: &str, planted: bool) {
    let mut letters = input.chars();
    let (Some(kind), Some(grammar)) = (
        letters.next().and_then(kind),
        letters.next().and_then(grammar),
    ) else {
        return;
    };
    let text = letters.as_str();
    match Document::parse(text, kind, &grammar) {
        Ok(document) => read(&document, text, kind, planted),
        Err(findings) => {
            assert!((1..=FINDINGS_MAX).contains(&findings.len()));
            findings.iter().for_each(|found| told(found, text));
            assert!(findings.iter().all(|f| f.severity == Severity::Error));
        }
    }
}

fn kind(letter: char) -> Option<Kind> {
    Some(match letter {
        'i' => Kind::Identity,
        'b' => Kind::Boundary,
        's' => Kind::Session,
        'r' => Kind::Resource,
        't' => Kind::Trust,
        'c' => Kind::Scp,
        'C' => Kind::Rcp,
        _ => return None,
    })
}

fn grammar(letter: char) -> Option<Grammar> {
    Some(match letter {
        's' => Grammar::stored(),
        'l' => Grammar::simulated(),
        't' => Grammar::trusted(),
        'u' => Grammar {
            unicode: true,
            ..Grammar::simulated()
        },
        _ => return None,
    })
}

fn read(document: &Document, text: &str, kind: Kind, planted: bool) {
    let canonical = if planted && has_planted(document) {
        document
            .canonical()
            .replace("\"Condition\"", "\"Conditions\"")
    } else {
        document.canonical()
    };
    let all = Grammar {
        unicode: true,
        ..Grammar::simulated()
    };
    let again = Document::parse(&canonical, kind, &all)
        .unwrap_or_else(|findings| panic!("{canonical} cannot be read back: {findings:?}"));
    assert_eq!(&again, document, "{canonical}");
    assert_eq!(again.canonical(), canonical);
    assert_eq!(document.size(), canonical.len());
    let value: serde_json::Value = serde_json::from_str(&canonical).expect("JSON");
    assert_eq!(json::canonical(&value), canonical);
    assert_eq!(value, document.to_value());
    assert!(!document.statements.is_empty());

    let findings = lint(document, kind);
    assert!(findings.len() <= FINDINGS_MAX);
    let (printed, source) = (
        json::parse(&canonical).expect("canonical text is JSON"),
        json::parse(text).expect("what was read is JSON"),
    );
    for finding in findings {
        assert!(
            printed.pointer(&finding.pointer).is_some(),
            "{finding:?} points nowhere in {canonical}"
        );
        told(&finding.located_in(&source), text);
    }
}

fn has_planted(document: &Document) -> bool {
    let mut statements = document.statements.iter();
    statements.any(|statement| statement.action.is_not() && !statement.condition.is_empty())
}

/// A finding has a known code, a place in the text and something to say.
fn told(finding: &Finding, text: &str) {
    assert!(
        CODES.iter().any(|(code, _)| *code == finding.code),
        "{finding:?}"
    );
    assert!(!finding.message.is_empty());
    assert!(finding.column >= 1, "{finding:?}");
    let lines = text.matches('\n').count() + 1;
    let line = usize::try_from(finding.line).expect("a line");
    assert!((1..=lines).contains(&line), "{finding:?}");
    assert!(finding.pointer.is_empty() || finding.pointer.starts_with('/'));
}
