//! The lock file as text: one line a fact, fields apart by a space, texts with a space in them between double quotes.

use std::fmt::{self, Write as _};

use super::seal::digest_of_lines;
use super::{Draft, LockFile, Locked, Reblessed, Seal};
use crate::{Checksum, Dialect, Direction, Place, Problem, Version};

const FORMAT: &str = "migrations.lock 1";

impl LockFile {
    /// Reads a lock file. Line endings and a byte order mark do not count.
    ///
    /// ```
    /// use migrate_core::lock::LockFile;
    ///
    /// let mut text = LockFile::default().to_string();
    /// assert!(LockFile::parse(&text).is_ok());
    /// text.insert_str(text.find("digest").unwrap(), "draft 0003 items\n"); // by hand
    /// let problems = LockFile::parse(&text).unwrap_err();
    /// assert_eq!(problems[0].message(), "the last line of the lock file does not fit the lines before it");
    /// ```
    ///
    /// # Errors
    /// Every line that cannot be read or stands out of order, and a last line that does not fit the lines before it. The problems
    /// have a place and no file.
    pub fn parse(text: &str) -> Result<LockFile, Vec<Problem>> {
        LockFile::parse_lines(&lines(text)).map_err(|mut problems| {
            // Blank lines do not count, but editors count them.
            let numbered = (1..).zip(without_mark(text).lines());
            let numbers: Vec<usize> = numbered.filter(|(_, line)| !is_blank(line)).map(|(n, _)| n).collect();
            for problem in &mut problems {
                let line = problem.place().and_then(|place| numbers.get(place.line - 1));
                if let Some(line) = line {
                    *problem = problem.clone().at(Place { line: *line, column: 1 });
                }
            }
            problems
        })
    }

    fn parse_lines(lines: &[&str]) -> Result<LockFile, Vec<Problem>> {
        if let Some(conflict) = lines.iter().position(|line| is_conflict_marker(line)) {
            let message = "the lock file has a merge conflict";
            return Err(vec![at(conflict, message, "resolve it with `migrate rebase`")]);
        }
        if lines.is_empty() {
            return Err(vec![Problem::new("the lock file is empty", RESTORE)]);
        }
        let (before, digest) = match lines.split_last() {
            Some((last, before)) if last.starts_with("digest ") => (before, last.strip_prefix("digest ")),
            _ => (lines, None),
        };
        let mut reader = Reader { lock: LockFile::default(), problems: Vec::new(), is_merged: false };
        reader.read(before);
        if reader.problems.is_empty() {
            let wrong = match digest.map(Checksum::parse) {
                Some(Some(digest)) if digest == digest_of_lines(before.iter().copied()) => None,
                Some(Some(_)) => Some(("the last line of the lock file does not fit the lines before it", MERGED)),
                _ => Some(("the lock file does not end with its digest", RESTORE)),
            };
            reader.problems.extend(wrong.map(|(message, help)| at(lines.len() - 1, message, help)));
        }
        if reader.problems.is_empty() { Ok(reader.lock) } else { Err(reader.problems) }
    }

    /// Reads the lines of a lock file that a merge has touched: the last line need not fit, and versions may stand twice and out of
    /// order. With conflict markers in it, both sides are returned, the one between `<<<<<<<` and `=======` first.
    ///
    /// ```
    /// use migrate_core::lock::LockFile;
    ///
    /// let text = "migrations.lock 1\n<<<<<<< ours\ndraft 0003 items\n=======\ndraft 0003 notes\n>>>>>>> theirs\n";
    /// let (ours, theirs) = LockFile::parse_merged(text).unwrap();
    /// assert_eq!(ours.drafts[0].name, "items");
    /// assert_eq!(theirs.unwrap().drafts[0].name, "notes");
    /// ```
    ///
    /// # Errors
    /// Every line that cannot be read.
    pub fn parse_merged(text: &str) -> Result<(LockFile, Option<LockFile>), Vec<Problem>> {
        let lines = lines(text);
        let has_conflict = lines.iter().any(|line| is_conflict_marker(line));
        let side = |wanted: Side| {
            let mut reader = Reader { lock: LockFile::default(), problems: Vec::new(), is_merged: true };
            let kept: Vec<&str> = lines_of(&lines, wanted).filter(|line| !line.starts_with("digest ")).collect();
            reader.read(&kept);
            if reader.problems.is_empty() { Ok(reader.lock) } else { Err(reader.problems) }
        };
        let first = side(Side::First)?;
        Ok((first, if has_conflict { Some(side(Side::Second)?) } else { None }))
    }
}

