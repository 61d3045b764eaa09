//! How much of a delivery may be wrong, and how its size may differ from the one before.

use catalog::contract::{ColumnKind, Extract};
use catalog::{Fault, Place};

use crate::LandError;
use crate::delivery::{Delivery, Reception};
use crate::land::Landed;
use crate::rejection::{RejectionReason, grouped};

/// Whether the rejections stay within what the contract allows, in all and for each reason.
///
/// When more than half of the rows are rejected for one reason in one column, the file as a whole is wrong, and the
/// fault says how.
pub fn within_tolerance(extract: &Extract, landed: &Landed, shown: &[String]) -> Result<(), LandError> {
    let allowed = |share: f64| (landed.rows as f64 * share).floor() as u64;
    let groups = grouped(&landed.rejections);
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
    let place = |reason: RejectionReason, column: Option<u16>, line: u64| {
        let first =
            landed.rejections.iter().find(|own| own.reason == reason && own.line == line && own.column == column);
        let mut place =
            Place::line(shown.get(first.map_or(0, |own| own.file as usize)).map_or("", String::as_str), line);
        place.column = column.map(|at| extract.columns[usize::from(at)].name.clone());
        place
    };
    for &(reason, column, count, line) in &groups {
        if count * 2 > landed.rows
            && let Some(fault) = systematic(extract, reason, column, place(reason, column, line))
        {
            return Err(LandError::Faults(vec![fault]));
        }
    }
    let faults = groups
        .iter()
        .map(|&(reason, column, count, line)| {
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
            Fault::new("S40", place(reason, column, line), format!("{}{more}", reason.words().1)).hint(hint)
        })
        .collect();
    Err(LandError::Faults(faults))
}

/// What is wrong with a file of which most rows are rejected for one reason.
fn systematic(extract: &Extract, reason: RejectionReason, column: Option<u16>, place: Place) -> Option<Fault> {
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
        RejectionReason::NotANumberOfAPerson
            if column.is_some_and(|at| extract.columns[usize::from(at)].kind == ColumnKind::Insz) =>
        {
            ("S47", "the column does not hold national numbers", "a pseudonym is of type `coded` in the contract")
        }
        _ => return None,
    };
    Some(Fault::new(code, place, message).hint(hint))
}

/// Whether a delivery is about as large as that of the nearest other period.
pub(crate) fn usual_volume(
    extract: &Extract,
    earlier: &[Delivery],
    reception: &Reception<'_>,
    rows: u64,
) -> Result<(), LandError> {
    let Some(allowed) = extract.volume_change else { return Ok(()) };
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
    // law 4: a limit on the size of a file, not a figure.
    let (low, high) = (before as f64 * (1.0 - allowed), before as f64 * (1.0 + allowed));
    if (low..=high).contains(&(rows as f64)) {
        return Ok(());
    }
    let file = reception.files.first().map(|path| path.display().to_string()).unwrap_or_default();
    let message = format!("{rows} rows, where the delivery of {} had {before}", nearest.period);
    let hint = format!("part of it may be missing; if it is right, set `volume_change` in {}", extract.file);
    Err(LandError::Faults(vec![Fault::new("S41", Place::file(file), message).hint(hint)]))
}
