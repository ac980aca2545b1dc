//! The verbs on a session, blocking and asynchronous, which differ in nothing else. They know no driver, and are compiled with this crate.

use super::Migrator;
use crate::block_on::block_on;
use crate::driver::{AnySession, Boxed};
use crate::engine::{Engine, Verb, stamp};
use crate::error::Error;
use crate::report::{History, Plan, Report, Status};
use crate::table::TableName;

/// Both forms of a verb. Without a driver in this crate that needs a form, it is left to the programs that do.
macro_rules! on_sessions {
    ($($blocking:ident $asynchronous:ident $verb:ident ($($arg:ident: $type:ty)?) -> $answer:ty;)+) => {
        impl Migrator<'_> {$(
            #[cfg(any(feature = "rusqlite", feature = "postgres"))]
            pub(super) fn $blocking(&self, session: &mut dyn AnySession $(, $arg: $type)?) -> Result<$answer, Error> {
                block_on(self.$verb(session $(, $arg)?))
            }

            #[cfg(not(any(feature = "rusqlite", feature = "postgres")))]
            pub(super) fn $blocking(&self, session: &mut impl AnySession $(, $arg: $type)?) -> Result<$answer, Error> {
                block_on(self.$verb(session $(, $arg)?))
            }

            #[cfg(feature = "tokio-postgres")]
            pub(super) fn $asynchronous<'s>(
                &'s self,
                session: &'s mut (dyn AnySession + Send + 's)
                $(, $arg: $type)?
            ) -> Boxed<'s, Result<$answer, Error>> {
                Box::pin(self.$verb(session $(, $arg)?))
            }

            #[cfg(not(feature = "tokio-postgres"))]
            pub(super) fn $asynchronous<'s>(
                &'s self,
                session: &'s mut (impl AnySession + Send)
                $(, $arg: $type)?
            ) -> Boxed<'s, Result<$answer, Error>> {
                Box::pin(self.$verb(session $(, $arg)?))
            }
        )+}
    };
}

on_sessions! {
    execute_on execute_on_async execute(verb: Verb) -> Report;
    try_on try_on_async try_only(verb: Verb) -> Plan;
    status_on status_on_async tell_status() -> Status;
    history_on history_on_async tell_history() -> History;
    verify_on verify_on_async verify_all() -> ();
}

impl Migrator<'_> {
    async fn execute(&self, session: &mut (impl AnySession + ?Sized), verb: Verb) -> Result<Report, Error> {
        self.refuse_stale()?;
        let table = TableName::parse(&self.history_table)?;
        if let Some(report) = stamp::up_to_date(session, self, &table, &verb).await {
            return Ok(report);
        }
        Engine::new(session, self, &table)?.execute(&verb).await
    }

    async fn try_only(&self, session: &mut (impl AnySession + ?Sized), verb: Verb) -> Result<Plan, Error> {
        self.refuse_stale()?;
        let table = TableName::parse(&self.history_table)?;
        Engine::new(session, self, &table)?.plan(&verb).await
    }

    async fn tell_status(&self, session: &mut (impl AnySession + ?Sized)) -> Result<Status, Error> {
        let table = TableName::parse(&self.history_table)?;
        Engine::new(session, self, &table)?.status().await
    }

    async fn tell_history(&self, session: &mut (impl AnySession + ?Sized)) -> Result<History, Error> {
        let table = TableName::parse(&self.history_table)?;
        Engine::new(session, self, &table)?.history().await
    }

    async fn verify_all(&self, session: &mut (impl AnySession + ?Sized)) -> Result<(), Error> {
        self.refuse_stale()?;
        let table = TableName::parse(&self.history_table)?;
        Engine::new(session, self, &table)?.verify().await
    }

    fn refuse_stale(&self) -> Result<(), Error> {
        #[cfg(debug_assertions)]
        if !self.may_be_stale {
            return self.sets.iter().try_for_each(|set| crate::stale::refuse_stale(&set.set, &set.origin));
        }
        Ok(())
    }
}
