//! Whatever stands between the parentheses of `embed_migrations!`, the answer is an error with a remedy: no panic, and nothing
//! that the compiler has to say about the expansion.

use std::collections::BTreeMap;

use crate::scratch::Package;

/// Arguments that no one would write; the folder, where there is one, does not exist.
const ODD: &[&str] = &[
    ",",
    ",,,",
    "=",
    "==",
    "= \"a\"",
    "\"a\",,",
    "\"a\" \"b\"",
    "\"a\", \"b\"",
    "\"a\", \"b\", \"c\" = \"d\"",
    "\"a\" = \"b\"",
    "\"a\"; set = \"b\"",
    "\"a\", set",
    "\"a\", set =",
    "\"a\", set = ,",
    "\"a\", set = = \"b\"",
    "\"a\", set == \"b\"",
    "\"a\", set => \"b\"",
    "\"a\", set = \"b\" \"c\"",
    "\"a\", set = \"b\" set = \"c\"",
    "\"a\", set = (\"b\")",
    "\"a\", set = \"\\n\"",
    "\"a\", set = \"größe\"",
    "\"a\", r#set = \"b\"",
    "\"a\", r#crate_ = b",
    "\"a\", Set = \"b\"",
    "\"a\", dialect = b\"sqlite\"",
    "\"a\", dialect = c\"sqlite\"",
    "\"a\", dialect = \"\"",
    "\"a\", dialect = -1",
    "\"a\", dialect = Dialect::Sqlite",
    "\"a\", dialect = [\"sqlite\"]",
    "\"a\", ignore = []",
    "\"a\", ignore = [,]",
    "\"a\", ignore = [\"b\" \"c\"]",
    "\"a\", ignore = [\"b\",,]",
    "\"a\", ignore = [1]",
    "\"a\", ignore = [[\"b\"]]",
    "\"a\", ignore = [\"b\"] [\"c\"]",
    "\"a\", ignore = &[\"b\"]",
    "\"a\", ignore = (\"b\")",
    "\"a\", ignore = vec![\"b\"]",
    "\"a\", ignore += [\"b\"]",
    "\"a\", crate",
    "\"a\", crate =",
    "\"a\", crate = ,",
    "\"a\", crate = ::",
    "\"a\", crate = a::",
    "\"a\", crate = a::b::",
    "\"a\", crate = a:::b",
    "\"a\", crate = a.b",
    "\"a\", crate = <a>::b",
    "\"a\", crate = a::<b>",
    "\"a\", crate = \"b\"",
    "\"a\", crate = 1",
    "\"a\", crate = ::migrate_runtime crate = ::migrate_runtime",
    "set = \"b\", \"a\"",
    "set = \"b\"",
    "crate = ::migrate_runtime",
    "folder: \"a\"",
    "1",
    "1.5e3",
    "-1",
    "1, set = \"b\"",
    "'a'",
    "'a",
    "'static, \"a\"",
    "true",
    "self",
    "_",
    "$",
    "#",
    "#[a] \"a\"",
    "#![a]",
    "?",
    "..",
    "()",
    "[]",
    "{}",
    "(\"a\")",
    "[\"a\"]",
    "{ \"a\" }",
    "((((((((((((((((\"a\"))))))))))))))))",
    "{ let a = \"a\"; a }",
    "\"a\".to_string()",
    "\"a\" + \"b\"",
    "&\"a\"",
    "|a| a",
    "concat!(\"a\", \"b\")",
    "env!(\"CARGO_MANIFEST_DIR\")",
    "include_str!(\"Cargo.toml\")",
    "migrations",
    "migrations::path",
    "\"a\"suffix",
    "\"a\", set = \"b\"suffix",
    "r\"a\"",
    "r##\"a\"##",
    "b\"a\"",
    "br\"a\"",
    "c\"a\"",
    "b'a'",
    "\"\"",
    "\" \"",
    "\".\"",
    "\"..\"",
    "\"a/../..\"",
    "\"/\"",
    "\"//a\"",
    "\"~/a\"",
    "\"a\\0b\"",
    "\"a\\nb\"",
    "\"\\u{202e}a\"",
    "\"größe/表\"",
    "\"a\\\\b\"",
    "\"file:///a\"",
    "\"src/main.rs\"",
    "\"src/main.rs/a\"",
    "/** a */ \"a\"",
];

/// What the pairs are made of.
const PIECES: &[&str] = &[
    "\"a\"",
    "1",
    "'a",
    "b\"a\"",
    ",",
    "=",
    "::",
    "set",
    "dialect",
    "ignore",
    "crate",
    "other",
    "(a)",
    "[\"a\"]",
    "{}",
    "set = \"b\"",
    "dialect = \"sqlite\"",
    "ignore = [\"b\"]",
    "crate = ::migrate_runtime",
    "set = 1",
    "ignore = [1]",
    "crate = 1",
];

#[test]
fn odd_tokens_are_refused() {
    let long = format!("\"{}\"", "a/".repeat(5000));
    let nested = format!("{}\"a\"{}", "[".repeat(100), "]".repeat(100));
    let single = ODD.iter().map(ToString::to_string).chain([long, nested]);
    let pairs = PIECES
        .iter()
        .flat_map(|one| PIECES.iter().flat_map(move |other| [" ", ", "].map(|between| [one, between, other].concat())));
    check(&single.chain(pairs).collect::<Vec<String>>());
}

/// Compiles a call with each of these, one a line.
fn check(all: &[String]) {
    let line = |tokens: &String| {
        format!("const _: migrate_runtime::Migrations = migrate_runtime::embed_migrations!({tokens});\n")
    };
    let main = all.iter().map(line).chain(["fn main() {}\n".to_owned()]).collect::<String>();
    let built = Package::new("odd-tokens", &[("src/main.rs", &main)]).cargo(&["check", "--quiet"]);
    assert!(!built.stderr.contains("panicked"), "{}", built.stderr);
    let errors = errors_by_line(&built.stderr);
    let is_ours = |error: &&str| error.starts_with("error: ") && error.contains("\n       help: ");
    for (tokens, line) in all.iter().zip(1..) {
        let of_line = errors.get(&line).map(Vec::as_slice).unwrap_or_default();
        assert!(!of_line.is_empty() && of_line.iter().all(is_ours), "{tokens}: {of_line:#?}");
    }
}

/// What the compiler reports, by the line of the call that it concerns.
fn errors_by_line(stderr: &str) -> BTreeMap<u32, Vec<&str>> {
    let mut errors = BTreeMap::<u32, Vec<&str>>::new();
    for report in stderr.split("\n\n").map(str::trim_start) {
        let line = report.split_once("--> src/main.rs:").and_then(|(_, place)| place.split(':').next()?.parse().ok());
        if let Some(line) = line {
            errors.entry(line).or_default().push(report);
        }
    }
    errors
}
