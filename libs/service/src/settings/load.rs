//! File, environment and command line become [`Settings`].

use std::path::Path;

use trilby_model::brand::ENV_PREFIX;

use super::{COMMAND_VARIABLES, Error, Fault, ParseValue, SECRET_VARIABLES, Settings, TEST_PREFIX};

/// A hint is given only for names that are this alike (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// Where a value is read from.
pub(super) enum Source<'a> {
    File(&'a toml::Value),
    Text(&'a str),
}

impl Source<'_> {
    pub(super) fn read<T: ParseValue>(&self) -> Result<T, String> {
        match self {
            Source::File(value) => T::from_toml(value),
            Source::Text(text) => T::from_text(text),
        }
    }
}

impl Settings {
    /// Reads the settings of a process.
    ///
    /// `file` is read if given and must then exist. `environment` is all of it: what does not begin with
    /// `TRILBY_` is passed over. `overrides` come from the command line as (`server.listen`, value).
    ///
    /// # Errors
    /// [`Error`]; all wrong settings together.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        let mut faults = Vec::new();
        if let Some(path) = file {
            settings.read_file(path, &mut faults)?;
        }
        let mut environment: Vec<_> = environment.into_iter().collect();
        environment.sort();
        for (name, value) in &environment {
            settings.read_variable(name, value, &mut faults);
        }
        for (name, value) in overrides {
            let (section, key) = name.split_once('.').unwrap_or((&name, ""));
            settings.take(section, key, &name, &Source::Text(&value), &mut faults);
        }
        if faults.is_empty() {
            faults = settings.check();
        }
        match faults.is_empty() {
            true => Ok(settings),
            false => Err(Error::Faults(faults)),
        }
    }

    fn read_file(&mut self, path: &Path, faults: &mut Vec<Fault>) -> Result<(), Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| Error::NotToml {
                path: path.to_owned(),
                message: in_one_line(&text, &error),
            })?;
        for (section, content) in &table {
            let Some(keys) = content.as_table().filter(|_| is_section(section)) else {
                faults.push(unknown_section(section, content));
                continue;
            };
            for (key, value) in keys {
                let name = format!("{section}.{key}");
                self.take(section, key, &name, &Source::File(value), faults);
            }
        }
        Ok(())
    }

    fn read_variable(&mut self, name: &str, value: &str, faults: &mut Vec<Fault>) {
        let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
            return;
        };
        let is_no_setting = COMMAND_VARIABLES.contains(&name) || SECRET_VARIABLES.contains(&name);
        if name.starts_with(TEST_PREFIX) || is_no_setting {
            return;
        }
        let lower = rest.to_lowercase();
        let (section, key) = lower.split_once("__").unwrap_or((&lower, ""));
        // Only the documented spelling is a setting: `Trilby_server__Listen` is somebody's mistake.
        if rest.chars().any(|c| c.is_ascii_lowercase()) {
            faults.push(Fault::new(
                name,
                "is not a setting: variables are upper case".to_owned(),
            ));
            return;
        }
        self.take(section, key, name, &Source::Text(value), faults);
    }

    fn take(
        &mut self,
        section: &str,
        key: &str,
        name: &str,
        source: &Source<'_>,
        faults: &mut Vec<Fault>,
    ) {
        match self.set(section, key, source) {
            Some(Ok(())) => {}
            Some(Err(message)) => faults.push(Fault::new(name, message)),
            None => faults.push(unknown(name)),
        }
    }
}

fn is_section(name: &str) -> bool {
    Settings::SECTIONS
        .iter()
        .any(|(section, _)| *section == name)
}

fn unknown_section(name: &str, content: &toml::Value) -> Fault {
    if is_section(name) {
        return Fault::new(
            name,
            format!("is a section `[{name}]`, not {}", content.type_str()),
        );
    }
    let as_key = Settings::ENTRIES.iter().find(|entry| entry.key == name);
    let hint = match as_key {
        Some(entry) => Some(entry.path()),
        None => nearest(
            name,
            Settings::SECTIONS
                .iter()
                .map(|(section, _)| (*section).to_owned()),
        )
        .map(|section| format!("[{section}]")),
    };
    Fault::new(name, message(hint))
}

fn unknown(name: &str) -> Fault {
    let variable = name.starts_with(ENV_PREFIX);
    let known = Settings::ENTRIES.iter().map(|entry| {
        if variable {
            entry.variable()
        } else {
            entry.path()
        }
    });
    let commands = COMMAND_VARIABLES
        .iter()
        .chain(SECRET_VARIABLES)
        .filter(|_| variable)
        .map(|name| (*name).to_owned());
    Fault::new(name, message(nearest(name, known.chain(commands))))
}

fn message(hint: Option<String>) -> String {
    match hint {
        Some(hint) => format!("there is no such setting; did you mean `{hint}`?"),
        None => "there is no such setting; docs/SETTINGS.md lists all".to_owned(),
    }
}

fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, &candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// What is wrong and where. The parser's own text draws a picture of several lines.
fn in_one_line(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', ", ");
    let before = error.span().and_then(|span| text.get(..span.start));
    let Some(before) = before else { return message };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{message} at line {line}, column {column}")
}
