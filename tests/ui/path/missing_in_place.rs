use migrate_runtime::embed_migrations;

fn main() -> Result<(), migrate_runtime::Error> {
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    let report = embed_migrations!("migrations/missing").run(&mut db)?;
    println!("{report}");
    Ok(())
}
