//! Whoever may create in a schema of the search path may define operators and functions there: a run by somebody else never calls them.

use migrate_runtime::Migrator;
use migrate_tests::{Case, Driver, Fresh};

/// An operator of every kind that the server itself has none of, for each two types that the runner's own SQL could bring together. Such
/// a one would be preferred to a conversion.
const TRAPS: &str = r#"
CREATE SCHEMA traps;
DO $$
DECLARE
    types text[] := ARRAY['smallint', 'integer', 'bigint', 'numeric', 'double precision', 'text', 'name', '"char"', 'boolean', 'oid', 'regclass',
        'xid', 'timestamptz', 'interval'];
    l text;
    r text;
    sign text;
BEGIN
    FOREACH l IN ARRAY types LOOP
        FOREACH r IN ARRAY types LOOP
            EXECUTE format('CREATE FUNCTION traps.trap(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION ''a trap''; END $f$', l, r);
            FOREACH sign IN ARRAY ARRAY['=', '<>', '<', '>', '<=', '>=', '||', '+', '-', '*', '/', '~', '~~'] LOOP
                IF NOT EXISTS (SELECT FROM pg_operator WHERE oprname = sign AND oprleft = l::regtype AND oprright = r::regtype) THEN
                    EXECUTE format('CREATE OPERATOR traps.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = traps.trap)', sign, l, r);
                END IF;
            END LOOP;
        END LOOP;
    END LOOP;
END $$"#;

#[test]
fn operators_of_others_are_never_called() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(TRAPS);
        let name = connection.value("SELECT current_database()");
        connection.execute(&format!("ALTER DATABASE {name} SET search_path = public, traps"));
        for case in Case::all(driver) {
            let mut connection = fresh.connect();
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
            let is_trapped = "DO $$ BEGIN PERFORM 1::numeric = 1; EXCEPTION WHEN raise_exception THEN CREATE TABLE trapped (x text); END $$";
            connection.execute(is_trapped);
            connection.execute("DROP TABLE trapped");
            let sets = case.sets(driver);
            let migrator = || case.migrator(driver, &sets);
            if let Some(version) = case.before {
                connection.run(&migrator().target(version)).unwrap();
            }
            if !case.by_hand.is_empty() {
                connection.execute(&format!("SET search_path = public; {}; RESET search_path", case.by_hand));
            }
            let what = format!("{driver:?}, {}", case.name);
            connection.execute_verb(&migrator(), &case.verb).unwrap_or_else(|error| panic!("{what}: {error}"));
            connection.status(&Migrator::many(&sets)).unwrap();
            connection.history(&Migrator::many(&sets)).unwrap();
        }
    }
}
