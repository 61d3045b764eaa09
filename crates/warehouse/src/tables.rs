//! Protected cells as the published columns, and back.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use catalog::cell::{AreaLevel, CellKey, Observation, Reason, ShareOf};
use catalog::schema::{PublishedTable, Type, observations};
use protect::{Protected, Quality};

use crate::WarehouseError;
use crate::session::arrow_schema;
use crate::store::rows;

/// A table of text beside the observations: rows in the order of its columns.
pub type TextRows = Vec<Vec<Option<String>>>;

/// `observations` as a batch, sorted by the published key.
pub(crate) fn observation_batch(protected: &Protected) -> Result<RecordBatch, WarehouseError> {
    let table = observations();
    let mut sorted: Vec<&Observation> = protected.observations().iter().collect();
    sorted.sort_by_cached_key(|row| published_key(row));
    if let Some(pair) = sorted.windows(2).find(|pair| published_key(pair[0]) == published_key(pair[1])) {
        let key = &pair[0].key;
        let what = format!(
            "two rows have one key: {} {} {} {} {}",
            key.indicator, key.ref_area, key.time_period, key.sex, key.group
        );
        return Err(WarehouseError::Engine(what));
    }
    let columns = table.fields.iter().map(|field| column(&field.name, field.kind, &sorted)).collect();
    Ok(RecordBatch::try_new(arrow_schema(&table.fields), columns)?)
}

fn published_key(row: &Observation) -> [String; 12] {
    let key = &row.key;
    [
        row.edition_id.clone(),
        key.indicator.clone(),
        key.ref_area.clone(),
        key.ref_area_class.clone(),
        key.time_period.to_string(),
        key.sex.clone(),
        key.age_group.clone(),
        key.group_scheme.clone(),
        key.group.clone(),
        key.detail.clone(),
        key.detail_2.clone(),
        key.share_of.word().to_string(),
    ]
}

fn column(name: &str, kind: Type, rows: &[&Observation]) -> ArrayRef {
    match kind {
        Type::Text => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| text(name, row)))),
        Type::Integer => Arc::new(Int64Array::from_iter(rows.iter().map(|row| match name {
            "numerator" => row.numerator,
            "divisor" => row.divisor,
            _ => row.denominator,
        }))),
        Type::Small | Type::Person => Arc::new(Int32Array::from_iter(rows.iter().map(|row| match name {
            "members" => row.members,
            _ => row.members_with_data,
        }))),
        Type::Real => Arc::new(Float64Array::from_iter(rows.iter().map(|row| match name {
            "value" => row.value,
            "share" => row.share,
            _ => row.mean_of_scores,
        }))),
        Type::Day => Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| match name {
            "period_start" => row.key.time_period.start().0,
            _ => row.key.time_period.end().0,
        }))),
    }
}

fn text(name: &str, row: &Observation) -> String {
    let key = &row.key;
    match name {
        "edition_id" => row.edition_id.clone(),
        "monitor" => row.monitor.clone(),
        "theme" => row.theme.clone(),
        "indicator" => key.indicator.clone(),
        "ref_area" => key.ref_area.clone(),
        "ref_area_class" => key.ref_area_class.clone(),
        "area_level" => key.area_level.word().to_string(),
        "time_period" => key.time_period.to_string(),
        "sex" => key.sex.clone(),
        "age_group" => key.age_group.clone(),
        "group_scheme" => key.group_scheme.clone(),
        "group" => key.group.clone(),
        "detail" => key.detail.clone(),
        "detail_2" => key.detail_2.clone(),
        "unit" => row.unit.clone(),
        "share_of" => key.share_of.word().to_string(),
        "obs_status" => row.obs_status().to_string(),
        "conf_status" => row.reason.conf_status().to_string(),
        "reason" => row.reason.word().to_string(),
        "method" => row.method.clone(),
        "level" => row.level.clone(),
        _ => row.changed.clone(),
    }
}

/// Reads published observations back.
pub(crate) fn read_observations(path: &Path) -> Result<Vec<Observation>, WarehouseError> {
    let mut found = Vec::new();
    for batch in rows(path, &[])? {
        let batch = batch?;
        let reader = Columns { batch: &batch, path };
        for at in 0..batch.num_rows() {
            found.push(reader.observation(at)?);
        }
    }
    Ok(found)
}

struct Columns<'b> {
    batch: &'b RecordBatch,
    path: &'b Path,
}

