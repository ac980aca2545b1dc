//! The reader of lock files.

use migrate_core::lock::{LockFile, Locked};

use super::of_problem;

/// What holds for the text of a lock file. Nearly no text ends with its own digest: what it says is also written anew, as after a
/// merge, and read again.
pub fn of_lock_file(text: &str) {
    let read = LockFile::parse(text);
    if let Err(problems) = &read {
        assert!(!problems.is_empty(), "{text:?}");
        problems.iter().for_each(|problem| of_problem(problem, Some(text)));
        let is_placed = problems.iter().all(|problem| problem.place().is_some()) || text.trim().is_empty();
        assert!(is_placed || text.trim() == "\u{feff}", "{problems:?} in {text:?}");
    }
    let from_elsewhere = format!("\u{feff}{}", plain(text).replace('\n', "\r\n"));
    assert_eq!(LockFile::parse(&from_elsewhere), read, "{text:?}");
    match LockFile::parse_merged(text) {
        Ok((one, other)) => {
            if let Ok(lock) = &read {
                assert!(one == *lock && other.is_none(), "{text:?}");
            }
            [Some(one), other].into_iter().flatten().for_each(|side| of_side(&side));
        }
        Err(problems) => {
            assert!(read.is_err() && !problems.is_empty(), "{text:?}");
            // Their places are among the lines of one side.
            problems.iter().for_each(|problem| of_problem(problem, None));
        }
    }
}

fn plain(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

/// What some lines say, in whatever order.
fn of_side(lock: &LockFile) {
    let written = lock.to_string();
    let read = LockFile::parse(&written);
    let in_order =
        lock.locked.is_sorted_by(|a, b| key(a) < key(b)) && lock.drafts.is_sorted_by(|a, b| a.version < b.version);
    assert_eq!(read.is_ok(), in_order, "{read:?} of {written:?}");
    let Ok(read) = read else { return };
    assert_eq!(read.to_string(), written);
    // A control character is written as a space.
    if !texts(lock).any(|text| text.contains(char::is_control)) {
        assert_eq!(read, *lock, "{written:?}");
    }
    // Every line counts.
    let lines: Vec<&str> = written.lines().collect();
    for left_out in 0..lines.len() {
        let rest: String =
            (0..lines.len()).filter(|index| *index != left_out).map(|index| format!("{}\n", lines[index])).collect();
        assert!(LockFile::parse(&rest).is_err(), "{rest:?} of {written:?}");
    }
}

fn key(locked: &Locked) -> impl Ord {
    (locked.version.clone(), locked.dialect)
}

fn texts(lock: &LockFile) -> impl Iterator<Item = &str> {
    let reasons = lock.locked.iter().flat_map(|locked| &locked.reblessed).map(|reblessed| &*reblessed.reason);
    let names = lock.locked.iter().map(|locked| &*locked.name).chain(lock.drafts.iter().map(|draft| &*draft.name));
    lock.ignore.iter().map(String::as_str).chain(names).chain(reasons)
}
