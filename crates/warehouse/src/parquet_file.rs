//! Parquet files as we write them: one writer, our own name in the footer, nothing that depends on time or threads.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use crate::WarehouseError;

const CREATED_BY: &str = "liim 0.1";

/// Writes a person-level file: private, without statistics (they would hold identifiers in clear).
pub struct PrivateWriter {
    writer: ArrowWriter<File>,
    partial: PathBuf,
    path: PathBuf,
    rows: u64,
}

impl PrivateWriter {
    /// Begins a file; it appears under its name when it is finished.
    pub(crate) fn create(path: &Path, schema: &SchemaRef) -> Result<PrivateWriter, WarehouseError> {
        use std::os::unix::fs::OpenOptionsExt;
        let partial = path.with_extension("partial");
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .map_err(|error| WarehouseError::io(&partial, error))?;
        let mut properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_string())
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::LZ4_RAW)
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true);
        for field in schema.fields() {
            if matches!(field.data_type(), DataType::Dictionary(..)) {
                properties = properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), true);
            }
        }
        let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, schema.clone(), options)?;
        Ok(PrivateWriter { writer, partial, path: path.to_path_buf(), rows: 0 })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        self.rows += batch.num_rows() as u64;
        Ok(self.writer.write(batch)?)
    }

    /// Adds rows batch by batch, and ends the file; a batch is made while the one before is encoded, which takes about as
    /// long. Where a batch cannot be made or written there is no file.
    pub fn write_all<E: From<WarehouseError>>(
        mut self,
        batches: impl Iterator<Item = Result<RecordBatch, E>>,
    ) -> Result<u64, E> {
        let path = self.path.clone();
        let writer = std::thread::scope(|scope| -> Result<PrivateWriter, E> {
            let (give, take) = sync_channel::<RecordBatch>(2);
            let writing = scope.spawn(move || -> Result<PrivateWriter, WarehouseError> {
                for batch in take {
                    self.write(&batch)?;
                }
                Ok(self)
            });
            for batch in batches {
                // A writer who takes no more has failed, and says so below.
                if give.send(batch?).is_err() {
                    break;
                }
            }
            drop(give);
            let stopped =
                || WarehouseError::io(&path, std::io::Error::other("a thread stopped before its work was done"));
            Ok(writing.join().map_err(|_| stopped())??)
        })?;
        Ok(writer.finish()?)
    }

    /// Ends the file and gives its number of rows.
    pub fn finish(self) -> Result<u64, WarehouseError> {
        let file = self.writer.into_inner()?;
        file.sync_all().map_err(|error| WarehouseError::io(&self.path, error))?;
        std::fs::rename(&self.partial, &self.path).map_err(|error| WarehouseError::io(&self.path, error))?;
        Ok(self.rows)
    }
}

/// Writes a published file: plain types, Snappy, v1 pages, sorted as declared.
pub(crate) fn write_published(
    path: &Path,
    batch: &RecordBatch,
    sorted_by: &[usize],
    metadata: &[(&str, &str)],
) -> Result<(), WarehouseError> {
    let file = File::create_new(path).map_err(|error| WarehouseError::io(path, error))?;
    let sorting = sorted_by
        .iter()
        .map(|at| SortingColumn { column_idx: *at as i32, descending: false, nulls_first: false })
        .collect();
    let metadata =
        metadata.iter().map(|(key, value)| KeyValue::new(format!("liim.{key}"), value.to_string())).collect();
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_string())
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(122_880))
        .set_sorting_columns(Some(sorting))
        .set_key_value_metadata(Some(metadata))
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options)?;
    writer.write(batch)?;
    let file = writer.into_inner()?;
    file.sync_all().map_err(|error| WarehouseError::io(path, error))
}

/// Reads a file batch by batch; columns by name, all when none are named. Without a schema codes come as plain text; with
/// the one they were written by, they come as keys and words, which costs far less.
pub fn read(
    path: &Path,
    columns: &[&str],
    schema: Option<&SchemaRef>,
) -> Result<ParquetRecordBatchReader, WarehouseError> {
    let file = File::open(path).map_err(|error| WarehouseError::io(path, error))?;
    let options =
        schema.map_or_else(ArrowReaderOptions::new, |schema| ArrowReaderOptions::new().with_schema(schema.clone()));
    let mut builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?.with_batch_size(65_536);
    if !columns.is_empty() {
        let mask = parquet::arrow::ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    Ok(builder.build()?)
}

/// How many rows a file has.
pub fn row_count(path: &Path) -> Result<usize, WarehouseError> {
    let file = File::open(path).map_err(|error| WarehouseError::io(path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    Ok(usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0))
}
