//! Workbooks: named sheets, each with a header row, read cell by cell so that a far-away cell costs nothing.

use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader as _, Xlsx, open_workbook};
use catalog::contract::ColumnKind;
use catalog::{Fault, Place};

use crate::LandError;
use crate::batch::Gatherer;
use crate::land::{Handed, Progress, Sink, Source};
use crate::rejection::{Rejection, RejectionReason};
use crate::rows::{MOST_COLUMNS, Refusal, Rules};
use crate::value::Value;

/// Rows of a batch.
const BATCH_ROWS: usize = 65_536;

#[derive(Debug, Clone, Default, PartialEq)]
enum Written {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    Other,
}

/// Lands the sheets of a workbook.
pub(crate) fn land(
    rules: &Rules<'_>,
    sheets: &[String],
    file: &Source<'_>,
    number: u32,
    sink: Sink<'_>,
    progress: &mut Progress,
) -> Result<(), LandError> {
    let fault = |code: &str, message: String, hint: &str| {
        LandError::Faults(vec![Fault::new(code, Place::file(file.shown), message).hint(hint)])
    };
    let whole = || {
        let hint = "the delivery was cut off or is of another form; ask for it again";
        fault("S21", "not a whole workbook".into(), hint)
    };
    let mut book: Xlsx<_> = asked(|| open_workbook(file.path)).ok_or_else(whole)?;
    let names = book.sheet_names();
    for (place, sheet) in sheets.iter().enumerate() {
        if !names.contains(sheet) {
            let hint = format!("the contract wants the sheets {}", sheets.join(", "));
            return Err(fault("S31", format!("sheet `{sheet}` is missing"), &hint));
        }
        let merged = asked(|| book.merge_cells_by_sheet_name(sheet)).ok_or_else(whole)?;
        if merged.iter().any(|area| area.end.0 > 0) {
            let hint = "a merged cell belongs to one row only, and nobody can tell which; ask for a sheet without";
            return Err(fault("S44", format!("sheet `{sheet}` has merged cells"), hint));
        }
        let mut rows = Rows { rules, sheet, place: place as u64, file: number, progress, sink };
        rows.sheet(&mut book, file)?;
    }
    Ok(())
}

/// Asks the library that reads workbooks; nothing when it fails, or gives up on a file that is damaged in a way that it
/// was not written for. Fuzzing found such files: a cell's name can be too long to be counted.
fn asked<T, E>(question: impl FnOnce() -> Result<T, E>) -> Option<T> {
    // What is left behind after a panic is not asked again: the workbook is refused.
    catch_unwind(AssertUnwindSafe(question)).ok()?.ok()
}

/// A value this far from the table is a slip of a hand, not a column or a row of the extract.
const FAR_COLUMN: u32 = 100;
const FAR_ROW: u32 = 1_000;

struct Rows<'r, 's> {
    rules: &'r Rules<'r>,
    sheet: &'r str,
    /// Number of the sheet, from 0.
    place: u64,
    file: u32,
    progress: &'r mut Progress,
    sink: Sink<'s>,
}

impl Rows<'_, '_> {
    fn sheet<R: Read + Seek>(&mut self, book: &mut Xlsx<R>, file: &Source<'_>) -> Result<(), LandError> {
        let shown = format!("{}, sheet {}", file.shown, self.sheet);
        let damaged = || {
            let hint = "the workbook was damaged on its way; ask for it again";
            LandError::Faults(vec![
                Fault::new("S21", Place::file(&shown), "the sheet cannot be read to its end").hint(hint),
            ])
        };
        let mut cells = asked(|| book.worksheet_cells_reader(self.sheet)).ok_or_else(damaged)?;
        let wanted = self.rules.readers.len();
        let mut header: Option<()> = None;
        let mut row: Vec<Written> = vec![Written::Empty; wanted];
        let mut beyond = false;
        let mut current: Option<u32> = None;
        let mut gatherer = Gatherer::new(self.rules.extract, self.rules.readers, Some(self.sheet));
        let mut gathered = 0usize;
        loop {
            let cell = asked(|| cells.next_cell()).ok_or_else(damaged)?;
            let position = cell.as_ref().map(|cell| cell.get_position());
            if let Some(line) = current
                && position.is_none_or(|(next, _)| next != line)
            {
                let blank = row.iter().all(|written| *written == Written::Empty) && !beyond;
                if header.is_none() && !blank {
                    self.header(&row, beyond, &shown)?;
                    header = Some(());
                } else if !blank {
                    self.row(&row, beyond, line, &mut gatherer);
                    gathered += 1;
                }
                row.iter_mut().for_each(|written| *written = Written::Empty);
                beyond = false;
                if gathered == BATCH_ROWS || position.is_none() {
                    let full = std::mem::replace(
                        &mut gatherer,
                        Gatherer::new(self.rules.extract, self.rules.readers, Some(self.sheet)),
                    );
                    if let Some(batch) = full.finish(self.rules.schema)? {
                        (self.sink)(batch)?;
                    }
                    gathered = 0;
                }
            }
            let (Some(cell), Some((line, column))) = (cell, position) else { break };
            let far = column >= FAR_COLUMN || line > current.unwrap_or(0) + FAR_ROW;
            if far && !matches!(cell.get_value(), DataRef::Empty) {
                let hint = "somebody typed something far from the table; ask for a clean sheet";
                return Err(LandError::Faults(vec![
                    Fault::new("S43", Place::line(&shown, u64::from(line) + 1), "a cell lies far away from the table")
                        .hint(hint),
                ]));
            }
            if far {
                continue;
            }
            current = Some(line);
            let written = match cell.get_value() {
                DataRef::Empty => continue,
                DataRef::String(text) => Written::Text(text.clone()),
                DataRef::SharedString(text) => Written::Text((*text).to_string()),
                DataRef::Int(value) => Written::Number(*value as f64),
                DataRef::Float(value) => Written::Number(*value),
                _ => Written::Other,
            };
            if written == Written::Text(String::new()) {
                continue;
            }
            match row.get_mut(column as usize) {
                Some(place) => *place = written,
                None => beyond = true,
            }
        }
        Ok(())
    }

