//! Problems as a compiler prints them.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Finding, Severity, on_one_line};

const BOLD: Style = Style::new().bold();
const FRAME: Style = AnsiColor::Blue.on_default().bold();

/// Findings with an empty line between them, in colours, which whoever prints them takes out where they are not wanted.
pub(crate) fn text(findings: &[Finding]) -> String {
    findings.iter().map(finding).collect::<Vec<_>>().join("\n\n")
}

fn finding(Finding { severity, problem }: &Finding) -> String {
    let style = match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
    };
    let rule = problem.rule().map(|rule| format!("[{}]", on_one_line(rule))).unwrap_or_default();
    let message = on_one_line(problem.message());
    let mut text = format!("{style}{}{rule}{style:#}{BOLD}: {message}{BOLD:#}", severity.name());
    if let Some(path) = problem.path() {
        let place = problem.place().map(|place| format!(":{place}")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {FRAME}-->{FRAME:#} {}{place}", on_one_line(path));
    }
    let notes = problem.notes().iter().map(|note| ("note", &**note));
    for (what, line) in notes.chain([("help", problem.help())]) {
        let _ = write!(text, "\n   {FRAME}={FRAME:#} {BOLD}{what}{BOLD:#}: {}", on_one_line(line));
    }
    text
}
