//! Query strings and form bodies, read strictly: nothing given twice, nothing unknown, nothing ignored (R10).
//!
//! Every known name is taken out; [`Params::finish`] refuses what is left over.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use crate::problem::{Code, FieldError, Problem};

/// Most parameters of one request, of those that may be given once.
pub const PARAMS_MAX: usize = 64;
/// Most values of all parameters of one request that may be given more than once.
pub const REPEATED_MAX: usize = 128;

/// Parameters that were read and not yet taken. Values may be secrets: `Debug` shows names only.
#[derive(Clone, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the query string of a request, without its `?`.
    ///
    /// # Errors
    /// `duplicate_parameter`; `invalid_parameter` for bad percent-encoding, text that is not UTF-8, too many.
    pub fn parse(text: &str) -> Result<Params, Problem> {
        Self::parse_repeating(text, &[])
    }

    /// As [`Params::parse`], where the named parameters may be given more than once.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub fn parse_repeating(text: &str, repeatable: &[&str]) -> Result<Params, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let (mut n_single, mut n_repeated) = (0, 0);
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decode(name)?;
            let (count, count_max) = if repeatable.contains(&name.as_str()) {
                (&mut n_repeated, REPEATED_MAX)
            } else if pairs.iter().any(|(earlier, _)| *earlier == name) {
                return Err(refuse(Code::DuplicateParameter, &name, "is given twice"));
            } else {
                (&mut n_single, PARAMS_MAX)
            };
            if *count == count_max {
                return Err(Problem::new(Code::InvalidParameter, "too many parameters"));
            }
            *count += 1;
            let value = decode(value).map_err(|problem| {
                problem.error(FieldError::parameter(
                    &name,
                    Code::InvalidParameter,
                    "cannot be decoded",
                ))
            })?;
            pairs.push((name, value));
        }
        Ok(Params(pairs))
    }

    /// Takes a parameter; absent is `None`, empty is refused.
    ///
    /// # Errors
    /// `invalid_parameter`
    pub fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.take_raw(name) {
            Some(value) if value.is_empty() => {
                Err(refuse(Code::InvalidParameter, name, "is empty"))
            }
            value => Ok(value),
        }
    }

    /// Takes every value of a parameter that may be given more than once; an empty one is refused.
    ///
    /// # Errors
    /// `invalid_parameter`
    pub fn take_all(&mut self, name: &str) -> Result<Vec<String>, Problem> {
        let mut values = Vec::new();
        while let Some(value) = self.take(name)? {
            values.push(value);
        }
        Ok(values)
    }

    /// As [`Params::take_all`], each value read into its type.
    ///
    /// # Errors
    /// `invalid_parameter` with the type's own message.
    pub fn take_all_as<T>(&mut self, name: &str) -> Result<Vec<T>, Problem>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let mut values = Vec::new();
        while let Some(value) = self.take_as(name)? {
            values.push(value);
        }
        Ok(values)
    }

    /// Takes a parameter that must be there.
    ///
    /// # Errors
    /// `missing_parameter`, `invalid_parameter`
    pub fn require(&mut self, name: &str) -> Result<String, Problem> {
        self.take(name)?
            .ok_or_else(|| refuse(Code::MissingParameter, name, "is missing"))
    }

    /// Takes a parameter and reads it into its type.
    ///
    /// # Errors
    /// `invalid_parameter` with the type's own message.
    pub fn take_as<T>(&mut self, name: &str) -> Result<Option<T>, Problem>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.take(name)?
            .map(|value| {
                value.parse().map_err(|error: T::Err| {
                    refuse(Code::InvalidParameter, name, &error.to_string())
                })
            })
            .transpose()
    }

    /// Takes a parameter that must be there and reads it into its type.
    ///
    /// # Errors
    /// `missing_parameter`, `invalid_parameter`
    pub fn require_as<T>(&mut self, name: &str) -> Result<T, Problem>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.take_as(name)?
            .ok_or_else(|| refuse(Code::MissingParameter, name, "is missing"))
    }

    /// Takes a flag: `true` or `false`; absent is `false`.
    ///
    /// # Errors
    /// `invalid_parameter`
    pub fn take_flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.take(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(refuse(
                Code::InvalidParameter,
                name,
                "must be `true` or `false`",
            )),
        }
    }

    /// Takes all parameters `prefix` + key, such as `tag.team=blue`; here a value may be empty.
    pub fn take_prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        let (taken, left) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|(name, _)| name.len() > prefix.len() && name.starts_with(prefix));
        self.0 = left;
        let taken: Vec<(String, String)> = taken;
        taken
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value)))
            .collect()
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// `invalid_parameter` naming each.
    pub fn finish(self) -> Result<(), Problem> {
        let Some((first, _)) = self.0.first() else {
            return Ok(());
        };
        let problem = Problem::new(
            Code::InvalidParameter,
            format!("parameter `{first}` is not known here"),
        );
        Err(self.0.iter().fold(problem, |problem, (name, _)| {
            problem.error(FieldError::parameter(
                name,
                Code::InvalidParameter,
                "is not known here",
            ))
        }))
    }

    fn take_raw(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

fn refuse(code: Code, name: &str, what: &str) -> Problem {
    Problem::new(code, format!("parameter `{name}` {what}"))
        .error(FieldError::parameter(name, code, what))
}

/// `application/x-www-form-urlencoded`: plus is a blank, every percent sign begins two hex digits.
fn decode(text: &str) -> Result<String, Problem> {
    let bytes = text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(at, byte)| {
        let digit = |offset: usize| bytes.get(at + offset).is_some_and(u8::is_ascii_hexdigit);
        *byte == b'%' && !(digit(1) && digit(2))
    });
    let decoded = percent_decode_str(&text.replace('+', " "))
        .decode_utf8()
        .map(|text| text.into_owned());
    match decoded {
        Ok(text) if !broken && !text.contains('\0') => Ok(text),
        Ok(_) | Err(_) => Err(Problem::new(
            Code::InvalidParameter,
            "a parameter is not percent-encoded UTF-8",
        )),
    }
}

#[cfg(test)]
mod tests;
