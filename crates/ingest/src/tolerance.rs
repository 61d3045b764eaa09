//! How much of a delivery may be wrong, and how its size may differ from the one before.

use catalog::contract::{ColumnKind, Extract, Form};
use catalog::{Fault, Place};

use crate::LandError;
use crate::delivery::Delivery;
use crate::header::Written;
use crate::land::{Landed, MOST_REJECTIONS};
use crate::reception::Reception;
use crate::rejection::{RejectionReason, grouped};

/// A reason and a column, in how many rows, and the first line.
type Group = (RejectionReason, Option<u16>, u64, u64);

/// Whether the rejections stay within what the contract allows, in all and for each reason.
///
/// When more than half of the rows are rejected for one reason in one column, the file as a whole is wrong, and the
/// fault says how. Fields in quotes where the contract knows no quotes are never within what it allows: the quotes of
/// other rows may have been taken for a part of a value.
///
/// # Errors
///
/// The faults of a delivery that is refused.
pub fn within_tolerance(extract: &Extract, landed: &Landed, shown: &[String]) -> Result<(), LandError> {
    let groups = grouped(&landed.rejections);
    let bare_quotes = matches!(extract.form, Form::Delimited { quoted: false, .. });
    if let Some(group) = groups.iter().find(|(reason, ..)| bare_quotes && *reason == RejectionReason::InQuotes) {
        return Err(LandError::Faults(vec![Written::in_quotes(place(extract, landed, shown, group))]));
    }
    let allowed = |share: f64| (landed.rows as f64 * share).floor() as u64;
    let of_reason = |reason: RejectionReason| -> u64 {
        groups.iter().filter(|(own, ..)| *own == reason).map(|(_, _, count, _)| *count).sum()
    };
    let too_many = landed.rejections.len() as u64 > allowed(extract.tolerance.all);
    let over = |reason: RejectionReason| {
        let own = extract.tolerance.reasons.iter().find(|(word, _)| word == reason.words().0);
        own.is_some_and(|(_, share)| of_reason(reason) > allowed(*share))
    };
    if !too_many && !groups.iter().any(|(reason, ..)| over(*reason)) {
        return Ok(());
    }
    if let Some(fault) = of_the_whole_file(extract, landed, shown, &groups) {
        return Err(LandError::Faults(vec![fault]));
    }
    let faults = groups
        .iter()
        .map(|group| {
            let &(reason, _, count, _) = group;
            let more = if count > 1 { format!("   (and {} more rows)", count - 1) } else { String::new() };
            let (limit, which) = match extract.tolerance.reasons.iter().find(|(word, _)| word == reason.words().0) {
                Some((word, share)) if over(reason) => (allowed(*share), format!("for `{word}` ")),
                _ => (allowed(extract.tolerance.all), String::new()),
            };
            let rejected = if which.is_empty() { landed.rejections.len() as u64 } else { of_reason(reason) };
            let hint = format!(
                "{rejected} of {} rows are rejected {which}where {} allows {limit}; ask the supplier, or set `tolerance` there",
                landed.rows, extract.file
            );
            let message = format!("{}{more}", reason.words().1);
            Fault::new("S40", place(extract, landed, shown, group), message).hint(hint)
        })
        .collect();
    Err(LandError::Faults(faults))
}

/// The faults of a delivery with more rejected rows than are kept: what most of them are rejected for.
pub(crate) fn too_many(extract: &Extract, landed: &Landed, shown: &[String]) -> LandError {
    let mut groups = grouped(&landed.rejections);
    if let Some(fault) = of_the_whole_file(extract, landed, shown, &groups) {
        return LandError::Faults(vec![fault]);
    }
    groups.sort_by_key(|(_, _, count, _)| std::cmp::Reverse(*count));
    let faults = groups.iter().take(8).map(|group| {
        let message = format!("{}, in {} rows and more", group.0.words().1, group.2);
        let hint = format!(
            "reading stopped after {} rows: no delivery may have more than {MOST_REJECTIONS} rejected rows",
            landed.rows
        );
        Fault::new("S80", place(extract, landed, shown, group), message).hint(hint)
    });
    LandError::Faults(faults.collect())
}

/// The place of the first row of a group; in a workbook its sheet and cell.
fn place(extract: &Extract, landed: &Landed, shown: &[String], &(reason, column, _, line): &Group) -> Place {
    let first = landed.rejections.iter().find(|own| own.reason == reason && own.line == line && own.column == column);
    let file = shown.get(first.map_or(0, |own| own.file as usize)).map_or("", String::as_str);
    let mut place = Place::line(file, line);
    if let Some(cell) = first.and_then(|own| own.cell(extract)) {
        place = Place::file(format!("{file}, {cell}"));
    }
    place.column = column.map(|at| extract.columns[usize::from(at)].name.clone());
    place
}

