//! `trilby policy fmt`: the one form of a document.
//!
//! It is the form documents are stored in: lists as arrays, numbers and truth values of conditions as text, members
//! sorted. For people it is indented; `--minify` gives the stored bytes.

use std::fs;

use anyhow::{Context, bail};
use trilby_policy::Document;

use super::line;
use crate::cli::Documents;
use crate::terminal::Terminal;

pub struct Fmt {
    pub check: bool,
    pub write: bool,
    pub minify: bool,
}

impl Fmt {
    /// Formats one document; whether it is good as it is, or is so now.
    pub fn run(
        &self,
        file: &str,
        text: &str,
        documents: &Documents,
        terminal: &Terminal,
    ) -> anyhow::Result<bool> {
        let document = match Document::parse(text, documents.kind(), &documents.grammar()) {
            Ok(document) => document,
            Err(findings) => {
                let complaints = Terminal::stderr();
                for finding in &findings {
                    complaints.line(&line(file, finding))?;
                }
                return Ok(false);
            }
        };
        let form = self.form(&document)?;
        if self.check {
            let same = text == format!("{form}\n");
            if !same {
                terminal.line(file)?;
            }
            return Ok(same);
        }
        if !self.write {
            terminal.line(&form)?;
            return Ok(true);
        }
        if file == "-" {
            bail!("standard input cannot be rewritten; leave out --write");
        }
        let form = format!("{form}\n");
        if text != form {
            fs::write(file, form).with_context(|| format!("cannot write {file}"))?;
            terminal.line(file)?;
        }
        Ok(true)
    }

    fn form(&self, document: &Document) -> anyhow::Result<String> {
        let stored = document.canonical();
        if self.minify {
            return Ok(stored);
        }
        let value: serde_json::Value = serde_json::from_str(&stored)?;
        Ok(serde_json::to_string_pretty(&value)?)
    }
}
