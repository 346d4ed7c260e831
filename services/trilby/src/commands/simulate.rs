//! `trilby simulate`: self-contained cases, offline, streamed: a file of a million lines needs no more memory than one of ten.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use trilby_engine::simulate::{self, Answer};
use trilby_model::json::{self, Node, Value};

/// Longest line, and longest file that holds one case or an array: 16 MiB.
const INPUT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What a shell expects of a command whose input could not be read.
const UNREADABLE: u8 = 2;

/// Runs the cases of a file; `-` is standard input, taken for lines.
pub fn run(file: &str, explain: bool) -> anyhow::Result<ExitCode> {
    let mut out = Answers {
        out: BufWriter::new(Box::new(io::stdout())),
        explain,
        failed: false,
    };
    let result = if file == "-" {
        lines(BufReader::new(Box::new(io::stdin())), &mut out)
    } else if file.ends_with(".jsonl") {
        File::open(file)
            .with_context(|| format!("cannot read {file}"))
            .and_then(|opened| lines(BufReader::new(Box::new(opened)), &mut out))
    } else {
        whole(file, &mut out)
    };
    out.out.flush()?;
    match result {
        Ok(()) if out.failed => Ok(ExitCode::FAILURE),
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            crate::terminal::Terminal::stderr()
                .line(&format!("trilby: {error:#}"))
                .ok();
            Ok(ExitCode::from(UNREADABLE))
        }
    }
}

/// The whole text of a file or of standard input, up to the bound.
pub fn read_whole(file: &str) -> anyhow::Result<String> {
    let reader: Box<dyn Read> = match file {
        "-" => Box::new(io::stdin()),
        path => Box::new(File::open(path).with_context(|| format!("cannot read {path}"))?),
    };
    let mut text = String::new();
    let read = reader.take(INPUT_BYTES_MAX + 1).read_to_string(&mut text);
    read.with_context(|| format!("cannot read {file}"))?;
    if u64::try_from(text.len())? > INPUT_BYTES_MAX {
        bail!(
            "{file} is larger than {INPUT_BYTES_MAX} bytes; put one case on a line of a .jsonl file"
        );
    }
    Ok(text)
}

fn whole(file: &str, out: &mut Answers) -> anyhow::Result<()> {
    let text = read_whole(file)?;
    let node = match json::parse(&text) {
        Ok(node) => node,
        Err(error) => bail!(
            "{file}:{}:{}: {}",
            error.at.line,
            error.at.column,
            error.message
        ),
    };
    match &node.value {
        Value::Array(cases) => {
            for (index, case) in cases.iter().enumerate() {
                out.case(case, index + 1)?;
            }
            Ok(())
        }
        _ => out.case(&node, 1),
    }
}

fn lines(mut reader: BufReader<Box<dyn Read>>, out: &mut Answers) -> anyhow::Result<()> {
    let mut number = 0;
    loop {
        let mut line = String::new();
        number += 1;
        let read = (&mut reader)
            .take(INPUT_BYTES_MAX + 1)
            .read_line(&mut line)
            .with_context(|| format!("cannot read line {number}"))?;
        if read == 0 {
            return Ok(());
        }
        if u64::try_from(read)? > INPUT_BYTES_MAX {
            bail!("line {number} is longer than {INPUT_BYTES_MAX} bytes");
        }
        if line.trim().is_empty() {
            continue;
        }
        match json::parse(line.trim_end_matches(['\n', '\r'])) {
            Ok(node) => out.case(&node, number)?,
            Err(error) => out.unreadable_case(number, &error)?,
        }
    }
}

struct Answers {
    out: BufWriter<Box<dyn Write>>,
    explain: bool,
    failed: bool,
}

impl Answers {
    fn case(&mut self, case: &Node, number: usize) -> anyhow::Result<()> {
        let number = u64::try_from(number)?;
        let answer = simulate::answer(case, number);
        self.failed |= matches!(answer, Answer::Failed(_));
        if self.explain {
            writeln!(self.out, "{}", simulate::explain_text(case, number))?;
        } else {
            writeln!(self.out, "{}", serde_json::to_string(&answer)?)?;
        }
        Ok(())
    }

    fn unreadable_case(&mut self, number: usize, error: &json::Error) -> anyhow::Result<()> {
        self.failed = true;
        let answer = Answer::Failed(simulate::unreadable(error, u64::try_from(number)?));
        writeln!(self.out, "{}", serde_json::to_string(&answer)?)?;
        Ok(())
    }
}