/// What is wrong with a file of which most rows are rejected for one reason in one column.
fn of_the_whole_file(extract: &Extract, landed: &Landed, shown: &[String], groups: &[Group]) -> Option<Fault> {
    let of_most = groups.iter().filter(|(_, _, count, _)| count * 2 > landed.rows);
    of_most.filter_map(|group| systematic(extract, group.0, group.1, place(extract, landed, shown, group))).next()
}

fn systematic(extract: &Extract, reason: RejectionReason, column: Option<u16>, place: Place) -> Option<Fault> {
    let is_insz = column.is_some_and(|at| extract.columns[usize::from(at)].kind == ColumnKind::Insz);
    let (code, message, hint) = match reason {
        RejectionReason::OutsidePeriod => (
            "S42",
            "the file is of another period",
            "name the period that it is of with --period, or ask for the right file",
        ),
        RejectionReason::NumberForCode => (
            "S45",
            "codes were turned into numbers, as spreadsheet programs do",
            "a leading zero may be lost; ask for the column as text",
        ),
        RejectionReason::SerialDate => (
            "S46",
            "dates were turned into serial numbers, as spreadsheet programs do",
            "ask for the column as text, YYYY-MM-DD",
        ),
        RejectionReason::Encoding => {
            ("S24", "the file is in another encoding than the contract says", "ask for the right one")
        }
        RejectionReason::NotANumberOfAPerson if is_insz => (
            "S47",
            "the column does not hold national numbers",
            "a pseudonym is of type `coded` in the contract; fewer digits than eleven lost a leading zero",
        ),
        _ => return odd_values(reason, place),
    };
    Some(Fault::new(code, place, message).hint(hint))
}

/// The fault of a column whose values are all odd in one way.
fn odd_values(reason: RejectionReason, place: Place) -> Option<Fault> {
    let hint = match reason {
        RejectionReason::Blanks => "ask for values without padding",
        RejectionReason::Punctuation => "ask for eleven digits without points, dashes or blanks",
        RejectionReason::InQuotes | RejectionReason::OtherQuotes => "ask for values without quotes",
        RejectionReason::AbsenceWord => "ask for empty fields where a value is missing",
        RejectionReason::FormulaAsText => "ask for values, not formulas",
        RejectionReason::FormulaWithoutResult => {
            "open the workbook in a spreadsheet program and save it, or ask for values instead of formulas"
        }
        RejectionReason::CellError => "ask for a workbook whose formulas have results",
        RejectionReason::TruthValue => "ask for the column as text",
        RejectionReason::LeadingZero => "a spreadsheet program took codes for numbers; ask for the column as text",
        RejectionReason::Scientific => "a spreadsheet program took the digits for a number; ask for the column as text",
        RejectionReason::DecimalPoint => "ask for a decimal comma",
        RejectionReason::TooManyDecimals => "ask for rounded values, or change `decimals` in the contract",
        RejectionReason::GroupedNumber => "ask for numbers without marks between thousands",
        RejectionReason::DateForm => "ask for YYYY-MM-DD, or the form of the column's type",
        RejectionReason::ControlCharacter => "ask how the file was made",
        RejectionReason::LineEnd => "ask for line ends of LF or CR LF",
        _ => return None,
    };
    Some(Fault::new("S87", place, format!("most rows: {}", reason.words().1)).hint(hint))
}

/// Whether a delivery is about as large as that of the nearest other period.
pub(crate) fn usual_volume(
    extract: &Extract,
    earlier: &[Delivery],
    reception: &Reception<'_>,
    rows: u64,
) -> Result<(), LandError> {
    let distance = |delivery: &Delivery| (delivery.period.start().0 - reception.period.start().0).abs();
    // Only what the same hands delivered can be compared: a synthetic Flanders may be of any size.
    let others = earlier.iter().filter(|delivery| {
        delivery.period != reception.period && delivery.receipt.delivered_by == reception.delivered_by
    });
    let Some(nearest) =
        others.min_by_key(|delivery| (distance(delivery), std::cmp::Reverse(delivery.receipt.sequence)))
    else {
        return Ok(());
    };
    let before: u64 = nearest.receipt.files.iter().map(|file| file.lines).sum();
    if extract.is_usual_volume(before, rows) {
        return Ok(());
    }
    let file = reception.files.first().map(|path| path.display().to_string()).unwrap_or_default();
    let message = format!("{rows} rows, where the delivery of {} had {before}", nearest.period);
    let hint = format!("part of it may be missing; if it is right, set `volume_change` in {}", extract.file);
    Err(LandError::Faults(vec![Fault::new("S41", Place::file(file), message).hint(hint)]))
}
