#![no_main]

libfuzzer_sys::fuzz_target!(|sql: &str| migrate_fuzz::promises::of_script(sql));
