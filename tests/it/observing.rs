//! What programs see of a run: JSON of the results, and events of the crate `tracing`.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use migrate_runtime::Migrator;
use migrate_tests::{Driver, Fresh, migrations};
use serde_json::{Value, json};

#[test]
fn results_are_json() {
    let two = migrations(&[("1_a.sql", "CREATE TABLE a (x integer);"), ("2_b.sql", "SELECT 1;\nSELECT 2;")]);
    let migrator = Migrator::new(&two);
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = fresh.connect();

    let plan = serde_json::to_value(connection.plan(&migrator).unwrap()).unwrap();
    assert_eq!(
        plan,
        json!({ "total": 2, "pending": 0, "waits_for": [], "changes": [
            { "set": "default", "action": "apply", "migration": "1_a", "statements": 1, "path": "migrations/1_a.sql", "sql": "CREATE TABLE a (x integer);", "notes": [] },
            { "set": "default", "action": "apply", "migration": "2_b", "statements": 2, "path": "migrations/2_b.sql", "sql": "SELECT 1;\nSELECT 2;", "notes": [] },
        ] })
    );

    let mut report = serde_json::to_value(connection.run(&migrator).unwrap()).unwrap();
    for change in report["changes"].as_array_mut().unwrap() {
        assert!(change["duration_ms"].take().is_u64());
    }
    assert_eq!(
        report,
        json!({ "total": 2, "pending": 0, "changes": [
            { "set": "default", "migration": "1_a", "action": "apply", "statements": 1, "duration_ms": null, "notes": [] },
            { "set": "default", "migration": "2_b", "action": "apply", "statements": 2, "duration_ms": null, "notes": [] },
        ] })
    );

    let status = serde_json::to_value(connection.status(&migrator).unwrap()).unwrap();
    let first = &status["migrations"][0];
    assert_eq!((&first["set"], &status["dialect"]), (&json!("default"), &json!("sqlite")));
    assert_eq!(
        (&first["migration"], &first["standing"], &first["version"]),
        (&json!("1_a"), &json!("applied"), &json!("1"))
    );
    assert_eq!(first["applied_checksum"], first["embedded_checksum"]);
    assert_eq!(first["renamed_from"], Value::Null);
}

/// The log lines of one thread; those of the others are thrown away.
#[derive(Clone)]
struct Lines {
    thread: ThreadId,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if thread::current().id() == self.thread { self.bytes.lock().unwrap().write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn runs_are_traced() {
    let lines = Lines { thread: thread::current().id(), bytes: Arc::default() };
    let writer = lines.clone();
    // For the whole process: an event that another thread is the first to send is switched off for a subscriber of this thread alone.
    tracing_subscriber::fmt().with_writer(move || writer.clone()).without_time().with_ansi(false).init();
    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    migrations(&[("1_a.sql", "CREATE TABLE a (x integer);")]).run(&mut connection).unwrap();
    migrations(&[("1_a.sql", "CREATE TABLE b (x integer);")]).run(&mut connection).unwrap_err();
    let text = String::from_utf8(lines.bytes.lock().unwrap().clone()).unwrap();
    let expect = [
        "INFO migrate_runtime: migrations planned set=\"default\" planned=1",
        "INFO migrate_runtime: migration changed set=\"default\" migration=\"1_a\" action=\"applied\" duration_ms=",
        "INFO migrate_runtime: done set=\"default\" changed=1 total=1",
        "ERROR migrate_runtime: the history does not match this binary in 1 migration; nothing was changed",
    ];
    let mut rest = text.as_str();
    for line in expect {
        let at = rest.find(line).unwrap_or_else(|| panic!("{line:?} is not in its place in\n{text}"));
        rest = &rest[at..];
    }
    assert!(rest.contains("code=\"history-mismatch\""), "{text}");
}
