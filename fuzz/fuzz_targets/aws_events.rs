#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::aws_events(data));
