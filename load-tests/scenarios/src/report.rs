//! What a run found: Markdown for people, JSON for machines.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::ceiling::Step;
use crate::measure::{Found, Round};
use crate::plan::Plan;
use crate::stats::median;
use crate::world::Memory;

/// Of the JSON form; raised when a field changes its meaning.
const FORM: u32 = 1;

/// What was put under which load.
#[derive(Debug, Clone, Serialize)]
pub struct Subject {
    pub title: &'static str,
    pub mix: &'static str,
    pub service: &'static str,
    /// The command that makes the report.
    pub command: String,
    pub p99_ms_max: f64,
    pub callers: usize,
    /// Processes of the service that was asked.
    pub replicas: usize,
    pub has_kafka: bool,
    pub machine: String,
    /// Average number of running processes in the minute before, if the system tells.
    pub load_before: Option<f64>,
}

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub form: u32,
    pub subject: Subject,
    pub plan: Plan,
    pub rounds: Vec<Round>,
    /// After the last round.
    pub memory: Vec<Memory>,
}

impl Report {
    pub fn new(subject: Subject, plan: Plan, rounds: Vec<Round>, memory: Vec<Memory>) -> Self {
        Self {
            form: FORM,
            subject,
            plan,
            rounds,
            memory,
        }
    }

    /// Writes both forms.
    pub fn write(&self, markdown: &Path, json: &Path) -> anyhow::Result<()> {
        for file in [markdown, json] {
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
        }
        fs::write(markdown, self.markdown())?;
        let json_text = serde_json::to_string_pretty(self)?;
        fs::write(json, format!("{json_text}\n"))?;
        Ok(())
    }

    pub fn markdown(&self) -> String {
        let mut text = self.opening();
        text.push_str(&self.ceilings());
        text.push_str(&self.held());
        text.push_str(&self.memory());
        text.push_str(&self.steps());
        text
    }

    fn opening(&self) -> String {
        let (subject, plan) = (&self.subject, &self.plan);
        let mut text = format!("# {}\n\nMade by `{}`.", subject.title, subject.command);
        text.push_str(
            " What the words mean: [load-tests/README.md](../README.md#a-cluster-under-load).\n",
        );
        if plan.is_short {
            text.push_str("\n**The short form: it sees that everything can be measured. The figures mean nothing.**\n");
        }
        if subject.load_before.is_some_and(|load| load > BUSY) {
            text.push_str(
                "\n**The machine was busy when the run began: the figures are rough.**\n",
            );
        }
        let kafka = if subject.has_kafka { "with" } else { "without" };
        let _ = write!(
            text,
            "\n- On {}, with callers, database and all else; processes of `{}`: {}; {kafka} Kafka.\n- The load: {}.\n- {} member \
             accounts, {} connections straight to the processes; {} s at each rate, {} s at 70 %; medians over {}.\n- The ceiling is \
             the highest rate of which 98 % are answered rightly in time, with at most 0.1 % errors and a p99 of at most {} ms.\n",
            subject.machine,
            subject.service,
            subject.replicas,
            subject.mix,
            plan.accounts,
            subject.callers,
            plan.step_s,
            plan.hold_s,
            match plan.rounds {
                1 => "1 round".to_owned(),
                n => format!("{n} rounds"),
            },
            short(subject.p99_ms_max * plan.patience),
        );
        text
    }

    fn ceilings(&self) -> String {
        let ours = self.middle(|round| Some(f64::from(round.ours.ceiling.rate)));
        let bare = self.middle(|round| Some(f64::from(round.bare.as_ref()?.ceiling.rate)));
        let cut = self.rounds.iter().any(|round| round.ours.ceiling.is_cut);
        let mut text = format!(
            "\n## Ceiling\n\n**{} a second**{}, rounds: {}.\n",
            told(ours),
            if cut {
                " and more: nothing above was tried"
            } else {
                ""
            },
            self.each(|round| Some(&round.ours)),
        );
        if bare.is_some() {
            let ratio = self.middle(|round| {
                let bare = f64::from(round.bare.as_ref()?.ceiling.rate);
                Some(f64::from(round.ours.ceiling.rate) / bare)
            });
            let _ = write!(
                text,
                "\nBare actix-web, which parses the same bodies in as many processes: {} a second, rounds: {}.\n**Ratio of the ceilings, ours \
                 by bare: {}.**\n",
                told(bare),
                self.each(|round| round.bare.as_ref()),
                told(ratio),
            );
        }
        text
    }