    fn header(&self, row: &[Written], beyond: bool, shown: &str) -> Result<(), LandError> {
        for (column, written) in self.rules.extract.columns.iter().zip(row) {
            if *written != Written::Text(column.name.clone()) {
                let hint = "the first row must be the header that the contract gives";
                return Err(LandError::Faults(vec![
                    Fault::new(
                        "S27",
                        Place::line(shown, 1),
                        format!("column `{}` is not where the contract says", column.name),
                    )
                    .hint(hint),
                ]));
            }
        }
        if beyond {
            return Err(LandError::Faults(vec![Fault::new(
                "S28",
                Place::line(shown, 1),
                "a column is not in the contract",
            )]));
        }
        Ok(())
    }

    fn row(&mut self, row: &[Written], beyond: bool, line: u32, gatherer: &mut Gatherer<'_>) {
        self.progress.landed.rows += 1;
        let line = u64::from(line) + 1;
        let outcome = if beyond { Err((RejectionReason::FieldCount, None)) } else { self.values(row, line, gatherer) };
        match outcome {
            Ok(()) => self.progress.landed.accepted += 1,
            Err((reason, column)) => {
                self.progress.landed.rejections.push(Rejection {
                    reason,
                    file: self.file,
                    line,
                    byte: self.place,
                    column,
                });
            }
        }
    }

    fn values(&mut self, row: &[Written], line: u64, gatherer: &mut Gatherer<'_>) -> Result<(), Refusal> {
        let columns = &self.rules.extract.columns;
        // A whole number is what it is in a cell too, where a number is wanted.
        let digits: Vec<String> = row
            .iter()
            .zip(columns)
            .map(|(written, column)| match (written, &column.kind) {
                (Written::Number(value), ColumnKind::Count | ColumnKind::Year)
                    if value.fract() == 0.0 && *value >= 0.0 && *value < 1e15 =>
                {
                    format!("{value:.0}")
                }
                _ => String::new(),
            })
            .collect();
        let mut values = [Value::Null; MOST_COLUMNS];
        for (at, reader) in self.rules.readers.iter().enumerate() {
            let field = match &row[at] {
                Written::Empty => "",
                Written::Text(text) => text,
                Written::Number(_) if !digits[at].is_empty() => &digits[at],
                Written::Number(_) | Written::Other => {
                    let dated =
                        matches!(columns[at].kind, ColumnKind::Day | ColumnKind::PartialDay | ColumnKind::Month);
                    let reason = if dated { RejectionReason::SerialDate } else { RejectionReason::NumberForCode };
                    return Err((reason, Some(at as u16)));
                }
            };
            values[at] = reader.read(field.as_bytes(), false).map_err(|reason| (reason, Some(at as u16)))?;
        }
        let values = &values[..self.rules.readers.len()];
        self.rules.check(values)?;
        if self.rules.remembers() {
            self.progress.kept.push(self.rules.across, values);
            let key = self.rules.fingerprint.of(values, Some(self.sheet));
            self.progress.handed.push(Handed::new(self.file, line, self.place, key));
        }
        gatherer.push(values);
        Ok(())
    }
}
