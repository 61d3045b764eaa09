//! Workbooks, with the XML of the first sheet damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(init: ingest_fuzz::panics_of_others_are_caught(), |data: &[u8]| ingest_fuzz::lands_or_says_why(ingest_fuzz::Target::Sheet, data));