    /// The ceilings of the rounds.
    fn each(&self, found: impl Fn(&Round) -> Option<&Found>) -> String {
        let rates = self.rounds.iter().filter_map(found);
        let rates: Vec<String> = rates.map(|found| found.ceiling.rate.to_string()).collect();
        rates.join(", ")
    }

    fn held(&self) -> String {
        let mut text = "\n## At 70 % of the ceiling\n\n| | rate /s | answered /s | p50 ms | p99 ms | p99.9 ms | errors of due |\n\
            | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
        text.push_str(&self.held_row(self.subject.service, |round| Some(&round.ours.held)));
        if self.rounds.iter().any(|round| round.bare.is_some()) {
            text.push_str(&self.held_row("bare", |round| Some(&round.bare.as_ref()?.held)));
            text.push_str(&self.held_row("bare at our rate", |round| round.bare_at_ours.as_ref()));
        }
        text
    }

    /// Medians of the times, sums of the errors.
    fn held_row(&self, name: &str, held: impl Fn(&Round) -> Option<&Step>) -> String {
        let middle = |of: fn(&Step) -> f64| told(self.middle(|round| held(round).map(of)));
        let steps = || self.rounds.iter().filter_map(&held);
        let errors: usize = steps().map(|step| step.errors).sum();
        let due: usize = steps().map(|step| step.due).sum();
        format!(
            "| {name} | {} | {} | {} | {} | {} | {errors} of {due} |\n",
            middle(|step| f64::from(step.rate)),
            middle(|step| step.reached),
            middle(|step| step.p50_ms),
            middle(|step| step.p99_ms),
            middle(|step| step.p999_ms),
        )
    }

    fn memory(&self) -> String {
        let mut text = "\n## Resident memory\n\n| process | after the last round, MiB | most, MiB |\n| --- | ---: | ---: |\n".to_owned();
        for one in &self.memory {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                one.process, one.resident_mib, one.peak_mib
            );
        }
        text
    }

    fn steps(&self) -> String {
        let mut text =
            "\n## On the way\n\nEach rate that was tried; one that broke is tried twice.\n"
                .to_owned();
        for (n, round) in self.rounds.iter().enumerate() {
            let _ = write!(
                text,
                "\nRound {}:\n\n| | rate /s | answered /s | p50 ms | p99 ms | p99.9 ms | errors of due | broke |\n\
                 | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n",
                n + 1
            );
            let bare = round.bare.iter().map(|found| ("bare", found));
            for (name, found) in bare.chain([(self.subject.service, &round.ours)]) {
                for step in &found.ceiling.steps {
                    text.push_str(&step_row(name, step));
                }
            }
        }
        text
    }

    fn middle(&self, of: impl Fn(&Round) -> Option<f64>) -> Option<f64> {
        median(self.rounds.iter().filter_map(of))
    }
}

/// Average number of running processes from which on a machine is busy.
const BUSY: f64 = 0.5;

fn step_row(name: &str, step: &Step) -> String {
    let broke = step
        .broke
        .map_or_else(String::new, |broke| broke.to_string());
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} of {} | {broke} |\n",
        step.rate,
        short(step.reached),
        short(step.p50_ms),
        short(step.p99_ms),
        short(step.p999_ms),
        step.errors,
        step.due,
    )
}

fn told(value: Option<f64>) -> String {
    value.map_or_else(|| "?".to_owned(), short)
}

/// Three figures that count, none that do not.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests;
