#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| expbundle_fuzz::table(bytes));
