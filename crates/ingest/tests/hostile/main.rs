//! Damaged files of every form: no panic, no hang, little memory, every line accounted for, every accepted row valid.
//!
//! Ten thousand files are made from small sound ones, for every extract that has a contract, by flipping, cutting and
//! doubling bytes, joining and repeating lines, shifting columns and mixing encodings, inside and outside the wrapping.
//! `LIIM_HOSTILE_FILES` and `LIIM_HOSTILE_SEED` run more, or others.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use catalog::contract::Form;
use ingest::{LandError, RejectionReason, Source, land};

mod samples;
mod valid;

use samples::{contracts, first_sheet, period_of, sound, with_first_sheet, wrapped};
use valid::valid;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// One to four damages of a file.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..1 + dice.below(4) {
        let length = bytes.len();
        if length == 0 {
            return;
        }
        let at = dice.below(length);
        let line_at = |bytes: &[u8], from: usize| bytes[from..].iter().position(|b| *b == b'\n').map(|end| from + end);
        match dice.below(12) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = dice.next() as u8,
            2 => bytes.truncate(at),
            3 => {
                let end = (at + dice.below(200)).min(length);
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let end = (at + dice.below(200)).min(length);
                bytes.drain(at..end);
            }
            5 => {
                // Two lines joined.
                if let Some(end) = line_at(bytes, at) {
                    bytes.remove(end);
                }
            }
            6 => {
                // A line repeated.
                if let Some(start) = line_at(bytes, at)
                    && let Some(end) = line_at(bytes, start + 1)
                {
                    let line = bytes[start..end].to_vec();
                    bytes.splice(end..end, line);
                }
            }
            7 => {
                // Columns shifted: a delimiter more or fewer.
                let delimiter = *[b';', b',', b'|', b' ', b'\t'].get(dice.below(5)).unwrap();
                match bytes[at..].iter().position(|b| *b == delimiter) {
                    Some(found) if dice.below(2) == 0 => {
                        bytes.remove(at + found);
                    }
                    _ => bytes.insert(at, delimiter),
                }
            }
            8 => bytes.insert(at, b'"'),
            9 => {
                // Encodings mixed: Latin-1, UTF-8, a byte order mark, a NUL.
                let piece: &[u8] =
                    [&b"\xe8"[..], b"\xc3\xa8", b"\xef\xbb\xbf", b"\x00", b"\xff\xfe", b"\x81"][dice.below(6)];
                bytes.splice(at..at, piece.iter().copied());
            }
            10 => bytes.insert(at, b'\r'),
            _ => {
                let end = (at + 1 + dice.below(64)).min(length);
                bytes[at..end].fill(0);
            }
        }
    }
}

