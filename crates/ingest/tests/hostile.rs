//! Damaged files of every form: no panic, no hang, little memory, every line accounted for, every accepted row valid.
//!
//! Ten thousand files are made from small sound ones, for every extract that has a contract, by flipping, cutting and
//! doubling bytes, joining and repeating lines, shifting columns and mixing encodings, inside and outside the wrapping.
//! `LIIM_HOSTILE_FILES` and `LIIM_HOSTILE_SEED` run more, or others.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use arrow::array::{Array, Date32Array, DictionaryArray, Int32Array, Int64Array, StringArray};
use arrow::datatypes::UInt16Type;
use arrow::record_batch::RecordBatch;
use catalog::contract::{Codes, Column, ColumnKind, Container, Contract, Extract, Form};
use catalog::insz::{self, Century};
use catalog::reference::Reference;
use catalog::{Day, Period, PeriodKind};
use ingest::{LandError, Source, land};

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

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources")
}

fn contracts() -> (Vec<Extract>, Reference) {
    let mut extracts = Vec::new();
    for entry in fs::read_dir(sources()).unwrap().flatten() {
        let file = entry.path().join("contract.yaml");
        if let Ok(text) = fs::read_to_string(&file) {
            let supplier = entry.file_name().into_string().unwrap();
            let (contract, faults) = Contract::read("contract.yaml", &supplier, &text);
            assert!(faults.is_empty(), "{faults:?}");
            extracts.extend(contract.unwrap().extracts);
        }
    }
    extracts.sort_by(|a, b| a.id.cmp(&b.id));
    let mut faults = Vec::new();
    let reference =
        Reference::read(&|name| fs::read_to_string(sources().join("reference").join(name)).ok(), &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    (extracts, reference)
}

fn period_of(extract: &Extract) -> Period {
    match extract.period {
        PeriodKind::Day => "2010-12-31",
        PeriodKind::Month => "2010-07",
        PeriodKind::Quarter => "2010-Q3",
        PeriodKind::SchoolYear => "2010-2011",
        _ => "2010",
    }
    .parse()
    .unwrap()
}

/// A sound value of a column, another for each row.
fn value(column: &Column, row: usize, period: Period, reference: &Reference) -> String {
    let nth = |codes: &mut dyn Iterator<Item = &String>, row: usize| codes.nth(row % 250).unwrap().clone();
    match &column.kind {
        ColumnKind::Text => format!("tekst {row}"),
        ColumnKind::Coded => format!("{row:016x}"),
        ColumnKind::Insz => {
            let nine = (700_101 + row as u64 / 400) * 1_000 + 1 + row as u64 % 400;
            format!("{:011}", nine * 100 + insz::check_digits(nine, Century::Nineteen))
        }
        ColumnKind::Code(Codes::Municipalities(_)) => nth(&mut reference.municipalities.keys(), row),
        ColumnKind::Code(Codes::Nationalities(_)) => nth(&mut reference.nationalities.keys(), row),
        ColumnKind::Code(Codes::Places(_)) => nth(&mut reference.municipalities.keys(), row),
        ColumnKind::Code(Codes::Listed(listed)) => listed[row % listed.len()].0.clone(),
        ColumnKind::Count => row.to_string(),
        ColumnKind::Decimal(_) => format!("{row},5"),
        ColumnKind::Day => period.end().to_string(),
        ColumnKind::PartialDay => "19620000".to_string(),
        ColumnKind::Month => period.end().to_string()[..7].to_string(),
        ColumnKind::Quarter => period.to_string(),
        ColumnKind::Year => period.start().year().to_string(),
        ColumnKind::SchoolYear => period.to_string(),
    }
}

/// A sound file of an extract, not wrapped; a workbook is whole.
fn sound(extract: &Extract, rows: usize, reference: &Reference) -> Vec<u8> {
    let period = period_of(extract);
    let values = |row: usize| -> Vec<String> {
        extract.columns.iter().map(|column| value(column, row, period, reference)).collect()
    };
    match &extract.form {
        Form::Delimited { delimiter, .. } => {
            let delimiter = char::from(*delimiter).to_string();
            let header: Vec<&str> = extract.columns.iter().map(|column| column.name.as_str()).collect();
            let mut text = format!("{}\n", header.join(&delimiter));
            (0..rows).for_each(|row| text.push_str(&format!("{}\n", values(row).join(&delimiter))));
            text.into_bytes()
        }
        Form::FixedWidth { .. } => {
            let mut text = String::new();
            for row in 0..rows {
                for (column, value) in extract.columns.iter().zip(values(row)) {
                    text.push_str(&format!("{value:<width$}", width = column.width));
                }
                text.push_str("\r\n");
            }
            text.into_bytes()
        }
        Form::Workbook { sheets, .. } => {
            let mut book = rust_xlsxwriter::Workbook::new();
            for (number, name) in sheets.iter().enumerate() {
                let sheet = book.add_worksheet().set_name(name).unwrap();
                for (at, column) in extract.columns.iter().enumerate() {
                    sheet.write_string(0, at as u16, &column.name).unwrap();
                    for row in 0..rows {
                        let text = value(column, row + number * rows, period, reference);
                        sheet.write_string(row as u32 + 1, at as u16, text).unwrap();
                    }
                }
            }
            book.save_to_buffer().unwrap()
        }
    }
}

fn wrapped(bytes: &[u8], container: Container) -> Vec<u8> {
    match container {
        Container::Plain => bytes.to_vec(),
        Container::Gzip => {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        }
        Container::Zip => {
            let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            archive.start_file("extract.txt", zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
            archive.finish().unwrap().into_inner()
        }
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

/// Whether every value of an accepted batch is one that the contract allows, found out another way than it was read.
fn valid(
    batch: &RecordBatch,
    extract: &Extract,
    period: Period,
    reference: &Reference,
    keys: &mut BTreeSet<String>,
) -> usize {
    let mut texts: Vec<Vec<String>> = vec![Vec::new(); batch.num_rows()];
    for (at, column) in extract.columns.iter().enumerate() {
        let array = batch.column(at);
        for (row, shown) in texts.iter_mut().enumerate() {
            if array.is_null(row) {
                assert!(column.optional, "{} {}: null", extract.id, column.name);
                shown.push(String::new());
                continue;
            }
            let number = || array.as_any().downcast_ref::<Int64Array>().unwrap().value(row);
            let day = || Day(array.as_any().downcast_ref::<Date32Array>().unwrap().value(row));
            let inside = !extract.within_period.contains(&at);
            let text = match &column.kind {
                ColumnKind::Insz => {
                    assert!(insz::century(number() as u64).is_ok());
                    number().to_string()
                }
                ColumnKind::Code(codes) => {
                    let array = array.as_any().downcast_ref::<DictionaryArray<UInt16Type>>().unwrap();
                    let values = array.values().as_any().downcast_ref::<StringArray>().unwrap();
                    let code = values.value(array.keys().value(row) as usize).to_string();
                    assert!(match codes {
                        Codes::Municipalities(also) =>
                            reference.municipalities.contains_key(&code) || also.contains(&code),
                        Codes::Nationalities(also) =>
                            reference.nationalities.contains_key(&code) || also.contains(&code),
                        Codes::Places(also) =>
                            reference.municipalities.contains_key(&code)
                                || reference.nationalities.contains_key(&code)
                                || also.contains(&code),
                        Codes::Listed(listed) => listed.iter().any(|(_, known)| *known == code),
                    });
                    code
                }
                ColumnKind::Count | ColumnKind::Decimal(_) => number().to_string(),
                ColumnKind::Year => {
                    assert!(inside || number() == i64::from(period.start().year()));
                    number().to_string()
                }
                ColumnKind::Day | ColumnKind::Month | ColumnKind::Quarter | ColumnKind::SchoolYear => {
                    assert!(inside || (period.start() <= day() && day() <= period.end()));
                    day().to_string()
                }
                ColumnKind::PartialDay => {
                    let written = array.as_any().downcast_ref::<Int32Array>().unwrap().value(row);
                    assert!((18_000_000..100_000_000).contains(&written));
                    written.to_string()
                }
                ColumnKind::Text | ColumnKind::Coded => {
                    array.as_any().downcast_ref::<StringArray>().unwrap().value(row).to_string()
                }
            };
            shown.push(text);
        }
    }
    for row in &texts {
        for &(first, second) in &extract.ascending {
            let (a, b) = (&row[first], &row[second]);
            assert!(a.is_empty() || b.is_empty() || a.len() != b.len() || a <= b, "{}: order", extract.id);
        }
        let sheet = batch.num_columns() - extract.columns.len();
        let sheet = if sheet == 1 {
            batch.column(extract.columns.len()).as_any().downcast_ref::<StringArray>().unwrap().value(0)
        } else {
            ""
        };
        keys.insert(format!(
            "{sheet}|{}",
            extract.unique.iter().map(|at| row[*at].as_str()).collect::<Vec<_>>().join("|")
        ));
    }
    batch.num_rows()
}

#[test]
fn ten_thousand_damaged_files() {
    let files: usize = env::var("LIIM_HOSTILE_FILES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let seed: u64 = env::var("LIIM_HOSTILE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_111_221);
    let (extracts, reference) = contracts();
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
                assert_eq!(handed - landed.withdrawn.len(), landed.accepted as usize, "{} file {number}", extract.id);
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
