//! Workbooks: named sheets, each with a header row, read cell by cell so that a far-away cell costs nothing.
//!
//! Spreadsheet programs keep a number as a double and a formula with the result that it had when it was last calculated.
//! A number is read as the shortest decimal that is this double, without rounding; a formula without a result is no value.

use std::borrow::Cow;
use std::io::Read;

use catalog::contract::ColumnKind;
use catalog::fault::did_you_mean;
use catalog::{Fault, Place};

use self::package::Package;
use self::sheet::{Cells, Written};
use crate::LandError;
use crate::batch::Gatherer;
use crate::land::{Handed, MOST_REJECTIONS, Progress, Sink, Source};
use crate::lines::LONGEST_LINE;
use crate::rejection::{Rejection, RejectionReason};
use crate::rows::{MOST_COLUMNS, Refusal, Rules};
use crate::unwrap::file_fault;
use crate::value::Value;

mod package;
mod sheet;
mod xml;

/// Rows of a batch, and bytes of their texts.
const BATCH_ROWS: usize = 65_536;
const BATCH_BYTES: usize = 16 << 20;

/// No sheet has a longer name.
const LONGEST_NAME: usize = 31;

/// Lands the sheets of a workbook.
pub(crate) fn land(
    rules: &Rules<'_>,
    sheets: &[String],
    file: &Source<'_>,
    number: u32,
    sink: Sink<'_>,
    progress: &mut Progress,
) -> Result<(), LandError> {
    let mut package = Package::open(file.path, file.shown)?;
    let book = package.book()?;
    let strings = package.strings(&book)?;
    let dates = package.date_formats(&book)?;
    for (place, sheet) in sheets.iter().enumerate() {
        let Some((_, part)) = book.sheets.iter().find(|(name, _)| name == sheet) else {
            let names = book.sheets.iter().map(|(name, _)| name.as_str()).filter(|name| name.len() <= LONGEST_NAME);
            let near = did_you_mean(sheet, names);
            let near = near.map(|near| format!("; is it `{near}`, renamed?")).unwrap_or_default();
            let hint = format!("the contract wants the sheets {}{near}", sheets.join(", "));
            return Err(file_fault(file.shown, "S31", format!("sheet `{sheet}` is missing"), &hint));
        };
        let xml = package.sheet(part, &format!("sheet {sheet}"))?;
        let mut cells = Cells::new(xml, &strings, &dates, book.uncalculated);
        let shown = format!("{}, sheet {sheet}", file.shown);
        let mut rows = Rows { rules, sheet, shown, place: place as u64, file: number, last_line: 0, progress, sink };
        rows.sheet(&mut cells)?;
        if cells.is_merged() {
            let hint = "a merged cell belongs to one row only, and nobody can tell which; ask for a sheet without";
            return Err(file_fault(file.shown, "S44", format!("sheet `{sheet}` has merged cells"), hint));
        }
        if progress.stopped {
            return Ok(());
        }
    }
    Ok(())
}

/// A value this far from the table is a slip of a hand, not a column or a row of the extract.
const FAR_COLUMN: u32 = 100;
const FAR_ROW: u32 = 1_000;

/// A row as it is written.
struct Row<'s> {
    /// From 0.
    line: u32,
    cells: Vec<Written<'s>>,
    /// A cell beyond the columns of the contract is filled.
    beyond: bool,
    /// Bytes of its texts.
    bytes: usize,
}

impl Row<'_> {
    fn is_blank(&self) -> bool {
        !self.beyond && self.cells.iter().all(|written| *written == Written::Empty)
    }
}

struct Rows<'r, 's> {
    rules: &'r Rules<'r>,
    sheet: &'r str,
    /// File and sheet in words.
    shown: String,
    /// Number of the sheet, from 0.
    place: u64,
    file: u32,
    /// The last row with something in it.
    last_line: u32,
    progress: &'r mut Progress,
    sink: Sink<'s>,
}

