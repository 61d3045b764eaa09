//! Small sound files of every extract that has a contract.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use catalog::contract::{Codes, Column, ColumnKind, Container, Contract, Extract, Form};
use catalog::insz::{self, Century};
use catalog::reference::{Municipality, Reference};
use catalog::{Period, PeriodKind};

/// All extracts with a contract in a project's `sources/`, and its reference tables.
pub fn contracts(sources: &Path) -> (Vec<Extract>, Reference) {
    let mut extracts = Vec::new();
    for entry in fs::read_dir(sources).unwrap().flatten() {
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
    let reference = Reference::read(&|name| fs::read_to_string(sources.join("reference").join(name)).ok(), &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    (extracts, reference)
}

/// A period of the extract's kind.
pub fn period_of(extract: &Extract) -> Period {
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
    // Codes that are valid throughout: which day a row is of is not decided here.
    let always = |known: &Municipality| known.valid.0 < period.start() && period.end() < known.valid.1;
    let valid = || reference.municipalities.iter().filter(|(_, known)| always(known)).map(|(code, _)| code);
    match &column.kind {
        ColumnKind::Text => format!("tekst {row}"),
        ColumnKind::Coded => format!("{row:016x}"),
        ColumnKind::Insz => {
            let nine = (700_101 + row as u64 / 400) * 1_000 + 1 + row as u64 % 400;
            format!("{:011}", nine * 100 + insz::check_digits(nine, Century::Nineteen))
        }
        ColumnKind::Code(Codes::Municipalities(_) | Codes::Places(_)) => nth(&mut valid(), row),
        ColumnKind::Code(Codes::Nationalities(_)) => nth(&mut reference.nationalities.keys(), row),
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
pub fn sound(extract: &Extract, rows: usize, reference: &Reference) -> Vec<u8> {
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

/// The file in its container.
pub fn wrapped(bytes: &[u8], container: Container) -> Vec<u8> {
    match container {
        Container::Plain => bytes.to_vec(),
        Container::Gzip => {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        }
        Container::Zip => {
            let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
            archive.start_file("extract.txt", zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
            archive.finish().unwrap().into_inner()
        }
    }
}

const FIRST_SHEET: &str = "xl/worksheets/sheet1.xml";

/// The XML of a workbook's first sheet.
pub fn first_sheet(book: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(FIRST_SHEET).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// The workbook with another first sheet.
pub fn with_first_sheet(book: &[u8], sheet: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut changed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        let name = member.name().unwrap().to_string();
        changed.start_file(&name, stored).unwrap();
        changed.write_all(if name == FIRST_SHEET { sheet } else { &bytes }).unwrap();
    }
    changed.finish().unwrap().into_inner()
}
