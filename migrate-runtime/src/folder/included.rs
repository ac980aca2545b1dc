//! A folder that `include_dir` has put into the binary, as a source.
//!
//! `include_dir` calls an entry by its whole path, relative to the folder that its macro was given; a source calls it by its path in
//! the folder that is read, which may be a part of that. Its own look-up searches every folder for each path, so this has an index.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;

use include_dir::{Dir, DirEntry};
use migrate_core::folder::{Kind, Source};

pub(super) struct Included<'a> {
    names: HashMap<String, Vec<OsString>>,
    files: HashMap<String, &'a [u8]>,
}

impl<'a> Included<'a> {
    pub(super) fn new(dir: &'a Dir<'_>) -> Included<'a> {
        let mut included = Included { names: HashMap::new(), files: HashMap::new() };
        let mut to_do = vec![(String::new(), dir)];
        while let Some((folder, dir)) = to_do.pop() {
            let mut names = Vec::with_capacity(dir.entries().len());
            for entry in dir.entries() {
                let name = entry.path().strip_prefix(dir.path()).unwrap_or(entry.path());
                let shown = name.to_string_lossy();
                let path = if folder.is_empty() { shown.into_owned() } else { format!("{folder}/{shown}") };
                names.push(name.into());
                match entry {
                    DirEntry::Dir(dir) => to_do.push((path, dir)),
                    DirEntry::File(file) => {
                        included.files.insert(path, file.contents());
                    }
                }
            }
            included.names.insert(folder, names);
        }
        included
    }
}

impl Source for Included<'_> {
    fn names(&self, folder: &str) -> io::Result<Vec<OsString>> {
        self.names.get(folder).cloned().ok_or(io::ErrorKind::NotFound.into())
    }

    fn kind(&self, path: &str) -> io::Result<Kind> {
        match () {
            () if self.files.contains_key(path) => Ok(Kind::File),
            () if self.names.contains_key(path) => Ok(Kind::Folder),
            () => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.files.get(path).map(|bytes| bytes.to_vec()).ok_or(io::ErrorKind::NotFound.into())
    }
}
