//! Known faults: rows that are damaged on purpose, each in one way, and the list of them for those who test a checker.

mod broken;
mod harm;
mod spoil;

pub(crate) use broken::{Samples, write as write_broken};
pub(crate) use harm::{Harm, Wrong};

use std::path::Path;

use crate::error::SynthError;
use crate::shape::Form;
use crate::sink::Sink;

/// In which way a row is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    FieldCount,
    RecordLength,
    HeaderRepeated,
    CheckDigit,
    NotAnInsz,
    UnknownCode,
    NotADate,
    NotANumber,
    NumberForCode,
    SerialDate,
    Missing,
    Encoding,
    OutsidePeriod,
    Order,
    DuplicateKey,
    DuplicateKeyDiffers,
    Overlap,
    PartsAboveWhole,
}

impl Class {
    /// The word in the list.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Class::FieldCount => "field-count",
            Class::RecordLength => "record-length",
            Class::HeaderRepeated => "header-repeated",
            Class::CheckDigit => "check-digit",
            Class::NotAnInsz => "not-an-insz",
            Class::UnknownCode => "unknown-code",
            Class::NotADate => "not-a-date",
            Class::NotANumber => "not-a-number",
            Class::NumberForCode => "number-for-code",
            Class::SerialDate => "serial-date",
            Class::Missing => "missing",
            Class::Encoding => "encoding",
            Class::OutsidePeriod => "outside-period",
            Class::Order => "order",
            Class::DuplicateKey => "duplicate-key",
            Class::DuplicateKeyDiffers => "duplicate-key-differs",
            Class::Overlap => "overlap",
            Class::PartsAboveWhole => "parts-above-whole",
        }
    }

    /// The classes that rows of a form can be of.
    fn of(form: Form) -> &'static [Class] {
        use Class::*;
        match form {
            Form::Lines { .. } => &[
                FieldCount,
                CheckDigit,
                NotAnInsz,
                UnknownCode,
                NotADate,
                NotANumber,
                Missing,
                Encoding,
                DuplicateKey,
                DuplicateKeyDiffers,
                OutsidePeriod,
                Order,
                Overlap,
                HeaderRepeated,
            ],
            Form::Records => &[
                RecordLength,
                CheckDigit,
                NotAnInsz,
                UnknownCode,
                NotADate,
                Missing,
                DuplicateKey,
                DuplicateKeyDiffers,
            ],
            Form::Sheet => &[NumberForCode, SerialDate, Missing, UnknownCode, DuplicateKey, DuplicateKeyDiffers],
            Form::Table => &[UnknownCode, NotANumber, Missing, FieldCount, DuplicateKey, DuplicateKeyDiffers],
        }
    }
}

/// A damaged row of a delivery.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) extract: &'static str,
    pub(crate) period: &'static str,
    pub(crate) file: String,
    /// Empty where the file is no workbook.
    pub(crate) sheet: &'static str,
    pub(crate) wrong: Wrong,
}

/// Writes the list of damaged rows.
pub(crate) fn write_list(folder: &Path, faults: &[Fault]) -> Result<u64, SynthError> {
    let mut sink = Sink::create(folder, "faults.csv", true)?;
    sink.write(b"extract;period;file;sheet;line;reason;column\n")?;
    for Fault { extract, period, file, sheet, wrong } in faults {
        let column = wrong.column.unwrap_or_default();
        let line = format!("{extract};{period};{file};{sheet};{};{};{column}\n", wrong.line, wrong.class.word());
        sink.rows(line.as_bytes(), 1)?;
    }
    Ok(sink.finish()?.0.lines)
}
