//! What the processes of an installation must agree on, kept beside the store's identity. What it means is the caller's
//! matter; here the first to say a thing is who is believed.

use trilby_eventlog::Error;

use crate::pipeline::{Ask, params};
use crate::rows;
use crate::store::Postgres;

/// One thing that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// `public_url`, `pepper`, `kek`.
    pub kind: String,
    /// Which of that kind.
    pub id: String,
    /// What it is: a URL, a fingerprint.
    pub value: String,
}

impl Postgres {
    /// What was recorded and this role may see, by kind, the oldest first.
    ///
    /// # Errors
    /// The store does not answer, or the role has nothing to do with it.
    pub async fn agreed(&self) -> Result<Vec<Agreed>, Error> {
        let sql = include_str!("queries/installation_list.sql");
        let found = self.source().rows(None, sql, &[]).await?;
        found
            .iter()
            .map(|row| {
                Ok(Agreed {
                    kind: rows::get(row, 0)?,
                    id: rows::get(row, 1)?,
                    value: rows::get(row, 2)?,
                })
            })
            .collect()
    }

    /// Records what nobody has recorded yet; what is there stays.
    ///
    /// # Errors
    /// The store does not answer, or the role may not record that kind.
    pub async fn agree(&self, new: &[Agreed]) -> Result<(), Error> {
        let column = |of: fn(&Agreed) -> &String| new.iter().map(of).cloned().collect();
        let kinds: Vec<String> = column(|one| &one.kind);
        let ids: Vec<String> = column(|one| &one.id);
        let values: Vec<String> = column(|one| &one.value);
        let sql = include_str!("queries/installation_put.sql");
        let ask = Ask::new(sql, params![&kinds, &ids, &values]);
        self.write_alone(&[], &[ask]).await.map(drop)
    }

    /// Forgets a kind, so that the next to start records it anew. Needs [`Role::Admin`](crate::Role::Admin).
    ///
    /// # Errors
    /// The store does not answer, or the role may not do that.
    pub async fn forget_agreed(&self, kind: &str) -> Result<usize, Error> {
        let sql = include_str!("queries/installation_forget.sql");
        let kind = kind.to_owned();
        let gone = self
            .write_alone(&[], &[Ask::new(sql, params![&kind])])
            .await?;
        Ok(gone.first().map_or(0, Vec::len))
    }
}
