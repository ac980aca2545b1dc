//! The first line of the input is the name of a file, the rest is its text.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| {
    let (name, text) = input.split_once('\n').unwrap_or((input, ""));
    migrate_fuzz::promises::of_file(name, text);
});
