//! The binary: serve, demo, log tools.
fn main() {}
