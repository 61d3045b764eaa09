//! Rejections: rows that do not keep to the contract, each with a reason and a place and never with a value.

use std::collections::BTreeMap;

use catalog::contract::{Extract, Form};

use crate::land::Landed;

/// Why a row was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectionReason {
    /// More or fewer fields than the header has.
    FieldCount,
    /// A fixed-width record of another length.
    RecordLength,
    /// A quote that opens and does not close, or closes in the middle of a field.
    Quote,
    /// Bytes that the encoding does not have.
    Encoding,
    /// A line longer than any record can be.
    LineTooLong,
    /// A line with nothing in it.
    BlankLine,
    /// The header again, among the rows.
    HeaderRepeated,
    /// A value that must be there is not.
    Missing,
    /// Not eleven digits where a national number is expected.
    NotANumberOfAPerson,
    /// Check digits wrong.
    CheckDigit,
    /// A national number with a date or serial that is never issued.
    NeverIssued,
    /// A code that the list does not have, or not on the day of the row.
    UnknownCode,
    /// Not a whole number.
    NotANumber,
    /// Not a date.
    NotADate,
    /// A number cell in a workbook where a code must be text.
    NumberForCode,
    /// A date cell or serial number in a workbook where a date must be text.
    SerialDate,
    /// A day, month, quarter or year outside the period of the delivery.
    OutsidePeriod,
    /// Two values in the wrong order: a last day before the first, a part above its whole.
    Order,
    /// The same row once more.
    DuplicateKey,
    /// Another row with the same key: nobody can tell which of the two is right, so both are rejected.
    DuplicateKeyDiffers,
    /// A row of a history that claims days which an earlier line, registered on the same day, claims too.
    Overlap,
    /// A whole that is smaller than its parts together: the whole is rejected, the parts say more.
    PartsAboveWhole,
    /// Blanks around a value.
    Blanks,
    /// Points, dashes or blanks among the digits of a national number.
    Punctuation,
    /// Double quotes around a value, which are part of it in a file without quoting.
    InQuotes,
    /// Quotes of another style around a value.
    OtherQuotes,
    /// A word that programs write where a value is missing.
    AbsenceWord,
    /// A formula of a spreadsheet, written as text.
    FormulaAsText,
    /// A cell of a workbook with a formula whose result was never stored.
    FormulaWithoutResult,
    /// An error of a spreadsheet, such as `#N/A`, in place of a value.
    CellError,
    /// A cell of a workbook that is true or false.
    TruthValue,
    /// A code that the list has with a zero more.
    LeadingZero,
    /// A number in scientific notation.
    Scientific,
    /// A decimal point where the contract has a comma.
    DecimalPoint,
    /// More decimals than the contract says.
    TooManyDecimals,
    /// Marks or blanks between the thousands of a number.
    GroupedNumber,
    /// A date or period in another form than the contract's.
    DateForm,
    /// A control character, such as NUL.
    ControlCharacter,
    /// A carriage return alone: several rows in one line.
    LineEnd,
    /// A line after or between the rows that a program added: a total, a number of rows, dashes.
    Footer,
}

impl RejectionReason {
    /// The code in tables, and the words for people.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            RejectionReason::FieldCount => ("field-count", "number of fields unlike the header"),
            RejectionReason::RecordLength => ("record-length", "record of another length"),
            RejectionReason::Quote => ("quote", "quote not closed"),
            RejectionReason::Encoding => ("encoding", "bytes that the encoding does not have"),
            RejectionReason::LineTooLong => ("line-too-long", "line longer than a record can be"),
            RejectionReason::BlankLine => ("blank-line", "line with nothing in it"),
            RejectionReason::HeaderRepeated => ("header-repeated", "header again among the rows"),
            RejectionReason::Missing => ("missing", "value missing"),
            RejectionReason::NotANumberOfAPerson => ("not-an-insz", "not eleven digits"),
            RejectionReason::CheckDigit => ("check-digit", "check digits wrong"),
            RejectionReason::NeverIssued => ("never-issued", "number of a kind that is never issued"),
            RejectionReason::UnknownCode => ("unknown-code", "code not in the list of its day"),
            RejectionReason::NotANumber => ("not-a-number", "not a whole number"),
            RejectionReason::NotADate => ("not-a-date", "not a date"),
            RejectionReason::NumberForCode => ("number-for-code", "number where a code must be text"),
            RejectionReason::SerialDate => ("serial-date", "date serial where a date must be text"),
            RejectionReason::OutsidePeriod => ("outside-period", "outside the period of the delivery"),
            RejectionReason::Order => ("order", "values in the wrong order"),
            RejectionReason::DuplicateKey => ("duplicate-key", "the same row once more"),
            RejectionReason::DuplicateKeyDiffers => {
                ("duplicate-key-differs", "rows of one key that differ, all of them")
            }
            RejectionReason::Overlap => ("overlap", "days that an earlier line of the same history has too"),
            RejectionReason::PartsAboveWhole => ("parts-above-whole", "whole smaller than its parts together"),
            RejectionReason::Blanks => ("blanks", "blanks around it"),
            RejectionReason::Punctuation => ("punctuation", "points in it, or dashes or blanks"),
            RejectionReason::InQuotes => ("in-quotes", "double quotes around it"),
            RejectionReason::OtherQuotes => ("other-quotes", "quotes of another style around it"),
            RejectionReason::AbsenceWord => {
                ("absence-word", "a word for a missing value, such as NULL, where an empty field is agreed")
            }
            RejectionReason::FormulaAsText => ("formula-as-text", "a spreadsheet's formula as text"),
            RejectionReason::FormulaWithoutResult => ("formula-without-result", "a formula without a result"),
            RejectionReason::CellError => ("cell-error", "the cell holds an error, such as #N/A"),
            RejectionReason::TruthValue => ("truth-value", "the cell holds true or false"),
            RejectionReason::LeadingZero => ("leading-zero", "a leading zero is lost"),
            RejectionReason::Scientific => {
                ("scientific", "scientific notation, as spreadsheet programs write long numbers")
            }
            RejectionReason::DecimalPoint => ("decimal-point", "a decimal point where a comma is agreed"),
            RejectionReason::TooManyDecimals => ("too-many-decimals", "more decimals than the contract says"),
            RejectionReason::GroupedNumber => ("grouped-number", "marks between groups of three digits"),
            RejectionReason::DateForm => ("date-form", "a date written in another form than agreed"),
            RejectionReason::ControlCharacter => ("control-character", "a control character in it"),
            RejectionReason::LineEnd => ("line-end", "CR alone as a line end, so that several rows are one line"),
            RejectionReason::Footer => ("footer", "no row but a footer: a total, a number of rows, a line of dashes"),
        }
    }
}

