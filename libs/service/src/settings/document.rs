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
