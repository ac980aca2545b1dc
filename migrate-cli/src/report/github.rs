//! Problems as workflow commands, which GitHub Actions shows at their lines.

use super::{Finding, on_one_line};

/// A line each. Paths are put behind `prefix`, the way from the root of the repository to the current folder.
pub(crate) fn github(findings: &[Finding], prefix: &str) -> Vec<String> {
    findings.iter().map(|finding| command(finding, prefix)).collect()
}

fn command(Finding { severity, problem }: &Finding, prefix: &str) -> String {
    let mut properties = Vec::new();
    if let Some(path) = problem.path() {
        properties.push(format!("file={}", property(&format!("{prefix}{path}"))));
    }
    if let Some(place) = problem.place() {
        properties.push(format!("line={},col={}", place.line, place.column));
    }
    properties.push(format!("title={}", property(problem.rule().unwrap_or("migrations"))));
    let notes = problem.notes().iter().map(|note| format!("\nnote: {}", on_one_line(note)));
    let message: String = [on_one_line(problem.message())]
        .into_iter()
        .chain(notes)
        .chain([format!("\nhelp: {}", on_one_line(problem.help()))])
        .collect();
    format!("::{} {}::{}", severity.name(), properties.join(","), data(&message))
}

/// A text as GitHub takes it behind the last `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as GitHub takes it for a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;
    use migrate_core::{Place, Problem};

    #[test]
    fn commands() {
        let plain = Problem::new("a 100% \"risk\", said: so", "do this\nand that");
        let placed = plain
            .clone()
            .in_file("migrations/0001_a,b:c\r\n.sql")
            .at(Place { line: 3, column: 7 })
            .of_rule("some-rule")
            .with_note("a fact\n::error::forged");
        let cases = [
            (
                Severity::Error,
                plain,
                "",
                "::error title=migrations::a 100%25 \"risk\", said: so%0Ahelp: do this\\nand that",
            ),
            (
                Severity::Warning,
                placed,
                "crates/app/",
                "::warning file=crates/app/migrations/0001_a%2Cb%3Ac%0D%0A.sql,line=3,col=7,title=some-rule::\
                 a 100%25 \"risk\", said: so%0Anote: a fact\\n::error::forged%0Ahelp: do this\\nand that",
            ),
        ];
        for (severity, problem, prefix, expect) in cases {
            assert_eq!(github(&[Finding { severity, problem }], prefix), [expect]);
        }
    }
}
