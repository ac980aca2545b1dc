//! A line of a script, shown as a compiler would: where, the line, and a mark under the spot.

use std::fmt::Write;

use migrate_core::Place;

/// The widest part of a line that is shown.
const WIDTH: usize = 120;

/// A spot in a file, drawn.
pub(crate) struct Excerpt {
    pub(crate) text: String,
    /// How many columns stand before the gutter; notes below line up with it.
    pub(crate) margin: usize,
}

impl Excerpt {
    /// The margin of what has no line of a file.
    pub(crate) const MARGIN: usize = 2;

    /// A file as a whole.
    pub(crate) fn of_file(path: &str) -> Excerpt {
        Excerpt { text: format!("{}--> {path}", " ".repeat(Excerpt::MARGIN)), margin: Excerpt::MARGIN }
    }

    /// The line of `sql` around the byte `offset`, with a mark under the word there.
    pub(crate) fn of(path: &str, sql: &str, offset: usize) -> Excerpt {
        let (text, margin) = draw(path, sql, offset);
        Excerpt { text, margin }
    }
}

fn draw(path: &str, sql: &str, offset: usize) -> (String, usize) {
    let offset = sql.floor_char_boundary(offset);
    let place = Place::of(sql, offset);
    let line_start = sql[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let line = sql[line_start..].lines().next().unwrap_or("");
    let before = place.column - 1;

    // A long line is shown from a bit before the spot.
    let skipped = if before > WIDTH * 2 / 3 { before - WIDTH / 3 } else { 0 };
    let shown: String = migrate_core::printable(&line.chars().skip(skipped).take(WIDTH).collect::<String>());
    let (cut_before, cut_after) = (skipped > 0, line.chars().count() > skipped + WIDTH);
    let indent: String = shown.chars().take(before - skipped).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let mark = "^".repeat(word_length(&sql[offset..]).clamp(1, WIDTH - (before - skipped).min(WIDTH - 1)));

    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let (start, end) = (if cut_before { "…" } else { "" }, if cut_after { "…" } else { "" });
    let pad = if cut_before { " " } else { "" };
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{margin}--> {path}:{place}\n{margin} |\n{number} | {start}{shown}{end}\n{margin} | {pad}{indent}{mark}"
    );
    (text, number.len())
}

fn word_length(text: &str) -> usize {
    let in_word = |c: &char| c.is_alphanumeric() || *c == '_';
    text.chars().take_while(in_word).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts() {
        let long = format!("SELECT {}, oops FROM t;", "1, ".repeat(100));
        let cases = [
            (
                "SELECT 1;\n\nCREATE UNIQUE INDEX x;\n",
                "CREATE",
                " --> m/1.sql:3:1\n  |\n3 | CREATE UNIQUE INDEX x;\n  | ^^^^^^",
            ),
            (
                "\tSELECT größe, oops;",
                "oops",
                " --> m/1.sql:1:16\n  |\n1 | \tSELECT größe, oops;\n  | \t              ^^^^",
            ),
            ("a\u{1b}[31m)", ")", " --> m/1.sql:1:7\n  |\n1 | a\u{fffd}[31m)\n  |       ^"),
            ("", "", " --> m/1.sql:1:1\n  |\n1 | \n  | ^"),
        ];
        for (sql, spot, expect) in cases {
            assert_eq!(Excerpt::of("m/1.sql", sql, sql.find(spot).unwrap()).text, expect);
        }
        let shown = Excerpt::of("m/1.sql", &long, long.find("oops").unwrap()).text;
        let lines: Vec<&str> = shown.lines().collect();
        let column = lines[3].chars().position(|c| c == '^').unwrap();
        assert!(lines[2].chars().skip(column).collect::<String>().starts_with("oops"), "{shown}");
        assert!(lines[2].chars().count() < WIDTH + 10, "{shown}");
    }
}
