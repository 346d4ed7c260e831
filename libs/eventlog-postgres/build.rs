//! A new migration is in the program although no source file changed.

#![allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=../../migrations/postgres");
}
