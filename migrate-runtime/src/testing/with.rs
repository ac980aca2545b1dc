//! What a database for a test is migrated with.

use std::borrow::Cow;

use migrate_core::{Dialect, Direction, Migration, MigrationSet};

use crate::engine::sets;
use crate::error::Error;
use crate::migrations::Migrations;
use crate::migrator::Migrator;

/// What a database for a test is migrated with: a set, or a [`Migrator`] for several sets, steps in Rust or another history table.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrations, Migrator, embed_migrations, testing};
///
/// static SHOP: Migrations = embed_migrations!("doc-migrations", set = "shop");
/// static BILLING: Migrations = embed_migrations!("doc-billing", set = "billing").after(&SHOP);
///
/// let migrator = Migrator::many([&SHOP, &BILLING]).history_table("shop_migrations");
/// let db = testing::sqlite(&migrator)?;
/// println!("{}", testing::Rehearsal::of(&migrator).sqlite()?);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct With<'a>(Cow<'a, Migrator<'a>>);

impl<'a> From<&'a Migrations> for With<'a> {
    fn from(migrations: &'a Migrations) -> With<'a> {
        With(Cow::Owned(Migrator::new(migrations)))
    }
}

impl<'a> From<&'a Migrator<'a>> for With<'a> {
    fn from(migrator: &'a Migrator<'a>) -> With<'a> {
        With(Cow::Borrowed(migrator))
    }
}

impl<'a> From<Migrator<'a>> for With<'a> {
    fn from(migrator: Migrator<'a>) -> With<'a> {
        With(Cow::Owned(migrator))
    }
}

impl<'a> With<'a> {
    pub(super) fn migrator(&self) -> &Migrator<'a> {
        &self.0
    }

    /// The sets in the order in which they run.
    pub(super) fn sets(&self) -> Result<Vec<&'a Migrations>, Error> {
        sets::in_order(&self.0.sets)
    }

    /// A migrator with the same options for some of the sets, and as far as they go.
    pub(super) fn only(&self, sets: &[&'a Migrations]) -> Migrator<'a> {
        let is_one = |name: &str| sets.iter().any(|set| set.set.name() == name);
        let mut migrator = Migrator::clone(&self.0);
        migrator.steps.retain(|step| step.set.is_none_or(|set| is_one(set.set.name())));
        migrator.sets = sets.to_vec();
        (migrator.target, migrator.at_most) = (None, None);
        migrator
    }

    /// The migrations of a set, steps in their places.
    pub(super) fn migrations_of<'s>(
        &'s self,
        set: &'s Migrations,
        dialect: Dialect,
    ) -> Result<Vec<Migration<'s>>, Error> {
        sets::migrations_of(&self.0, set, dialect)
    }

    /// What a migrated database depends on: with the same key it is the same.
    pub(super) fn key(&self) -> Vec<u8> {
        let Migrator { history_table, steps, applied_by, target, at_most, .. } = &*self.0;
        let mut key = Key::default();
        // Another version of this crate may have another history table.
        key.add(env!("CARGO_PKG_VERSION").as_bytes());
        key.add(history_table.as_bytes());
        key.add(applied_by.as_deref().unwrap_or_default().as_bytes());
        key.add(format!("{target:?} {at_most:?}").as_bytes());
        for set in &self.0.sets {
            key.add_set(&set.set);
        }
        for step in steps {
            key.add(step.set.map_or("", |set| set.set.name()).as_bytes());
            key.add(step.script.version().digits().as_bytes());
            key.add(step.script.checksum().as_bytes());
            key.add(step.script.sql().as_bytes());
        }
        key.0
    }
}

/// Each part behind its length, so that no two lists read the same.
#[derive(Default)]
struct Key(Vec<u8>);

impl Key {
    fn add(&mut self, part: &[u8]) {
        self.0.extend(part.len().to_le_bytes());
        self.0.extend(part);
    }

    /// Everything that ends up in a database: the scripts up, and what the history keeps of the scripts down.
    fn add_set(&mut self, set: &MigrationSet) {
        self.add(set.name().as_bytes());
        for script in set.scripts() {
            self.add(script.version().digits().as_bytes());
            self.add(script.name().as_bytes());
            self.add(script.dialect().map_or("", |dialect| dialect.name()).as_bytes());
            self.add(&[u8::from(script.direction() == Direction::Down), u8::from(script.no_transaction())]);
            self.add(script.checksum().as_bytes());
        }
    }
}
