#![no_main]

libfuzzer_sys::fuzz_target!(|history: &str| migrate_fuzz::promises::of_history(history));
