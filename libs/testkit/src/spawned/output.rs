//! The lines a child process writes, read as they come so that it never waits for us.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// All lines so far, growing until the child closes its end.
pub(super) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    grown: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    closed: bool,
}

/// What waiting for a line came to.
pub(super) enum Waited {
    /// It is this one.
    Found(String),
    /// The child closed its end without writing it.
    Closed,
    /// It did not come in time.
    TooLong,
}

impl Lines {
    pub(super) fn of(source: impl Read + Send + 'static) -> Lines {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut line = Vec::new();
            while source
                .read_until(b'\n', &mut line)
                .is_ok_and(|bytes| bytes > 0)
            {
                let text = String::from_utf8_lossy(&line)
                    .trim_end_matches(['\n', '\r'])
                    .to_owned();
                writer.state.lock().unwrap().lines.push(text);
                writer.grown.notify_all();
                line.clear();
            }
            writer.state.lock().unwrap().closed = true;
            writer.grown.notify_all();
        });
        Lines(shared)
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.state.lock().unwrap().lines.clone()
    }

    /// All lines of a child that has ended.
    pub(super) fn to_the_end(&self) -> Vec<String> {
        // A grandchild may hold the pipe open; what came until then has to do.
        let _ = self.wait_for(|_| false, Duration::from_secs(5));
        self.all()
    }

    pub(super) fn wait_for(&self, fits: impl Fn(&str) -> bool, patience: Duration) -> Waited {
        let deadline = Instant::now() + patience;
        let mut state = self.0.state.lock().unwrap();
        loop {
            if let Some(line) = state.lines.iter().find(|line| fits(line)) {
                return Waited::Found(line.clone());
            }
            if state.closed {
                return Waited::Closed;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Waited::TooLong;
            }
            state = self.0.grown.wait_timeout(state, left).unwrap().0;
        }
    }
}
