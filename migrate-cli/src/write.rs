//! Files that are made whole or not at all, and the nudge that makes cargo look at a folder again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use migrate_core::lock::LockFile;

use crate::answer::Failure;
use crate::directory::{Directory, Guard};

/// Replaces the lock file of a folder: whatever happens, the old one or the new one is there. With the guard, because of the file
/// beside it.
pub(crate) fn lock_file(directory: &Directory, lock: &LockFile, _guard: &Guard) -> Result<(), Failure> {
    let path = directory.lock_path();
    // A link stays one.
    let path = path.canonicalize().unwrap_or(path);
    let beside = path.with_file_name(".migrations.lock.new");
    let written = replace(&path, &beside, lock.to_string().as_bytes());
    if written.is_err() {
        // It need not be there.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| Failure::io(format!("write `{}`", directory.lock_shown()), &error))
}

fn replace(path: &Path, beside: &Path, bytes: &[u8]) -> io::Result<()> {
    // One may be left of a call that was killed. It is removed rather than written to: it may be a link to anywhere.
    let _ = fs::remove_file(beside);
    let mut file = File::create_new(beside)?;
    if let Ok(metadata) = path.metadata() {
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(beside, path)?;
    sync_folder_of(path);
    Ok(())
}

/// Makes a file, and never touches one that is there.
pub(crate) fn new_file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // The error that counts is that of writing.
        let _ = fs::remove_file(path);
    }
    written
}

/// Has the operating system write down what a folder holds, where that can be asked for.
fn sync_folder_of(path: &Path) {
    if cfg!(unix)
        && let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        // The file itself is safe, and nothing could be done about it.
        let _ = folder.sync_all();
    }
}

/// Has cargo look at a folder again whose lock file it cannot know, because there was none: touches the files of the folder that it
/// knows, or the sources that embed a folder. Nothing depends on it but the comfort of not building by hand.
pub(crate) fn wake_cargo(directory: &Directory, files: &[PathBuf]) {
    let sources = if files.is_empty() { embedding_sources(&directory.root) } else { Vec::new() };
    for path in files.iter().chain(&sources) {
        // A file that cannot be touched is one that cannot have been edited either.
        let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    }
}

/// The sources of the package around a folder that name the macro.
fn embedding_sources(root: &Path) -> Vec<PathBuf> {
    let Ok(root) = root.canonicalize() else { return Vec::new() };
    let Some(package) = root.ancestors().find(|folder| folder.join("Cargo.toml").is_file()) else { return Vec::new() };
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> = ["src", "tests", "examples", "benches"].map(|folder| package.join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") => {
                    let names_it = |text: Vec<u8>| String::from_utf8_lossy(&text).contains("embed_migrations");
                    sources.extend(fs::read(&path).is_ok_and(names_it).then_some(path));
                }
                _ => {}
            }
        }
    }
    sources
}
