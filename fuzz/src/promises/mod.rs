//! What must hold for any input at all, a module a reader: each function panics when a promise is broken.
//!
//! The fuzz targets beside this folder look for such an input at length, the tests of the workspace for seconds. Nothing here makes
//! inputs up, but for spellings that are shorter than what they stand for.

mod file;
mod folder;
mod history;
mod lock;
mod problem;
mod script;
mod tree;

pub use file::of_file;
pub use folder::of_folder;
pub use history::of_history;
pub use lock::of_lock_file;
pub use problem::of_problem;
pub use script::{of_script, of_script_in};
pub use tree::Tree;
