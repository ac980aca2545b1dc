//! What the fuzz targets look for at length, for some seconds: the promises of `fuzz/src/promises`, on generated inputs.
//!
//! Inputs come from a seed. Set `SCAN_SEED` to run one seed again.

mod inputs;
/// Elsewhere not every name can be that of a file.
#[cfg(target_os = "linux")]
mod on_disk;
#[path = "../../fuzz/src/promises/mod.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets are in another crate")]
mod stated;

use migrate_core::Dialect;
use migrate_core::folder::{Folder, FolderOptions};

use crate::scan_differential::generator::Generator;
use crate::scan_differential::seeds;

#[test]
fn scanning_keeps_its_promises() {
    for dialect in Dialect::ALL {
        for seed in seeds(400) {
            let script = Generator::new(seed, dialect).script();
            stated::of_script(&script.text);
            for (cut, _) in script.text.char_indices().step_by(31) {
                stated::of_script_in(&script.text[..cut], dialect);
            }
            stated::of_script(&Generator::new(seed, dialect).nonsense());
            let noise = Generator::new(seed, dialect).noise();
            stated::of_script(&String::from_utf8_lossy(&noise));
        }
    }
    for file in [
        include_str!("../data/scan/nasty_postgres.sql"),
        include_str!("../data/scan/nasty_sqlite.sql"),
        include_str!("../data/scan/nasty_mysql.sql"),
        include_str!("../data/scan/copy_data.sql"),
        include_str!("../data/scan/found.sql"),
    ] {
        // A prime, so that not every line is cut alike.
        for (cut, _) in file.char_indices().step_by(17) {
            stated::of_script(&file[..cut]);
            stated::of_script(&file[cut..]);
        }
    }
}

#[test]
fn reading_files_keeps_its_promises() {
    let names = ["V1__a.sql", "2024-03-13-170000_é.mariadb.down.sql", "1_a.up.sqlite.sql", "R__x.sql", "1.2_\u{1}.sql"];
    for name in names {
        for (from, _) in name.char_indices() {
            for (to, _) in name.char_indices().filter(|(to, _)| *to >= from) {
                stated::of_file(&name[from..to], "a\r\nb\r\r\n\u{feff}");
            }
        }
    }
    for seed in seeds(2_000) {
        let nonsense = Generator::new(seed, Dialect::Sqlite).nonsense();
        stated::of_file(&format!("{seed}_{nonsense}.sql"), &nonsense);
    }
}

#[test]
fn reading_folders_keeps_its_promises() {
    let mut accepted = 0;
    for seed in seeds(600) {
        let input = inputs::folder(&mut Generator::new(seed, Dialect::Sqlite));
        stated::of_folder(&input.bytes());
        let is_accepted = |tree: &stated::Tree| Folder::read_from(tree, "x", &FolderOptions::default()).is_ok();
        accepted += usize::from(is_accepted(&input.tree()));
    }
    // Promises of what is accepted are tried too.
    assert!(accepted > 100 || seeds(2).end == seeds(2).start + 1, "{accepted} folders were accepted");
}

#[test]
fn reading_lock_files_keeps_its_promises() {
    for seed in seeds(1_500) {
        stated::of_lock_file(&inputs::lock_file(&mut Generator::new(seed, Dialect::Sqlite)));
    }
}

#[test]
fn reading_histories_keeps_its_promises() {
    for seed in seeds(1_000) {
        stated::of_history(&inputs::history(&mut Generator::new(seed, Dialect::Sqlite)));
    }
}
