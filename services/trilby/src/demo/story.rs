//! The story: who may do what at Acme, and why. Each chapter is a function; chapters are told in this order, each once per store.
//!
//! A chapter may be told again from its beginning (a run that was cut off): its requests carry idempotency keys, so they change
//! nothing twice.

mod ana;
mod ana_leaves;
mod auditor;
mod billing;
mod boundary;
mod deployer;
mod explicit_deny;
mod hostile;
mod labs;
mod one_bucket;
mod organization;
mod reading;
mod revocation;
mod shop;
mod start;
mod what_if;

use super::teller::Teller;

/// One chapter of the story.
pub struct Chapter {
    /// Stable name, remembered when the chapter was told.
    pub name: &'static str,
    pub title: &'static str,
    pub tell: fn(&mut Teller<'_>) -> anyhow::Result<()>,
}

/// The chapter in which time passes.
pub const TIME_PASSES: &str = "auditor";

/// Every chapter, in order.
pub const CHAPTERS: &[Chapter] = &[
    Chapter {
        name: "start",
        title: "An empty store, and the one way in",
        tell: start::tell,
    },
    Chapter {
        name: "organization",
        title: "Acme, its two accounts, and a hat for each",
        tell: organization::tell,
    },
    Chapter {
        name: "reading",
        title: "Mary may read anywhere and write nowhere",
        tell: reading::tell,
    },
    Chapter {
        name: "one_bucket",
        title: "One bucket names Mary: there she may write",
        tell: one_bucket::tell,
    },
    Chapter {
        name: "billing",
        title: "Bob joins Billing, and leaves it",
        tell: billing::tell,
    },
    Chapter {
        name: "explicit_deny",
        title: "An explicit deny beats both",
        tell: explicit_deny::tell,
    },
    Chapter {
        name: "what_if",
        title: "Policies tried out before they exist",
        tell: what_if::tell,
    },
    Chapter {
        name: "revocation",
        title: "A key is deleted, and its session ends",
        tell: revocation::tell,
    },
    Chapter {
        name: TIME_PASSES,
        title: "Mary puts on the Auditor's hat; Bob may not; it wears off",
        tell: auditor::tell,
    },
    Chapter {
        name: "deployer",
        title: "A hat in another account: both sides must allow",
        tell: deployer::tell,
    },
    Chapter {
        name: "boundary",
        title: "A boundary under a policy that allows everything",
        tell: boundary::tell,
    },
    Chapter {
        name: "labs",
        title: "A control policy caps an account, its root included",
        tell: labs::tell,
    },
    Chapter {
        name: "shop",
        title: "A shop whose customers log in elsewhere",
        tell: shop::tell,
    },
    Chapter {
        name: "ana",
        title: "Ana logs in, and puts on the Customer's hat",
        tell: ana::tell,
    },
    Chapter {
        name: "hostile",
        title: "Four tokens that open nothing",
        tell: hostile::tell,
    },
    Chapter {
        name: "ana_leaves",
        title: "A policy changes, a session is revoked, the log remembers",
        tell: ana_leaves::tell,
    },
];
