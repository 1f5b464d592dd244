#![no_main]

libfuzzer_sys::fuzz_target!(init: procession_libfuzzer::let_handlers_panic(), |bytes: &[u8]| procession_fuzz::engine(bytes));
