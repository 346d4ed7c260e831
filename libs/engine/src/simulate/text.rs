//! An answer for people.

use trilby_policy::ContextValue;

use super::{Failed, Simulation};
use crate::advice::{Addition, Advice};
use crate::decision::{Bypass, Decision, Detail, NearMissReason, StatementRef};
use crate::layer::{LayerKind, Verdict};

/// One line, whatever names and values say: what would break it or move the cursor is written as an escape.
fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    for c in text.to_string().chars() {
        if c.is_control() || is_direction(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('\n');
}

/// Whether it turns the direction of what follows.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(super) fn explain(simulation: &Simulation) -> String {
    let Simulation { id, decision } = simulation;
    let mut out = String::new();
    line(
        &mut out,
        format_args!("{}: {}", plain(id), decision.outcome.as_str()),
    );
    line(&mut out, format_args!("  {}", decision.message()));
    line(&mut out, format_args!("  layers: {}", verdicts(decision)));
    match decision.bypass {
        Some(Bypass::DirectResourceGrant) => {
            line(
                &mut out,
                format_args!(
                    "  note: the resource policy names the caller itself, so boundary and session policy do not cap it"
                ),
            );
        }
        Some(Bypass::RootRepair) => line(
            &mut out,
            format_args!("  note: a root user may repair a resource policy of its own account"),
        ),
        None => {}
    }
    for statement in &decision.matched {
        let deciding = decision
            .deciding
            .iter()
            .any(|other| is_same(other, statement));
        line(
            &mut out,
            format_args!(
                "  matched: {}{}",
                cite(statement),
                if deciding { ", decided" } else { "" }
            ),
        );
    }
    for miss in &decision.near_misses {
        let what = match miss.failed {
            NearMissReason::Principal => "principal",
            NearMissReason::Condition => "condition",
        };
        let detail: Vec<String> = miss.detail.iter().map(describe).collect();
        line(
            &mut out,
            format_args!(
                "  not matched: {}, {what}: {}",
                cite(&miss.statement),
                detail.join("; ")
            ),
        );
    }
    for missing in &decision.missing_keys {
        let could = if missing.could_change_decision {
            ", and it could change the decision"
        } else {
            ""
        };
        line(&mut out, format_args!("  missing: {}{could}", missing.key));
    }
    if let Some(advice) = &decision.advice {
        advise(&mut out, advice);
    }
    out
}

fn advise(out: &mut String, advice: &Advice) {
    for addition in &advice.any_of {
        line(out, format_args!("  would allow: {}", add(addition)));
    }
    if !advice.any_of.is_empty() {
        return;
    }
    let none = if advice.none_exists {
        "no added statement and no value of a missing key would allow it"
    } else {
        "no added statement and no value of a missing key is known that would allow it"
    };
    line(out, format_args!("  {none}; in the way:"));
    for obstacle in &advice.in_the_way {
        line(
            out,
            format_args!("    {}: {}", obstacle.layer.as_str(), obstacle.message),
        );
    }
}

fn add(addition: &Addition) -> String {
    match addition {
        Addition::Context { key, value } => {
            let value = serde_json::to_string(value).unwrap_or_default();
            format!("{key} = {value} in the context")
        }
        Addition::Statement {
            layer,
            level,
            statement,
            bypass,
        } => {
            let level = level
                .as_ref()
                .map(|level| format!(" level {level}"))
                .unwrap_or_default();
            let note = match bypass {
                Some(Bypass::DirectResourceGrant) => {
                    " (which boundary and session policy would not cap)"
                }
                Some(Bypass::RootRepair) | None => "",
            };
            let layer = match layer {
                // Only a trust policy has no `Resource` here.
                LayerKind::Resource if statement.get("Resource").is_none() => "trust",
                layer => layer.as_str(),
            };
            format!("a statement in {layer}{level}: {statement}{note}")
        }
    }
}

pub(super) fn refuse(failed: &Failed) -> String {
    let path = if failed.error.path.is_empty() {
        "/"
    } else {
        &failed.error.path
    };
    let mut out = String::new();
    line(&mut out, format_args!("{}: error", plain(&failed.id)));
    let error = &failed.error;
    line(
        &mut out,
        format_args!("  {} at {path}: {}", error.code, error.message),
    );
    out
}

fn plain(id: &serde_json::Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn verdicts(decision: &Decision) -> String {
    let layers = &decision.layers;
    let word = |verdict: Option<Verdict>| match verdict {
        Some(Verdict::Allow) => "allow",
        Some(Verdict::Deny) => "deny",
        Some(Verdict::NoMatch) => "no_match",
        Some(Verdict::None) => "none",
        None => "hidden",
    };
    [
        ("rcp", layers.rcp),
        ("scp", layers.scp),
        ("identity", layers.identity),
        ("resource", layers.resource),
        ("boundary", layers.boundary),
        ("session", layers.session),
    ]
    .map(|(name, verdict)| format!("{name} {}", word(verdict)))
    .join(", ")
}

fn cite(statement: &StatementRef) -> String {
    let level = statement
        .level()
        .map(|level| format!(" level {level}"))
        .unwrap_or_default();
    let sid = statement
        .sid()
        .map(|sid| format!(" ({sid})"))
        .unwrap_or_default();
    format!(
        "{} {}{level}, statement {}{sid}, {}",
        statement.kind().as_str(),
        statement.policy(),
        statement.statement(),
        statement.effect().as_str()
    )
}

fn is_same(a: &StatementRef, b: &StatementRef) -> bool {
    (a.kind(), a.policy(), a.level(), a.statement())
        == (b.kind(), b.policy(), b.level(), b.statement())
}

fn describe(detail: &Detail) -> String {
    let test = match (&detail.operator, &detail.key) {
        (Some(operator), Some(key)) => format!("{operator} {key} "),
        (_, _) => String::new(),
    };
    let got = match &detail.got {
        None => "nothing".to_owned(),
        Some(ContextValue::Scalar(value)) => format!("`{value}`"),
        Some(ContextValue::List(values)) => format!("[{}]", values.join(", ")),
    };
    format!("{test}wants [{}], got {got}", detail.wanted.join(", "))
}
