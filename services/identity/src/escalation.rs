//! Ways up: by which allowed actions a principal of an account comes to `iam:*`, and the shortest of them.
//!
//! Each step is a question to the engine about one principal, one action and one resource, as the API would ask it; the
//! guards of the account's settings are part of it. Asked is without circumstances: what takes a second factor, an address
//! or a certain hour is not found. Whoever becomes another principal has that one's ways from there on.
//!
//! INVARIANT: at most [`QUESTIONS_MAX`] questions are asked; a report that needed more says that it is not complete.

mod node;
mod steps;

use std::collections::BTreeMap;

use trilby_account::Account;
use trilby_directory::World;
use trilby_model::{Arn, Timestamp};
use trilby_service::problem::Problem;

use node::{Asker, Node, nodes};

/// Most questions to the engine for one report: about a second's work.
pub const QUESTIONS_MAX: u32 = 200_000;
/// Longest chain that is looked for.
pub const STEPS_MAX: usize = 8;

/// One allowed action on a way up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The action.
    pub action: &'static str,
    /// What it is done to.
    pub resource: Arn,
}

/// The shortest way of one principal; no step: it is an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Whose.
    pub principal: Arn,
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// All ways that were found, by ARN of the principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The ways.
    pub ways: Vec<Way>,
    /// Whether everything was asked.
    pub complete: bool,
}

/// Looks for ways up in an account. `world` has it as the account of principal and resource.
///
/// Errors: faults of the engine.
pub fn report(
    account: &Account,
    world: &World,
    now: Timestamp,
    questions_max: u32,
) -> Result<Report, Problem> {
    let asker = Asker::new(account, world, now, questions_max);
    let nodes = nodes(account);
    let mut best: Vec<Option<Vec<Step>>> = Vec::with_capacity(nodes.len());
    for node in &nodes {
        best.push(asker.own_way(node)?);
    }
    // Whoever has a way of n steps gives one of n + k to whoever becomes it in k.
    for length in 0..STEPS_MAX {
        let strong: Vec<usize> = (0..nodes.len())
            .filter(|at| steps_of(&best, *at).is_some_and(|way| way.len() == length))
            .collect();
        for target in strong {
            widen(&asker, &nodes, &mut best, target)?;
        }
    }
    let found: BTreeMap<String, Way> = nodes
        .iter()
        .zip(best)
        .filter_map(|(node, steps)| {
            let way = Way {
                principal: node.arn.clone(),
                steps: steps?,
            };
            Some((node.arn.to_string(), way))
        })
        .collect();
    Ok(Report {
        ways: found.into_values().collect(),
        complete: !asker.is_exhausted(),
    })
}

fn steps_of(best: &[Option<Vec<Step>>], at: usize) -> Option<&Vec<Step>> {
    best.get(at)?.as_ref()
}

/// Gives the way of one principal to all who can become it and have no shorter one.
fn widen(
    asker: &Asker<'_>,
    nodes: &[Node<'_>],
    best: &mut [Option<Vec<Step>>],
    target: usize,
) -> Result<(), Problem> {
    let (Some(onward), Some(to)) = (steps_of(best, target).cloned(), nodes.get(target)) else {
        return Ok(());
    };
    for (at, from) in nodes.iter().enumerate().filter(|(at, _)| *at != target) {
        let known = steps_of(best, at).map_or(STEPS_MAX + 1, Vec::len);
        // Becoming somebody takes a step at least.
        if known <= onward.len() + 1 {
            continue;
        }
        let Some(mut steps) = asker.becoming(from, to)? else {
            continue;
        };
        steps.extend(onward.iter().cloned());
        if steps.len() < known
            && let Some(slot) = best.get_mut(at)
        {
            *slot = Some(steps);
        }
    }
    Ok(())
}
