//! The folder's path: relative to the package, and inside of it.

use std::env;
use std::path::{Component, Path, PathBuf};

use migrate_core::Problem;
use migrate_core::folder::FileSystem;

/// The folder to read.
pub(crate) struct FolderPath {
    /// What messages call it: relative to the package, with `/`.
    pub(crate) shown: String,
    /// Where it is.
    pub(crate) source: FileSystem,
}

/// Finds the folder that an argument names.
pub(crate) fn resolve(argument: &str) -> Result<FolderPath, Problem> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).ok_or_else(|| {
        Problem::new(
            "the package cannot be found: CARGO_MANIFEST_DIR is not set",
            "build with cargo, or set the variable",
        )
    })?;
    let parts = inside(argument)?;
    let shown = parts.join("/");
    let absolute = package.join(parts.iter().collect::<PathBuf>());
    let source = FileSystem::find(&absolute, &shown, "the folder of Cargo.toml")?;
    if leads_outside(&package, &absolute) {
        return Err(outside(argument));
    }
    Ok(FolderPath { shown, source })
}

/// The parts of a relative path that stays below where it starts.
fn inside(argument: &str) -> Result<Vec<String>, Problem> {
    let mut parts = Vec::new();
    for component in Path::new(argument).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir => {
                parts.pop().ok_or_else(|| outside(argument))?;
            }
            Component::RootDir | Component::Prefix(_) => {
                let help =
                    "write the path relative to the folder of Cargo.toml: another machine has other absolute paths";
                return Err(Problem::new(format!("the path `{argument}` is absolute"), help));
            }
        }
    }
    if parts.is_empty() {
        let help = "name the folder that holds the migrations, for example `migrations`";
        let message = match argument {
            "" => "the path of the folder is empty".to_owned(),
            _ => format!("the path `{argument}` names no folder of the package"),
        };
        return Err(Problem::new(message, help));
    }
    Ok(parts)
}

fn outside(argument: &str) -> Problem {
    Problem::new(
        format!("the path `{argument}` leads out of the package"),
        "move the folder into the package; to share it, make a small crate of the folder and the macro's call",
    )
}

/// Whether a symbolic link on the way leads out of the package.
fn leads_outside(package: &Path, folder: &Path) -> bool {
    match (package.canonicalize(), folder.canonicalize()) {
        (Ok(package), Ok(folder)) => !folder.starts_with(package),
        _ => false,
    }
}
