//! The demo's story, told to separate processes: in peace, and while each of them and the database are killed in turn.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;
use trilby_cluster::{Cluster, Config};
use trilby_testkit::http::Client;
use trilby_testkit::simulation::Run;

use crate::database::{Database, Server, rows};
use crate::founded::{config, verify};
use crate::kills::Mortals;

/// At most so many, that the story gets to its end soon; in the long form it is told under kills from beginning to end.
const KILLS: u64 = 8;
/// Deaths that it has to outlive in all, and how often it is told at most until there are as many.
const KILLS_MIN: usize = 4;
const STORIES_MAX: usize = 12;

/// Each event of each kind of log, the first account's apart, and how often it is there. Ids differ from run to run.
pub const EVENTS: &str = "select kind || ' ' || etype || ' ' || count(*) from (select etype, case log_id \
    when (select min(log_id) from log_head where kind = 1) then 'first' else kind::text end as kind \
    from event join log_head using (log_id)) as event group by kind, etype order by 1";

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

/// The account that a story has founded and its administrator, as soon as the story writes to the log of that account no more.
pub fn founder(folder: &Path, stranger: &Client) -> Option<(String, Client)> {
    let read = |name: &str| std::fs::read_to_string(folder.join("story/demo").join(name)).ok();
    let memory: Value = serde_json::from_str(&read("story.json")?).ok()?;
    let told = memory["told"].as_array()?;
    let account = memory["facts"]["account"].as_str()?;
    let credential = read("admin.auth")?;
    let (name, value) = credential.trim_end().split_once(": ")?;
    let admin = stranger.with_header(name, value);
    told.contains(&json!("organization"))
        .then(|| (account.to_owned(), admin))
}

/// A cluster that lets the story's issuer be at this port of this host, and its ticket in a file.
pub fn stage(mut config: Config) -> (Cluster, u16) {
    let port = trilby_cluster::member::free_address().unwrap().port();
    config.env.push((
        "TRILBY_TOKENS__PRIVATE_ISSUER_HOSTS".to_owned(),
        format!("http://127.0.0.1:{port}"),
    ));
    let cluster = Cluster::start(&config).unwrap();
    std::fs::write(config.folder.join("ticket"), cluster.ticket().unwrap()).unwrap();
    (cluster, port)
}

#[test]
#[ignore = "needs services"]
fn the_whole_story_holds_over_three_processes_and_after_their_death() {
    let database = Database::fresh();
    let folder = TempDir::new().unwrap();
    let (mut cluster, port) = stage(config(
        folder.path(),
        database.url(),
        database.password(),
        1,
    ));
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

/// What the story leaves in a store that is told it in peace. Told once for all tests.
pub struct Peace {
    pub events: Vec<String>,
    pub n_chapters: usize,
}

pub fn in_peace() -> &'static Peace {
    static PEACE: OnceLock<Peace> = OnceLock::new();
    PEACE.get_or_init(|| {
        let (database, folder) = (Database::fresh(), TempDir::new().unwrap());
        let (cluster, port) = stage(config(
            folder.path(),
            database.url(),
            database.password(),
            1,
        ));
        let told = tell(folder.path(), &cluster.url(), port).unwrap();
        cluster.stop().unwrap();
        Peace {
            events: rows(&database.admin_url(), EVENTS),
            n_chapters: chapters(&told),
        }
    })
}

pub fn chapters(told: &str) -> usize {
    told.lines().filter(|line| line.starts_with("── ")).count()
}

#[test]
#[ignore = "needs services"]
fn the_whole_story_holds_while_everything_dies_in_turn() {
    let mut run = Run::of("F4");
    let (mut n_kills, mut n_stories) = (0, 0);
    // A fast machine may have told it before many have died: then it is told once more, from nothing.
    while n_kills < KILLS_MIN && n_stories < STORIES_MAX {
        n_kills += told_while_everything_dies(&mut run);
        n_stories += 1;
    }
    run.tell(&[("kills", n_kills), ("stories", n_stories)]);
    assert!(n_kills >= KILLS_MIN, "only {n_kills} kills");
}

/// Tells the story to a store of its own; gives how many died meanwhile.
fn told_while_everything_dies(run: &mut Run) -> usize {
    let in_peace = in_peace();
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    let (mut cluster, port) = stage(config(folder.path(), server.url(), None, 1));
    let url = cluster.url();
    let mut mortals = Mortals::new(&mut cluster, &server);
    let told = std::thread::scope(|scope| {
        let telling = scope.spawn(|| tell(folder.path(), &url, port));
        while !telling.is_finished() && run.goes_on(KILLS) {
            mortals.one_dies(run);
        }
        telling.join().unwrap()
    });
    let told = told.unwrap();
    assert_eq!(chapters(&told), in_peace.n_chapters, "{told}");
    // What was told is there, and nothing of it twice.
    assert_eq!(rows(&server.url(), EVENTS), in_peace.events);
    verify(folder.path(), &server.url(), None);
    mortals.kills.values().sum()
}
