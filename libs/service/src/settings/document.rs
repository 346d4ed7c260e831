//! `docs/SETTINGS.md`, made from the table.

use super::{Entry, Settings};

/// The whole document.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "# Settings\n\n\
         Made from the table in `libs/service/src/settings.rs`; a test keeps the two the same.\n\n\
         A setting comes from the file that `--config` (or `TRILBY_CONFIG`) names, then from the environment, then from\n\
         the command line; later ones win. What is not listed here is refused at start, with a hint. Every setting has a\n\
         default that suits trying Trilby on one machine.\n",
    );
    let shown = Settings::default().shown();
    for (section, about) in Settings::SECTIONS {
        text.push_str(&format!("\n## `[{section}]`\n\n{about}\n\n"));
        text.push_str("| key | variable | value | default | |\n| --- | --- | --- | --- | --- |\n");
        for (entry, default) in Settings::ENTRIES.iter().zip(&shown) {
            if entry.section == *section {
                text.push_str(&row(entry, default));
            }
        }
    }
    text
}

impl Settings {
    /// The settings in force as a settings file; what is not set is left out. None of them is a secret.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let shown = self.shown();
        let sections = Settings::SECTIONS.iter().map(|(section, _)| {
            let entries = Settings::ENTRIES.iter().zip(&shown);
            let set =
                entries.filter(|(entry, value)| entry.section == *section && !value.is_empty());
            let lines = set.map(|(entry, value)| format!("{} = {value}\n", entry.key));
            format!("[{section}]\n{}", lines.collect::<String>())
        });
        sections.collect::<Vec<_>>().join("\n")
    }
}

fn row(entry: &Entry, default: &str) -> String {
    let range = entry
        .range
        .map(|(low, high)| format!(", {low} to {high}").replace('_', ""))
        .unwrap_or_default();
    let default = match default {
        "" => "not set".to_owned(),
        default => format!("`{default}`"),
    };
    format!(
        "| `{}` | `{}` | {}{range} | {default} | {} |\n",
        entry.key,
        entry.variable(),
        entry.kind,
        entry.doc
    )
}
