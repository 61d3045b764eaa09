//! Rows gathered into Arrow columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int32Array, Int64Array, StringArray, StringBuilder,
    UInt16Array,
};
use arrow::compute::kernels::zip::zip;
use arrow::compute::nullif;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt16Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use catalog::contract::{ColumnKind, Encoding, Extract, Form, Linking};
use catalog::schema::UNREADABLE;

use crate::value::{Reader, Value, decoded};

/// The schema in which an extract lands. A history lands with what could not be read of its rows: see
/// [`Extract::whose_history`].
pub fn landed_schema(extract: &Extract) -> SchemaRef {
    let whose = extract.whose_history();
    let may_be_empty = |at: usize| extract.columns[at].may_be_null() || whose.is_some_and(|whose| whose != at);
    let mut fields: Vec<Field> = extract
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| Field::new(&column.name, data_type(&column.kind), may_be_empty(at)))
        .collect();
    if whose.is_some() {
        fields.push(Field::new(UNREADABLE, DataType::Utf8, true));
    }
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
    /// Of a history: names of all columns, and what could not be read of each row, where something could not.
    names: Vec<String>,
    unreadable: Option<StringBuilder>,
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
        let unreadable = extract.whose_history().map(|_| StringBuilder::new());
        let names = match unreadable {
            Some(_) => extract.columns.iter().map(|column| column.name.clone()).collect(),
            None => Vec::new(),
        };
        Gatherer { readers, columns, encoding, sheet, rows: 0, text: String::new(), names, unreadable }
    }

    /// Takes a row whose values have all passed.
    pub(crate) fn push(&mut self, row: &[Value<'_>]) {
        self.unreadable.iter_mut().for_each(StringBuilder::append_null);
        self.push_values(row);
    }

    /// Takes a row of a history of which the columns that are marked could not be read.
    pub(crate) fn push_in_part(&mut self, row: &[Value<'_>], unreadable: &[bool]) {
        let columns = self.names.iter().zip(unreadable).filter(|(_, unreadable)| **unreadable).map(|(name, _)| name);
        let text = in_one_text(columns.map(String::as_str));
        self.unreadable.iter_mut().for_each(|found| found.append_value(&text));
        self.push_values(row);
    }

    fn push_values(&mut self, row: &[Value<'_>]) {
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
        if let Some(mut unreadable) = self.unreadable {
            arrays.push(Arc::new(unreadable.finish()));
        }
        if let Some(sheet) = self.sheet {
            arrays.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(sheet, self.rows))));
        }
        RecordBatch::try_new(Arc::clone(schema), arrays).map(Some)
    }
}

/// Names of columns as the column of what is unreadable holds them: each between blanks.
fn in_one_text<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.fold(" ".to_string(), |text, name| text + name + " ")
}

/// The same rows of a history, of which those that are marked say nothing any more but whose they are and when they were
/// registered: another row of the same key says something else.
///
/// # Errors
/// Gives an error where the batch is not of the extract.
pub fn blanked(extract: &Extract, batch: &RecordBatch, marked: &BooleanArray) -> Result<RecordBatch, ArrowError> {
    let stays = |name: &str| match &extract.linking {
        Linking::Nationalities { person, registered_on, .. } | Linking::Filiations { person, registered_on, .. } => {
            name == person || name == registered_on
        }
        _ => true,
    };
    let gone = extract.columns.iter().map(|column| column.name.as_str()).filter(|name| !stays(name));
    let text = in_one_text(gone);
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| match field.name().as_str() {
        UNREADABLE => zip(marked, &StringArray::new_scalar(&text), column),
        name if stays(name) => Ok(Arc::clone(column)),
        _ => nullif(column, marked),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema, columns)
}

fn empty() -> Arc<StringArray> {
    Arc::new(StringArray::from(Vec::<&str>::new()))
}