const RESTORE: &str = "restore the file from version control; without it, `migrate lock` makes a new one";
const MERGED: &str = "after a merge, `migrate rebase` puts it right; otherwise restore the file from version control";

fn lines(text: &str) -> Vec<&str> {
    without_mark(text).lines().filter(|line| !is_blank(line)).collect()
}

/// A text without the byte order mark that it may begin with.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_conflict_marker(line: &str) -> bool {
    ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|marker| line.starts_with(marker))
}

/// The sides of a merge conflict, as version control writes them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    /// What both sides come from, where it is shown.
    Base,
    Second,
}

fn lines_of<'a>(lines: &[&'a str], wanted: Side) -> impl Iterator<Item = &'a str> {
    let mut inside = None;
    lines.iter().copied().filter(move |line| {
        let entered = match () {
            () if line.starts_with("<<<<<<<") => Some(Some(Side::First)),
            () if line.starts_with("|||||||") => Some(Some(Side::Base)),
            () if line.starts_with("=======") => Some(Some(Side::Second)),
            () if line.starts_with(">>>>>>>") => Some(None),
            () => None,
        };
        match entered {
            Some(side) => {
                inside = side;
                false
            }
            None => inside.is_none_or(|side| side == wanted),
        }
    })
}

struct Reader {
    lock: LockFile,
    problems: Vec<Problem>,
    /// Whether a merge may have put the lines out of order.
    is_merged: bool,
}

impl Reader {
    fn read(&mut self, lines: &[&str]) {
        match lines.first() {
            Some(first) if *first == FORMAT => {}
            Some(first) if first.starts_with("migrations.lock ") => {
                let message = format!("`{first}` is a format of lock files that this version cannot read");
                self.problems.push(at(0, message, "update migrate-runtime and the command `migrate`"));
                return;
            }
            _ => {
                let message = format!("the lock file does not begin with `{FORMAT}`");
                self.problems.push(at(0, message, RESTORE));
                return;
            }
        }
        for (index, line) in lines.iter().enumerate().skip(1) {
            let read = fields(line).and_then(|fields| {
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                self.take(&fields)
            });
            if read.is_none() {
                self.problems.push(at(index, format!("`{line}` is no line of a lock file"), RESTORE));
            } else if !self.is_merged && !self.is_in_order() {
                let message = "the lines of the lock file are out of order";
                self.problems.push(at(index, message, MERGED));
                return;
            }
        }
    }

    fn take(&mut self, fields: &[&str]) -> Option<()> {
        match *fields {
            ["dialect", name] => self.lock.dialect = Some(Dialect::from_name(name)?),
            ["ignore", pattern] => self.lock.ignore.push(pattern.to_owned()),
            ["draft", version, name] => {
                self.lock.drafts.push(Draft { version: Version::parse(version).ok()?, name: name.to_owned() });
            }
            ["reblessed", version, direction, from, to, reason] => {
                let direction = match direction {
                    "up" => Direction::Up,
                    "down" => Direction::Down,
                    _ => return None,
                };
                let locked = self.lock.locked.last_mut()?;
                let belongs = Version::parse(version).is_ok_and(|version| version == locked.version);
                let (from, to) = (Checksum::parse(from)?, Checksum::parse(to)?);
                let reblessed = Reblessed { direction, from, to, reason: reason.to_owned() };
                belongs.then(|| locked.reblessed.push(reblessed))?;
            }
            [version, name, up] => self.take_locked(version, name, up, None)?,
            [version, name, up, down] => self.take_locked(version, name, up, Some(down))?,
            _ => return None,
        }
        Some(())
    }