impl<'r> Rows<'r, '_> {
    fn sheet<'s, R: Read>(&mut self, cells: &mut Cells<'s, R>) -> Result<(), LandError> {
        let mut has_header = false;
        let mut next = None;
        let (mut gatherer, mut rows, mut bytes) = (self.gatherer(), 0, 0);
        while let Some(row) = self.following(cells, &mut next)? {
            if row.is_blank() {
                continue;
            }
            if !has_header {
                self.header(&row)?;
                has_header = true;
                continue;
            }
            rows += 1;
            bytes += row.bytes;
            self.row(&row, &mut gatherer);
            if rows >= BATCH_ROWS || bytes >= BATCH_BYTES {
                self.hand_out(std::mem::replace(&mut gatherer, self.gatherer()))?;
                (rows, bytes) = (0, 0);
            }
            if self.progress.landed.rejections.len() > MOST_REJECTIONS {
                self.progress.stopped = true;
                return Ok(());
            }
        }
        self.hand_out(gatherer)
    }

    fn gatherer(&self) -> Gatherer<'r> {
        Gatherer::new(self.rules.extract, self.rules.readers, Some(self.sheet))
    }

    fn hand_out(&mut self, gatherer: Gatherer<'_>) -> Result<(), LandError> {
        gatherer.finish(self.rules.schema)?.map_or(Ok(()), &mut *self.sink)
    }

    /// The cells of the next row; `next` is the cell that was read last and belongs to the row after.
    fn following<'s, R: Read>(
        &mut self,
        cells: &mut Cells<'s, R>,
        next: &mut Option<(u32, u32, Written<'s>)>,
    ) -> Result<Option<Row<'s>>, LandError> {
        let wanted = self.rules.readers.len();
        let mut row: Option<Row<'s>> = None;
        loop {
            let cell = match next.take() {
                Some(cell) => Some(cell),
                None => cells.next()?.map(|cell| (cell.row, cell.column, cell.written)),
            };
            let Some((line, column, written)) = cell else { return Ok(row) };
            if written == Written::Empty {
                continue;
            }
            if row.as_ref().is_some_and(|own| own.line != line) {
                *next = Some((line, column, written));
                return Ok(row);
            }
            if column >= FAR_COLUMN || line > self.last_line + FAR_ROW {
                let hint = "somebody typed something far from the table; ask for a clean sheet";
                return Err(self.fault("S43", line, "a cell lies far away from the table", hint));
            }
            self.last_line = line;
            let own =
                row.get_or_insert_with(|| Row { line, cells: vec![Written::Empty; wanted], beyond: false, bytes: 0 });
            if let Written::Text(text) = &written {
                own.bytes += text.len();
            }
            match own.cells.get_mut(column as usize) {
                Some(place) => *place = written,
                None => own.beyond = true,
            }
        }
    }

    fn fault(&self, code: &str, line: u32, message: impl Into<String>, hint: &str) -> LandError {
        let place = Place::line(&self.shown, u64::from(line) + 1);
        LandError::Faults(vec![Fault::new(code, place, message).hint(hint)])
    }

    fn header(&self, row: &Row<'_>) -> Result<(), LandError> {
        let columns = &self.rules.extract.columns;
        let is_at = |at: usize, name: &str| matches!(&row.cells[at], Written::Text(text) if text == name);
        let hint = "the first row must be the header that the contract gives";
        let known = columns.iter().any(|column| (0..row.cells.len()).any(|at| is_at(at, &column.header)));
        if !known {
            let message = "the first row with something in it is not the header: a title above it?";
            return Err(self.fault("S26", row.line, message, hint));
        }
        if let Some((_, column)) = columns.iter().enumerate().find(|(at, column)| !is_at(*at, &column.header)) {
            let message = format!("column `{}` is not where the contract says", column.header);
            return Err(self.fault("S27", row.line, message, hint));
        }
        if row.beyond {
            return Err(self.fault("S28", row.line, "a column is not in the contract", "ask for the agreed columns"));
        }
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, gatherer: &mut Gatherer<'_>) {
        self.progress.landed.rows += 1;
        let line = u64::from(row.line) + 1;
        let outcome = match row {
            Row { beyond: true, .. } => Err((RejectionReason::FieldCount, None)),
            Row { bytes, .. } if *bytes > LONGEST_LINE => Err((RejectionReason::LineTooLong, None)),
            row => self.values(row, line, gatherer),
        };
        match outcome {
            Ok(()) => self.progress.landed.accepted += 1,
            Err((reason, column)) => {
                let (file, byte) = (self.file, self.place);
                self.progress.landed.rejections.push(Rejection { reason, file, line, byte, column });
            }
        }
    }

    fn values(&mut self, row: &Row<'_>, line: u64, gatherer: &mut Gatherer<'_>) -> Result<(), Refusal> {
        let columns = &self.rules.extract.columns;
        let mut fields = Vec::with_capacity(columns.len());
        for (at, (written, column)) in row.cells.iter().zip(columns).enumerate() {
            fields.push(field(written, &column.kind).map_err(|reason| (reason, Some(at as u16)))?);
        }
        let mut values = [Value::Null; MOST_COLUMNS];
        for (at, (reader, field)) in self.rules.readers.iter().zip(&fields).enumerate() {
            values[at] = reader.read(field.as_bytes(), false).map_err(|reason| (reason, Some(at as u16)))?;
        }
        let values = &values[..self.rules.readers.len()];
        self.rules.check(values, &mut self.progress.dated)?;
        if self.rules.remembers() {
            self.progress.kept.push(self.rules.across, values);
            let key = self.rules.fingerprint.of(values, Some(self.sheet));
            self.progress.handed.push(Handed::new(self.file, line, self.place, key));
        }
        gatherer.push(values);
        Ok(())
    }
}

