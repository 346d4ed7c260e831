//! What a load is made of.

mod admin;
mod decisions;
mod logins;

use std::net::SocketAddr;

use trilby_issuer::Issuer;

use crate::generator::Request;
use crate::world::World;

pub use admin::Admin;
pub use decisions::Decisions;
pub use logins::Logins;

/// A load on one service of a cluster.
pub trait Scenario {
    /// For a report: what is asked, in which shares.
    const MIX: &'static str;
    /// The service that is asked.
    const SERVICE: &'static str;
    /// What the report is called.
    const TITLE: &'static str;
    /// A ceiling is below the first rate whose p99 is longer, in milliseconds.
    const P99_MS_MAX: f64;
    /// The first rate that is tried.
    const RATE_FIRST: u32;
    /// Connections over which it comes.
    const CALLERS: usize;

    /// Sets up what it needs in a fresh installation, and warms its processes.
    fn prepare(world: &mut World, stage: Stage) -> anyhow::Result<Self>
    where
        Self: Sized;

    /// Requests for a step of so many. Fewer are sent again and again.
    fn requests(&mut self, n: usize) -> anyhow::Result<&[Request]>;
}

/// What is there before the installation is.
pub struct Stage {
    /// Where people of the outside log in.
    pub issuer: Issuer,
    /// Member accounts.
    pub accounts: usize,
    /// Where the service is reached.
    pub addresses: Vec<SocketAddr>,
}

/// Numbers in a fixed order that has no order: the same in every run.
struct Shuffle(u64);

impl Shuffle {
    /// The next, below `n`.
    fn below(&mut self, n: usize) -> usize {
        // splitmix64: a counter, well mixed.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let n = u64::try_from(n).unwrap_or(1).max(1);
        usize::try_from((z ^ (z >> 31)) % n).unwrap_or(0)
    }
}
