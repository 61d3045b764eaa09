//! Parquet files as we write them: one writer, our own name in the footer, nothing that depends on time or threads.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use catalog::digest::Hasher;
use catalog::{injection, workers};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::ColumnPath;

use crate::WarehouseError;
use crate::engine::os_error;
use crate::guard::{hash_file, hash_line};
use crate::store::{partial, write_private};

const CREATED_BY: &str = "liim 0.1";

/// What the system said, where an error of the library comes from it.
fn system_error(error: ParquetError) -> Option<std::io::Error> {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(error) => Some(*error),
            Err(other) => os_error(&other.to_string()),
        },
        // Some ways through the library keep only the text.
        other => os_error(&other.to_string()),
    }
}

/// An error of writing a Parquet file. The library's own words may quote a value and are left out.
fn unwritten(path: &Path) -> impl Fn(ParquetError) -> WarehouseError + '_ {
    move |error| {
        let other = || std::io::Error::other("the rows could not be written as Parquet");
        WarehouseError::io(path, system_error(error).unwrap_or_else(other))
    }
}

/// An error of reading a Parquet file: of the system, or the file is not one that was written here.
fn unread(path: &Path) -> impl Fn(ParquetError) -> WarehouseError + '_ {
    move |error| match system_error(error) {
        Some(error) => WarehouseError::io(path, error),
        None => WarehouseError::Altered { file: path.display().to_string(), what: NOT_PARQUET.to_string() },
    }
}

/// The same of an error that comes through Arrow, as it does while rows are read. Arrow keeps only the text of it.
fn unread_rows(path: &Path) -> impl Fn(ArrowError) -> WarehouseError + use<> {
    let path = path.to_path_buf();
    move |error| match os_error(&error.to_string()) {
        Some(error) => WarehouseError::io(&path, error),
        None => WarehouseError::Altered { file: path.display().to_string(), what: NOT_PARQUET.to_string() },
    }
}

const NOT_PARQUET: &str = "it cannot be read as Parquet";

/// A file whose hash is known when it is written.
struct Hashed {
    file: File,
    hasher: Hasher,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Writes a person-level file: private, without statistics (they would hold identifiers in clear), its hash beside it.
pub struct PrivateWriter {
    writer: ArrowWriter<Hashed>,
    partial: PathBuf,
    path: PathBuf,
    rows: u64,
}

impl PrivateWriter {
    /// Begins a file; it appears under its name when it is finished.
    pub(crate) fn create(path: &Path, schema: &SchemaRef) -> Result<PrivateWriter, WarehouseError> {
        use std::os::unix::fs::OpenOptionsExt;
        let partial = partial(path);
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
        let file = Hashed { file, hasher: Hasher::default() };
        let writer = ArrowWriter::try_new_with_options(file, schema.clone(), options).map_err(unwritten(&partial))?;
        Ok(PrivateWriter { writer, partial, path: path.to_path_buf(), rows: 0 })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(unwritten(&self.partial))
    }

    /// Adds rows batch by batch, and ends the file; a batch is made while the one before is encoded, which takes about as
    /// long. Where a batch cannot be made or written there is no file.
    pub fn write_all<E: From<WarehouseError>>(
        mut self,
        batches: impl Iterator<Item = Result<RecordBatch, E>>,
    ) -> Result<u64, E> {
        let path = self.path.clone();
        let stopped = |_| WarehouseError::io(&path, std::io::Error::other("a thread stopped before its work was done"));
        let writer = workers::scoped(|scope| -> Result<PrivateWriter, E> {
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
            Ok(workers::joined(writing).map_err(stopped)??)
        })
        .map_err(stopped)??;
        Ok(writer.finish()?)
    }

    /// Ends the file and gives its number of rows.
    pub fn finish(self) -> Result<u64, WarehouseError> {
        let Hashed { file, hasher } = self.writer.into_inner().map_err(unwritten(&self.partial))?;
        file.sync_all().map_err(|error| WarehouseError::io(&self.partial, error))?;
        // The hash comes first: a run that is killed in between leaves a file that is not there, and not one without a hash.
        write_private(&hash_file(&self.path), hash_line(&self.path, &hasher.finish()).as_bytes())?;
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
    let written = || -> Result<File, ParquetError> {
        let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options)?;
        writer.write(batch)?;
        writer.into_inner()
    };
    let file = written().map_err(unwritten(path))?;
    file.sync_all().map_err(|error| WarehouseError::io(path, error))
}

/// A file whose length is known: of one that does not say its length the library takes it to be empty.
struct Measured {
    file: File,
    length: u64,
}

impl Measured {
    fn open(path: &Path) -> Result<Measured, WarehouseError> {
        let opened = File::open(path).and_then(|file| Ok(Measured { length: file.metadata()?.len(), file }));
        opened.map_err(|error| WarehouseError::io(path, error))
    }
}

impl Length for Measured {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Measured {
    type T = <File as ChunkReader>::T;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.file.get_bytes(start, length)
    }
}

/// Rows of a file, batch by batch, with the named columns in the file's order; all where none are named.
///
/// # Errors
/// A file that cannot be opened or is no Parquet file; and, in place of a batch, whatever ends the rows before their number.
pub fn read(path: &Path, columns: &[&str], schema: Option<&SchemaRef>) -> Result<Whole, WarehouseError> {
    let file = Measured::open(path)?;
    let options =
        schema.map_or_else(ArrowReaderOptions::new, |schema| ArrowReaderOptions::new().with_schema(schema.clone()));
    let mut builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(unread(path))?
        .with_batch_size(65_536);
    if !columns.is_empty() {
        let mask = parquet::arrow::ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    let left = builder.metadata().file_metadata().num_rows();
    Ok(Whole { reader: builder.build().map_err(unread(path))?, path: path.to_path_buf(), left, is_over: false })
}

/// All rows of a file: where the reader ends before the number of rows that the file says it has, that is an error.
pub struct Whole {
    reader: ParquetRecordBatchReader,
    path: PathBuf,
    left: i64,
    is_over: bool,
}

impl Whole {
    fn batch(&mut self) -> Result<Option<RecordBatch>, WarehouseError> {
        injection::point("read.rows")?;
        let unread = unread_rows(&self.path);
        let ends = injection::ends_early("read.rows");
        if let Some(batch) = self.reader.next().filter(|_| !ends).transpose().map_err(unread)? {
            self.left -= batch.num_rows() as i64;
            return Ok(Some(batch));
        }
        if self.left != 0 {
            let what = format!("{} of its rows could not be read", self.left);
            return Err(WarehouseError::Altered { file: self.path.display().to_string(), what });
        }
        Ok(None)
    }
}

impl Iterator for Whole {
    type Item = Result<RecordBatch, WarehouseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let batch = self.batch().transpose();
        self.is_over = !matches!(batch, Some(Ok(_)));
        batch
    }
}

/// How many rows a file has.
///
/// # Errors
/// A file that cannot be opened, is no Parquet file, or says a number that is none.
pub fn row_count(path: &Path) -> Result<usize, WarehouseError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Measured::open(path)?).map_err(unread(path))?;
    usize::try_from(builder.metadata().file_metadata().num_rows())
        .map_err(|_| WarehouseError::Altered { file: path.display().to_string(), what: NOT_PARQUET.to_string() })
}
