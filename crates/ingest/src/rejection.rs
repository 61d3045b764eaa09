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
    /// A code that the list does not have.
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
            RejectionReason::UnknownCode => ("unknown-code", "code not in the list"),
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
}

/// Rejections in words, a line for each reason and column: "1,204 rows: check digits wrong, column insz, first at line 88".
pub fn in_words(extract: &Extract, rejections: &[Rejection]) -> Vec<String> {
    grouped(rejections)
        .into_iter()
        .map(|(reason, column, count, line)| {
            let rows = if count == 1 { "row" } else { "rows" };
            let column =
                column.map(|at| format!(", column {}", extract.columns[usize::from(at)].name)).unwrap_or_default();
            format!("{} {rows}: {}{column}, first at line {line}", thousands(count), reason.words().1)
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