    fn take_locked(&mut self, version: &str, name: &str, up: &str, down: Option<&str>) -> Option<()> {
        let (name, dialect) = match name.rsplit_once('.').map(|(name, last)| (name, Dialect::from_name(last))) {
            Some((name, Some(dialect))) => (name, Some(dialect)),
            _ => (name, None),
        };
        let down = match down {
            Some(down) => Some(Seal::parse(down)?),
            None => None,
        };
        self.lock.locked.push(Locked {
            version: Version::parse(version).ok()?,
            name: name.to_owned(),
            dialect,
            up: Seal::parse(up)?,
            down,
            reblessed: Vec::new(),
        });
        Some(())
    }

    /// Whether the last migration and the last draft stand where they should.
    fn is_in_order(&self) -> bool {
        let last_two_locked = self.lock.locked.last_chunk();
        let last_two_drafts = self.lock.drafts.last_chunk();
        last_two_locked.is_none_or(|[a, b]: &[Locked; 2]| (&a.version, a.dialect) < (&b.version, b.dialect))
            && last_two_drafts.is_none_or(|[a, b]: &[Draft; 2]| a.version < b.version)
    }
}

fn at(index: usize, message: impl Into<String>, help: &str) -> Problem {
    Problem::new(message, help).at(Place { line: index + 1, column: 1 })
}

impl fmt::Display for LockFile {
    /// Writes the file, digest included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        writeln!(f, "digest {}", digest_of_lines(lines.iter().map(String::as_str)))
    }
}

impl LockFile {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![FORMAT.to_owned()];
        lines.extend(self.dialect.map(|dialect| line(&["dialect", dialect.name()])));
        lines.extend(self.ignore.iter().map(|pattern| line(&["ignore", pattern])));
        for locked in &self.locked {
            let version = locked.version.as_written();
            let name = match locked.dialect {
                Some(dialect) => format!("{}.{dialect}", locked.name),
                None => locked.name.clone(),
            };
            let seals = [Some(locked.up), locked.down].into_iter().flatten().map(|seal| seal.to_string());
            let fields: Vec<String> = [version.to_owned(), name].into_iter().chain(seals).collect();
            lines.push(line(&fields.iter().map(String::as_str).collect::<Vec<_>>()));
            lines.extend(locked.reblessed.iter().map(|reblessed| {
                let direction = match reblessed.direction {
                    Direction::Up => "up",
                    Direction::Down => "down",
                };
                let (from, to) = (reblessed.from.to_string(), reblessed.to.to_string());
                line(&["reblessed", version, direction, &from, &to, &reblessed.reason])
            }));
        }
        let drafts = self.drafts.iter().map(|draft| line(&["draft", draft.version.as_written(), &draft.name]));
        lines.extend(drafts);
        lines
    }
}

fn line(fields: &[&str]) -> String {
    fields.iter().map(|field| quoted_if_needed(field)).collect::<Vec<_>>().join(" ")
}

fn quoted_if_needed(field: &str) -> String {
    let is_plain =
        !field.is_empty() && !field.starts_with('"') && !field.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_plain {
        return field.to_owned();
    }
    let mut quoted = String::from('"');
    for c in field.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            '"' | '\\' => write!(quoted, "\\{c}"),
            _ if c.is_control() => write!(quoted, " "),
            _ => write!(quoted, "{c}"),
        };
    }
    quoted.push('"');
    quoted
}

/// The fields of a line; `None` when it cannot be read.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => until_quote(quoted)?,
            None => {
                let (field, after) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
                (field.to_owned(), after)
            }
        };
        fields.push(field);
        if after.is_empty() {
            return Some(fields);
        }
        rest = after.strip_prefix(' ').filter(|rest| !rest.is_empty())?;
    }
}

/// The text up to the closing quote, and what is behind it.
fn until_quote(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((field, chars.as_str())),
            '\\' => field.push(chars.next()?),
            c => field.push(c),
        }
    }
}
