//! What deciding a request takes at most, seen before it is decided.
//!
//! Whoever asks chooses the values, and somebody else wrote the patterns that they are held to: a pattern that begins anew at
//! each place of a value takes the product of both lengths, and an account has many patterns. A question that would take
//! long is told from the code of the policies that bear on it, without any comparing. Few are looked at: a question whose
//! values are all short, and not many, cannot take long.

use trilby_policy::ContextValue;

use crate::bind::Bound;
use crate::code::Texts;
use crate::compiled::CompiledPolicy;
use crate::decide::{Worlds, lay_out};
use crate::error::Error;
use crate::layer::Layers;
use crate::ready::{Ready, View};
use crate::request::Request;

/// The most that a decision may take, in steps of about a nanosecond. Long lists held to some thousand names stay far below
/// it; a thread is not taken from others for much longer than a fifth of a second.
pub const STEPS_MAX: u64 = 200_000_000;

/// A value, or what is asked about, up to here takes little of any policy: all that may be attached to somebody is about a
/// megabyte.
const SHORT_BYTES: usize = 256;
/// As many keys are passed over at once.
const FEW_KEYS: usize = 64;

/// Whether deciding a request may take more than [`STEPS_MAX`]. `false` is certain, `true` is not.
///
/// # Errors
/// As [`decide`](crate::decide()).
pub fn takes_too_long(request: &Request, worlds: &Worlds<'_>) -> Result<bool, Error> {
    if is_short(request) {
        return Ok(false);
    }
    let laid = lay_out(request, worlds)?;
    Ok(is_too_much(&laid.request, &laid.layers))
}

/// The same of a request whose context holds everything.
pub(crate) fn is_too_much(request: &Request, layers: &Layers) -> bool {
    let ready = Ready::told(request.clone());
    let view = View::of(&ready);
    let mut steps = 0_u64;
    Bound::new(request, layers).policies().any(|(_, policy)| {
        steps = steps.saturating_add(steps_of(policy, &view));
        steps > STEPS_MAX
    })
}

fn is_short(request: &Request) -> bool {
    let resource = request.resource.arn();
    let resource = resource.map_or(0, |arn| arn.resource().len() + arn.region().len());
    let mut values = request.context.iter().map(|(_, value)| weight(value));
    resource <= SHORT_BYTES
        && request.context.len() <= FEW_KEYS
        && values.all(|bytes| bytes <= SHORT_BYTES)
}

/// Bytes of a value; each of several counts as some.
fn weight(value: &ContextValue) -> usize {
    let Texts { count, bytes } = Texts::of(value);
    bytes.saturating_add(count)
}

fn steps_of(policy: &CompiledPolicy, view: &View<'_>) -> u64 {
    let mut steps = 0_u64;
    for statement in 0..policy.count() {
        match policy
            .clause(statement)
            .and_then(|clause| clause.steps(view))
        {
            Some(more) => steps = steps.saturating_add(more),
            None => return steps_unread(policy, view),
        }
    }
    steps
}

/// Of a policy that has no code: all of it held to all of the longest value.
fn steps_unread(policy: &CompiledPolicy, view: &View<'_>) -> u64 {
    let values = view.ready.request().context.iter();
    let longest = values.map(|(_, value)| weight(value)).max();
    let bytes = policy.document().map_or(0, |document| document.size());
    let steps = bytes.saturating_mul(longest.unwrap_or_default());
    u64::try_from(steps).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
