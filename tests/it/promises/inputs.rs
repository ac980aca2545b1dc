//! Folders, lock files and histories put together from what a reader has to tell apart.

use super::stated::Tree;
use crate::scan_differential::generator::Generator;

/// A folder as words on how to read it, and files: paths and contents.
pub(super) struct Folder {
    words: &'static str,
    pub(super) files: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Folder {
    /// As the promises take it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.words.as_bytes().to_vec();
        for part in self.files.iter().flat_map(|(path, content)| [path, content]) {
            bytes.push(0xfe);
            bytes.extend(part);
        }
        bytes
    }

    pub(super) fn tree(&self) -> Tree {
        let mut tree = Tree::default();
        self.files.iter().for_each(|(path, content)| tree.add(path, content));
        tree
    }
}

/// A folder of a few files: half of them are good ones of versions that differ, the others may be anything.
pub(super) fn folder(from: &mut Generator) -> Folder {
    const WORDS: [&str; 8] = ["", "", "", "sqlite", "postgres off", "mysql", "required", "*.txt notes off"];
    let words = WORDS[from.below(WORDS.len())];
    let is_good = from.below(2) == 0;
    let files = (1..from.below(5) + 1)
        .map(|number| if is_good || from.below(3) > 0 { good_file(from, number) } else { odd_file(from) });
    Folder { words, files: files.collect() }
}

fn good_file(from: &mut Generator, number: usize) -> (Vec<u8>, Vec<u8>) {
    let path = [
        format!("{number}_a.sql"),
        format!("V{number}__b c.sql"),
        format!("{number}_c.sqlite.sql"),
        format!("000{number}-d.up.sql"),
        format!("2024-03-13-17000{number}_é/up.sql"),
        format!("2024031317000{number}_f/migration.sql"),
    ];
    let texts = [
        "SELECT 1;",
        "\u{feff}CREATE TABLE a (b text);\r\nSELECT 2;\r\n",
        "BEGIN;\nSELECT ';';\nCOMMIT;\n",
        "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n",
        "-- migrate: no-transaction\nVACUUM;",
        "-- migrate:up transaction:false\nSELECT 1;\n\n-- migrate:down\n-- nothing",
    ];
    (path[from.below(path.len())].clone().into_bytes(), from.pick(&texts).as_bytes().to_vec())
}

fn odd_file(from: &mut Generator) -> (Vec<u8>, Vec<u8>) {
    const PATHS: [&[u8]; 32] = [
        b"1_a.sql",
        b"01_a.sql",
        b"2_b.sql",
        b"1_a.down.sql",
        b"1_a.postgres.sql",
        b"1_a.mariadb.sql",
        b"1_a.oracle.sql",
        b"1_a.up.sqlite.sql",
        b"1.2_a.sql",
        b"R__a.sql",
        b"U1__a.sql",
        b"20240313_a.sql",
        b"2024-03-13_a.sql",
        b"2024-3-13_a.sql",
        b"9999999999999999999999999999999999999999999999999999999999999999_a.sql",
        b"1_\x01.sql",
        b"1_\xff.sql",
        b"\xff/up.sql",
        b"1_a",
        b"1_a/up.sql",
        b"1_a/down.sql",
        b"1_a/notes.txt",
        b"1_a/metadata.toml",
        b"2_b/",
        b"3_c/up.sql/up.sql",
        b"notes/x.txt",
        b"README.md",
        b".gitkeep",
        b"migrations.lock",
        b"migrations.lock/",
        b"!4_d.sql",
        b"!migrations.lock",
    ];
    let path = PATHS[from.below(PATHS.len())].to_vec();
    let content = match from.below(6) {
        0 => from.nonsense().into_bytes(),
        1 => from.noise(),
        2 => from.script().text.into_bytes(),
        3 => lock_file(from).into_bytes(),
        _ => good_file(from, 1).1,
    };
    (path, content)
}

/// Lines of a lock file, in order or not, or something else.
pub(super) fn lock_file(from: &mut Generator) -> String {
    let seal = format!("sha256:{}/{}", "0f".repeat(32), "ab".repeat(8));
    let mut text = String::new();
    if from.below(10) == 0 {
        text += from.pick(&["\u{feff}", "\n", "\r\n \n", "migrations.lock 2\n", "x\n"]);
    }
    text += "migrations.lock 1\n";
    for number in 0..from.below(6) {
        let version = match from.below(6) {
            0 => from.below(100).to_string(),
            _ => format!("{number:04}"),
        };
        let name = match from.below(4) {
            0 => from
                .pick(&[
                    "\"a b\"",
                    "\"\"",
                    "a.sqlite",
                    "é.mariadb",
                    "\"a\\\"b\\\\\"",
                    "a\u{1}",
                    "\"",
                    "a\"b",
                    "\u{2028}",
                    "",
                ])
                .to_owned(),
            _ => "name".to_owned(),
        };
        let line = match from.below(14) {
            0 => format!("dialect {}", from.pick(&["sqlite", "mysql", "x"])),
            1 => format!("ignore {name}"),
            2 | 3 => format!("draft {version} {name}"),
            4 => format!("{version} {name} {seal} {seal}"),
            5 => format!("{version} {name} {seal}/no-transaction"),
            6 => {
                let checksum = seal.split('/').next().unwrap_or_default();
                format!("{version} {name} {seal}\nreblessed {version} up {checksum} {checksum} \"{}\"", "a reason")
            }
            7 => from.pick(&["<<<<<<< HEAD", "=======", "||||||| base", ">>>>>>> other", "", " "]).to_owned(),
            8 => from.nonsense(),
            _ => format!("{version} {name} {seal}"),
        };
        text += &line;
        text += from.pick(&["\n", "\n", "\n", "\r\n", "\r\r\n"]);
    }
    text + &format!("digest sha256:{}\n", "00".repeat(32))
}

/// A binary and rows of about the same versions.
pub(super) fn history(from: &mut Generator) -> String {
    let version = |from: &mut Generator| match from.below(12) {
        0 => from
            .pick(&["20240313170000", "202403131700001", "20240313", "x", "", "NULL", "99999999999999999999"])
            .to_owned(),
        1 => format!("0{}", from.below(8)),
        _ => from.below(8).to_string(),
    };
    let mut text: String = (0..from.below(8)).map(|_| version(from) + " ").collect();
    for _ in 0..from.below(8) {
        let name = from.pick(&["a", "named 3", "\u{202e}", "", "NULL"]);
        let checksum = from.pick(&["=", "=", "=", "sha256:00", ""]).to_owned();
        let other = format!("sha256:{}", "0f".repeat(32));
        let checksum = if from.below(5) == 0 { &other } else { &checksum };
        let state = from.pick(&["applied", "applied", "applied", "pending", "running", "reverting", "done"]);
        let line = format!("\n{}\t{name}\t{checksum}\t{state}", version(from));
        text += &line;
        if from.below(4) == 0 {
            let number =
                |from: &mut Generator| from.pick(&["0", "3", "18446744073709551615", "-1", "NULL", "x"]).to_owned();
            let numbers: Vec<String> = (0..4).map(|_| number(from)).collect();
            let rest = from.pick(&["me\tNULL\t", "\u{1b}[1m\tclaim\tby hand", "me\tin a transaction\ta\u{b}b"]);
            text += &format!("\tsome time\t{}\t{rest}", numbers.join("\t"));
        }
    }
    text
}
