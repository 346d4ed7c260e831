//! Memory does not grow with the number of cases.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::Stdio;
use std::sync::mpsc;

use super::{case, trilby};

/// What a run may need more than a run of ten cases: allocators round up.
const SLACK_KIB: u64 = 4 * 1024;

#[derive(Clone, Copy, Debug)]
enum Form {
    Lines,
    Array,
}

/// The most memory that a run on so many cases ever had, in KiB. Each case is `padding` bytes longer than it need be.
fn peak_kib(form: Form, cases: u64, padding: usize) -> u64 {
    let mut child = trilby()
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = BufWriter::new(child.stdin.take().unwrap());
    let from = BufReader::new(child.stdout.take().unwrap());
    let (measured, wait) = mpsc::channel::<()>();
    let writer = std::thread::spawn(move || {
        let pad = "x".repeat(padding);
        let (open, between, close) = match form {
            Form::Lines => ("", "\n", ""),
            Form::Array => ("[", ",\n", "0]"),
        };
        to.write_all(open.as_bytes()).unwrap();
        for number in 0..cases {
            let case = case(&format!("\"{number}{pad}\""));
            to.write_all(case.as_bytes()).unwrap();
            to.write_all(between.as_bytes()).unwrap();
        }
        to.flush().unwrap();
        // Everything is answered and nothing has ended: the peak can be read.
        wait.recv().unwrap();
        to.write_all(close.as_bytes()).unwrap();
        to.flush().unwrap();
    });
    let mut answers = 0;
    let mut lines = from.lines();
    while answers < cases {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains("\"decision\":\"allow\""), "{line}");
        answers += 1;
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap();
    measured.send(()).unwrap();
    lines.for_each(drop);
    writer.join().unwrap();
    child.wait().unwrap();
    peak
}

fn compare(cases: u64, padding: usize) {
    for form in [Form::Lines, Form::Array] {
        let few = peak_kib(form, 10, padding);
        let many = peak_kib(form, cases, padding);
        println!("{form:?}: 10 cases {few} KiB, {cases} cases {many} KiB");
        assert!(
            many <= few + SLACK_KIB,
            "{form:?}: {few} KiB, then {many} KiB"
        );
    }
}

/// A million as `cargo test --release --package trilby --test simulate` asks it; where that takes minutes, fewer and
/// longer ones.
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
#[test]
fn many_cases_need_no_more_memory_than_ten() {
    if cfg!(debug_assertions) {
        compare(4_000, 8 * 1024);
    } else {
        compare(1_000_000, 0);
    }
}
