#![no_main]

libfuzzer_sys::fuzz_target!(|folder: &[u8]| migrate_fuzz::promises::of_folder(folder));
