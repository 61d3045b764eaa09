//! How far the columns of a delivery are filled in, and whether that is as much as its contract wants.

use arrow::array::{Array, ArrayRef, DictionaryArray, StringArray};
use arrow::datatypes::UInt16Type;
use arrow::record_batch::RecordBatch;
use catalog::contract::{Extract, in_per_cent};
use catalog::reference::Reference;
use catalog::{Fault, Period, Place};

use crate::LandError;

/// Counts of the accepted rows, by column, in which nothing is known.
#[derive(Debug, Clone)]
pub struct Filling {
    /// Accepted rows.
    rows: u64,
    /// By column: rows in which it is empty.
    empty: Vec<u64>,
    /// By column: rows in which it says that it is not known, such as 99991 for a municipality.
    unknown: Vec<u64>,
    /// By column: the codes that say so.
    unknown_codes: Vec<Vec<String>>,
}

impl Filling {
    /// Begins to count the rows of an extract.
    pub fn new(extract: &Extract, reference: &Reference) -> Filling {
        let codes = |column: &catalog::contract::Column| {
            column.unknown_codes(reference).into_iter().map(str::to_string).collect::<Vec<_>>()
        };
        let columns = extract.columns.len();
        Filling {
            rows: 0,
            empty: vec![0; columns],
            unknown: vec![0; columns],
            unknown_codes: extract.columns.iter().map(codes).collect(),
        }
    }

    /// Adds accepted rows, as they land: the columns of the contract come first.
    pub fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        for (at, column) in batch.columns().iter().enumerate().take(self.empty.len()) {
            self.empty[at] += column.null_count() as u64;
            if !self.unknown_codes[at].is_empty() {
                self.unknown[at] += rows_with(column, &self.unknown_codes[at]);
            }
        }
    }

    /// By column: accepted rows in which it is empty.
    pub fn empty(&self) -> &[u64] {
        &self.empty
    }

    /// By column that has a floor: accepted rows in which it is filled in.
    pub fn of_floors(&self, extract: &Extract) -> Vec<(String, u64)> {
        let columns = extract.columns.iter().enumerate();
        let with_floor = columns.filter(|(_, column)| extract.floors.of(&column.name).is_some());
        with_floor.map(|(at, column)| (column.name.clone(), self.filled(at))).collect()
    }

    fn filled(&self, column: usize) -> u64 {
        self.rows.saturating_sub(self.empty[column] + self.unknown[column])
    }

    /// Checks the floors of the contract.
    ///
    /// # Errors
    /// Names each column that is filled in less than its floor.
    pub fn within_floors(&self, extract: &Extract, period: Period, shown: &str) -> Result<(), LandError> {
        let mut faults = Vec::new();
        for (at, column) in extract.columns.iter().enumerate() {
            let Some(floor) = extract.floors.of(&column.name) else { continue };
            let filled = self.filled(at);
            if floor.is_reached_by(filled, self.rows) {
                continue;
            }
            let place = Place { column: Some(column.name.clone()), ..Place::file(shown) };
            let share = in_per_cent(filled, self.rows);
            let message = format!(
                "{} {period}: the column is filled in for {share} of the rows, the floor is {floor}",
                extract.id
            );
            let hint = format!(
                "rows in which it is not known would be counted as if they were elsewhere; ask the supplier for the column, \
                 or set `floors: filled:` in {} if that is all that the source knows",
                extract.file
            );
            faults.push(Fault::new("S62", place, message).hint(hint));
        }
        if faults.is_empty() { Ok(()) } else { Err(LandError::Faults(faults)) }
    }
}

/// The rows that hold one of these codes; all of them where the column is not one of codes, so that it stays below its floor.
fn rows_with(column: &ArrayRef, codes: &[String]) -> u64 {
    let keyed = column.as_any().downcast_ref::<DictionaryArray<UInt16Type>>();
    let values = keyed.and_then(|keyed| keyed.values().as_any().downcast_ref::<StringArray>());
    let (Some(keyed), Some(values)) = (keyed, values) else { return column.len() as u64 };
    let wanted: Vec<bool> = values.iter().map(|value| codes.iter().any(|code| Some(code.as_str()) == value)).collect();
    keyed.keys().iter().flatten().filter(|key| wanted[usize::from(*key)]).count() as u64
}
