//! Rows gathered into Arrow columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, DictionaryArray, Int32Array, Int64Array, StringArray, StringBuilder, UInt16Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt16Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use catalog::contract::{ColumnKind, Encoding, Extract, Form};

use crate::value::{Reader, Value, decoded};

/// The schema in which an extract lands.
pub fn landed_schema(extract: &Extract) -> SchemaRef {
    let mut fields: Vec<Field> = extract
        .columns
        .iter()
        .map(|column| Field::new(&column.name, data_type(&column.kind), column.optional))
        .collect();
    if let Form::Workbook { sheet_column, .. } = &extract.form {
        fields.push(Field::new(sheet_column, DataType::Utf8, false));
    }
    Arc::new(Schema::new(fields))
}

fn data_type(kind: &ColumnKind) -> DataType {
    match kind {
        ColumnKind::Text | ColumnKind::Coded => DataType::Utf8,
        ColumnKind::Code(_) => DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8)),
        ColumnKind::Insz | ColumnKind::Count | ColumnKind::Decimal(_) | ColumnKind::Year => DataType::Int64,
        ColumnKind::Day | ColumnKind::Month | ColumnKind::Quarter | ColumnKind::SchoolYear => DataType::Date32,
        ColumnKind::PartialDay => DataType::Int32,
    }
}

enum Gathered {
    Numbers(Vec<Option<i64>>),
    Days(Vec<Option<i32>>),
    PartialDays(Vec<Option<i32>>),
    Texts(StringBuilder),
    Codes(Vec<Option<u16>>),
}

/// Columns in the making.
pub(crate) struct Gatherer<'e> {
    readers: &'e [Reader],
    columns: Vec<Gathered>,
    encoding: Encoding,
    sheet: Option<&'e str>,
    rows: usize,
    text: String,
}

impl<'e> Gatherer<'e> {
    pub(crate) fn new(extract: &Extract, readers: &'e [Reader], sheet: Option<&'e str>) -> Gatherer<'e> {
        // A workbook's text is Unicode whatever the contract says of its other files.
        let encoding = if sheet.is_some() { Encoding::Utf8 } else { extract.encoding };
        let columns = extract
            .columns
            .iter()
            .map(|column| match data_type(&column.kind) {
                DataType::Int64 => Gathered::Numbers(Vec::new()),
                DataType::Date32 => Gathered::Days(Vec::new()),
                DataType::Int32 => Gathered::PartialDays(Vec::new()),
                DataType::Utf8 => Gathered::Texts(StringBuilder::new()),
                _ => Gathered::Codes(Vec::new()),
            })
            .collect();
        Gatherer { readers, columns, encoding, sheet, rows: 0, text: String::new() }
    }

    /// Takes a row whose values have all passed.
    pub(crate) fn push(&mut self, row: &[Value<'_>]) {
        self.rows += 1;
        for (column, value) in self.columns.iter_mut().zip(row) {
            match (column, *value) {
                (Gathered::Numbers(found), Value::Number(number)) => found.push(Some(number)),
                (Gathered::Days(found) | Gathered::PartialDays(found), Value::Number(number)) => {
                    found.push(i32::try_from(number).ok())
                }
                (Gathered::Codes(found), Value::Code(code)) => found.push(Some(code)),
                (Gathered::Texts(found), Value::Text(bytes)) => {
                    decoded(bytes, self.encoding, &mut self.text);
                    found.append_value(&self.text);
                }
                (Gathered::Numbers(found), _) => found.push(None),
                (Gathered::Days(found) | Gathered::PartialDays(found), _) => found.push(None),
                (Gathered::Codes(found), _) => found.push(None),
                (Gathered::Texts(found), _) => found.append_null(),
            }
        }
    }

    /// The rows as a batch; nothing when there are none.
    pub(crate) fn finish(self, schema: &SchemaRef) -> Result<Option<RecordBatch>, ArrowError> {
        if self.rows == 0 {
            return Ok(None);
        }
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len() + 1);
        for (column, reader) in self.columns.into_iter().zip(self.readers) {
            arrays.push(match column {
                Gathered::Numbers(found) => Arc::new(Int64Array::from(found)),
                Gathered::Days(found) => Arc::new(Date32Array::from(found)),
                Gathered::PartialDays(found) => Arc::new(Int32Array::from(found)),
                Gathered::Texts(mut found) => Arc::new(found.finish()),
                Gathered::Codes(found) => {
                    let values = reader.codes.as_ref().map(|list| Arc::clone(&list.values)).unwrap_or_else(empty);
                    Arc::new(DictionaryArray::<UInt16Type>::try_new(UInt16Array::from(found), values)?)
                }
            });
        }
        if let Some(sheet) = self.sheet {
            arrays.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(sheet, self.rows))));
        }
        RecordBatch::try_new(Arc::clone(schema), arrays).map(Some)
    }
}

fn empty() -> Arc<StringArray> {
    Arc::new(StringArray::from(Vec::<&str>::new()))
}
