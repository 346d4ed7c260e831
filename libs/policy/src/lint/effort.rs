//! How much comparing a document is worth.

use std::cell::Cell;

/// Steps of the matcher spent on one document, a few tenths of a second. An ordinary document needs a thousandth of it.
const STEPS_MAX: usize = 50_000_000;

/// What is left to spend.
pub(super) struct Effort(Cell<usize>);

impl Effort {
    pub(super) fn new() -> Self {
        Self(Cell::new(STEPS_MAX))
    }

    /// Takes what comparing texts of these lengths may cost; `false` once there is not so much left. What is then not
    /// compared is not remarked upon.
    pub(super) fn affords(&self, outer: usize, inner: usize) -> bool {
        let steps = outer.saturating_mul(inner).saturating_add(outer + inner);
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}
