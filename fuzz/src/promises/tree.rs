//! A folder that is made of bytes: a [`Source`] with whatever a file system may hold.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;

use migrate_core::folder::{Kind, Source};

/// A folder, in memory.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    entries: BTreeMap<Vec<u8>, Node>,
    is_reversed: bool,
}

#[derive(Clone, Debug)]
enum Node {
    File(Vec<u8>),
    Folder(BTreeMap<Vec<u8>, Node>),
    /// A file that is there and cannot be read.
    Unreadable,
    /// Neither a file nor a folder.
    Other(Kind),
}

impl Tree {
    /// Adds a file. Its path is made of names with `/` between them; one that ends with a `/` is that of an empty folder. A mark
    /// before the path says that something else stands there: `!` a file that cannot be read, `@` a link to nothing, `^` a link
    /// out of the folder, `|` a pipe. As in a file system, what is there already stays, and files have no files in them.
    pub fn add(&mut self, path: &[u8], content: &[u8]) {
        let (node, path) = match path {
            [b'!', path @ ..] => (Node::Unreadable, path),
            [b'@', path @ ..] => (Node::Other(Kind::LinkToNothing), path),
            [b'^', path @ ..] => (Node::Other(Kind::LinkOutside), path),
            [b'|', path @ ..] => (Node::Other(Kind::Other), path),
            [.., b'/'] => (Node::Folder(BTreeMap::new()), path),
            _ => (Node::File(content.to_owned()), path),
        };
        // No file system has such names.
        let is_name = |part: &&[u8]| !matches!(*part, b"" | b"." | b"..") && !part.contains(&0);
        let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(is_name).collect();
        let Some((last, folders)) = names.split_last() else { return };
        let mut entries = &mut self.entries;
        for folder in folders {
            match entries.entry(folder.to_vec()).or_insert_with(|| Node::Folder(BTreeMap::new())) {
                Node::Folder(inside) => entries = inside,
                _ => return,
            }
        }
        entries.entry(last.to_vec()).or_insert(node);
    }

    /// The same folder, whose source names its entries in the other order.
    pub fn reversed(&self) -> Tree {
        Tree { is_reversed: !self.is_reversed, ..self.clone() }
    }

    /// The files of the folder that have these paths, and nothing else.
    pub fn only(&self, files: &[String]) -> Tree {
        let mut tree = Tree::default();
        files.iter().for_each(|path| tree.add(path.as_bytes(), self.file(path).unwrap_or_default()));
        tree
    }

    /// The same folder with a file in it, whatever stood there before.
    pub fn with(&self, name: &str, content: &str) -> Tree {
        let mut tree = self.clone();
        tree.entries.insert(name.as_bytes().to_vec(), Node::File(content.as_bytes().to_vec()));
        tree
    }

    /// What is in a file; nothing when there is none that can be read.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.find(path) {
            Some(Found::Node(Node::File(content))) => Some(content),
            _ => None,
        }
    }

    fn find(&self, path: &str) -> Option<Found<'_>> {
        let mut found = Found::Root(&self.entries);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            found = Found::Node(found.entries()?.get(name.as_bytes())?);
        }
        Some(found)
    }
}

enum Found<'a> {
    Root(&'a BTreeMap<Vec<u8>, Node>),
    Node(&'a Node),
}

impl<'a> Found<'a> {
    fn entries(&self) -> Option<&'a BTreeMap<Vec<u8>, Node>> {
        match *self {
            Found::Root(entries) | Found::Node(Node::Folder(entries)) => Some(entries),
            Found::Node(_) => None,
        }
    }
}

impl Source for Tree {
    fn names(&self, folder: &str) -> io::Result<Vec<OsString>> {
        let found = self.find(folder).ok_or(io::ErrorKind::NotFound)?;
        let entries = found.entries().ok_or(io::ErrorKind::NotADirectory)?;
        let mut names: Vec<OsString> = entries.keys().cloned().map(OsString::from_vec).collect();
        if self.is_reversed {
            names.reverse();
        }
        Ok(names)
    }

    fn kind(&self, path: &str) -> io::Result<Kind> {
        match self.find(path).ok_or(io::ErrorKind::NotFound)? {
            Found::Node(Node::File(_) | Node::Unreadable) => Ok(Kind::File),
            Found::Node(Node::Other(kind)) => Ok(*kind),
            Found::Root(_) | Found::Node(Node::Folder(_)) => Ok(Kind::Folder),
        }
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match self.find(path).ok_or(io::ErrorKind::NotFound)? {
            Found::Node(Node::File(content)) => Ok(content.clone()),
            Found::Node(Node::Unreadable) => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Err(io::ErrorKind::IsADirectory.into()),
        }
    }
}