/// What a cell says, as a field of a text file would say it.
fn field<'c>(written: &'c Written<'_>, kind: &ColumnKind) -> Result<Cow<'c, str>, RejectionReason> {
    let is_date = matches!(
        kind,
        ColumnKind::Day
            | ColumnKind::PartialDay
            | ColumnKind::Month
            | ColumnKind::Quarter
            | ColumnKind::Year
            | ColumnKind::SchoolYear
    );
    match (written, kind) {
        (Written::Empty, _) => Ok(Cow::Borrowed("")),
        (Written::Text(text), _) => Ok(Cow::Borrowed(text)),
        (Written::NoResult, _) => Err(RejectionReason::FormulaWithoutResult),
        (Written::Error, _) => Err(RejectionReason::CellError),
        (Written::Truth, _) => Err(RejectionReason::TruthValue),
        (Written::Number(_, true), ColumnKind::Count | ColumnKind::Decimal(_)) => Err(RejectionReason::SerialDate),
        (Written::Number(text, false), ColumnKind::Count | ColumnKind::Year | ColumnKind::Decimal(_)) => {
            decimal(text).map(Cow::Owned).ok_or(RejectionReason::NotANumber)
        }
        (Written::Number(..), _) if is_date => Err(RejectionReason::SerialDate),
        (Written::Number(..), _) => Err(RejectionReason::NumberForCode),
    }
}

/// A number of a cell with a decimal comma, as the shortest decimal that is the double which the cell holds.
fn decimal(text: &str) -> Option<String> {
    if text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    let value: f64 = text.parse().ok()?; // law 4: no calculation, a double is how a spreadsheet program keeps a number.
    (value.is_finite() && value.abs() < 1e15).then(|| value.to_string().replace('.', ","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_shortest_decimal_that_it_is() {
        let cases = [
            ("300.5", "300,5"),
            ("1.1000000000000001", "1,1"),
            ("312.55000000000001", "312,55"),
            ("0.30000000000000004", "0,30000000000000004"),
            ("12.345", "12,345"),
            ("1.5E+2", "150"),
            ("1E-3", "0,001"),
            ("-0.05", "-0,05"),
            ("17", "17"),
        ];
        for (text, expected) in cases {
            assert_eq!(decimal(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "x", "inf", "NaN", "1e400", "1e15", "0x10", "1 2"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
