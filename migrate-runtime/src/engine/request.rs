//! A migration → the requests that apply it.
//!
//! Invariant: the claim, if there is one, goes before every statement, the finish and the commit after the last, all in one
//! transaction. Every byte of a request is known to be of one part, so that an error finds its place in the script.

use std::ops::Range;

use migrate_core::scan::Statement;

/// How a driver likes its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A round trip costs: bookkeeping travels with the first and the last statement, small statements in groups.
    Together,
    /// Nothing is waited for in between: every statement is a request, which names it when it fails.
    Pipelined,
    /// A request costs nothing: each part is one.
    Separate,
}

/// The bookkeeping around the statements of a migration.
pub(super) struct Frame {
    /// What opens and what closes its transaction; nothing for a script that shares one with others.
    pub(super) transaction: Option<(&'static str, &'static str)>,
    /// Fails outside of a transaction. It begins every request that does not open the transaction itself, so that nothing of a
    /// script can run when opening has failed, or when the script has ended the transaction.
    pub(super) guard: Option<&'static str>,
    /// Nothing where none is needed.
    pub(super) claim: String,
    /// What is set for the script, where a statement sets that back: the indexes of those.
    pub(super) settings: (String, Vec<usize>),
    pub(super) finish: String,
}

/// What a piece of a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Open,
    Guard,
    Claim,
    /// The statement of this index in the script.
    Statement(usize),
    /// What is set for the script, for its session or its transaction.
    Settings,
    /// How far a script has come that runs outside of a transaction.
    Progress,
    Finish,
    Close,
}

/// Statements that are sent to the database at once, and which byte belongs to what.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) sql: String,
    parts: Vec<(Part, Range<usize>)>,
}

/// Scripts of at most this many statements are sent one by one, so that a failure names its statement.
const ONE_BY_ONE: usize = 50;
/// Longer scripts are sent in groups of at most this many statements …
const GROUP_STATEMENTS: usize = 100;
/// … and about this many bytes.
const GROUP_BYTES: usize = 64 * 1024;

pub(super) fn compose(style: Style, frame: Frame, sql: &str, statements: &[Statement]) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    let mut add = |starts_request: bool, part, text: &str| {
        if starts_request || requests.is_empty() {
            let guard = frame.guard.filter(|_| part != Part::Open);
            requests.push(guard.map_or_else(Request::default, |guard| Request::of(&[(Part::Guard, guard)])));
        }
        if let Some(request) = requests.last_mut() {
            request.add(part, text);
        }
    };
    let separate = style == Style::Separate;
    if let Some((open, _)) = frame.transaction {
        add(true, Part::Open, open);
    }
    if !frame.claim.is_empty() {
        add(separate, Part::Claim, &frame.claim);
    }
    let (settings, resets) = &frame.settings;
    let mut group = Group::default();
    for (index, statement) in statements.iter().enumerate() {
        let text = statement.text(sql);
        let starts_group = group.is_full(text, statements.len());
        let starts_request = if style == Style::Together { starts_group } else { true };
        add(starts_request, Part::Statement(index), text);
        if resets.contains(&index) {
            add(false, Part::Settings, settings);
        }
    }
    add(style != Style::Together, Part::Finish, &frame.finish);
    if let Some((_, close)) = frame.transaction {
        add(separate, Part::Close, close);
    }
    requests
}

/// The statements that share a request.
#[derive(Default)]
struct Group {
    statements: usize,
    bytes: usize,
}

impl Group {
    /// Counts a statement in, and tells whether it must start a request of its own. The first joins the claim.
    fn is_full(&mut self, text: &str, script_statements: usize) -> bool {
        let most = if script_statements <= ONE_BY_ONE { 1 } else { GROUP_STATEMENTS };
        let is_full = self.statements > 0 && (self.statements == most || self.bytes + text.len() > GROUP_BYTES);
        if is_full {
            *self = Group::default();
        }
        self.statements += 1;
        self.bytes += text.len();
        is_full
    }
}

impl Request {
    /// These parts, sent at once.
    pub(super) fn of(parts: &[(Part, &str)]) -> Request {
        let mut request = Request::default();
        parts.iter().for_each(|(part, text)| request.add(*part, text));
        request
    }

    fn add(&mut self, part: Part, text: &str) {
        let start = self.sql.len();
        self.sql.push_str(text);
        self.parts.push((part, start..self.sql.len()));
        self.sql.push_str(";\n");
    }

    pub(super) fn has(&self, part: Part) -> bool {
        self.parts.iter().any(|(own, _)| *own == part)
    }

    /// The indexes of the statements in the request.
    pub(super) fn statements(&self) -> Option<Range<usize>> {
        let mut indexes = self.parts.iter().filter_map(|(part, _)| match part {
            Part::Statement(index) => Some(*index),
            _ => None,
        });
        let first = indexes.next()?;
        Some(first..indexes.next_back().unwrap_or(first) + 1)
    }

    /// The part at a byte of the request, and how far into the part the byte is.
    pub(super) fn part_at(&self, position: usize) -> Option<(Part, usize)> {
        let holds = |range: &Range<usize>| range.start <= position && position <= range.end;
        self.parts.iter().find(|(_, range)| holds(range)).map(|(part, range)| (*part, position - range.start))
    }

