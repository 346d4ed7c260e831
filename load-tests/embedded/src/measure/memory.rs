//! Resident memory of a server that has nothing to do: empty, and after the demo's story.

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::process::{Process, Program};
use crate::report::{Figure, Round, Unit};
use crate::stats::median;

/// What a server gets to come to rest.
const REST: Duration = Duration::from_millis(500);

const BASELINE: &str = "an empty installation";

/// Resident memory in MiB after a rest. `None` where the system does not tell.
pub fn at_rest(process: &Process) -> Option<f64> {
    thread::sleep(REST);
    process.resident_mib()
}

/// Measures. `empty` are the empty installations of this run; where the system did not tell, there are no figures.
pub fn run(
    program: &Program,
    folder: &Path,
    empty: &[f64],
    figures: &mut Vec<Figure>,
) -> anyhow::Result<()> {
    let Some(baseline) = median(empty) else {
        return Ok(());
    };
    let process = program.demo(&folder.join("demo"))?;
    let after_story = at_rest(&process);
    process.stop()?;
    let empty = empty.iter().map(|&value| Round { value, baseline });
    let story = after_story.map(|value| Round { value, baseline });
    for (name, rounds) in [
        ("resident memory, empty installation", empty.collect()),
        (
            "resident memory after the demo's story",
            Vec::from_iter(story),
        ),
    ] {
        figures.push(Figure::of(name, Unit::Mebibytes, BASELINE, rounds)?);
    }
    Ok(())
}