#[test]
fn ten_thousand_damaged_files() {
    let files: usize = env::var("LIIM_HOSTILE_FILES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let seed: u64 = env::var("LIIM_HOSTILE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_111_221);
    let (extracts, reference) = contracts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources"));
    let folder = env::temp_dir().join(format!("liim-hostile-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("file");
    let samples: Vec<Vec<u8>> = extracts.iter().map(|extract| sound(extract, 60, &reference)).collect();
    let mut dice = Dice(seed);
    let (mut refused, mut clean, mut accepted, mut rejected) = (0, 0, 0, 0);
    for number in 0..files + extracts.len() {
        let which = number % extracts.len();
        let extract = &extracts[which];
        let period = period_of(extract);
        let mut bytes = samples[which].clone();
        // The first file of each extract is sound, so that the others fail for their damage.
        let untouched = number < extracts.len();
        let outside = dice.below(4) == 0;
        if !untouched && !outside {
            damage(&mut bytes, &mut dice);
        }
        let mut bytes = wrapped(&bytes, extract.container);
        if !untouched && outside {
            damage(&mut bytes, &mut dice);
        }
        fs::write(&path, &bytes).unwrap();
        let mut handed = 0;
        let mut keys = BTreeSet::new();
        let source = Source { path: &path, shown: "file" };
        let threads = 1 + number % 2;
        let outcome = land(extract, &reference, period, &[source], threads, &mut |batch| {
            handed += valid(&batch, extract, period, &reference, &mut keys);
            Ok(())
        });
        match outcome {
            Ok(landed) => {
                assert_eq!(
                    landed.rows,
                    landed.accepted + landed.rejections.len() as u64,
                    "{} file {number}",
                    extract.id
                );
                // Histories keep what is rejected at the end, and linking decides.
                let gone = match extract.whose_history() {
                    Some(_) => {
                        let late = [
                            RejectionReason::DuplicateKey,
                            RejectionReason::DuplicateKeyDiffers,
                            RejectionReason::Overlap,
                        ];
                        landed.rejections.iter().filter(|own| late.contains(&own.reason)).count()
                    }
                    None => landed.withdrawn.len(),
                };
                assert_eq!(handed - gone, landed.accepted as usize, "{} file {number}", extract.id);
                let places: BTreeSet<(u64, u64)> = landed.rejections.iter().map(|own| (own.line, own.byte)).collect();
                if !matches!(extract.form, Form::Workbook { .. }) {
                    assert_eq!(
                        places.len(),
                        landed.rejections.len(),
                        "{} file {number}: a line rejected twice",
                        extract.id
                    );
                }
                if untouched {
                    assert_eq!(landed.rejections, [], "{}: the sound file is not sound", extract.id);
                }
                if !extract.unique.is_empty() {
                    assert!(keys.len() as u64 >= landed.accepted, "{} file {number}: a key twice", extract.id);
                }
                clean += usize::from(landed.rejections.is_empty());
                accepted += landed.accepted;
                rejected += landed.rejections.len();
            }
            Err(LandError::Faults(faults)) => {
                assert!(!untouched, "{}: {faults:?}", extract.id);
                assert!(!faults.is_empty());
                refused += 1;
            }
            Err(LandError::Io { .. }) => refused += 1,
            Err(other) => panic!("{} file {number}: {other}", extract.id),
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|text| text.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0);
    println!(
        "{files} damaged files: {refused} refused whole, {clean} without a rejected row, {accepted} rows accepted, \
         {rejected} rejected; peak {} MiB",
        peak / 1024
    );
    assert!(peak < 512 * 1024, "{peak} kB");
    assert!(refused > files / 20 && rejected > files / 4, "the damage does not bite");
}

#[test]
fn what_fuzzing_found_is_refused() {
    let (extracts, reference) = contracts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources"));
    let extract = extracts.iter().find(|extract| matches!(extract.form, Form::Workbook { .. })).unwrap();
    let book = sound(extract, 3, &reference);
    let sheet = String::from_utf8(first_sheet(&book)).unwrap();
    let path = env::temp_dir().join(format!("liim-found-{}", std::process::id()));
    // A cell's name too long to be counted. What the sheet says of its own size is not read, so nothing depends on it.
    let dimension = sheet.split("<dimension ref=\"").nth(1).unwrap().split('"').next().unwrap();
    for (what, found, lands) in [
        ("dimension", sheet.replacen(dimension, "A1:EwHeightefgh9", 1), true),
        ("cell", sheet.replacen("r=\"A2\"", "r=\"ABCDEFGHIJKL2\"", 1), false),
        ("row", sheet.replacen("<row r=\"3\"", "<row r=\"99999999999\"", 1), false),
        ("cell twice", sheet.replacen("r=\"B2\"", "r=\"A2\"", 1), false),
        ("cell of another row", sheet.replacen("r=\"B3\"", "r=\"B2\"", 1), false),
        ("string that is not there", sheet.replacen("t=\"s\"><v>0</v>", "t=\"s\"><v>999</v>", 1), false),
        ("document type", sheet.replacen("<worksheet", "<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet", 1), false),
    ] {
        assert_ne!(found, sheet, "{what}");
        fs::write(&path, with_first_sheet(&book, found.as_bytes())).unwrap();
        let source = Source { path: &path, shown: "file" };
        match land(extract, &reference, period_of(extract), &[source], 1, &mut |_| Ok(())) {
            Ok(landed) if lands => assert_eq!((landed.rows, landed.accepted), (3, 3), "{what}"),
            Err(LandError::Faults(faults)) if !lands => assert_eq!(faults[0].code, "S21", "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
    fs::remove_file(&path).unwrap();
}
