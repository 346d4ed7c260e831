//! What it was measured on. Linux tells; elsewhere less is known.

use std::fs;

/// Average number of running processes in the minute before.
pub fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// `linux x86_64, 8 cores of Some Processor`.
pub fn told() -> String {
    let cores =
        std::thread::available_parallelism().map_or_else(|_| "?".to_owned(), |n| n.to_string());
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim())
    });
    format!(
        "{} {}, {cores} cores of {}",
        std::env::consts::OS,
        std::env::consts::ARCH,
        model.unwrap_or("?")
    )
}
