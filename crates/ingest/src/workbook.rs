//! Workbooks: named sheets, each with a header row, read cell by cell so that a far-away cell costs nothing.

use std::io::{Read, Seek};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use calamine::{DataRef, Reader as _, Xlsx, open_workbook};
use catalog::contract::{ColumnKind, Extract};
use catalog::{Fault, Place};

use crate::LandError;
use crate::batch::Gatherer;
use crate::land::{Landed, MOST_COLUMNS, Source};
use crate::rejection::{Rejection, RejectionReason};
use crate::value::{Reader, Value};

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
#[allow(clippy::too_many_arguments)] // one call, from `land`, of what it has at hand
pub(crate) fn land(
    extract: &Extract,
    readers: &[Reader],
    sheets: &[String],
    schema: &SchemaRef,
    file: &Source<'_>,
    number: u32,
    sink: &mut dyn FnMut(RecordBatch) -> Result<(), LandError>,
    landed: &mut Landed,
) -> Result<(), LandError> {
    let fault = |code: &str, message: String, hint: &str| {
        LandError::Faults(vec![Fault::new(code, Place::file(file.shown), message).hint(hint)])
    };
    let mut book: Xlsx<_> = open_workbook(file.path).map_err(|_| {
        fault("S21", "not a whole workbook".into(), "the delivery was cut off or is of another form; ask for it again")
    })?;
    let names = book.sheet_names();
    for sheet in sheets {
        if !names.contains(sheet) {
            return Err(fault(
                "S31",
                format!("sheet `{sheet}` is missing"),
                &format!("the contract wants the sheets {}", sheets.join(", ")),
            ));
        }
        let mut rows = Rows { extract, readers, schema, sheet, file: number, landed, sink };
        rows.sheet(&mut book, file)?;
    }
    Ok(())
}

struct Rows<'r, 's> {
    extract: &'r Extract,
    readers: &'r [Reader],
    schema: &'r SchemaRef,
    sheet: &'r str,
    file: u32,
    landed: &'r mut Landed,
    sink: &'s mut dyn FnMut(RecordBatch) -> Result<(), LandError>,
}

impl Rows<'_, '_> {
    fn sheet<R: Read + Seek>(&mut self, book: &mut Xlsx<R>, file: &Source<'_>) -> Result<(), LandError> {
        let shown = format!("{}, sheet {}", file.shown, self.sheet);
        let damaged = |_| {
            let hint = "the workbook was damaged on its way; ask for it again";
            LandError::Faults(vec![
                Fault::new("S21", Place::file(&shown), "the sheet cannot be read to its end").hint(hint),
            ])
        };
        let mut cells = book.worksheet_cells_reader(self.sheet).map_err(damaged)?;
        let wanted = self.readers.len();
        let mut header: Option<()> = None;
        let mut row: Vec<Written> = vec![Written::Empty; wanted];
        let mut beyond = false;
        let mut current: Option<u32> = None;
        let mut gatherer = Gatherer::new(self.extract, self.readers, Some(self.sheet));
        let mut gathered = 0usize;
        loop {
            let cell = cells.next_cell().map_err(damaged)?;
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
                    let full =
                        std::mem::replace(&mut gatherer, Gatherer::new(self.extract, self.readers, Some(self.sheet)));
                    if let Some(batch) = full.finish(self.schema)? {
                        (self.sink)(batch)?;
                    }
                    gathered = 0;
                }
            }
            let (Some(cell), Some((line, column))) = (cell, position) else { break };
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
        for (column, written) in self.extract.columns.iter().zip(row) {
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
        self.landed.rows += 1;
        let outcome = if beyond { Err((RejectionReason::FieldCount, None)) } else { self.values(row, gatherer) };
        match outcome {
            Ok(()) => self.landed.accepted += 1,
            Err((reason, column)) => self.landed.rejections.push(Rejection {
                reason,
                file: self.file,
                line: u64::from(line) + 1,
                byte: 0,
                column,
            }),
        }
    }

    fn values(&self, row: &[Written], gatherer: &mut Gatherer<'_>) -> Result<(), (RejectionReason, Option<u16>)> {
        let mut digits: Vec<String> = Vec::new();
        for (written, column) in row.iter().zip(&self.extract.columns) {
            digits.push(match (written, &column.kind) {
                (Written::Number(value), ColumnKind::Count | ColumnKind::Year)
                    if value.fract() == 0.0 && *value >= 0.0 && *value < 1e15 =>
                {
                    format!("{value:.0}")
                }
                _ => String::new(),
            });
        }
        let mut values = [Value::Null; MOST_COLUMNS];
        for (at, reader) in self.readers.iter().enumerate() {
            let field = match &row[at] {
                Written::Empty => "",
                Written::Text(text) => text,
                Written::Number(_) if !digits[at].is_empty() => &digits[at],
                Written::Number(_) | Written::Other => return Err((RejectionReason::NumberForCode, Some(at as u16))),
            };
            values[at] = reader.read(field.as_bytes(), false).map_err(|reason| (reason, Some(at as u16)))?;
        }
        gatherer.push(&values[..self.readers.len()]);
        Ok(())
    }
}
