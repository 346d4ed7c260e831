//! The demo's story, told to separate processes.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use trilby_cluster::Cluster;

use crate::database::Database;
use crate::founded::config;

/// Tells what was not told yet. Standard output, or why it was cut off.
pub fn tell(folder: &Path, url: &str, issuer_port: u16) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRILBY_") {
            command.env_remove(name);
        }
    }
    let told = command
        .args([
            "demo",
            "--at",
            url,
            "--issuer-port",
            &issuer_port.to_string(),
        ])
        .arg("--ticket")
        .arg(folder.join("ticket"))
        .arg("--data-dir")
        .arg(folder.join("story"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match told.status.success() {
        true => Ok(text(&told.stdout)),
        false => Err(text(&told.stderr)),
    }
}

/// A cluster that lets the story's issuer be at this port of this host, and its ticket in a file.
pub fn stage(
    folder: &Path,
    url: String,
    password: Option<String>,
    replicas: usize,
) -> (Cluster, u16) {
    let port = trilby_cluster::member::free_address().unwrap().port();
    let mut config = config(folder, url, password, replicas);
    config.env.push((
        "TRILBY_TOKENS__PRIVATE_ISSUER_HOSTS".to_owned(),
        format!("http://127.0.0.1:{port}"),
    ));
    let cluster = Cluster::start(&config).unwrap();
    std::fs::write(folder.join("ticket"), cluster.ticket().unwrap()).unwrap();
    (cluster, port)
}

#[test]
#[ignore = "needs services"]
fn the_whole_story_holds_over_three_processes_and_after_their_death() {
    let database = Database::fresh();
    let folder = TempDir::new().unwrap();
    let (mut cluster, port) = stage(folder.path(), database.url(), database.password(), 1);
    let told = tell(folder.path(), &cluster.url(), port).unwrap();
    assert!(
        told.contains("── 16.") && told.contains("checks passed"),
        "{told}"
    );
    for member in cluster.members() {
        member.kill().unwrap();
    }
    for member in cluster.members() {
        member.start().unwrap();
    }
    for member in cluster.members() {
        let took = member.wait_ready().unwrap();
        println!("{} ready after {} ms", member.name(), took.as_millis());
    }
    let again = tell(folder.path(), &cluster.url(), port).unwrap();
    assert!(again.contains("was told here before"), "{again}");
}
