//! What a statement leaves in a session of Postgres.

use super::made::{is_schema, is_temporary, makes_temporary};
use super::{InSession, calls};
use crate::Dialect;
use crate::scan::{Piece, Statement, without_comments};

pub(super) fn left_by(pieces: &[Piece<'_>], text: &str) -> Option<InSession> {
    let verb = pieces.first()?;
    let has = |word: &str| pieces.iter().any(|piece| piece.is(word));
    let names = |name: &str| pieces.iter().any(|piece| piece.is_name() && piece.name().eq_ignore_ascii_case(name));
    if verb.is("SET") {
        return left_by_set(pieces);
    }
    if verb.is("EXPLAIN") {
        return explained(pieces).and_then(|executed| left_by(executed, text));
    }
    if sets_config_alone(pieces) {
        let is_over = is_for_transaction(pieces) || setting(pieces).is_some_and(|name| is_of_transaction(&name));
        return (!is_over).then_some(InSession::Repeatable);
    }
    if verb.is("RESET") || verb.is("LOAD") || discards_all(pieces) {
        return Some(InSession::Repeatable);
    }
    let is_lost = match () {
        () if verb.is("CREATE") => {
            let is_filled = (has("TABLE") || has("MATERIALIZED")) && has("AS");
            makes_temporary(pieces, "PG_TEMP") && !is_gone_at_commit(pieces) || is_filled && calls_for_session(pieces)
        }
        () if verb.is("PREPARE") => !has("TRANSACTION"),
        () if verb.is("DECLARE") => has("HOLD"),
        () if verb.is("DO") => block_leaves_something(&body(pieces, text)),
        () if (verb.is("UPDATE") || verb.is("WITH")) && has("UPDATE") && names("pg_settings") => true,
        () => selects_into_temporary(pieces) || calls_for_session(pieces),
    };
    is_lost.then_some(InSession::Lost)
}

/// `DISCARD ALL`: what is behind it is as in a new session.
pub(super) fn discards_all(pieces: &[Piece<'_>]) -> bool {
    matches!(pieces, [verb, all, ..] if verb.is("DISCARD") && all.is("ALL"))
}

/// What `EXPLAIN ANALYZE` executes.
fn explained<'p, 'a>(pieces: &'p [Piece<'a>]) -> Option<&'p [Piece<'a>]> {
    let analyzes = |piece: &Piece<'_>| piece.is("ANALYZE") || piece.is("ANALYSE");
    let behind = match pieces.get(1)?.is_sign("(") {
        true => pieces.iter().position(|piece| piece.is_sign(")"))? + 1,
        false => 1 + pieces[1..].iter().take_while(|piece| analyzes(piece) || piece.is("VERBOSE")).count(),
    };
    pieces[..behind].iter().any(analyzes).then_some(&pieces[behind..])
}

