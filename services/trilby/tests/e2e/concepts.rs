//! `docs/concepts.md`, as a reader pastes it: its commands, in a shell, against the demo.

use std::process::Command;

use tempfile::TempDir;

use crate::story::{Running, assert_tells_no_secret};

const TEXT: &str = include_str!("../../../../docs/concepts.md");
/// Where the text expects the demo.
const ADDRESS: &str = "127.0.0.1:8080";

#[test]
fn every_command_of_the_concepts_works_in_the_order_of_the_text() {
    let home = TempDir::new().unwrap();
    let demo = Running::start(home.path(), "demo", "127.0.0.1:0");
    let address = demo.url().replace("http://", "");
    let script = commands().replace(ADDRESS, &address);
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(home.path())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let failed = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && failed.is_empty(),
        "{failed}\n{told}"
    );
    assert_tells_no_secret(&told, &[]);
    let mut rest = told.as_str();
    for due in [
        "user Mary may s3:GetObject",
        "user Mary may not s3:PutObject",
        "user Bob may not invoices:Send",
        "user Mary may s3:PutObject",
        "(KeepOut)",
        ":assumed-role/Auditor/me",
        "\"access_denied\"",
        ":assumed-role/Deployer/",
        "user Pat may s3:GetObject",
        "the permissions boundary does not allow it",
        "(NoKeys)",
        "\"roles\":[",
        "role Customer may shop:ReadOrder",
        "role Customer may not shop:ReadOrder",
        "(NoRefundsOnline)",
        "\"decision\":\"explicit_deny\"",
    ] {
        let found = rest.find(due);
        let at = found.unwrap_or_else(|| panic!("no `{due}` in {rest}\nof {told}"));
        rest = &rest[at + due.len()..];
    }
}

/// The shell blocks, but for the one that starts the demo.
fn commands() -> String {
    let blocks = TEXT.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let blocks: Vec<&str> = blocks
        .filter(|block| !block.contains("cargo run"))
        .collect();
    assert!(blocks.len() >= 10, "only {} blocks", blocks.len());
    blocks.concat()
}
