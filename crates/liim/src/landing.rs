//! Landing a delivery once: what is determined by the same bytes, contract and code lists is not made again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{StringArray, UInt32Array, UInt64Array};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use catalog::contract::{Extract, ExtractId};
use catalog::digest::sha256;
use catalog::project::Project;
use catalog::{Fault, Period, Place};
use ingest::delivery::Delivery;
use ingest::{
    Filling, LandError, Landed, Source, blanked, gaps_in_words, grouped, in_words, landed_schema, within_tolerance,
};
use protect::RawQuality;
use serde::{Deserialize, Serialize};
use warehouse::store::{Warehouse, checked};

use crate::clock::Stage;
use crate::failure::Failure;

/// A landed delivery.
#[derive(Debug, Clone)]
pub struct Landing {
    /// Its rows.
    pub rows: PathBuf,
    /// SHA-256 of the file with its rows.
    pub sha256: String,
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
    /// Columns that have a floor, with the accepted rows in which they are filled in.
    pub known: Vec<(String, u64)>,
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

/// The extract as it is delivered for a period.
///
/// # Errors
/// Where no contract describes the extract, or no layout of it is of the period.
pub fn laid_out<'p>(project: &'p Project, id: &ExtractId, period: Period) -> Result<&'p Extract, Failure> {
    let Some(extract) = project.extract(id) else {
        return Err(Failure::Usage(format!("no contract describes {id}")));
    };
    extract.for_period(period).ok_or_else(|| {
        let message = format!("no layout of {id} is for {period}");
        let hint = "add one under `layouts:`, or look whether the period is right";
        Failure::Contract(vec![Fault::new("S66", Place::file(&extract.file), message).hint(hint)])
    })
}

