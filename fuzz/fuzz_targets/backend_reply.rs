#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::backend_reply(data));
