//! Landing a delivery once: what is determined by the same bytes, contract and code lists is not made again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, StringArray, UInt32Array, UInt64Array};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use catalog::contract::Extract;
use catalog::digest::sha256;
use catalog::project::Project;
use ingest::delivery::Delivery;
use ingest::{LandError, Landed, Source, gaps_in_words, grouped, in_words, landed_schema, within_tolerance};
use protect::RawQuality;
use serde::{Deserialize, Serialize};
use warehouse::store::Warehouse;

use crate::clock::Stage;
use crate::failure::Failure;

/// A landed delivery.
#[derive(Debug, Clone)]
pub struct Landing {
    /// Its rows.
    pub rows: PathBuf,
    /// Its counts.
    pub summary: Summary,
}

/// What landing came to, kept beside the rows; written last, so that it stands for a complete landing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// Data rows.
    pub rows: u64,
    /// Rows that kept to the contract.
    pub accepted: u64,
    /// Rows of histories that begin after a hole.
    pub after_gap: u64,
    /// Columns of which this is counted, with the accepted rows in which they are empty.
    pub empty: Vec<(String, u64)>,
    /// Rejections by reason: code, column, how many, first line.
    pub rejected: Vec<(String, Option<String>, u64, u64)>,
}

impl Landing {
    /// The counts, for the quality table.
    pub fn quality(&self, delivery: &Delivery) -> Vec<RawQuality> {
        let (source, period) = (delivery.extract.to_string(), delivery.period.to_string());
        let count =
            |measure: &str, detail: &str, value: u64| RawQuality::of("land", &source, &period, measure, detail, value);
        let total = catalog::cell::TOTAL;
        let rejected = self.summary.rows - self.summary.accepted;
        let mut found = vec![
            count("rows", total, self.summary.rows),
            count("accepted", total, self.summary.accepted),
            count("rejected", total, rejected),
        ];
        if self.summary.after_gap > 0 {
            found.push(count("after-gap", total, self.summary.after_gap));
        }
        for (column, empty) in &self.summary.empty {
            let detail = format!("column:{column}");
            found.push(count("empty", &detail, *empty));
            found.push(count("filled", &detail, self.summary.accepted.saturating_sub(*empty)));
        }
        for (reason, column, rows, _) in &self.summary.rejected {
            let detail = column.as_ref().map_or_else(|| reason.clone(), |column| format!("{reason}:{column}"));
            found.push(count("rejected", &detail, *rows));
        }
        found
    }
}

/// Lands a delivery, or finds it landed.
pub fn land(project: &Project, warehouse: &Warehouse, delivery: &Delivery, threads: usize) -> Result<Landing, Failure> {
    let Some(extract) = project.extract(&delivery.extract) else {
        return Err(Failure::Usage(format!("no contract describes {}", delivery.extract)));
    };
    let folder = warehouse.landed_folder(&delivery.extract, delivery.period, &fingerprint(project, extract, delivery));
    let (rows, summary_file) = (folder.join("rows.parquet"), folder.join("landed.json"));
    let known =
        std::fs::read_to_string(&summary_file).ok().and_then(|text| serde_json::from_str::<Summary>(&text).ok());
    let files = delivery.files(&project.root);
    let shown: Vec<String> = files.iter().map(|(_, shown)| shown.clone()).collect();
    if let Some(summary) = known.filter(|_| rows.exists()) {
        tracing::debug!(stage = "land", "{} {}: landed before", delivery.extract, delivery.period);
        return Ok(Landing { rows, summary });
    }
    let stage = Stage::begin("delivery", format!("landing {} {}", delivery.extract, delivery.period));
    delivery.verify(&project.root)?;
    let sources: Vec<Source<'_>> = files.iter().map(|(path, shown)| Source { path, shown }).collect();
    let schema = landed_schema(extract);
    let mut writer = warehouse.write_private(&rows, &schema)?;
    let mut empty = vec![0; extract.columns.len()];
    let landed = ingest::land(extract, &project.reference, delivery.period, &sources, threads, &mut |batch| {
        add_empty(&mut empty, &batch);
        writer.write(&batch).map_err(|error| LandError::Sink(error.to_string()))
    })?;
    writer.finish()?;
    if !landed.withdrawn.is_empty() {
        empty = withdraw(warehouse, &rows, &schema, &landed.withdrawn)?;
    }
    rejections(warehouse, extract, &folder.join("rejections.parquet"), &landed)?;
    for words in in_words(extract, &landed.rejections) {
        tracing::warn!("{} {}: {words}", delivery.extract, delivery.period);
    }
    if let Some(words) = gaps_in_words(&landed) {
        tracing::warn!("{} {}: {words}", delivery.extract, delivery.period);
    }
    within_tolerance(extract, &landed, &shown)?;
    let summary = Summary {
        rows: landed.rows,
        accepted: landed.accepted,
        after_gap: landed.after_gap,
        empty: (extract.columns.iter().zip(empty))
            .filter(|(column, _)| column.count_empty)
            .map(|(column, empty)| (column.name.clone(), empty))
            .collect(),
        rejected: grouped(&landed.rejections)
            .into_iter()
            .map(|(reason, column, count, line)| {
                (
                    reason.words().0.to_string(),
                    column.map(|at| extract.columns[usize::from(at)].name.clone()),
                    count,
                    line,
                )
            })
            .collect(),
    };
    let text = serde_json::to_string_pretty(&summary).map_err(|error| Failure::Broken(error.to_string()))?;
    warehouse.write_private_text(&summary_file, &text)?;
    stage.end(format!("{} rows = {} accepted + {} rejected", landed.rows, landed.accepted, landed.rejections.len()));
    Ok(Landing { rows, summary })
}

