//! The rules of squawk, for Postgres.
//!
//! squawk gets the script with everything blanked out that it cannot read or has no use for, so that offsets stay what they are. Its
//! parser is not the server: where it stumbles nothing is said. It runs on a thread of its own, so that neither deep nesting nor a
//! panic of it gets through to the compiler.

mod choice;
mod fit;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use migrate_core::scan::{Part, Statement};
use squawk_linter::{Linter, LinterSettings, Rule as Code};
use squawk_syntax::SourceFile;

use crate::catalog::Catalog;
use crate::script::{Finding, Reading};
use choice::{Choice, USED, choice};

/// The oldest server that the runner supports.
const SERVER: &str = "12";

/// Longer scripts are data.
const LONGEST_SCRIPT: usize = 8 << 20;

/// A statement with more tokens is data.
const MOST_TOKENS: usize = 10_000;

/// A statement that nests deeper was made for it. The time that squawk takes grows faster than the depth.
const DEEPEST: usize = 100;

/// How often statements are taken out that squawk cannot read, before it gets nothing of the script.
const MOST_ROUNDS: usize = 4;

/// More than [`MOST_TOKENS`] can take, a chain of operators for example. Only what is used of it is ever taken.
const STACK: usize = 64 << 20;

/// Adds what squawk finds in the script.
pub(crate) fn find(reading: &Reading<'_>, catalog: &Catalog, findings: &mut Vec<Finding>) {
    if !reading.is_postgres() || reading.sql.len() > LONGEST_SCRIPT {
        return;
    }
    let text = presentable(reading);
    if text.trim_ascii().is_empty() {
        return;
    }
    let violations = on_a_large_stack(|| violations(text, reading)).unwrap_or_default();
    fit::fit(violations, reading, catalog, findings);
}

/// What squawk says of a rule that is used, at a byte of the script.
struct Violation {
    rule: &'static str,
    is_shared: bool,
    start: usize,
    end: usize,
    message: String,
    help: Option<String>,
}

fn violations(mut text: Vec<u8>, reading: &Reading<'_>) -> Vec<Violation> {
    let mut rounds = 0;
    let file = loop {
        let file = SourceFile::parse(&String::from_utf8_lossy(&text));
        let errors = file.errors();
        if errors.is_empty() {
            break file;
        }
        // It may have misread what stands next to a statement that it does not know, so that one is taken out.
        for error in errors {
            // An error at the end of a statement is told behind it.
            let offset = usize::from(error.range().start());
            let index = reading.acts.partition_point(|act| act.offset() <= offset).saturating_sub(1);
            let span = reading.acts.get(index).map(|act| act.statement.span.clone());
            blank(&mut text, span.unwrap_or_default());
        }
        rounds += 1;
        if rounds == MOST_ROUNDS {
            return Vec::new();
        }
    };
    let mut linter = Linter::from(USED);
    linter.settings = LinterSettings {
        pg_version: SERVER.parse().unwrap_or_default(),
        assume_in_transaction: reading.is_in_transaction(),
    };
    linter.lint(&file, &String::from_utf8_lossy(&text)).into_iter().filter_map(used).collect()
}

fn used(violation: squawk_linter::Violation) -> Option<Violation> {
    let code: Code = violation.code;
    let (rule, is_shared) = match choice(code) {
        Choice::Used(rule) => (rule, false),
        Choice::Shared(rule) => (rule, true),
        Choice::LeftOut => return None,
    };
    let (start, end) = (violation.text_range.start().into(), violation.text_range.end().into());
    Some(Violation { rule, is_shared, start, end, message: violation.message, help: violation.help })
}

/// The script with the statements blanked out that squawk need not see.
fn presentable(reading: &Reading<'_>) -> Vec<u8> {
    let mut text = reading.sql.as_bytes().to_vec();
    let mut behind = 0;
    for act in &reading.acts {
        // Between the statements stand comments, some of them for squawk, and transaction statements, which are none of its business.
        blank_all_but_comments(&mut text, behind..act.offset());
        behind = act.statement.end;
        if !is_of_use(&act.statement, reading) {
            blank(&mut text, act.statement.span.clone());
        }
    }
    let end = text.len();
    blank_all_but_comments(&mut text, behind..end);
    text
}

/// Whether squawk has a rule for such a statement, and can read it without trouble.
fn is_of_use(statement: &Statement, reading: &Reading<'_>) -> bool {
    let mut parts = statement.parts(reading.sql, reading.dialect).map(|(_, part)| part);
    let verbs = ["create", "alter", "drop", "truncate", "reindex"];
    let Some(Part::Word(verb)) = parts.next() else { return false };
    if !verbs.iter().any(|known| verb.eq_ignore_ascii_case(known)) {
        return false;
    }
    // Parentheses nest, and so do operators in front of their operand.
    let (mut tokens, mut depth, mut operators) = (0_usize, 0_usize, 0_usize);
    for part in parts {
        tokens += 1;
        match part {
            Part::Symbol('(' | '[') => depth += 1,
            Part::Symbol(')' | ']') => depth = depth.saturating_sub(1),
            Part::Symbol(',' | '.' | ':') => {}
            Part::Symbol(_) => operators += 1,
            Part::Word(word) if word.eq_ignore_ascii_case("not") => operators += 1,
            _ => operators = 0,
        }
        if tokens > MOST_TOKENS || depth > DEEPEST || operators > DEEPEST {
            return false;
        }
    }
    true
}

fn blank(text: &mut [u8], span: std::ops::Range<usize>) {
    let bytes = text.get_mut(span).unwrap_or_default();
    bytes.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
}

/// Blanks every line of what stands between statements that is not a comment of its own.
fn blank_all_but_comments(text: &mut [u8], span: std::ops::Range<usize>) {
    for line in text.get_mut(span).unwrap_or_default().split_mut(|byte| *byte == b'\n') {
        if !line.trim_ascii_start().starts_with(b"--") {
            line.fill(b' ');
        }
    }
}

/// What `work` returns, if there is room for its stack and it does not panic.
fn on_a_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let work = || catch_unwind(AssertUnwindSafe(work)).ok();
        thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()?.join().ok()?
    })
}
