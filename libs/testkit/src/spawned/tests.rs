//! With a stand-in for the program: the real one is tested in its own crate.

use super::*;

/// A shell script that is as good as the program.
fn script(text: &str) -> Program {
    Program::new("/bin/sh").arg("-c").arg(text).arg("program")
}

const SERVES: &str = r#"
echo "ticket: tbb_0123 good once"
echo "log line" >&2
echo "starts" >> "$TRILBY_LOG__DATA_DIR.starts"
port=${TRILBY_SERVER__LISTEN##*:}; [ "$port" = 0 ] && port=4711
echo "trilby is ready: api http://127.0.0.1:$port operator http://127.0.0.1:4712"
exec sleep 600
"#;

#[test]
fn a_program_is_started_killed_and_started_again_on_the_same_ports() {
    let folder = TempDir::new().unwrap();
    let mut spawned = script(SERVES).data_dir(folder.path().join("data")).start();
    assert_eq!(spawned.url(), "http://127.0.0.1:4711");
    assert_eq!(spawned.operator().base(), "http://127.0.0.1:4712");
    assert_eq!(spawned.printed("tbb_"), "tbb_0123");
    let first = spawned.id();
    spawned.kill();
    spawned.restart();
    assert_ne!(spawned.id(), first);
    assert_eq!(spawned.url(), "http://127.0.0.1:4711");
    let starts = std::fs::read_to_string(folder.path().join("data.starts")).unwrap();
    assert_eq!(starts.lines().count(), 2);
    let ended = spawned.stop();
    assert!(
        !ended.status.success() && ended.stderr.contains("log line"),
        "{ended:?}"
    );
}

#[test]
fn a_program_that_ends_before_it_is_ready_says_why() {
    let program = script("echo 'port in use' >&2; exit 3");
    let Err(ended) = program.clone().try_start() else {
        panic!("it did not end")
    };
    assert_eq!(
        (ended.status.code(), ended.stderr.as_str()),
        (Some(3), "port in use")
    );
    let ended = program.run();
    assert_eq!(ended.status.code(), Some(3));
}

#[test]
fn only_the_tests_own_variables_reach_the_program() {
    let program = script("env | grep ^TRILBY_ | cut -d= -f1 | sort; echo \"$1\"");
    let ended = program
        .arg("verify")
        .env("TRILBY_TELEMETRY__LOG_FILTER", "warn")
        .run();
    let expected = "TRILBY_LOG__DATA_DIR\nTRILBY_SERVER__LISTEN\nTRILBY_SERVER__OPERATOR_LISTEN\nTRILBY_TELEMETRY__LOG_FILTER\nverify";
    assert_eq!(ended.stdout, expected);
}
