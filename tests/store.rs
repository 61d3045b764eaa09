//! Tables of persons are whole, or not there.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use warehouse::WarehouseError;
use warehouse::store::{Warehouse, row_count};

fn batch(column: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

#[test]
fn a_table_of_persons_is_whole_or_not_there() {
    let folder = crate::project::Folder::new("store");
    let warehouse = Warehouse::writing(&folder.path().join("warehouse")).unwrap();
    let path = warehouse.work().join("rows.parquet");
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int32, false)]));
    let sound = || Ok(batch(Arc::new(Int32Array::from(vec![1, 2, 3]))));
    let write = |batches: Vec<Result<RecordBatch, WarehouseError>>| {
        warehouse.write_private(&path, &schema).unwrap().write_all(batches.into_iter())
    };

    // More batches than wait to be written, and one that cannot be made in the end.
    let unmade = || Err(WarehouseError::NoEdition("made for this test".into()));
    let failed = write((0..20).map(|_| sound()).chain([unmade()]).collect());
    assert!(matches!(failed, Err(WarehouseError::NoEdition(_))), "{failed:?}");
    assert!(!path.exists());

    // One that cannot be written, with many after it.
    let other = || Ok(batch(Arc::new(StringArray::from(vec!["word"]))));
    let failed = write([sound(), other()].into_iter().chain((0..20).map(|_| sound())).collect());
    assert!(failed.is_err());
    assert!(!path.exists());

    assert_eq!(write((0..20).map(|_| sound()).collect()).unwrap(), 60);
    assert_eq!(row_count(&path).unwrap(), 60);
}
