//! From the start of the process to the first answer: in an empty data folder, and in one with a world in it.
//!
//! The baseline is a process of the same program that says its version and ends: loading it, and nothing else. In each round all
//! three are measured, one after the other.

use std::path::Path;

use anyhow::Context as _;

use super::Served;
use super::memory;
use crate::callers::milliseconds;
use crate::plan::Plan;
use crate::process::{Process, Program};
use crate::report::{Figure, Round, Unit};
use crate::world::{Question, World};

const BASELINE: &str = "`trilby --version`";

/// Measures, and leaves the warm server running.
pub fn run(
    program: &Program,
    plan: &Plan,
    folder: &Path,
    figures: &mut Vec<Figure>,
) -> anyhow::Result<Served> {
    eprintln!("start: setting up a world");
    let process = program.serve(&folder.join("warm"))?;
    let world = World::set_up(&process.url()?, &process.ticket()?)?;
    let mut stopped = process.stop()?;

    let [mut cold, mut warm, mut decision] = [Vec::new(), Vec::new(), Vec::new()];
    let mut at_rest = Vec::new();
    let mut last = None;
    for number in 1..=plan.rounds {
        eprintln!("start: round {number} of {}", plan.rounds);
        if let Some(process) = last.take() {
            stopped = Process::stop(process)?;
        }
        let baseline = milliseconds(program.time_of_nothing()?);

        let process = program.serve(&folder.join(format!("cold-{number}")))?;
        crate::client::Client::new(&process.url()?).get("/livez")?;
        cold.push(Round {
            value: milliseconds(process.begun.elapsed()),
            baseline,
        });
        at_rest.extend(memory::at_rest(&process));
        process.stop()?;

        let process = program.serve_again(&stopped)?;
        world.stranger().get("/livez")?;
        warm.push(Round {
            value: milliseconds(process.begun.elapsed()),
            baseline,
        });
        // The account is read from its log for this one.
        let [question, _] = Question::both();
        question.ask(&world.program(), &world.evaluation())?;
        decision.push(Round {
            value: milliseconds(process.begun.elapsed()),
            baseline,
        });
        last = Some(process);
    }
    for (name, rounds) in [
        ("start to first answer, empty folder", cold),
        ("start to first answer, folder with data", warm),
        ("start to first decision, folder with data", decision),
    ] {
        figures.push(Figure::of(name, Unit::Milliseconds, BASELINE, rounds)?);
    }
    Ok(Served {
        process: last.context("a run has at least one round")?,
        world,
        at_rest,
    })
}
