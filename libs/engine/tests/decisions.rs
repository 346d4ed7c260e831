//! Decisions as data: each file of `decisions/` is a small world and questions about it, with the expected answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "decisions/world.rs"]
mod world;

use std::fs;

use world::World;

#[test]
fn worlds_answer_as_they_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/decisions");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    let mut asked = 0;
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let world = World::read(&name, &fs::read_to_string(&file).unwrap());
        asked += world.asks().len();
        wrong.extend(world.asks().iter().enumerate().filter_map(|(index, ask)| {
            world
                .check(ask)
                .err()
                .map(|why| format!("{name}, question {}: {why}", index + 1))
        }));
    }
    assert!(
        wrong.is_empty(),
        "{} of {asked} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
