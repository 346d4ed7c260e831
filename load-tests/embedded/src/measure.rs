//! The measurements, in the order of a run.

pub mod decisions;
pub mod memory;
mod pairs;
pub mod start;
pub mod writes;

use crate::process::Process;
use crate::world::World;
use pairs::Pairs;

/// A server with a world in it, at work.
pub struct Served {
    pub process: Process,
    pub world: World,
    /// Resident memory of empty installations at rest, in MiB; nothing where the system does not tell.
    pub at_rest: Vec<f64>,
}