/// What is in `pg_temp` is not there in another session, and random numbers go on from the last one.
fn left_by_set(pieces: &[Piece<'_>]) -> Option<InSession> {
    match setting(pieces)?.as_str() {
        "local" | "transaction" | "constraints" => None,
        name if is_of_transaction(name) => None,
        "seed" => Some(InSession::Lost),
        _ if pieces.iter().any(names_temporary_schema) => Some(InSession::Lost),
        _ => Some(InSession::Repeatable),
    }
}

/// Whether a setting is one of the transaction, and of nothing behind it.
fn is_of_transaction(name: &str) -> bool {
    ["transaction_isolation", "transaction_read_only", "transaction_deferrable"].contains(&name)
}

fn names_temporary_schema(piece: &Piece<'_>) -> bool {
    piece.text.to_ascii_lowercase().contains("pg_temp")
}

/// What a `SET`, a `RESET` or a single `set_config` is about.
fn setting(pieces: &[Piece<'_>]) -> Option<String> {
    let [verb, behind @ ..] = pieces else { return None };
    if calls(pieces).count() == 1 && sets_config_alone(pieces) {
        return pieces.iter().find_map(Piece::string).map(|name| name.to_ascii_lowercase());
    }
    if !verb.is("SET") && !verb.is("RESET") {
        return None;
    }
    let behind = match behind {
        [session, what, ..] if session.is("SESSION") && what.is("AUTHORIZATION") => {
            return Some("session_authorization".into());
        }
        [session, behind @ ..] if session.is("SESSION") => behind,
        _ => behind,
    };
    // A setting of an extension has several names.
    let is_of_name = |at: &usize| at.is_multiple_of(2) || behind[*at].is_sign(".");
    let name: String =
        (0..behind.len()).take_while(is_of_name).map(|at| behind[at].name().to_ascii_lowercase()).collect();
    Some(match name.as_str() {
        "time" => "timezone".into(),
        "names" => "client_encoding".into(),
        _ => name,
    })
}

/// Whether what one statement has set is set by a later one, too, so that nothing is left of it. The characteristics of transactions are
/// several.
pub(super) fn supersedes(later: &[Piece<'_>], earlier: &[Piece<'_>]) -> bool {
    let [Some(later), Some(earlier)] = [setting(later), setting(earlier)] else { return false };
    match later.as_str() {
        "characteristics" => false,
        // Who one is, it leaves.
        "all" => !["role", "session_authorization"].contains(&earlier.as_str()),
        "session_authorization" => [later.as_str(), "role"].contains(&earlier.as_str()),
        _ => later == earlier,
    }
}

/// `SELECT set_config('…', '…', false)`, as dumps write it, of nothing but constants.
fn sets_config_alone(pieces: &[Piece<'_>]) -> bool {
    const WORDS: [&str; 6] = ["SELECT", "set_config", "pg_catalog", "true", "false", "text"];
    const SIGNS: [&str; 6] = ["(", ")", ",", ".", ":", ";"];
    let is_constant = |piece: &Piece<'_>| {
        piece.string().is_some()
            || piece.is_name() && WORDS.iter().any(|word| piece.name().eq_ignore_ascii_case(word))
            || SIGNS.iter().any(|sign| piece.is_sign(sign))
    };
    let mut called = calls(pieces).peekable();
    pieces.first().is_some_and(|verb| verb.is("SELECT"))
        && called.peek().is_some()
        && called.all(|called| called == "set_config")
        && pieces.iter().all(|piece| is_constant(piece) && !names_temporary_schema(piece))
}

/// `set_config('…', '…', true)`, however often.
fn is_for_transaction(pieces: &[Piece<'_>]) -> bool {
    const TRUE: [&str; 9] = ["true", "tru", "tr", "t", "yes", "ye", "y", "on", "1"];
    let is_called = |at: &usize| {
        pieces[*at].name().eq_ignore_ascii_case("set_config")
            && pieces.get(at + 1).is_some_and(|sign| sign.is_sign("("))
    };
    let is_local = |called: usize| {
        let (mut depth, mut commas) = (0_usize, 0);
        let third = (called..pieces.len()).find(|at| {
            match pieces[*at].text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "," if depth == 1 => commas += 1,
                _ => {}
            }
            commas == 2
        });
        let value = third.and_then(|comma| pieces.get(comma + 1));
        value.is_some_and(|value| {
            let text = value.string().unwrap_or_else(|| value.text.to_owned());
            TRUE.iter().any(|of| text.trim().eq_ignore_ascii_case(of))
        })
    };
    (0..pieces.len()).filter(is_called).all(is_local)
}

/// `ON COMMIT DROP`, and not `PRESERVE ROWS` or `DELETE ROWS`.
fn is_gone_at_commit(pieces: &[Piece<'_>]) -> bool {
    pieces.windows(3).any(|three| three[0].is("ON") && three[1].is("COMMIT") && three[2].is("DROP"))
}

/// `SELECT … INTO [LOCAL] TEMP [TABLE] name`, and `INTO [TABLE] pg_temp.name`.
fn selects_into_temporary(pieces: &[Piece<'_>]) -> bool {
    let selects = |at: &usize| {
        let inserts = at.checked_sub(1).is_some_and(|before| pieces[before].is("INSERT") || pieces[before].is("MERGE"));
        pieces[*at].is("INTO") && !inserts
    };
    let is_of_session = |at: usize| {
        let mut behind = pieces[at + 1..].iter();
        let next = behind.next();
        let next = if next.is_some_and(|word| word.is("TABLE")) { behind.next() } else { next };
        next.is_some_and(|word| {
            is_temporary(word) || word.is("LOCAL") || word.is("GLOBAL") || is_schema(word, "PG_TEMP")
        })
    };
    (0..pieces.len()).filter(selects).any(is_of_session)
}

pub(super) fn calls_for_session(pieces: &[Piece<'_>]) -> bool {
    calls(pieces).any(|called| is_of_session(&called))
}

/// Whether a function of this name sets something, or takes a lock, that outlives the transaction.
fn is_of_session(name: &str) -> bool {
    const FUNCTIONS: [&str; 6] = [
        "set_config",
        "setseed",
        "pg_advisory_lock",
        "pg_advisory_lock_shared",
        "pg_try_advisory_lock",
        "pg_try_advisory_lock_shared",
    ];
    FUNCTIONS.iter().any(|of_session| name.eq_ignore_ascii_case(of_session))
}

/// What a `DO` executes, without its comments, and with what escapes in strings stand for between words.
fn body(pieces: &[Piece<'_>], text: &str) -> String {
    let inner = |piece: &Piece<'_>| match piece.text.strip_prefix('$') {
        Some(tagged) => {
            let tag = tagged.find('$')?;
            let inner = tagged[tag + 1..].strip_suffix(&piece.text[..tag + 2])?;
            Some(inner.to_owned())
        }
        None => piece.string(),
    };
    let names_language = |at: usize| at.checked_sub(1).is_some_and(|before| pieces[before].is("LANGUAGE"));
    // A string goes on in the next line.
    let code: String =
        (0..pieces.len()).filter(|at| !names_language(*at)).filter_map(|at| inner(&pieces[at])).collect();
    let code = if code.is_empty() { text } else { &code };
    let mut code = without_comments(code, Dialect::Postgres).collect::<Vec<_>>().join(" ");
    for space in ["\\n", "\\r", "\\t", "\\f", "\\b"] {
        code = code.replace(space, " ");
    }
    code
}

/// Whether what stands in a `DO` block, or in a string in it that is executed, sets something, locks, or makes a temporary table.
fn block_leaves_something(code: &str) -> bool {
    let words = Words::of(code);
    let is = |at: Option<usize>, of: &[&str]| words.is(at, of);
    let begins = |at: usize| {
        let (before, _) = words.all[at];
        !before.is_empty() && !before.ends_with([')', '"', ',', '.'])
            || is(at.checked_sub(1), &["begin", "then", "else", "loop"])
    };
    let leaves = |at: usize| {
        let (before, next) = (at.checked_sub(1), at.checked_add(1));
        is_of_session(words.all[at].1)
            || is(Some(at), &["set", "reset"]) && begins(at) && !is(next, &["local", "transaction", "constraints"])
            || is(Some(at), &["discard", "prepare", "load"]) && begins(at)
            || is(Some(at), &["temp", "temporary"])
                && (is(before, &["create", "replace", "local", "global"])
                    || is(before, &["into"]) && !is(at.checked_sub(2), &["insert", "merge"]))
            // `UPDATE ONLY pg_catalog.pg_settings`
            || is(Some(at), &["pg_settings"]) && (1..=3).any(|back| is(at.checked_sub(back), &["update"]))
            || is(Some(at), &["pg_temp"])
    };
    (0..words.all.len()).any(leaves)
}

/// The words of a text, each behind what stands between it and the one before.
struct Words<'t> {
    all: Vec<(&'t str, &'t str)>,
}

impl<'t> Words<'t> {
    fn of(text: &'t str) -> Words<'t> {
        let is_of_word = |sign: char| sign.is_alphanumeric() || sign == '_';
        let mut all = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_of_word) {
            let end = rest[start..].find(|sign| !is_of_word(sign)).map_or(rest.len(), |length| start + length);
            all.push((rest[..start].trim(), &rest[start..end]));
            rest = &rest[end..];
        }
        Words { all }
    }

    fn is(&self, at: Option<usize>, of: &[&str]) -> bool {
        let word = at.and_then(|at| self.all.get(at));
        word.is_some_and(|(_, word)| of.iter().any(|other| word.eq_ignore_ascii_case(other)))
    }
}

/// Postgres: the statement among these that takes the last number which its session has got from a sequence, when none of them is sure to
/// get one before: `nextval`, or an `INSERT` that leaves out the column after which, and after its table, the sequence is named.
///
/// ```
/// use migrate_core::{Dialect, last_number_reader, scan::scan};
///
/// let reads = |sql: &str| last_number_reader(sql, &scan(sql, Dialect::Postgres).statements).is_some();
/// assert!(reads("INSERT INTO children VALUES (currval('parents_id_seq'))"));
/// assert!(!reads("INSERT INTO parents DEFAULT VALUES; INSERT INTO children VALUES (currval('parents_id_seq'))"));
/// ```
pub fn last_number_reader<'s>(sql: &str, statements: &'s [Statement]) -> Option<&'s Statement> {
    let pieces_of = |statement: &Statement| statement.pieces(sql, Dialect::Postgres).collect::<Vec<_>>();
    statements.iter().enumerate().find_map(|(index, statement)| {
        let pieces = pieces_of(statement);
        let is_block = pieces.first().is_some_and(|verb| verb.is("DO"));
        let asks = |name: &str| match is_block {
            true => Words::of(&body(&pieces, statement.text(sql)))
                .all
                .iter()
                .any(|(_, word)| word.eq_ignore_ascii_case(name)),
            false => calls(&pieces).any(|called| called == name),
        };
        let asks_of_any = asks("lastval");
        if !asks_of_any && !asks("currval") {
            return None;
        }
        let sequences = strings(&pieces);
        let is_sure = |before: &Statement| {
            let before = pieces_of(before);
            let is_data =
                before.first().is_some_and(|verb| ["SELECT", "INSERT", "UPDATE"].iter().any(|of| verb.is(of)));
            let gets = is_data
                && calls(&before).any(|called| called == "nextval")
                && (asks_of_any || strings(&before).iter().any(|of| sequences.contains(of)));
            gets || sequences.iter().any(|sequence| numbers_row_by(&before, sequence))
        };
        (!statements[..index].iter().any(is_sure)).then_some(statement)
    })
}

/// The constants, in small letters and without quotes.
fn strings(pieces: &[Piece<'_>]) -> Vec<String> {
    let name = |text: String| text.replace('"', "").to_ascii_lowercase();
    pieces.iter().filter_map(Piece::string).map(name).collect()
}

/// `INSERT INTO table (…) VALUES …` or `DEFAULT VALUES`, which leaves out the column after which, and after the table, a sequence is named. A
/// table may be called like the beginning of another one: the name of the column has to be a single word.
fn numbers_row_by(pieces: &[Piece<'_>], sequence: &str) -> bool {
    let has = |word: &str| pieces.iter().any(|piece| piece.is(word));
    let is_insert = pieces.first().is_some_and(|verb| verb.is("INSERT")) && has("VALUES") && !has("CONFLICT");
    let Some(at) = pieces.iter().position(|piece| piece.is("INTO")).filter(|_| is_insert) else { return false };
    let is_of_name = |of: &usize| (of - at) % 2 == 1 || pieces[*of].is_sign(".");
    let name: Vec<usize> = (at + 1..pieces.len()).take_while(is_of_name).collect();
    let table: String = name.iter().map(|of| pieces[*of].name().to_ascii_lowercase()).collect();
    let column = sequence.strip_prefix(&table).and_then(|rest| rest.strip_prefix('_')?.strip_suffix("_seq"));
    let Some(column) = column.filter(|column| !column.contains('_')) else { return false };
    let behind = &pieces[at + 1 + name.len()..];
    let columns: Vec<&Piece<'_>> = behind.iter().take_while(|piece| !piece.is("VALUES")).collect();
    match columns.first() {
        Some(first) if first.is("DEFAULT") => true,
        Some(first) => first.is_sign("(") && !columns.iter().any(|piece| piece.name().eq_ignore_ascii_case(column)),
        None => false,
    }
}
