//! The groups of settings and in what their operations differ.

use serde::Serialize;
use serde::de::DeserializeOwned;
use trilby_account::Settings;
use trilby_account::settings::SettingsSection;
use utoipa::ToSchema;

use super::view::{DecisionSettings, PasswordSettings, SecuritySettings, TokenSettings};

/// A group of settings, as constants of its operations.
pub trait Section: Sized + 'static {
    /// Path template.
    const PATH: &'static str;
    /// Ids of the operations that read and replace it.
    const IDS: [&'static str; 2];
    /// One line about each.
    const SUMMARIES: [&'static str; 2];
    /// Its members.
    type View: Serialize + DeserializeOwned + ToSchema + Send + 'static;

    /// The group as it is.
    fn of(settings: &Settings) -> Self::View;

    /// The group as a command has it.
    fn section(view: &Self::View) -> SettingsSection;
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident, $view:ident, $field:ident, $segment:literal, $word:literal, $about:literal) => {
        $(#[$doc])*
        pub struct $name;

        impl Section for $name {
            const PATH: &'static str = concat!("/v1/accounts/{account}/settings/", $segment);
            const IDS: [&'static str; 2] = [
                concat!("get_", $word, "_settings"),
                concat!("put_", $word, "_settings"),
            ];
            const SUMMARIES: [&'static str; 2] = [
                concat!("Get the settings ", $about),
                concat!("Replace the settings ", $about),
            ];
            type View = $view;

            fn of(settings: &Settings) -> $view {
                $view::of(&settings.$field)
            }

            fn section(view: &$view) -> SettingsSection {
                SettingsSection::$name(view.settings())
            }
        }
    };
}

section!(
    /// Rules for passwords.
    PasswordPolicy, PasswordSettings, password_policy, "password-policy", "password_policy", "of passwords"
);
section!(
    /// Standing of credentials and guards of administrators.
    Security, SecuritySettings, security, "security", "security", "of security"
);
section!(
    /// Sessions.
    Tokens, TokenSettings, tokens, "tokens", "token", "of sessions"
);
section!(
    /// Decisions when news is late.
    Decisions, DecisionSettings, decisions, "decisions", "decision", "of decisions"
);