/// One rejected row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub reason: RejectionReason,
    /// Which file of the delivery, from 0.
    pub file: u32,
    /// Line, from 1; the row of the sheet in a workbook.
    pub line: u64,
    /// Offset of the line's first byte in the unwrapped file; in a workbook the number of the sheet, from 0.
    pub byte: u64,
    /// Column of the contract, from 0, where one is at fault.
    pub column: Option<u16>,
}

impl Rejection {
    /// The sheet of a workbook's row.
    pub fn sheet<'e>(&self, extract: &'e Extract) -> Option<&'e str> {
        match &extract.form {
            Form::Workbook { sheets, .. } => sheets.get(self.byte as usize).map(String::as_str),
            _ => None,
        }
    }

    /// The place in a workbook, in words: sheet and cell, or sheet and row where the row as a whole is at fault.
    pub fn cell(&self, extract: &Extract) -> Option<String> {
        let sheet = self.sheet(extract)?;
        Some(match self.column {
            Some(column) => format!("sheet {sheet}, cell {}{}", letters(column.into()), self.line),
            None => format!("sheet {sheet}, row {}", self.line),
        })
    }
}

/// The letters of a column of a sheet, from 0.
fn letters(column: u32) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    if column < 26 { last.to_string() } else { format!("{}{last}", letters(column / 26 - 1)) }
}

/// Rejections in words, a line for each reason and column: "1,204 rows: check digits wrong, column insz, first at line 88".
pub fn in_words(extract: &Extract, rejections: &[Rejection]) -> Vec<String> {
    grouped(rejections)
        .into_iter()
        .map(|(reason, column, count, line)| {
            let first = rejections.iter().find(|own| (own.reason, own.column, own.line) == (reason, column, line));
            let place = first.and_then(|own| own.cell(extract)).unwrap_or_else(|| format!("line {line}"));
            let rows = if count == 1 { "row" } else { "rows" };
            let named =
                column.map(|at| format!(", column {}", extract.columns[usize::from(at)].name)).unwrap_or_default();
            format!("{} {rows}: {}{named}, first at {place}", thousands(count), reason.words().1)
        })
        .collect()
}

/// Holes in histories in words, if there are any.
pub fn gaps_in_words(landed: &Landed) -> Option<String> {
    let (_, line) = landed.first_gap?;
    let rows = if landed.after_gap == 1 { "row begins" } else { "rows begin" };
    let kept = if landed.after_gap == 1 { "is" } else { "are" };
    let count = thousands(landed.after_gap);
    Some(format!("{count} {rows} after a hole in a history and {kept} kept, the first at line {line}"))
}

fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Rejections grouped for people: reason and column, how many, and the first line.
pub fn grouped(rejections: &[Rejection]) -> Vec<(RejectionReason, Option<u16>, u64, u64)> {
    let mut groups: BTreeMap<(RejectionReason, Option<u16>), (u64, u64)> = BTreeMap::new();
    for rejection in rejections {
        let group = groups.entry((rejection.reason, rejection.column)).or_insert((0, rejection.line));
        group.0 += 1;
        group.1 = group.1.min(rejection.line);
    }
    groups.into_iter().map(|((reason, column), (count, first))| (reason, column, count, first)).collect()
}
