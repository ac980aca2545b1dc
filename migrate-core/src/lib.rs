//! The pure part of embedded migrations, shared by the macro, the runtime and tools: versions, checksums, file names, the SQL
//! scanner, the folder reader and the plan. No driver, no clock, no async; only `folder` touches the file system.
//!
//! Programs use the crate `migrate-runtime`, which re-exports what they need. What else is public here is for the other crates of the
//! project, and for tools that look at folders of migrations:
//!
//! ```
//! # #[cfg(feature = "folder")] {
//! # let folder = std::env::temp_dir().join(format!("migrate-core-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! # std::fs::write(folder.join("0001_users.sql"), "CREATE TABLE users (id integer);").unwrap();
//! use migrate_core::folder::{Folder, FolderOptions};
//!
//! match Folder::read(&folder, "migrations", &FolderOptions::default()) {
//!     Ok(folder) => assert_eq!(folder.set.scripts()[0].path(), "migrations/0001_users.sql"),
//!     Err(problems) => problems.iter().for_each(|problem| eprintln!("{problem}\n")),
//! }
//! # std::fs::remove_dir_all(folder).unwrap();
//! # }
//! ```
//!
//! # Features
//! - `adopt`: reading the histories of other tools, and computing their checksums (brings one small crate for each kind).
//! - `folder`: making sets of folders, which takes checksums (brings `hmac-sha256`); the macro switches it on for itself. Debug builds
//!   without it can list a folder and read its texts; release builds cannot, as nothing in them looks at a folder.
//! - `serde`: `Serialize` for what ends up in reports.

#[cfg(feature = "adopt")]
pub mod adopt;
mod alone;
mod audit;
mod checksum;
mod dialect;
mod digest;
mod filename;
mod fnv;
#[cfg(any(feature = "folder", debug_assertions))]
pub mod folder;
mod header;
mod history;
mod in_session;
pub mod in_transaction;
#[cfg(feature = "folder")]
pub mod lock;
mod marks;
mod migration;
mod place;
pub mod plan;
mod printable;
mod problem;
pub mod scan;
mod table_acts;
mod version;

#[doc(hidden)]
pub mod embedded;

pub use alone::Alone;
pub use audit::AuditEntry;
pub use checksum::{Checksum, normalise};
pub use dialect::Dialect;
pub use digest::Digest;
pub use filename::{FileName, FileNameError, LOCK_FILE_NAME, is_ignored_by_rule};
pub use fnv::fnv1a;
pub use header::{Excuse, ForeignKeys, Header};
pub use history::{BadRow, HistoryRow, RowState};
pub use in_session::{InSession, last_number_reader, last_rowid_reader, lost_with_session, session_settings};
pub use migration::{Direction, Label, Migration, MigrationSet, Script};
pub use place::Place;
pub use printable::{printable, printable_line};
pub use problem::Problem;
pub use table_acts::{Enforcement, Reference, TableActs};
pub use version::{Version, VersionError};
