//! What a rehearsal has found.

use std::fmt;

use migrate_core::Label;

use crate::fingerprint::Fingerprint;

/// What a successful [`Rehearsal`](super::Rehearsal) has found. `Display` is one line for people.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// # use migrate_runtime::{embed_migrations, testing::Rehearsal};
/// let rehearsed = Rehearsal::of(&embed_migrations!("doc-migrations")).sqlite()?;
/// let expect = "rehearsed 2 migrations; without a script down: 0001_users, 0002_users_email";
/// assert_eq!(rehearsed.to_string(), expect);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    pub(super) migrations: usize,
    pub(super) without_down: Vec<Label>,
    pub(super) fingerprint: Fingerprint,
}

impl Rehearsed {
    /// How many migrations there are.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{embed_migrations, testing::Rehearsal};
    /// let rehearsed = Rehearsal::of(&embed_migrations!("doc-migrations")).sqlite()?;
    /// assert_eq!(rehearsed.migrations(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn migrations(&self) -> usize {
        self.migrations
    }

    /// The migrations that have no script down, and were rehearsed upwards alone.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{embed_migrations, testing::Rehearsal};
    /// let rehearsed = Rehearsal::of(&embed_migrations!("doc-migrations")).sqlite()?;
    /// assert_eq!(rehearsed.without_down()[0].as_str(), "0001_users");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn without_down(&self) -> &[Label] {
        &self.without_down
    }

    /// The schema that every way leads to.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{embed_migrations, testing::Rehearsal};
    /// let rehearsed = Rehearsal::of(&embed_migrations!("doc-migrations")).sqlite()?;
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// embed_migrations!("doc-migrations").run(&mut db)?;
    /// assert_eq!(rehearsed.fingerprint(), &migrate_runtime::fingerprint(&mut db)?);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}

impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.migrations == 1 { "" } else { "s" };
        write!(f, "rehearsed {} migration{plural}", self.migrations)?;
        let labels: Vec<&str> = self.without_down.iter().map(Label::as_str).collect();
        if !labels.is_empty() {
            write!(f, "; without a script down: {}", labels.join(", "))?;
        }
        Ok(())
    }
}
