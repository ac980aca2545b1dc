//! The difference between two sorted lists of facts, for people.

use std::cmp::Ordering;

use super::fact::Fact;
use crate::difference;

pub(super) fn difference(old: &[Fact], new: &[Fact]) -> String {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut shown = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) if old.subject() == new.subject() => Ordering::Equal,
            (Some(old), Some(new)) => old.cmp(new),
        };
        let before = old.next_if(|_| order.is_le());
        let after = new.next_if(|_| order.is_ge());
        match (before, after) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) if is_script(before) && is_script(after) => {
                shown.push(format!("~ {}", before.subject()));
                let lines = |fact: &Fact| format!("{}\n", fact.detail());
                shown.push(difference::difference(&lines(before), &lines(after)));
            }
            (before, after) => {
                shown.extend(before.map(|fact| signed('-', fact)));
                shown.extend(after.map(|fact| signed('+', fact)));
            }
        }
    }
    shown.join("\n")
}

fn is_script(fact: &Fact) -> bool {
    fact.as_str().contains('\n')
}

fn signed(sign: char, fact: &Fact) -> String {
    format!("{sign} {}", fact.as_str().replace('\n', "\n      "))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Lines = &'static [(&'static str, &'static str)];

    fn facts(lines: Lines) -> Vec<Fact> {
        lines.iter().map(|(subject, detail)| Fact::new(subject, detail)).collect()
    }

    #[test]
    fn differences() {
        let cases: [(Lines, Lines, &str); 6] = [
            (&[], &[], ""),
            (&[("a", "1")], &[("a", "1")], ""),
            (&[("a", "1")], &[], "- a: 1"),
            (&[("a", "1"), ("c", "")], &[("b", ""), ("c", "")], "- a: 1\n+ b"),
            (&[("a", "1"), ("b", "")], &[("a", "2"), ("b", "")], "- a: 1\n+ a: 2"),
            (&[("f", "x\ny")], &[("f", "x\nz")], "~ f\n     @@ -1,2 +1,2 @@\n      x\n     -y\n     +z"),
        ];
        for (old, new, expect) in cases {
            assert_eq!(difference(&facts(old), &facts(new)), expect);
        }
    }
}
