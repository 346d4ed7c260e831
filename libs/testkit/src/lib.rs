//! Builders, test clock, spawned services, given/when/then.
