//! The one place that writes for people: standard output, a line at a time.

use std::io::Write;
use std::sync::Mutex;

use anyhow::Context;

/// Where lines for people go.
pub struct Terminal {
    out: Mutex<Box<dyn Write + Send>>,
}

impl Terminal {
    pub fn stdout() -> Self {
        Self {
            out: Mutex::new(Box::new(std::io::stdout())),
        }
    }

    /// For errors.
    pub fn stderr() -> Self {
        Self {
            out: Mutex::new(Box::new(std::io::stderr())),
        }
    }

    /// Writes one line and flushes it. Fails when nobody reads any more.
    pub fn line(&self, text: &str) -> anyhow::Result<()> {
        let mut out = self
            .out
            .lock()
            .map_err(|_| anyhow::anyhow!("a writer of the terminal failed before"))?;
        writeln!(out, "{text}")
            .and_then(|()| out.flush())
            .context("cannot write to standard output")
    }
}
