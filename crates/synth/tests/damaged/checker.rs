//! A checker of rows, made from the rules only: the first fault of each row, and the rows of a key that comes twice.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Read;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use catalog::Period;
use catalog::receipt::Receipt;

use crate::rules::{Extract, Form, Lists, across};

/// Extract, period, file, sheet, line, reason, column.
pub type Found = (String, String, String, String, u64, String, String);

/// A row's fields, or what is wrong with it as a whole; a cell that is no text has its reason.
type Fields = Result<Vec<Result<Vec<u8>, &'static str>>, &'static str>;

/// The rows of a key: line and fields.
type Rows = Vec<(u64, Vec<Vec<u8>>)>;

/// The faults of a delivery, and its rows.
pub fn check(extract: &Extract, period: &str, folder: &Path, lists: &Lists) -> (BTreeSet<Found>, u64) {
    let receipt: Receipt = serde_yaml::from_str(&fs::read_to_string(folder.join("receipt.yaml")).unwrap()).unwrap();
    let name = &receipt.files[0].name;
    let mut found = BTreeSet::new();
    let mut count = 0;
    for (sheet, rows) in rows(extract, &folder.join(name)) {
        count += rows.len() as u64;
        let mut add = |line: u64, reason: &str, column: &str| {
            let text = |text: &str| text.to_string();
            let (file, sheet) = (name.clone(), sheet.clone());
            let new = (extract.name.clone(), text(period), file, sheet, line, text(reason), text(column));
            assert!(found.insert(new));
        };
        let mut keys: HashMap<Vec<u8>, Rows> = HashMap::new();
        for (line, row) in rows {
            match first(extract, row, period.parse().unwrap(), lists) {
                Err((reason, column)) => {
                    add(line, reason, column.map_or("", |at: usize| extract.columns[at].name.as_str()));
                }
                Ok(fields) => {
                    let parts: Vec<&[u8]> = extract.key.iter().map(|at| fields[*at].as_slice()).collect();
                    keys.entry(parts.join(&0)).or_default().push((line, fields));
                }
            }
        }
        let mut kept: Rows = Vec::new();
        for mut rows in keys.into_values() {
            if rows.iter().all(|row| row.1 == rows[0].1) {
                rows[1..].iter().for_each(|row| add(row.0, "duplicate-key", ""));
                kept.push(rows.swap_remove(0));
            } else {
                rows.iter().for_each(|row| add(row.0, "duplicate-key-differs", ""));
            }
        }
        kept.sort();
        for (line, reason, column) in across_rows(extract, &kept) {
            add(line, reason, &extract.columns[column].name);
        }
    }
    assert_eq!(count, receipt.files[0].lines, "{} of {period}", extract.name);
    (found, count)
}

/// First day and end, as written.
type Days<'r> = (&'r [u8], &'r [u8]);

/// What rows say against each other: days that are claimed twice on one word, wholes below their parts.
fn across_rows(extract: &Extract, kept: &Rows) -> Vec<(u64, &'static str, usize)> {
    let mut found = Vec::new();
    if let Some((of, from, until, registered)) = &extract.history {
        let mut told: HashMap<Vec<&[u8]>, Vec<Days<'_>>> = HashMap::new();
        for (line, fields) in kept {
            let whose = of.iter().chain([registered]).map(|at| fields[*at].as_slice()).collect();
            let (from_day, until_day) = (fields[*from].as_slice(), fields[*until].as_slice());
            if from_day == until_day {
                continue;
            }
            // Days are written so that they sort as text; an empty end ends where the next row begins.
            let others = told.entry(whose).or_default();
            let clash = |(begin, end): &Days<'_>| {
                let (first_end, second) = if *begin <= from_day { (*end, from_day) } else { (until_day, *begin) };
                *begin == from_day || (!first_end.is_empty() && first_end > second)
            };
            if others.iter().any(clash) {
                found.push((*line, "overlap", *from));
            } else {
                others.push((from_day, until_day));
            }
        }
    }
    if let Some((by, column, whole, counts)) = &extract.parts {
        let count = |fields: &Vec<Vec<u8>>, at: usize| String::from_utf8_lossy(&fields[at]).parse::<u64>().unwrap();
        for (line, fields) in kept.iter().filter(|row| row.1[*column] == whole.as_bytes()) {
            let parts = || {
                let same = |row: &&(u64, Vec<Vec<u8>>)| by.iter().all(|at| row.1[*at] == fields[*at]);
                kept.iter().filter(same).filter(|row| row.1[*column] != whole.as_bytes())
            };
            let exceeded =
                counts.iter().find(|at| parts().map(|row| count(&row.1, **at)).sum::<u64>() > count(fields, **at));
            found.extend(exceeded.map(|at| (*line, "parts-above-whole", *at)));
        }
    }
    found
}

