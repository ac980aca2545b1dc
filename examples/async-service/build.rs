//! Makes Cargo notice new files in `migrations`; without this, only edits of the files that it knows trigger a build.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