/// Adds to how many rows each column of a contract is empty in; the landed columns begin with these.
fn add_empty(empty: &mut [u64], batch: &RecordBatch) {
    empty.iter_mut().zip(batch.columns()).for_each(|(count, column)| *count += column.null_count() as u64);
}

/// Takes away rows that were found, at the end, to repeat a key; gives how many of those left each column is empty in.
fn withdraw(warehouse: &Warehouse, path: &Path, schema: &SchemaRef, positions: &[usize]) -> Result<Vec<u64>, Failure> {
    let mut empty = vec![0; schema.fields().len()];
    let all = path.with_extension("all");
    std::fs::rename(path, &all).map_err(|error| Failure::Broken(format!("{}: {error}", path.display())))?;
    let mut writer = warehouse.write_private(path, schema)?;
    let mut positions = positions.iter().copied().peekable();
    let mut first = 0;
    for batch in warehouse::store::rows(&all, &[])? {
        let batch = batch?;
        let mut kept = vec![true; batch.num_rows()];
        while let Some(position) = positions.next_if(|position| *position < first + batch.num_rows()) {
            kept[position - first] = false;
        }
        first += batch.num_rows();
        let kept = filter_record_batch(&batch, &kept.into())
            .and_then(|batch| cast_batch(&batch, schema))
            .map_err(|_| Failure::Broken("landed rows could not be put into columns".into()))?;
        add_empty(&mut empty, &kept);
        writer.write(&kept)?;
    }
    writer.finish()?;
    std::fs::remove_file(&all).map_err(|error| Failure::Broken(format!("{}: {error}", all.display())))?;
    Ok(empty)
}

/// Codes come back from a stored table as plain text.
fn cast_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns: Result<Vec<_>, _> =
        batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type())).collect();
    RecordBatch::try_new(Arc::clone(schema), columns?)
}

/// Of everything that determines what lands.
fn fingerprint(project: &Project, extract: &Extract, delivery: &Delivery) -> String {
    let lists = ["municipalities.csv", "nationalities.csv"].map(|name| {
        project.files.get(&format!("sources/reference/{name}")).map(|bytes| sha256(bytes)).unwrap_or_default()
    });
    let files: Vec<&str> = delivery.receipt.files.iter().map(|file| file.sha256.as_str()).collect();
    sha256(format!("landing 4 {}\n{extract:?}\n{lists:?}\n{files:?}", delivery.period).as_bytes())
}

/// The complete list of rejections: reason, file, line, byte and column, never a value.
fn rejections(warehouse: &Warehouse, extract: &Extract, path: &Path, landed: &Landed) -> Result<(), Failure> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("reason", DataType::Utf8, false),
        Field::new("file", DataType::UInt32, false),
        Field::new("line", DataType::UInt64, false),
        Field::new("byte", DataType::UInt64, false),
        Field::new("column", DataType::Utf8, true),
    ]));
    let all = &landed.rejections;
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(StringArray::from_iter_values(all.iter().map(|rejection| rejection.reason.words().0))),
            Arc::new(UInt32Array::from_iter_values(all.iter().map(|rejection| rejection.file))),
            Arc::new(UInt64Array::from_iter_values(all.iter().map(|rejection| rejection.line))),
            Arc::new(UInt64Array::from_iter_values(all.iter().map(|rejection| rejection.byte))),
            Arc::new(StringArray::from_iter(
                all.iter().map(|rejection| rejection.column.map(|at| extract.columns[usize::from(at)].name.as_str())),
            )),
        ],
    )
    .map_err(|_| Failure::Broken("rejections could not be put into columns".into()))?;
    let mut writer = warehouse.write_private(path, &schema)?;
    writer.write(&batch)?;
    writer.finish()?;
    Ok(())
}
