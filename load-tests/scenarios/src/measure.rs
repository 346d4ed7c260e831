//! A round: the ceiling, and how it is at 70 % of it. With a bare server both in turn.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use crate::ceiling::{self, Ceiling, Step, scaled};
use crate::generator::{self, Load};
use crate::plan::Plan;
use crate::scenario::Scenario;

/// Where below the ceiling it is held, in thousandths.
const HOLD_PERMILLE: u32 = 700;

/// What a round found of one server.
#[derive(Debug, Serialize)]
pub struct Found {
    pub ceiling: Ceiling,
    /// At 70 % of the ceiling.
    pub held: Step,
}

/// What a round found.
#[derive(Debug, Serialize)]
pub struct Round {
    pub ours: Found,
    /// Of the bare server, if there is one.
    pub bare: Option<Found>,
    /// The bare server at the rate that ours was held at.
    pub bare_at_ours: Option<Step>,
}

/// One that is put under load.
struct Side<'a> {
    name: &'static str,
    addresses: &'a [SocketAddr],
    /// Ours has to answer rightly, the bare server just to answer.
    checks: bool,
}

/// Runs one round.
pub fn round<S: Scenario>(
    plan: &Plan,
    scenario: &mut S,
    ours: &[SocketAddr],
    bare: Option<&[SocketAddr]>,
) -> anyhow::Result<Round> {
    let ours = Side {
        name: S::SERVICE,
        addresses: ours,
        checks: true,
    };
    let bare = bare.map(|addresses| Side {
        name: "bare",
        addresses,
        checks: false,
    });
    let bare_ceiling = match &bare {
        Some(bare) => Some(climb(plan, scenario, bare)?),
        None => None,
    };
    let ceiling = climb(plan, scenario, &ours)?;
    let held = hold(plan, scenario, &ours, ceiling.rate)?;
    let mut round = Round {
        ours: Found { ceiling, held },
        bare: None,
        bare_at_ours: None,
    };
    if let (Some(bare), Some(ceiling)) = (bare, bare_ceiling) {
        let held = hold(plan, scenario, &bare, ceiling.rate)?;
        round.bare = Some(Found { ceiling, held });
        let at_ours = hold(plan, scenario, &bare, round.ours.ceiling.rate)?;
        round.bare_at_ours = Some(at_ours);
    }
    Ok(round)
}

fn climb<S: Scenario>(plan: &Plan, scenario: &mut S, side: &Side<'_>) -> anyhow::Result<Ceiling> {
    let first = S::RATE_FIRST / plan.slowness.max(1);
    // What is seldom run is slow the first time: pools of connections, pages of the program, caches.
    step(plan, scenario, side, first, plan.step())?;
    ceiling::find(first, plan.rate_max, |rate| {
        step(plan, scenario, side, rate, plan.step())
    })
}

fn hold<S: Scenario>(
    plan: &Plan,
    scenario: &mut S,
    side: &Side<'_>,
    ceiling: u32,
) -> anyhow::Result<Step> {
    step(
        plan,
        scenario,
        side,
        scaled(ceiling, HOLD_PERMILLE),
        plan.hold(),
    )
}

fn step<S: Scenario>(
    plan: &Plan,
    scenario: &mut S,
    side: &Side<'_>,
    rate: u32,
    time: Duration,
) -> anyhow::Result<Step> {
    let n = usize::try_from(u64::from(rate) * time.as_secs())?;
    let outcome = generator::run(&Load {
        rate,
        time,
        callers: S::CALLERS,
        addresses: side.addresses,
        requests: scenario.requests(n)?,
        checks: side.checks,
    })?;
    let step = Step::of(rate, &outcome, S::P99_MS_MAX * plan.patience)?;
    println!("{:<10} {}", side.name, step.told());
    Ok(step)
}
