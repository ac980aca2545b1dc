//! What sets consist of, and in which order several run.

use migrate_core::{Dialect, Migration, embedded};

use super::refuse;
use crate::error::Error;
use crate::migrations::Migrations;
use crate::migrator::{Migrator, RegisteredStep};

/// The migrations of a set as a dialect sees them, its steps in their places.
///
/// # Errors
/// A version without a script, or one that a step has, too.
pub(crate) fn migrations_of<'m>(
    migrator: &'m Migrator<'_>,
    set: &'m Migrations,
    dialect: Dialect,
) -> Result<Vec<Migration<'m>>, Error> {
    let found = set.set.migrations(dialect);
    let mut migrations = found.map_err(|lacking| refuse::lacking_dialect(dialect, &set.set, &lacking))?;
    for RegisteredStep { script, .. } in migrator.steps_of(set) {
        match migrations.binary_search_by(|migration| migration.version().cmp(script.version())) {
            Ok(_) => return Err(refuse::version_taken(script)),
            Err(place) => migrations.insert(place, embedded::migration_of(script)),
        }
    }
    Ok(migrations)
}

/// The sets as they are given, but each behind those that it comes after.
///
/// # Errors
/// Two of one name, or a circle.
pub(crate) fn in_order<'a>(given: &[&'a Migrations]) -> Result<Vec<&'a Migrations>, Error> {
    let mut ordered: Vec<&Migrations> = Vec::with_capacity(given.len());
    let name = |set: &Migrations| set.set.name().to_owned();
    for (index, set) in given.iter().enumerate() {
        if given[..index].iter().any(|other| name(other) == name(set)) {
            return Err(refuse::set_given_twice(&name(set)));
        }
    }
    while ordered.len() < given.len() {
        let is_done = |set: &Migrations| ordered.iter().any(|other| name(other) == name(set));
        let is_given = |set: &Migrations| given.iter().any(|other| name(other) == name(set));
        let is_next =
            |set: &&&'a Migrations| !is_done(set) && set.before_it().filter(|other| is_given(other)).all(is_done);
        match given.iter().find(is_next) {
            Some(next) => ordered.push(next),
            None => {
                let left: Vec<String> = given.iter().filter(|set| !is_done(set)).map(|set| name(set)).collect();
                return Err(refuse::circle_of_sets(&left));
            }
        }
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use migrate_core::embedded::set;

    use super::*;
    use crate::origin::Origin;

    const fn named(name: &'static str) -> Migrations {
        Migrations::new(set(name, &[], 0, [None; 3]), std::borrow::Cow::Borrowed(""), Origin::ELSEWHERE)
    }

    static A: Migrations = named("a");
    static B: Migrations = named("b").after(&A);
    static C: Migrations = named("c").after(&B).after(&A);
    static X: Migrations = named("x").after(&Y);
    static Y: Migrations = named("y").after(&X);

    #[test]
    fn orders() {
        let cases: &[(&[&Migrations], Result<&str, &str>)] = &[
            (&[], Ok("")),
            (&[&A, &B, &C], Ok("a b c")),
            (&[&C, &B, &A], Ok("a b c")),
            (&[&C, &A], Ok("a c")),
            (&[&C, &X], Ok("c x")),
            (&[&A, &X, &Y], Err("the sets `x`, `y` come after each other in a circle")),
            (&[&A, &B, &A], Err("the set `a` is given twice")),
        ];
        for (given, expect) in cases {
            let told = in_order(given).map(|sets| sets.iter().map(|set| set.set.name()).collect::<Vec<_>>().join(" "));
            let told = told.map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned());
            assert_eq!(told.as_deref().map_err(String::as_str), *expect);
        }
    }
}
