//! Workbooks, with the XML of the first sheet damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ingest_fuzz::lands_or_says_why(ingest_fuzz::Target::Sheet, data));
