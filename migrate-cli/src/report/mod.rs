//! Problems, printed: for people, for programs, and for GitHub.
//!
//! Invariant: names of files may hold anything, so no text of a problem is printed with a control character in it.

mod github;
mod json;
mod text;

use migrate_core::Problem;

pub(crate) use github::github;
pub(crate) use json::json;
pub(crate) use text::text;

/// A problem, and how bad it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) problem: Problem,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// It stops a build.
    Error,
    /// It is worth a look.
    Warning,
}

impl Finding {
    pub(crate) fn error(problem: Problem) -> Finding {
        Finding { severity: Severity::Error, problem }
    }
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// How many findings there are of a severity.
pub(crate) fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

/// A text with its line breaks and other control characters spelled out.
fn on_one_line(text: &str) -> String {
    let spelled = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(spelled).collect()
}
