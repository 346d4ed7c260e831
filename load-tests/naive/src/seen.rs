//! What an evaluation met on its way, for counting which rules a row of cases has touched.

use std::cell::Cell;

/// How often something was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Variables that stood for nothing.
    pub null_variables: u32,
    /// Values of the request that an operator could not read.
    pub type_errors: u32,
    /// Statements with `NotPrincipal`.
    pub not_principals: u32,
    /// Callers whose whole chain such a statement lists.
    pub exempt: u32,
    /// Documents without variables: of 2008, or without a version.
    pub old_documents: u32,
    /// Documents of 2012.
    pub new_documents: u32,
}

/// Counts while everything else only looks.
#[derive(Default)]
pub(crate) struct Counter(Cell<Seen>);

impl Counter {
    fn count(&self, of: impl FnOnce(&mut Seen)) {
        let mut seen = self.0.get();
        of(&mut seen);
        self.0.set(seen);
    }

    pub(crate) fn count_document(&self, new: bool) {
        self.count(|seen| {
            seen.new_documents += u32::from(new);
            seen.old_documents += u32::from(!new);
        });
    }

    pub(crate) fn count_null(&self) {
        self.count(|seen| seen.null_variables += 1);
    }

    pub(crate) fn count_type_error(&self) {
        self.count(|seen| seen.type_errors += 1);
    }

    pub(crate) fn count_not_principal(&self, exempt: bool) {
        self.count(|seen| {
            seen.not_principals += 1;
            seen.exempt += u32::from(exempt);
        });
    }

    pub(crate) fn told(&self) -> Seen {
        self.0.get()
    }
}
