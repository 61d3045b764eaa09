//! Columns of landed batches by name and type.

use arrow::array::{Array, Date32Array, Int32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;

use crate::LinkError;

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

pub(crate) fn texts<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b StringArray, LinkError> {
    array(batch, name)
}

pub(crate) fn days<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b Date32Array, LinkError> {
    array(batch, name)
}
