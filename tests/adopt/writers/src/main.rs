//! Writes `../data/*.db` anew: what rusqlite_migration, sqlx and Diesel leave in a database of SQLite. Call it in its folder.

use std::error::Error;
use std::fs;
use std::path::Path;

use diesel::Connection as _;
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use rusqlite_migration::{M, Migrations};
use sqlx_core::connection::ConnectOptions as _;
use sqlx_core::migrate::Migrator;
use sqlx_sqlite::SqliteConnectOptions;

const DATA: &str = "../data";

fn main() -> Result<(), Box<dyn Error>> {
    with_rusqlite_migration(&fresh("rusqlite_migration.db")?)?;
    with_sqlx(&fresh("sqlx.db")?)?;
    with_diesel(&fresh("diesel.db")?)
}

fn fresh(name: &str) -> Result<String, Box<dyn Error>> {
    let path = Path::new(DATA).join(name);
    if path.exists() {
        fs::remove_file(&path)?;
    }
    Ok(path.to_str().ok_or("a path is UTF-8")?.to_owned())
}

fn with_rusqlite_migration(path: &str) -> Result<(), Box<dyn Error>> {
    let files = ["1_users.sql", "2_orders.sql"].map(|file| fs::read_to_string(format!("{DATA}/sqlx/{file}")));
    let [users, orders] = files;
    let (users, orders) = (users?, orders?);
    let mut connection = rusqlite::Connection::open(path)?;
    Migrations::new(vec![M::up(&users), M::up(&orders)]).to_latest(&mut connection)?;
    Ok(())
}

fn with_sqlx(path: &str) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let migrator = Migrator::new(Path::new(DATA).join("sqlx").as_path()).await?;
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = options.connect().await?;
        migrator.run_direct(None, &mut connection, false).await?;
        Ok(())
    })
}

fn with_diesel(path: &str) -> Result<(), Box<dyn Error>> {
    let mut connection = diesel::SqliteConnection::establish(path)?;
    let migrations = FileBasedMigrations::from_path(Path::new(DATA).join("diesel"))?;
    connection.run_pending_migrations(migrations).map_err(|error| error.to_string())?;
    Ok(())
}
