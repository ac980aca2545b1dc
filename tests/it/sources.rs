//! Sets from other sources than the macro: that they are the sets that the macro makes, with its problems.

use std::fs;
use std::path::Path;

use include_dir::{Dir, DirEntry, File, include_dir};
use migrate_runtime::{Dialect, FolderError, FolderOptions, LockUse, Migrations, Script, embed_migrations};

use crate::compile_errors::folders::{self, Entry, FOLDERS};

static INCLUDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/data/layouts");

/// A set as data, with its files relative to the folder that it was read from.
fn told(migrations: &Migrations, folder: &str) -> Vec<String> {
    let set = migrations.set();
    let script = |script: &Script| {
        let path = script.path().strip_prefix(folder).unwrap();
        let (version, name, sql) = (script.version(), script.name(), script.sql());
        let (dialect, direction, checksum) = (script.dialect(), script.direction(), script.checksum());
        format!("{version} {name} {dialect:?} {direction:?} {path} {checksum} {sql:?}")
    };
    let digests = Dialect::ALL.map(|dialect| format!("{dialect} {:?}", set.digest(dialect)));
    [set.name().to_owned()].into_iter().chain(set.scripts().iter().map(script)).chain(digests).collect()
}

#[test]
fn every_source_gives_the_same_set() {
    let options = FolderOptions::new().ignore("data_*.csv").ignore("*/notes.txt");
    let sqlite = options.clone().dialect(Dialect::Sqlite).set("shop");
    let cases = [
        (embed_migrations!("data/layouts", ignore = ["data_*.csv", "*/notes.txt"]), options),
        (
            embed_migrations!("data/layouts", dialect = "sqlite", set = "shop", ignore = ["data_*.csv", "*/notes.txt"],),
            sqlite,
        ),
    ];
    let absolute = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/layouts");
    for (embedded, options) in &cases {
        let expect = told(embedded, "data/layouts/");
        assert!(embedded.set().scripts().len() > 10);
        for path in [&absolute, Path::new("data/layouts"), Path::new("data//layouts/")] {
            let read = Migrations::from_folder_with(path, options).unwrap();
            let folder = path.components().collect::<std::path::PathBuf>().display().to_string() + "/";
            assert_eq!(told(&read, &folder), expect);
        }
        assert_eq!(told(&Migrations::from_include_dir_with(&INCLUDED, options).unwrap(), ""), expect);
        let backwards = include(&absolute, "");
        assert_eq!(told(&Migrations::from_include_dir_with(&backwards, options).unwrap(), ""), expect);
        // As a part of what was included: `include_dir` names its entries from the top.
        let part = include(&absolute, "of/shop");
        assert_eq!(told(&Migrations::from_include_dir_with(&part, options).unwrap(), "of/shop/"), expect);
    }
}

#[test]
fn a_database_does_not_tell_the_sources_apart() {
    let embedded = embed_migrations!("data/layouts", ignore = ["data_*.csv", "*/notes.txt"]);
    let options = FolderOptions::new().ignore("data_*.csv").ignore("*/notes.txt");
    let read = Migrations::from_folder_with("data/layouts", &options).unwrap();
    let included = Migrations::from_include_dir_with(&INCLUDED, &options).unwrap();
    for first in [&embedded, &read, &included] {
        let mut db = rusqlite::Connection::open_in_memory().unwrap();
        assert_eq!(first.run(&mut db).unwrap().changes().len(), 9);
        for second in [&embedded, &read, &included] {
            assert!(second.run(&mut db).unwrap().is_empty());
            second.verify(&mut db).unwrap();
        }
    }
}

/// There is no package to name: the program that has read the folder is what was deployed.
#[test]
fn the_history_names_the_program() {
    let options = FolderOptions::new().ignore("data_*.csv").ignore("*/notes.txt");
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    Migrations::from_folder_with("data/layouts", &options).unwrap().run(&mut db).unwrap();
    let query = "SELECT DISTINCT applied_by FROM schema_migrations";
    let applied_by: String = db.query_row(query, [], |row| row.get(0)).unwrap();
    let program = std::env::current_exe().unwrap();
    assert!(applied_by.ends_with(&format!(" {}", program.file_name().unwrap().to_str().unwrap())), "{applied_by}");
}

/// Every mistake in a folder that has a case in `ui/`: what the compiler reports is what the other sources report.
#[test]
fn every_source_has_the_problems_of_the_macro() {
    let root = tempfile::tempdir().unwrap();
    folders::create_in(&root.path().join("migrations"), |_| true);
    let mut compared = 0;
    for (name, entries) in FOLDERS {
        let Some((program, snapshot)) = case(name) else { continue };
        let folder = root.path().join("migrations").join(name);
        let options = options(&program);
        let expect = reported(&snapshot);
        let read = Migrations::from_folder_with(&folder, &options).unwrap_err();
        let above = format!("{}/", root.path().display());
        assert_eq!(problems(&read, |text| text.replace(&above, "")), expect, "{name}");
        // A link is not followed by the reader here, but by `include_dir`, at build time.
        if !entries.iter().any(|(_, entry)| matches!(entry, Entry::Link(_))) {
            let included = include(&folder, &format!("migrations/{name}"));
            let included = Migrations::from_include_dir_with(&included, &options).unwrap_err();
            assert_eq!(problems(&included, str::to_owned), expect, "{name}");
        }
        compared += 1;
    }
    assert!(compared > 40, "{compared} folders were compared");
}

