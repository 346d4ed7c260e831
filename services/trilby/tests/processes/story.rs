//! The demo's story, told to separate processes: in peace, and while each of them and the database are killed in turn.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use trilby_cluster::Cluster;
use trilby_testkit::simulation::Run;

use crate::database::{Database, Server, rows};
use crate::founded::{config, verify};

/// At most so many, that the story gets to its end soon; in the long form it is told under kills from beginning to end.
const KILLS: u64 = 8;

/// Each event of each kind of log, and how often it is there. Ids differ from run to run.
const EVENTS: &str = "select h.kind || ' ' || e.etype || ' ' || count(*) from event e join log_head h using (log_id) \
    group by h.kind, e.etype order by 1";

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

#[test]
#[ignore = "needs services"]
fn the_whole_story_holds_while_everything_dies_in_turn() {
    let mut run = Run::of("F4");
    let (database, peaceful) = (Database::fresh(), TempDir::new().unwrap());
    let (cluster, port) = stage(peaceful.path(), database.url(), database.password(), 1);
    let in_peace = tell(peaceful.path(), &cluster.url(), port).unwrap();
    cluster.stop().unwrap();
    let expected = rows(&database.admin_url(), EVENTS);

    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    let (mut cluster, port) = stage(folder.path(), server.url(), None, 1);
    let url = cluster.url();
    let told = std::thread::scope(|scope| {
        let telling = scope.spawn(|| tell(folder.path(), &url, port));
        let victims = ["identity", "database", "token", "decision"];
        let first = run.random.below(4);
        for n in first.. {
            if telling.is_finished() || !run.goes_on(KILLS) {
                break;
            }
            std::thread::sleep(run.random.millis(200, 800));
            let victim = victims[usize::try_from(n % 4).unwrap()];
            if victim == "database" {
                server.kill();
                server.up_again();
            } else {
                let member = &mut cluster.service(victim)[0];
                member.kill().unwrap();
                std::thread::sleep(run.random.millis(0, 500));
                member.start().unwrap();
            }
            for member in cluster.members() {
                member.wait_ready().unwrap();
            }
        }
        telling.join().unwrap()
    });
    let told = told.unwrap();
    let chapters = |text: &str| text.lines().filter(|line| line.starts_with("── ")).count();
    assert_eq!(chapters(&told), chapters(&in_peace), "{told}");
    // What was told is there, and nothing of it twice.
    assert_eq!(rows(&server.url(), EVENTS), expected);
    verify(folder.path(), &server.url(), None);
    let n_kills = usize::try_from(run.round()).unwrap();
    run.tell(&[("kills", n_kills), ("stories", 1)]);
    assert!(n_kills >= 4, "only {n_kills} kills");
}
