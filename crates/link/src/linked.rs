//! The columns of linked rows: attributes first, then what is kept of the supplier's own.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, Date32Array, DictionaryArray, PrimitiveArray, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Field, Int32Type, Schema, SchemaRef, UInt16Type, UInt32Type};
use arrow::record_batch::RecordBatch;
use catalog::contract::{ColumnKind, Extract, Form};
use catalog::origin::DecidedBy;
use catalog::schema::{
    BIRTH, GENERATION, PARENTS_KNOWN, kept_columns, nationality_group, origin_class, origin_decided_by, origin_group,
};

use crate::LinkError;
use crate::attributes::{self, Origin};
use crate::linker::Linker;
use crate::made::{Made, NO_AGE, NO_DAY, NO_PERSON, NOTHING};

impl Linker<'_> {
    /// The schema of an extract's linked rows.
    pub fn schema(&self, extract: &Extract) -> SchemaRef {
        let code = || DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8));
        let mut fields = vec![
            Field::new("person", DataType::UInt32, true),
            Field::new("as_of", DataType::Date32, false),
            Field::new("area", code(), true),
            Field::new("sex", code(), true),
            Field::new("age", DataType::Int32, true),
            Field::new(BIRTH, DataType::Date32, true),
            Field::new("register", code(), true),
            Field::new("nationality", code(), true),
        ];
        for (scheme, _) in &self.schemes {
            fields.push(Field::new(nationality_group(scheme), code(), true));
        }
        fields.push(Field::new(PARENTS_KNOWN, code(), true));
        fields.push(Field::new(GENERATION, code(), true));
        for Origin { definition, .. } in &self.origins {
            fields.push(Field::new(origin_class(&definition.id), code(), true));
            fields.push(Field::new(origin_decided_by(&definition.id), code(), true));
            for (scheme, _) in &self.schemes {
                fields.push(Field::new(origin_group(&definition.id, scheme), code(), true));
            }
        }
        for at in kept_columns(extract) {
            let column = &extract.columns[at];
            let kind = match column.kind {
                ColumnKind::Text | ColumnKind::Coded => DataType::Utf8,
                ColumnKind::Code(_) => code(),
                ColumnKind::Insz | ColumnKind::Count | ColumnKind::Decimal(_) | ColumnKind::Year => DataType::Int64,
                ColumnKind::Day | ColumnKind::Month | ColumnKind::Quarter | ColumnKind::SchoolYear => DataType::Date32,
                ColumnKind::PartialDay => DataType::Int32,
            };
            fields.push(Field::new(&column.name, kind, column.may_be_null()));
        }
        if let Form::Workbook { sheet_column, .. } = &extract.form {
            fields.push(Field::new(sheet_column, code(), false));
        }
        Arc::new(Schema::new(fields))
    }

    /// The linked rows of a landed batch.
    pub(crate) fn batch(
        &self,
        extract: &Extract,
        batch: &RecordBatch,
        made: Made,
        (area, register): (Option<&str>, Option<&str>),
    ) -> Result<RecordBatch, LinkError> {
        let rows = batch.num_rows();
        let code = DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8));
        let own = |name: Option<&str>| -> Result<ArrayRef, LinkError> {
            match name {
                Some(name) => {
                    let column = batch.column_by_name(name).ok_or_else(|| LinkError::Column(name.to_string()))?;
                    Ok(cast(column, &code)?)
                }
                None => Ok(cast(&StringArray::new_null(rows), &code)?),
            }
        };
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(numbers::<UInt32Type>(made.person, NO_PERSON)),
            Arc::new(Date32Array::from(made.as_of)),
            own(area)?,
            coded(made.sex, ["F", "M"].into_iter())?,
            Arc::new(numbers::<Int32Type>(made.age, NO_AGE)),
            Arc::new(numbers::<Date32Type>(made.birth, NO_DAY)),
            own(register)?,
            Arc::new(DictionaryArray::try_new(
                numbers::<UInt16Type>(made.nationality, NOTHING),
                Arc::clone(&self.codes) as ArrayRef,
            )?),
        ];
        for (groups, (_, scheme)) in made.nationality_groups.into_iter().zip(&self.schemes) {
            columns.push(coded(groups, scheme.codes())?);
        }
        columns.push(coded(made.parents_known, attributes::PARENTS_KNOWN.into_iter())?);
        columns.push(coded(made.generation, attributes::GENERATIONS.into_iter())?);
        let mut origin_groups = made.origin_groups.into_iter();
        for ((origin, classes), decided_by) in self.origins.iter().zip(made.classes).zip(made.decided_by) {
            columns.push(coded(classes, origin.definition.classes.iter().map(String::as_str))?);
            columns.push(coded(decided_by, DecidedBy::WORDS.iter().map(|(word, _)| *word))?);
            for ((_, scheme), groups) in self.schemes.iter().zip(origin_groups.by_ref()) {
                columns.push(coded(groups, scheme.codes())?);
            }
        }
        let schema = self.schema(extract);
        let kept = kept_columns(extract).into_iter().map(|at| extract.columns[at].name.as_str());
        let sheet = match &extract.form {
            Form::Workbook { sheet_column, .. } => Some(sheet_column.as_str()),
            _ => None,
        };
        for name in kept.chain(sheet) {
            let column = batch.column_by_name(name).ok_or_else(|| LinkError::Column(name.to_string()))?;
            columns.push(cast(column, schema.field(columns.len()).data_type())?);
        }
        Ok(RecordBatch::try_new(schema, columns)?)
    }
}

/// Words by their keys.
fn coded<'w>(keys: Vec<u16>, words: impl Iterator<Item = &'w str>) -> Result<ArrayRef, LinkError> {
    let words = StringArray::from_iter_values(words);
    Ok(Arc::new(DictionaryArray::try_new(numbers::<UInt16Type>(keys, NOTHING), Arc::new(words))?))
}

/// Numbers, of which one stands for nothing.
fn numbers<T: ArrowPrimitiveType>(values: Vec<T::Native>, nothing: T::Native) -> PrimitiveArray<T> {
    let nulls = values.contains(&nothing).then(|| {
        let is_there = |at: usize| values[at] != nothing;
        NullBuffer::new(BooleanBuffer::collect_bool(values.len(), is_there))
    });
    PrimitiveArray::new(values.into(), nulls)
}
