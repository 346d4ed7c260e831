//! What all processes of an installation must agree on, besides the store key: the public URL, and those of the keys that
//! each holds. The first start records it, the others are compared, so that a wrong one is refused and does not serve.
//!
//! Keys may be changed, and processes restart one after the other while that is done. So of the peppers the newest that
//! was ever in use must be there, and those that are there must be the same; of the KEKs the newest that was ever in use.

#[cfg(test)]
mod tests;

use trilby_credential::{Keks, Peppers};
use trilby_eventlog_postgres::Agreed;

use crate::keys::Keys;

pub const PUBLIC_URL: &str = "public_url";
pub const PEPPER: &str = "pepper";
pub const KEK: &str = "kek";

/// Why a process does not fit the others.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error(
        "`server.public_url` is `{ours}` here and `{theirs}` in the processes that started before: tokens name it, so it must be the same in all; after a change on purpose run `trilby admin forget public-url`"
    )]
    PublicUrl { ours: String, theirs: String },
    #[error(
        "the pepper (keys.pepper_file or TRILBY_PEPPER) of version {version} is not the one this store's passwords and secrets were made with"
    )]
    Pepper { version: String },
    #[error(
        "version {version} of the pepper is in use in this store and is missing in keys.pepper_file or TRILBY_PEPPER"
    )]
    OldPepper { version: String },
    #[error(
        "the KEK {id} that seals this store's keys is missing in keys.kek_file or TRILBY_KEK: is it another installation's?"
    )]
    Kek { id: String },
}

/// What one process brings.
pub struct Ours<'a> {
    pub public_url: Option<&'a str>,
    pub peppers: Option<&'a Peppers>,
    pub keks: Option<&'a Keks>,
}

impl<'a> Ours<'a> {
    pub fn of(keys: &'a Keys, public_url: Option<&'a str>) -> Self {
        Self {
            public_url,
            peppers: keys.peppers.as_ref(),
            keks: keys.keks.as_ref(),
        }
    }

    /// What is to be recorded, if what was recorded fits.
    pub fn compare(&self, recorded: &[Agreed]) -> Result<Vec<Agreed>, Mismatch> {
        let of = |kind: &str| -> Vec<&Agreed> {
            recorded.iter().filter(|one| one.kind == kind).collect()
        };
        let mut new = self.compare_url(of(PUBLIC_URL).first().copied())?;
        new.extend(self.compare_peppers(&of(PEPPER))?);
        new.extend(self.compare_keks(&of(KEK))?);
        Ok(new)
    }

    fn compare_url(&self, recorded: Option<&Agreed>) -> Result<Vec<Agreed>, Mismatch> {
        let Some(ours) = self.public_url else {
            return Ok(Vec::new());
        };
        match recorded {
            None => Ok(vec![agreed(PUBLIC_URL, "", ours)]),
            Some(theirs) if theirs.value == ours => Ok(Vec::new()),
            Some(theirs) => Err(Mismatch::PublicUrl {
                ours: ours.to_owned(),
                theirs: theirs.value.clone(),
            }),
        }
    }

    fn compare_peppers(&self, recorded: &[&Agreed]) -> Result<Vec<Agreed>, Mismatch> {
        let Some(ours) = self.peppers else {
            return Ok(Vec::new());
        };
        let newest = recorded
            .iter()
            .filter_map(|one| one.id.parse::<u16>().ok())
            .max();
        if newest.is_some_and(|newest| newest > ours.current().version().get()) {
            return Err(Mismatch::OldPepper {
                version: newest.unwrap_or_default().to_string(),
            });
        }
        let mut new = Vec::new();
        for pepper in ours.iter() {
            let version = pepper.version().to_string();
            let fingerprint = hex(&pepper.fingerprint());
            match recorded.iter().find(|one| one.id == version) {
                None => new.push(agreed(PEPPER, &version, &fingerprint)),
                Some(theirs) if theirs.value == fingerprint => {}
                Some(_) => return Err(Mismatch::Pepper { version }),
            }
        }
        Ok(new)
    }

    fn compare_keks(&self, recorded: &[&Agreed]) -> Result<Vec<Agreed>, Mismatch> {
        let Some(ours) = self.keks else {
            return Ok(Vec::new());
        };
        let writing = ours.writing().id().as_str();
        let held = [Some(ours.writing()), ours.readable()];
        let holds = |id: &str| held.iter().flatten().any(|kek| kek.id().as_str() == id);
        if let Some(newest) = recorded.last().filter(|newest| !holds(&newest.id)) {
            return Err(Mismatch::Kek {
                id: newest.id.clone(),
            });
        }
        let is_known = recorded.iter().any(|one| one.id == writing);
        // An id is made of its key: it is its own fingerprint.
        Ok(Vec::from_iter(
            (!is_known).then(|| agreed(KEK, writing, writing)),
        ))
    }
}

fn agreed(kind: &str, id: &str, value: &str) -> Agreed {
    Agreed {
        kind: kind.to_owned(),
        id: id.to_owned(),
        value: value.to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
