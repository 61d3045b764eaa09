//! Workbooks, with the bytes of the file damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ingest_fuzz::lands_or_says_why(ingest_fuzz::Target::Workbook, data));