/// Lands a delivery, or finds it landed.
pub fn land(project: &Project, warehouse: &Warehouse, delivery: &Delivery, threads: usize) -> Result<Landing, Failure> {
    let extract = laid_out(project, &delivery.extract, delivery.period)?;
    let folder = warehouse.landed_folder(&delivery.extract, delivery.period, &fingerprint(project, extract, delivery));
    let (rows, summary_file) = (folder.join("rows.parquet"), folder.join("landed.json"));
    let files = delivery.files(&project.root);
    let shown: Vec<String> = files.iter().map(|(_, shown)| shown.clone()).collect();
    if let Some(landing) = landed_before(warehouse, &rows, &summary_file)? {
        tracing::debug!(stage = "land", "{} {}: landed before", delivery.extract, delivery.period);
        return Ok(landing);
    }
    let stage = Stage::begin("delivery", format!("landing {} {}", delivery.extract, delivery.period));
    delivery.verify(&project.root)?;
    let sources: Vec<Source<'_>> = files.iter().map(|(path, shown)| Source { path, shown }).collect();
    let schema = landed_schema(extract);
    let mut writer = warehouse.write_private(&rows, &schema)?;
    let mut filling = Filling::new(extract, &project.reference);
    let mut unwritten = None;
    let landed = ingest::land(extract, &project.reference, delivery.period, &sources, threads, &mut |batch| {
        filling.add(&batch);
        writer.write(&batch).map_err(|error| LandError::Sink(unwritten.insert(error).to_string()))
    });
    let landed = match unwritten {
        Some(error) => return Err(error.into()),
        None => landed?,
    };
    writer.finish()?;
    if !landed.withdrawn.is_empty() || !landed.blanked.is_empty() {
        let kept = Filling::new(extract, &project.reference);
        filling = withdraw(warehouse, &rows, (extract, &schema), &landed, kept)?;
    }
    rejections(warehouse, extract, &folder.join("rejections.parquet"), &landed)?;
    for words in in_words(extract, &landed.rejections) {
        tracing::warn!("{} {}: {words}", delivery.extract, delivery.period);
    }
    if let Some(words) = gaps_in_words(&landed) {
        tracing::warn!("{} {}: {words}", delivery.extract, delivery.period);
    }
    within_tolerance(extract, &landed, &shown)?;
    filling.within_floors(extract, delivery.period, shown.first().map_or("", String::as_str))?;
    let summary = Summary {
        rows: landed.rows,
        accepted: landed.accepted,
        after_gap: landed.after_gap,
        empty: (extract.columns.iter().zip(filling.empty()))
            .filter(|(column, _)| column.count_empty)
            .map(|(column, empty)| (column.name.clone(), *empty))
            .collect(),
        known: filling.of_floors(extract),
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
    let sha256 = checked(&rows)?;
    warehouse.write_private_text(&summary_file, &text)?;
    stage.end(format!("{} rows = {} accepted + {} rejected", landed.rows, landed.accepted, landed.rejections.len()));
    Ok(Landing { rows, sha256, summary })
}

/// What landed before, after its files were found to be as they were written; nothing where no landing came to its end. A
/// file that was altered is never made again without a word.
fn landed_before(warehouse: &Warehouse, rows: &Path, summary_file: &Path) -> Result<Option<Landing>, Failure> {
    let Some(text) = warehouse.read_private_text(summary_file)? else { return Ok(None) };
    let sha256 = checked(rows)?;
    let summary = serde_json::from_str(&text)
        .map_err(|_| Failure::NotReproduced(format!("{} cannot be read", summary_file.display())))?;
    Ok(Some(Landing { rows: rows.to_path_buf(), sha256, summary }))
}

/// Takes away, or empties, rows that were found at the end to repeat a key; gives how far the columns of those left are filled
/// in.
fn withdraw(
    warehouse: &Warehouse,
    path: &Path,
    (extract, schema): (&Extract, &SchemaRef),
    landed: &Landed,
    mut kept_filling: Filling,
) -> Result<Filling, Failure> {
    let all = path.with_extension("all");
    std::fs::rename(path, &all).map_err(|error| Failure::Broken(format!("{}: {error}", path.display())))?;
    let mut writer = warehouse.write_private(path, schema)?;
    let mut withdrawn = landed.withdrawn.iter().copied().peekable();
    let mut emptied = landed.blanked.iter().copied().peekable();
    let mut first = 0;
    for batch in warehouse::store::rows(&all, &[])? {
        let batch = batch?;
        let (mut kept, mut blank) = (vec![true; batch.num_rows()], vec![false; batch.num_rows()]);
        while let Some(position) = withdrawn.next_if(|position| *position < first + batch.num_rows()) {
            kept[position - first] = false;
        }
        while let Some(position) = emptied.next_if(|position| *position < first + batch.num_rows()) {
            blank[position - first] = true;
        }
        first += batch.num_rows();
        let kept = blanked(extract, &batch, &blank.into())
            .and_then(|batch| filter_record_batch(&batch, &kept.into()))
            .and_then(|batch| cast_batch(&batch, schema))
            .map_err(|_| Failure::Broken("landed rows could not be put into columns".into()))?;
        kept_filling.add(&kept);
        writer.write(&kept)?;
    }
    writer.finish()?;
    std::fs::remove_file(&all).map_err(|error| Failure::Broken(format!("{}: {error}", all.display())))?;
    Ok(kept_filling)
}

/// Codes come back from a stored table as plain text.
fn cast_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns: Result<Vec<_>, _> =
        batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type())).collect();
    RecordBatch::try_new(Arc::clone(schema), columns?)
}

/// Of everything that determines what lands.
fn fingerprint(project: &Project, extract: &Extract, delivery: &Delivery) -> String {
    // A table that is not there has no digest; a project that is read has all of them.
    let lists = ["municipalities.csv", "municipality_mergers.csv", "nationalities.csv"].map(|name| {
        project.files.get(&format!("sources/reference/{name}")).map_or_else(String::new, |bytes| sha256(bytes))
    });
    let files: Vec<&str> = delivery.receipt.files.iter().map(|file| file.sha256.as_str()).collect();
    sha256(format!("landing 6 {}\n{extract:?}\n{lists:?}\n{files:?}", delivery.period).as_bytes())
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
