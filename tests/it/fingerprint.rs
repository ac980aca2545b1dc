//! The fingerprint of a schema: what changes it, what does not, and what the difference says.

mod postgres;
mod sqlite;

use migrate_runtime::{Migrator, fingerprint, fingerprint_without};
use migrate_tests::{Driver, Fresh, numbered, postgres as cluster};

/// On a database with the schema `before`, each change gives this difference.
fn changes(driver: Driver, before: &str, cases: &[(&str, &str)]) {
    let fresh = Fresh::new(driver);
    let mut connection = fresh.connect();
    connection.execute(before);
    let old = connection.fingerprint();
    let mut wrong = Vec::new();
    for (change, expect) in cases {
        connection.execute("BEGIN");
        connection.execute(change);
        let found = old.difference(&connection.fingerprint());
        if found != *expect {
            wrong.push(format!("{change}\n----\n{found}\n---- instead of\n{expect}\n"));
        }
        connection.execute("ROLLBACK");
        assert_eq!(connection.fingerprint(), old, "after {change}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two ways to the same schema.
fn same(driver: Driver, cases: &[(&str, &str)]) {
    for (one, other) in cases {
        let of = |script: &str| {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.execute(script);
            connection.fingerprint()
        };
        let (one_way, other_way) = (of(one), of(other));
        assert_eq!(one_way.difference(&other_way), "", "{one}\n---- and\n{other}");
        assert_eq!(one_way, other_way);
        assert_eq!(one_way.digest(), other_way.digest());
        assert!(one_way.facts().count() > 0, "{one}");
    }
}

#[test]
fn the_history_table_is_left_out() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&numbered(2))).unwrap();
        let with_history = connection.fingerprint();
        connection.execute("DROP TABLE schema_migrations");
        assert_eq!(with_history.difference(&connection.fingerprint()), "", "{driver:?}");
    }
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    Migrator::new(&numbered(1)).history_table("history").run(&mut db).unwrap();
    assert!(fingerprint(&mut db).unwrap().to_string().contains("table history"));
    assert!(!fingerprint_without(&mut db, "history").unwrap().to_string().contains("history"));
    assert!(fingerprint_without(&mut db, "no name").is_err());
}

#[test]
fn reading_leaves_the_session_as_it_was() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE t (id integer)");
        let outside = connection.fingerprint();
        assert!(!connection.is_in_transaction());
        connection.execute("BEGIN");
        connection.execute("INSERT INTO t VALUES (1)");
        if !driver.is_sqlite() {
            connection.execute("SET LOCAL search_path = 'elsewhere'; SET TimeZone = 'Asia/Tokyo'");
        }
        assert_eq!(connection.fingerprint(), outside);
        assert!(connection.is_in_transaction());
        if !driver.is_sqlite() {
            assert_eq!(connection.value("SHOW search_path"), "elsewhere");
            assert_eq!(connection.value("SHOW TimeZone"), "Asia/Tokyo");
            connection.execute("SET LOCAL search_path = 'public'");
        }
        connection.execute("COMMIT");
        assert_eq!(connection.value("SELECT count(*) FROM t"), "1");
    }
}

#[test]
fn transactions_of_the_drivers_are_read_too() {
    let database = cluster().database("fingerprint");
    let mut client = database.connect();
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute("CREATE TABLE t (id integer)").unwrap();
    assert!(fingerprint(&mut transaction).unwrap().to_string().contains("table public.t: (id)"));
    transaction.commit().unwrap();
    assert!(fingerprint(&mut client).unwrap().to_string().contains("table public.t: (id)"));
}