impl Columns<'_> {
    fn array<A: Array + 'static>(&self, name: &str) -> Result<&A, WarehouseError> {
        self.batch
            .column_by_name(name)
            .and_then(|column| column.as_any().downcast_ref::<A>())
            .ok_or_else(|| self.altered(format!("column {name} is missing or of another type")))
    }

    fn altered(&self, what: String) -> WarehouseError {
        WarehouseError::Altered { file: self.path.display().to_string(), what }
    }

    fn text(&self, name: &str, at: usize) -> Result<String, WarehouseError> {
        Ok(self.array::<StringArray>(name)?.value(at).to_string())
    }

    fn integer(&self, name: &str, at: usize) -> Result<Option<i64>, WarehouseError> {
        let array = self.array::<Int64Array>(name)?;
        Ok(array.is_valid(at).then(|| array.value(at)))
    }

    fn small(&self, name: &str, at: usize) -> Result<Option<i32>, WarehouseError> {
        let array = self.array::<Int32Array>(name)?;
        Ok(array.is_valid(at).then(|| array.value(at)))
    }

    fn real(&self, name: &str, at: usize) -> Result<Option<f64>, WarehouseError> {
        let array = self.array::<Float64Array>(name)?;
        Ok(array.is_valid(at).then(|| array.value(at)))
    }

    fn word<T: Copy>(&self, name: &str, at: usize, words: &[(&str, T)]) -> Result<T, WarehouseError> {
        let text = self.text(name, at)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.ok_or_else(|| self.altered(format!("`{text}` is no {name}")))
    }

    fn observation(&self, at: usize) -> Result<Observation, WarehouseError> {
        let reasons = Reason::ALL.map(|reason| (reason.word(), reason));
        let period = self.text("time_period", at)?;
        Ok(Observation {
            edition_id: self.text("edition_id", at)?,
            monitor: self.text("monitor", at)?,
            theme: self.text("theme", at)?,
            key: CellKey {
                indicator: self.text("indicator", at)?,
                ref_area: self.text("ref_area", at)?,
                ref_area_class: self.text("ref_area_class", at)?,
                area_level: self.word("area_level", at, &AreaLevel::WORDS)?,
                time_period: period.parse().map_err(|()| self.altered(format!("`{period}` is no period")))?,
                sex: self.text("sex", at)?,
                age_group: self.text("age_group", at)?,
                group_scheme: self.text("group_scheme", at)?,
                group: self.text("group", at)?,
                detail: self.text("detail", at)?,
                detail_2: self.text("detail_2", at)?,
                share_of: self.word("share_of", at, &ShareOf::WORDS)?,
            },
            unit: self.text("unit", at)?,
            numerator: self.integer("numerator", at)?,
            divisor: self.integer("divisor", at)?,
            denominator: self.integer("denominator", at)?,
            value: self.real("value", at)?,
            share: self.real("share", at)?,
            mean_of_scores: self.real("mean_of_scores", at)?,
            members: self.small("members", at)?,
            members_with_data: self.small("members_with_data", at)?,
            reason: self.word("reason", at, &reasons)?,
            is_break: self.text("obs_status", at)? == "B",
            method: self.text("method", at)?,
            level: self.text("level", at)?,
            changed: self.text("changed", at)?,
        })
    }
}

/// A companion table as a batch: text columns from `rows`, sorted by their key.
pub(crate) fn text_batch(table: &PublishedTable, rows: &TextRows) -> Result<RecordBatch, WarehouseError> {
    let keys: Vec<usize> =
        table.key.iter().filter_map(|name| table.fields.iter().position(|field| field.name == *name)).collect();
    let mut sorted: Vec<&Vec<Option<String>>> = rows.iter().collect();
    sorted.sort_by(|a, b| keys.iter().map(|key| &a[*key]).cmp(keys.iter().map(|key| &b[*key])));
    let columns = (0..table.fields.len())
        .map(|at| Arc::new(StringArray::from_iter(sorted.iter().map(|row| row[at].as_deref()))) as ArrayRef)
        .collect();
    Ok(RecordBatch::try_new(arrow_schema(&table.fields), columns)?)
}

/// The quality table as a batch.
pub(crate) fn quality_batch(
    table: &PublishedTable,
    edition: &str,
    rows: &[Quality],
) -> Result<RecordBatch, WarehouseError> {
    let columns = table
        .fields
        .iter()
        .map(|field| -> ArrayRef {
            if field.kind == Type::Integer {
                return Arc::new(Int64Array::from_iter(rows.iter().map(|row| row.value)));
            }
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| match field.name.as_str() {
                "edition_id" => edition,
                "stage" => &row.stage,
                "source" => &row.source,
                "time_period" => &row.time_period,
                "measure" => &row.measure,
                "detail" => &row.detail,
                "ref_area" => &row.ref_area,
                "obs_status" => row.reason.obs_status(),
                "conf_status" => row.reason.conf_status(),
                _ => row.reason.word(),
            })))
        })
        .collect();
    Ok(RecordBatch::try_new(arrow_schema(&table.fields), columns)?)
}

/// Rows of a published table of text, by column name, in file order.
pub fn read_texts(path: &Path) -> Result<Vec<std::collections::BTreeMap<String, Option<String>>>, WarehouseError> {
    let mut found = Vec::new();
    for batch in rows(path, &[])? {
        let batch = batch?;
        let schema = batch.schema();
        for at in 0..batch.num_rows() {
            let mut row = std::collections::BTreeMap::new();
            for (field, column) in schema.fields().iter().zip(batch.columns()) {
                let text =
                    match (column.as_any().downcast_ref::<StringArray>(), column.as_any().downcast_ref::<Int64Array>())
                    {
                        (Some(texts), _) => texts.is_valid(at).then(|| texts.value(at).to_string()),
                        (_, Some(numbers)) => numbers.is_valid(at).then(|| numbers.value(at).to_string()),
                        _ => None,
                    };
                row.insert(field.name().clone(), text);
            }
            found.push(row);
        }
    }
    Ok(found)
}
