//! The folders that promises are tried on, as files on a disk.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use migrate_core::Dialect;
use migrate_core::folder::{Folder, FolderOptions};

use super::inputs;
use crate::scan_differential::generator::Generator;
use crate::scan_differential::seeds;

#[test]
fn a_folder_reads_as_one_in_memory() {
    for seed in seeds(100) {
        let mut input = inputs::folder(&mut Generator::new(seed, Dialect::Sqlite));
        // A file that cannot be read is one that root can read.
        input.files.retain(|(path, _)| !path.starts_with(b"!"));
        let folder = tempfile::tempdir().unwrap();
        input.files.iter().for_each(|(path, content)| write(folder.path(), path, content));
        let on_disk = Folder::read(folder.path(), "migrations", &FolderOptions::default());
        let in_memory = Folder::read_from(&input.tree(), "migrations", &FolderOptions::default());
        assert_eq!(format!("{on_disk:?}"), format!("{in_memory:?}"), "seed {seed}: {:?}", input.files);
    }
}

/// Makes a file, and the folders around it, unless something is in the way.
fn write(root: &Path, path: &[u8], content: &[u8]) {
    let (path, is_folder) = (root.join(OsStr::from_bytes(path)), path.ends_with(b"/"));
    let around = if is_folder { Some(&*path) } else { path.parent() };
    if around.is_some_and(|folder| fs::create_dir_all(folder).is_ok())
        && let Ok(mut file) = File::create_new(path)
    {
        file.write_all(content).unwrap();
    }
}
