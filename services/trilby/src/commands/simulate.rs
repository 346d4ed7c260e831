//! `trilby simulate`: self-contained cases, offline, streamed: a million cases need no more memory than ten.

mod input;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use trilby_engine::simulate::{self, Answer, Failed};
use trilby_model::json;

use input::{Format, Input, Piece, Text};

/// Longest case: 16 MiB.
const INPUT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a shell expects of a command whose input could not be read.
const UNREADABLE: u8 = 2;

/// Runs the cases of a file; `-` is standard input.
pub fn run(file: &str, explain: bool) -> anyhow::Result<ExitCode> {
    let mut answers = Answers {
        out: BufWriter::new(Box::new(io::stdout())),
        explain,
        failed: false,
    };
    match answers.all(file) {
        Ok(()) => Ok(answers.code()),
        // Whoever reads the answers has enough of them.
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(answers.code()),
        Err(Stop::Output(error)) => Err(error).context("cannot write the answers"),
        Err(Stop::Input(error)) => {
            answers.out.flush().ok();
            crate::terminal::Terminal::stderr()
                .line(&format!("trilby: {error:#}"))
                .ok();
            Ok(ExitCode::from(UNREADABLE))
        }
    }
}

/// The whole text of a file or of standard input, up to a bound.
pub fn read_whole(file: &str, bytes_max: usize) -> anyhow::Result<String> {
    let mut text = String::new();
    let most = u64::try_from(bytes_max)?;
    let read = open(file)?
        .take(most.saturating_add(1))
        .read_to_string(&mut text);
    read.with_context(|| format!("cannot read {file}"))?;
    if text.len() > bytes_max {
        bail!("{file} is larger than {bytes_max} bytes");
    }
    Ok(text)
}

fn open(file: &str) -> anyhow::Result<Box<dyn Read>> {
    Ok(match file {
        "-" => Box::new(io::stdin()),
        path => Box::new(File::open(path).with_context(|| format!("cannot read {path}"))?),
    })
}

/// Why no more cases are answered.
enum Stop {
    Input(anyhow::Error),
    Output(io::Error),
}

struct Answers {
    out: BufWriter<Box<dyn Write>>,
    explain: bool,
    failed: bool,
}

impl Answers {
    fn all(&mut self, file: &str) -> Result<(), Stop> {
        let input = open(file).and_then(|opened| {
            let input = Input::new(opened, Format::of(file));
            input.with_context(|| format!("cannot read {file}"))
        });
        let mut input = input.map_err(Stop::Input)?;
        loop {
            if input.is_about_to_wait() {
                // What is known by now is told before more is asked for.
                self.out.flush().map_err(Stop::Output)?;
            }
            let next = input.next().with_context(|| format!("cannot read {file}"));
            match next.map_err(Stop::Input)? {
                None => return self.out.flush().map_err(Stop::Output),
                Some(piece) => self.answer(file, &piece)?,
            }
        }
    }

    fn answer(&mut self, file: &str, piece: &Piece<'_>) -> Result<(), Stop> {
        let Text::Read(text) = piece.text else {
            let message = format!("a case has at most {INPUT_BYTES_MAX} bytes");
            return self.tell_failed(&simulate::too_large(piece.number, message));
        };
        match json::parse_bytes(text) {
            // A document that is no JSON at all holds no case that could be in error.
            Err(error) if piece.is_whole => Err(Stop::Input(anyhow::anyhow!(
                "{file}:{}:{}: {}",
                error.at.line,
                error.at.column,
                error.message
            ))),
            Err(error) => self.tell_failed(&simulate::unreadable(&error, piece.number)),
            Ok(case) if self.explain => match simulate::explained(&case, piece.number) {
                Ok(text) => self.line(&text),
                Err(failed) => self.tell_failed(&failed),
            },
            Ok(case) => match simulate::answer(&case, piece.number) {
                Answer::Failed(failed) => self.tell_failed(&failed),
                Answer::Decided(decided) => self.json(&decided),
            },
        }
    }

    fn tell_failed(&mut self, failed: &Failed) -> Result<(), Stop> {
        self.failed = true;
        if self.explain {
            self.line(&simulate::refusal_text(failed))
        } else {
            self.json(failed)
        }
    }

    fn json(&mut self, answer: &impl serde::Serialize) -> Result<(), Stop> {
        let written = serde_json::to_writer(&mut self.out, answer);
        written.map_err(io::Error::from).map_err(Stop::Output)?;
        self.line("")
    }

    fn line(&mut self, text: &str) -> Result<(), Stop> {
        writeln!(self.out, "{text}").map_err(Stop::Output)
    }

    fn code(&self) -> ExitCode {
        if self.failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}
