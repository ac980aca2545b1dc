// What examples in the docs read: files that are texts.
use std::ffi::OsString;
use std::io;

use migrate_core::folder::{Kind, Source};

pub struct Files(pub &'static [(&'static str, &'static str)]);

impl Source for Files {
    fn names(&self, folder: &str) -> io::Result<Vec<OsString>> {
        match folder {
            "" => Ok(self.0.iter().map(|(name, _)| OsString::from(name)).collect()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn kind(&self, path: &str) -> io::Result<Kind> {
        self.read(path).map(|_| Kind::File)
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let file = self.0.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| text.as_bytes().to_vec()).ok_or(io::ErrorKind::NotFound.into())
    }
}
