//! Columns of landed batches by name and type.

use arrow::array::{Array, Date32Array, DictionaryArray, Int32Array, Int64Array, StringArray};
use arrow::datatypes::UInt16Type;
use arrow::record_batch::RecordBatch;
use catalog::Day;
use catalog::schema::UNREADABLE;

use crate::LinkError;
use crate::history::Days;

pub(crate) fn array<'b, A: Array + 'static>(batch: &'b RecordBatch, name: &str) -> Result<&'b A, LinkError> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref::<A>())
        .ok_or_else(|| LinkError::Column(name.to_string()))
}

pub(crate) fn numbers<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b Int64Array, LinkError> {
    array(batch, name)
}

pub(crate) fn small<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b Int32Array, LinkError> {
    array(batch, name)
}

pub(crate) fn days<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b Date32Array, LinkError> {
    array(batch, name)
}

/// The first and the last day that each date of a history may be; nothing where it is empty, or could not be read.
pub(crate) fn spans(batch: &RecordBatch, name: &str) -> Result<Vec<Option<Days>>, LinkError> {
    if let Ok(partial) = small(batch, name) {
        let days = |written: i32| Day::partial(u32::try_from(written).ok()?).map(|(first, last)| (first.0, last.0));
        return Ok(partial.iter().map(|written| written.and_then(days)).collect());
    }
    Ok(days(batch, name)?.iter().map(|day| day.map(|day| (day, day))).collect())
}

/// In which rows of a history one of these columns could not be read.
pub(crate) fn unreadable(batch: &RecordBatch, names: &[&String]) -> Result<Vec<bool>, LinkError> {
    if batch.column_by_name(UNREADABLE).is_none() {
        return Ok(vec![false; batch.num_rows()]);
    }
    let wanted: Vec<String> = names.iter().map(|name| format!(" {name} ")).collect();
    let found = |text: &str| wanted.iter().any(|name| text.contains(name));
    Ok(texts(batch, UNREADABLE)?.iter().map(|text| text.is_some_and(found)).collect())
}

pub(crate) fn texts<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b StringArray, LinkError> {
    array(batch, name)
}

/// The codes of a column, each turned once into what is wanted of it: by row, and nothing where the column is empty.
pub(crate) fn codes<T: Clone>(
    batch: &RecordBatch,
    name: &str,
    turn: impl Fn(&str) -> T,
) -> Result<Vec<Option<T>>, LinkError> {
    if let Ok(keyed) = array::<DictionaryArray<UInt16Type>>(batch, name) {
        let values: &StringArray =
            keyed.values().as_any().downcast_ref().ok_or_else(|| LinkError::Column(name.to_string()))?;
        let turned: Vec<T> = (0..values.len()).map(|at| turn(values.value(at))).collect();
        return Ok(keyed.keys().iter().map(|key| key.and_then(|key| turned.get(usize::from(key)).cloned())).collect());
    }
    Ok(texts(batch, name)?.iter().map(|text| text.map(&turn)).collect())
}
