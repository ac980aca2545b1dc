//! Texts from files and databases, made safe to show.

/// A text without what could do things to a terminal, or be there and not be seen: control characters but for tabs and line ends, those that
/// change the direction of writing, spaces without width.
///
/// ```
/// assert_eq!(migrate_core::printable("a\tb\u{1b}[31m\n"), "a\tb\u{fffd}[31m\n");
/// ```
pub fn printable(text: &str) -> String {
    shown(text, |c| matches!(c, '\t' | '\n'))
}

/// The same, on one line.
///
/// ```
/// assert_eq!(migrate_core::printable_line("two\nlines"), "two\u{fffd}lines");
/// ```
pub fn printable_line(text: &str) -> String {
    shown(text, |_| false)
}

fn shown(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let is_hidden = |c| matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let is_harmless = |c: char| !(c.is_control() || is_hidden(c)) || is_kept(c);
    text.chars().map(|c| if is_harmless(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_shown() {
        let cases = [
            ("größe\tüber\n", "größe\tüber\n", "größe\u{fffd}über\u{fffd}"),
            ("a\u{1b}[31mb\r", "a\u{fffd}[31mb\u{fffd}", "a\u{fffd}[31mb\u{fffd}"),
            ("x\u{202e}y\u{200b}", "x\u{fffd}y\u{fffd}", "x\u{fffd}y\u{fffd}"),
        ];
        for (text, lines, line) in cases {
            assert_eq!((printable(text).as_str(), printable_line(text).as_str()), (lines, line));
        }
    }
}
