#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| migrate_fuzz::promises::of_lock_file(text));
