//! Problems as one JSON document. Its shape is a promise: fields are added, and `format` counts up when one changes or goes.

use serde_json::{Value, json};

use super::{Finding, Severity, count};

/// The version of the shape.
const FORMAT: u32 = 1;

/// The document, on one line.
pub(crate) fn json(findings: &[Finding]) -> String {
    let problems: Vec<Value> = findings.iter().map(problem).collect();
    json!({
        "format": FORMAT,
        "errors": count(findings, Severity::Error),
        "warnings": count(findings, Severity::Warning),
        "problems": problems,
    })
    .to_string()
}

fn problem(Finding { severity, problem }: &Finding) -> Value {
    json!({
        "severity": severity.name(),
        "rule": problem.rule(),
        "message": problem.message(),
        "path": problem.path(),
        "line": problem.place().map(|place| place.line),
        "column": problem.place().map(|place| place.column),
        "notes": problem.notes(),
        "help": problem.help(),
    })
}