/// The fields of a sound row, or the first thing that is wrong.
fn first(
    extract: &Extract,
    row: Fields,
    period: Period,
    lists: &Lists,
) -> Result<Vec<Vec<u8>>, (&'static str, Option<usize>)> {
    let mut fields = Vec::new();
    for (at, field) in row.map_err(|reason| (reason, None))?.into_iter().enumerate() {
        let field = field.map_err(|reason| (reason, Some(at)))?;
        if let Some(reason) = lists.refuses(extract, &extract.columns[at], &field) {
            return Err((reason, Some(at)));
        }
        fields.push(field);
    }
    match across(extract, &fields, period) {
        Some((reason, at)) => Err((reason, Some(at))),
        None => Ok(fields),
    }
}

/// The rows of a file with their lines, by sheet.
fn rows(extract: &Extract, file: &Path) -> Vec<(String, Vec<(u64, Fields)>)> {
    let names: Vec<&str> = extract.columns.iter().map(|column| column.name.as_str()).collect();
    if let Form::Sheets(sheets) = &extract.form {
        let mut book: Xlsx<_> = open_workbook(file).unwrap();
        let sheet = |sheet: &String| {
            let range = book.worksheet_range(sheet).unwrap();
            let mut rows = range.rows();
            let header: Vec<String> = rows.next().unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(header, names);
            let cell = |cell: &Data| match cell {
                Data::Empty => Ok(Vec::new()),
                Data::String(text) => Ok(text.clone().into_bytes()),
                Data::DateTime(_) => Err("serial-date"),
                _ => Err("number-for-code"),
            };
            let rows = rows.enumerate().map(|(at, row)| (at as u64 + 2, Ok(row.iter().map(cell).collect())));
            (sheet.clone(), rows.collect())
        };
        return sheets.iter().map(sheet).collect();
    }
    let mut bytes = fs::read(file).unwrap();
    if extract.container == "gzip" {
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
        bytes = unpacked;
    } else if extract.container == "zip" {
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        bytes = Vec::new();
        zip.by_index(0).unwrap().read_to_end(&mut bytes).unwrap();
    }
    assert_eq!(bytes.last(), Some(&b'\n'));
    let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.next_back();
    let Form::Lines(delimiter) = extract.form else {
        return vec![(String::new(), (1..).zip(lines.map(|line| fixed(extract, line))).collect())];
    };
    let header = lines.next().unwrap();
    let text = String::from_utf8_lossy(header);
    assert_eq!(text.trim_start_matches('\u{feff}'), names.join(&char::from(delimiter).to_string()));
    let row = |line: &[u8]| {
        let fields: Vec<_> = line.split(|byte| *byte == delimiter).map(|field| Ok(field.to_vec())).collect();
        match line == header {
            true => Err("header-repeated"),
            false if fields.len() == names.len() => Ok(fields),
            false => Err("field-count"),
        }
    };
    vec![(String::new(), (2..).zip(lines.map(row)).collect())]
}

fn fixed(extract: &Extract, line: &[u8]) -> Fields {
    let columns = &extract.columns;
    if line.len() != columns.iter().map(|column| column.width).sum::<usize>() {
        return Err("record-length");
    }
    let mut start = 0;
    let field = |width: usize| {
        start += width;
        Ok(line[start - width..start].trim_ascii_end().to_vec())
    };
    Ok(columns.iter().map(|column| column.width).map(field).collect())
}
