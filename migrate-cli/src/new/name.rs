//! The name of a migration, out of the words that were typed.

use migrate_core::Problem;

/// Joins words by `_`. What a file name cannot hold on every operating system is refused.
pub(super) fn of_words(words: &[String]) -> Result<String, Problem> {
    if let Some(control) = words.iter().flat_map(|word| word.chars()).find(|c| c.is_control()) {
        let message = format!("the name has a control character in it: `{}`", control.escape_default());
        return Err(Problem::new(message, "write the name on one line"));
    }
    let words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    let name = words.join("_");
    let refused = |message: String, help: &str| Err(Problem::new(message, help));
    if name.is_empty() {
        return refused("the name is empty".into(), "say what the migration does, for example `create_users`");
    }
    if let Some(c) = name.chars().find(|c| NOT_IN_FILE_NAMES.contains(c)) {
        let help = "use letters, digits, `_` and `-`; the folder is named with `--dir`";
        return refused(format!("`{name}` has a `{c}` in it, which file names cannot have everywhere"), help);
    }
    if name.starts_with(['.', '_']) {
        let help = "begin it with a letter or a digit, for example `create_users`";
        return refused(format!("the name `{name}` begins with `{}`", &name[..1]), help);
    }
    if name.to_ascii_lowercase().ends_with(".sql") {
        return refused(format!("the name `{name}` has the ending of a file"), "leave `.sql` out: `migrate` adds it");
    }
    if name.len() > LONGEST {
        let message = format!("the name has {} bytes, and a file name has place for {LONGEST}", name.len());
        return refused(message, "choose a shorter one");
    }
    Ok(name)
}

/// Not allowed on some operating system.
const NOT_IN_FILE_NAMES: [char; 9] = ['/', '\\', '<', '>', ':', '"', '|', '?', '*'];

/// In bytes: 255, less what a version and endings may take.
const LONGEST: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "x".repeat(LONGEST + 1);
        let cases: &[(&[&str], Result<&str, &str>)] = &[
            (&["create_users"], Ok("create_users")),
            (&["create", "users"], Ok("create_users")),
            (&["  create   users "], Ok("create_users")),
            (&["Größe-表"], Ok("Größe-表")),
            (&["release_1.2"], Ok("release_1.2")),
            (&["a..b"], Ok("a..b")),
            (&[""], Err("the name is empty")),
            (&["  ", " "], Err("the name is empty")),
            (&["../x"], Err("`../x` has a `/` in it")),
            (&["a/b"], Err("`a/b` has a `/` in it")),
            (&["a\\b"], Err("`a\\b` has a `\\` in it")),
            (&["C:x"], Err("`C:x` has a `:` in it")),
            (&[".."], Err("the name `..` begins with `.`")),
            (&["."], Err("the name `.` begins with `.`")),
            (&[".hidden"], Err("the name `.hidden` begins with `.`")),
            (&["_x"], Err("the name `_x` begins with `_`")),
            (&["a\nb"], Err("the name has a control character in it: `\\n`")),
            (&["a\0b"], Err("the name has a control character in it: `\\u{0}`")),
            (&["a\u{1b}[31m"], Err("the name has a control character in it: `\\u{1b}`")),
            (&["users.sql"], Err("the name `users.sql` has the ending of a file")),
            (&["users.SQL"], Err("the name `users.SQL` has the ending of a file")),
            (&[&long], Err("the name has 161 bytes")),
        ];
        for (words, expect) in cases {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            match (of_words(&words), expect) {
                (Ok(name), Ok(expect)) => assert_eq!(name, *expect),
                (Err(problem), Err(expect)) => assert!(problem.message().starts_with(expect), "{problem}"),
                (found, _) => panic!("{words:?}: {found:?}"),
            }
        }
    }
}