/// The program and the snapshot of the case about a folder, where there is one.
fn case(folder: &str) -> Option<(String, String)> {
    ["names", "folder", "lock", "scripts"].iter().find_map(|group| {
        let path = Path::new("ui").join(group).join(folder);
        let snapshot = fs::read_to_string(path.with_extension("stderr")).ok()?;
        Some((fs::read_to_string(path.with_extension("rs")).unwrap(), snapshot))
    })
}

/// The arguments of the macro in a program, as options.
fn options(program: &str) -> FolderOptions {
    let value = |name: &str| program.split_once(&format!("{name} = \""))?.1.split('"').next();
    let mut options = FolderOptions::new();
    if let Some(dialect) = value("dialect").and_then(Dialect::from_name) {
        options = options.dialect(dialect);
    }
    if let Some(set) = value("set") {
        options = options.set(set);
    }
    if value("lock") == Some("required") {
        options = options.lock(LockUse::Required);
    }
    options
}

/// The problems in a snapshot, without the place in the program. Arguments that only a macro can be given are left out.
fn reported(snapshot: &str) -> Vec<String> {
    let problems = snapshot.split("\n\n").map(|report| {
        let lines = report.strip_prefix("error: ").unwrap().lines();
        lines.map(str::trim).take_while(|line| !line.starts_with("--> ui/")).collect::<Vec<_>>().join("\n")
    });
    problems.filter(|problem| !["unknown dialect", "unknown argument"].iter().any(|m| problem.starts_with(m))).collect()
}

/// The problems of an error as a snapshot has them: with slashes only.
fn problems(error: &FolderError, shorten: impl Fn(&str) -> String) -> Vec<String> {
    let slashes = |line: &str| if line.starts_with("--> ") { line.replace('\\', "/") } else { line.to_owned() };
    let told = |text: String| text.lines().map(slashes).collect::<Vec<_>>().join("\n");
    error.problems().iter().map(|problem| told(shorten(&problem.to_string()))).collect()
}

/// A folder as `include_dir` would include it as `path`, but with its entries backwards.
fn include(folder: &Path, path: &str) -> Dir<'static> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
    let included = entries.iter().map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        if entry.path().is_dir() {
            return DirEntry::Dir(include(&entry.path(), &path));
        }
        DirEntry::File(File::new(path.leak(), fs::read(entry.path()).unwrap().leak()))
    });
    Dir::new(path.to_owned().leak(), included.collect::<Vec<_>>().leak())
}

#[test]
fn an_error_tells_everything() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("two")).unwrap();
    fs::write(folder.join("two/x.txt"), "").unwrap();
    fs::write(folder.join("two/1_a.sql"), b"SELECT 1;\n-- \xff\n").unwrap();
    fs::write(folder.join("file"), "").unwrap();
    let of_folder = |name: &str| Migrations::from_folder(folder.join(name));
    let included = |path| Migrations::from_include_dir(&include(&folder.join("two"), path));
    let of_two = |folder: &str, above: &str| {
        format!(
            "{folder} has 2 problems\n\n\
             the file is not UTF-8\n--> {above}1_a.sql:2:4\nhelp: save it as UTF-8\n\n\
             `x.txt` does not end with `.sql`\n--> {above}x.txt\nhelp: a migration is `<version>_<name>.sql`, for example \
             `0001_create_users.sql`; move other files out of the folder, or name them in `ignore = [\"…\"]`"
        )
    };
    let shown = folder.display();
    let cases = [
        (
            of_folder("none"),
            format!(
                "the folder `{shown}/none` does not exist\n\
                 help: create it, or correct the path, which is relative to the working directory"
            ),
        ),
        (of_folder("file"), format!("`{shown}/file` is a file\nhelp: name the folder that holds the migrations")),
        (
            Migrations::from_folder(""),
            "the path of the folder is empty\n\
             help: name the folder that holds the migrations, for example `migrations`"
                .into(),
        ),
        (of_folder("two"), of_two(&format!("the folder `{shown}/two`"), &format!("{shown}/two/"))),
        (of_folder("two/"), of_two(&format!("the folder `{shown}/two`"), &format!("{shown}/two/"))),
        (included(""), of_two("the included folder", "")),
        (included("in/part"), of_two("the folder `in/part`", "in/part/")),
        (
            Migrations::from_folder_with("data/layouts", &FolderOptions::new().set("").ignore("*.csv").ignore("*.txt")),
            "the folder `data/layouts` has 1 problem\n\n\
             the name of the set is empty\nhelp: use 1 to 64 letters, digits, `_`, `-` and `.`"
                .into(),
        ),
    ];
    for (result, expect) in cases {
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), expect);
        assert_eq!(format!("{error:?}"), expect);
    }
}
