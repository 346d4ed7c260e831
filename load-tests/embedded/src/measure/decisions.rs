//! Decisions over kept connections, beside `GET /livez` of the same server.
//!
//! `/livez` goes the same way through socket, parser, middleware and back, and decides nothing: what a decision takes beyond it is
//! what Trilby itself takes. In each round both are measured for each number of clients, and which comes first alternates.

use super::{Pairs, Served};
use crate::callers::{self, Slice};
use crate::client::Client;
use crate::plan::Plan;
use crate::report::Figure;
use crate::world::{Question, World};

const BASELINE: &str = "GET /livez";

/// Requests of each client before the clock runs.
const WARM_UP: u32 = 20;

pub fn run(served: &Served, plan: &Plan, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let world = &served.world;
    let decide = |clients| slice(plan, clients, || world.program(), ask(world));
    let livez = |clients| {
        let get = |client: &Client, _| client.get("/livez").map(drop);
        slice(plan, clients, || world.stranger(), get)
    };
    let mut pairs = Pairs::new(plan.callers);
    for number in 1..=plan.rounds {
        eprintln!("decisions: round {number} of {}", plan.rounds);
        pairs.round(number, decide, livez)?;
    }
    pairs.figures("decisions", "client", BASELINE, figures)
}

/// Asks the two questions in turn.
fn ask(world: &World) -> impl Fn(&Client, u32) -> anyhow::Result<()> + Sync {
    let (path, questions) = (world.evaluation(), Question::both());
    move |client, turn| {
        let [even, odd] = &questions;
        let question = if turn.is_multiple_of(2) { even } else { odd };
        question.ask(client, &path)
    }
}

fn slice(
    plan: &Plan,
    clients: u32,
    client: impl Fn() -> Client + Sync,
    call: impl Fn(&Client, u32) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<Slice> {
    callers::call(clients, plan.requests_max, plan.slice(), |_| {
        let client = client();
        for turn in 0..WARM_UP {
            call(&client, turn)?;
        }
        let (call, mut turn) = (&call, 0);
        Ok(move || {
            turn += 1;
            call(&client, turn)
        })
    })
}