    /// What a request without statements is for; to begin or to end a transaction where it does nothing else.
    pub(super) fn purpose(&self) -> Option<Part> {
        let parts = || self.parts.iter().map(|(part, _)| *part).filter(|part| *part != Part::Guard);
        parts().find(|part| !matches!(part, Part::Open | Part::Close)).or_else(|| parts().next())
    }
}

#[cfg(test)]
mod tests {
    use migrate_core::Dialect;
    use migrate_core::scan::scan;

    use super::*;

    #[test]
    fn requests() {
        let cases: &[(Style, usize, &[&str])] = &[
            (Style::Together, 1, &["open claim 0 finish close"]),
            (Style::Together, 3, &["open claim 0", "guard 1", "guard 2 finish close"]),
            (Style::Together, 0, &["open claim finish close"]),
            (Style::Pipelined, 1, &["open claim", "guard 0", "guard finish close"]),
            (Style::Pipelined, 2, &["open claim", "guard 0", "guard 1", "guard finish close"]),
            (Style::Separate, 2, &["open", "claim", "0", "1", "finish", "close"]),
            (Style::Separate, 0, &["open", "claim", "finish", "close"]),
        ];
        for (style, statements, expect) in cases {
            let sql = "SELECT 1;\n".repeat(*statements);
            assert_eq!(parts(&composed(*style, &sql)), *expect, "{style:?} {statements}");
        }
    }

    #[test]
    fn requests_in_a_transaction_of_others() {
        let cases: &[(Style, &str, &[&str])] = &[
            (Style::Together, "claim", &["guard claim 0", "guard 1 finish"]),
            (Style::Together, "", &["guard 0", "guard 1 finish"]),
            (Style::Pipelined, "claim", &["guard claim", "guard 0", "guard 1", "guard finish"]),
            (Style::Separate, "claim", &["claim", "0", "1", "finish"]),
            (Style::Separate, "", &["0", "1", "finish"]),
        ];
        for (style, claim, expect) in cases {
            let requests = composed_in(None, *style, claim, "SELECT 1; SELECT 2");
            assert_eq!(parts(&requests), *expect, "{style:?} {claim}");
        }
    }

    #[test]
    fn what_is_set_for_a_script_is_set_again() {
        let sql = "RESET ALL; SELECT 1; RESET ALL";
        for (style, expect) in [
            (Style::Together, &["open claim 0 settings", "guard 1", "guard 2 settings finish close"][..]),
            (
                Style::Pipelined,
                &["open claim", "guard 0 settings", "guard 1", "guard 2 settings", "guard finish close"],
            ),
        ] {
            assert_eq!(parts(&composed(style, sql)), expect, "{style:?}");
        }
    }

    #[test]
    fn long_scripts_go_in_groups() {
        let small = composed(Style::Together, &format!("SELECT '{}';\n", "x".repeat(600)).repeat(250));
        assert_eq!(small.iter().filter_map(Request::statements).collect::<Vec<_>>(), [0..100, 100..200, 200..250]);
        let large = composed(Style::Together, &format!("SELECT '{}';\n", "x".repeat(GROUP_BYTES / 2)).repeat(51));
        assert_eq!(large.len(), 51);
        let half = "x".repeat(GROUP_BYTES / 2 - "SELECT ''".len());
        assert_eq!(composed(Style::Together, &format!("SELECT '{half}';\n").repeat(60)).len(), 30);
    }

    #[test]
    fn a_position_finds_its_statement() {
        let sql = "SELECT 1;\nSELECT oops;";
        let requests = composed(Style::Together, sql);
        let request = &requests[1];
        let position = request.sql.find("oops").unwrap();
        assert_eq!(request.part_at(position), Some((Part::Statement(1), 7)));
        assert_eq!(request.part_at(request.sql.find("finish").unwrap()), Some((Part::Finish, 0)));
        assert_eq!(request.part_at(10_000), None);
        // The line break between two parts belongs to none.
        let end = request.parts.first().unwrap().1.end;
        assert_eq!(request.part_at(end + 1), None);
    }

    fn composed(style: Style, sql: &str) -> Vec<Request> {
        composed_in(Some(("open", "close")), style, "claim", sql)
    }

    fn composed_in(
        transaction: Option<(&'static str, &'static str)>,
        style: Style,
        claim: &str,
        sql: &str,
    ) -> Vec<Request> {
        let (claim, finish) = (claim.to_owned(), "finish".to_owned());
        let guard = (style != Style::Separate).then_some("guard");
        let statements = scan(sql, Dialect::Postgres).statements;
        let resets = (0..statements.len()).filter(|index| statements[*index].text(sql).starts_with("RESET")).collect();
        let frame = Frame { transaction, guard, claim, settings: ("settings".into(), resets), finish };
        compose(style, frame, sql, &statements)
    }

    fn parts(requests: &[Request]) -> Vec<String> {
        let name = |part: &Part| match part {
            Part::Open => "open".to_owned(),
            Part::Guard => "guard".to_owned(),
            Part::Claim => "claim".to_owned(),
            Part::Statement(index) => index.to_string(),
            Part::Settings => "settings".to_owned(),
            Part::Progress => "progress".to_owned(),
            Part::Finish => "finish".to_owned(),
            Part::Close => "close".to_owned(),
        };
        requests
            .iter()
            .map(|request| request.parts.iter().map(|(part, _)| name(part)).collect::<Vec<_>>().join(" "))
            .collect()
    }
}
