//! Whether one statement is about a request.

use serde_json::Value;

use crate::caller::Caller;
use crate::condition::{Outcome, listed, run};
use crate::context::Context;
use crate::fault::Fault;
use crate::glob::fits;
use crate::pattern::{Special, fits_name, pieces};
use crate::principal::{Class, class};

/// What is asked.
pub(crate) struct Asked<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
    /// The caller has a permissions boundary.
    pub(crate) bounded: bool,
    /// `${…}` in the document is a variable.
    pub(crate) variables: bool,
    /// The document's statements name principals.
    pub(crate) names_principals: bool,
    /// Who was meant by them.
    pub(crate) ids: Option<&'a Value>,
}

/// How a statement matches.
pub(crate) enum Match {
    No,
    /// It does but for keys that nobody has given.
    Lacks(Vec<String>),
    /// It does; with a class only where statements name principals.
    Yes(Option<Class>),
}

pub(crate) fn matches(statement: &Value, asked: &Asked<'_>) -> Match {
    let class = if asked.names_principals {
        let named = class(
            statement,
            asked.caller,
            asked.bounded,
            asked.ids,
            asked.context,
        );
        if named.is_none() {
            return Match::No;
        }
        named
    } else {
        None
    };
    if !covers_action(statement, asked) || !covers_resource(statement, asked) {
        return Match::No;
    }
    match run(statement.get("Condition"), asked.variables, asked.context) {
        Outcome::Holds => Match::Yes(class),
        Outcome::Fails => Match::No,
        Outcome::Lacks(keys) => Match::Lacks(keys),
    }
}

fn covers_action(statement: &Value, asked: &Asked<'_>) -> bool {
    let any = |values: &Value| {
        listed(values)
            .iter()
            .any(|pattern| fits_action(pattern, asked))
    };
    match (statement.get("Action"), statement.get("NotAction")) {
        (Some(values), _) => any(values),
        (None, Some(values)) => !any(values),
        (None, None) => false,
    }
}

fn fits_action(pattern: &str, asked: &Asked<'_>) -> bool {
    if pattern == "*" || pattern == "*:*" {
        return true;
    }
    let fold = |text: &str| {
        if asked.context.is_planted(Fault::ActionKeepsCase) {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let (pattern, action) = (fold(pattern), fold(asked.action));
    let (Some((service, operation)), Some((of, wanted))) =
        (pattern.split_once(':'), action.split_once(':'))
    else {
        return false;
    };
    let special = Special {
        wildcards: true,
        variables: false,
    };
    service == of
        && pieces(operation, special, asked.context)
            .is_some_and(|pieces| fits(&pieces, wanted, |_| true))
}

fn covers_resource(statement: &Value, asked: &Asked<'_>) -> bool {
    let variables = asked.variables;
    // Nothing in particular, written `*`, is in no pattern but `*`.
    let fits = |pattern: &String| {
        if asked.resource == "*" {
            let special = Special {
                wildcards: true,
                variables,
            };
            pieces(pattern, special, asked.context).map(|_| pattern == "*")
        } else {
            fits_name(pattern, asked.resource, variables, asked.context)
        }
    };
    match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(values), _) => listed(values)
            .iter()
            .any(|pattern| fits(pattern) == Some(true)),
        (None, Some(values)) => {
            let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
            listed(values).iter().all(|pattern| match fits(pattern) {
                Some(fits) => !fits,
                // Knowing less must not grant more.
                None => !allows || asked.context.is_planted(Fault::AllowWidensOnNull),
            })
        }
        (None, None) => true,
    }
}
