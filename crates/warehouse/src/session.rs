//! SQL over the warehouse's tables. The same type would stand before a cluster; whoever asks hands in SQL and gets Arrow.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field as ArrowField, Int64Type, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use catalog::Day;
use catalog::schema::{Field, Type};
use datafusion::common::cast::as_int64_array;
use datafusion::datasource::MemTable;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SQLOptions, SessionConfig, SessionContext, col};
use futures::StreamExt;

use crate::WarehouseError;
use crate::engine::of_planning;
use crate::guard::private_folder;
use crate::lineage::{Reads, changing, reads};
use crate::parquet_file::PrivateWriter;
use crate::query::bounded;

/// How much the engine may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Threads.
    pub threads: usize,
    /// Bytes, where limited.
    pub memory: Option<usize>,
    /// A private folder for what does not fit in memory; made where it is not there. Planning alone needs none.
    pub spill: Option<PathBuf>,
}

/// A session of the engine.
pub struct Session {
    context: SessionContext,
    runtime: Arc<tokio::runtime::Runtime>,
}

/// A planned query: what it returns, and which columns of which tables it depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Names and types of the columns returned; no type where it is none of ours.
    pub columns: Vec<(String, Option<Type>)>,
    /// Columns that the answer depends on, by table; filters, joins, groupings and subqueries included.
    pub reads: Reads,
    /// What does not give the same answer for the same rows, such as `random`, `now` and `LIMIT`.
    pub changing: BTreeSet<String>,
}

impl Session {
    /// Opens a session.
    pub fn new(limits: &Limits) -> Result<Session, WarehouseError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(limits.threads.max(1))
            .build()
            .map_err(|error| WarehouseError::Io { file: "threads".into(), error })?;
        let mut config =
            SessionConfig::new().with_target_partitions(limits.threads.max(1)).with_information_schema(false);
        config.options_mut().sql_parser.enable_ident_normalization = true;
        let mut builder = RuntimeEnvBuilder::new();
        if let Some(folder) = &limits.spill {
            private_folder(folder)?;
            builder = builder.with_temp_file_path(folder);
        }
        if let Some(bytes) = limits.memory {
            builder = builder.with_memory_limit(bytes, 1.0);
        }
        let context = SessionContext::new_with_config_rt(config, builder.build_arc()?);
        Ok(Session { context, runtime: Arc::new(runtime) })
    }

    /// Makes stored files a table. `columns` gives the name in the files for each name in the table.
    pub fn register_files(
        &self,
        table: &str,
        files: &[PathBuf],
        columns: &[(String, String)],
    ) -> Result<(), WarehouseError> {
        let paths: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        let frame = self.runtime.block_on(self.context.read_parquet(paths, ParquetReadOptions::default()))?;
        let chosen: Vec<_> = columns.iter().map(|(stored, name)| col(format!("\"{stored}\"")).alias(name)).collect();
        let frame = frame.select(chosen)?;
        self.context.deregister_table(table)?;
        self.context.register_table(table, frame.into_view())?;
        Ok(())
    }

    /// Makes rows of text a table.
    pub fn register_texts(&self, table: &str, fields: &[Field], rows: &[Vec<String>]) -> Result<(), WarehouseError> {
        let schema = arrow_schema(fields);
        let columns: Vec<ArrayRef> = (0..fields.len())
            .map(|at| Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row[at]))) as ArrayRef)
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        self.context.deregister_table(table)?;
        self.context.register_table(table, Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))?;
        Ok(())
    }

    /// Makes one row of days a table.
    pub fn register_days(&self, table: &str, fields: &[Field], days: &[Day]) -> Result<(), WarehouseError> {
        let schema = arrow_schema(fields);
        let columns = days.iter().map(|day| Arc::new(Date32Array::from(vec![day.0])) as ArrayRef).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        self.context.deregister_table(table)?;
        self.context.register_table(table, Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))?;
        Ok(())
    }

    /// Gives queries a function from whole numbers to whole numbers. It is asked of empty values too, and stays empty there.
    pub fn register_function(&self, name: &str, of: impl Fn(i64) -> i64 + Send + Sync + 'static) {
        let answer = move |arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let numbers = as_int64_array(&arrays[0])?;
            Ok(ColumnarValue::Array(Arc::new(numbers.unary::<_, Int64Type>(&of))))
        };
        let kind = DataType::Int64;
        self.context.register_udf(create_udf(name, vec![kind.clone()], kind, Volatility::Immutable, Arc::new(answer)));
    }

    /// Makes an empty table, to plan against.
    pub fn register_empty(&self, table: &str, fields: &[Field]) -> Result<(), WarehouseError> {
        let schema = arrow_schema(fields);
        self.context.deregister_table(table)?;
        self.context.register_table(table, Arc::new(MemTable::try_new(schema, vec![vec![]])?))?;
        Ok(())
    }

    /// Gives the answer to a query a name, to be asked for each time that it is read.
    pub fn register_view(&self, table: &str, sql: &str) -> Result<(), WarehouseError> {
        let frame = self.frame(sql)?;
        self.context.deregister_table(table)?;
        self.context.register_table(table, frame.into_view())?;
        Ok(())
    }

    /// Writes the answer to a query to a private file, and makes it a table; gives its number of rows.
    pub fn derive(&self, table: &str, sql: &str, path: &Path) -> Result<u64, WarehouseError> {
        if let Some(folder) = path.parent() {
            private_folder(folder)?;
        }
        let mut writer: Option<PrivateWriter> = None;
        let frame = self.frame(sql)?;
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        self.runtime.block_on(async {
            let mut stream = frame.execute_stream().await?;
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                let writer = match &mut writer {
                    Some(writer) => writer,
                    None => writer.insert(PrivateWriter::create(path, &batch.schema())?),
                };
                writer.write(&batch)?;
            }
            Ok::<(), WarehouseError>(())
        })?;
        let writer = writer.map_or_else(|| PrivateWriter::create(path, &schema), Ok)?;
        let rows = writer.finish()?;
        let frame = self
            .runtime
            .block_on(self.context.read_parquet(path.display().to_string(), ParquetReadOptions::default()))?;
        self.context.deregister_table(table)?;
        self.context.register_table(table, frame.into_view())?;
        Ok(rows)
    }

    /// Answers a query batch by batch, in plain types.
    pub fn each(
        &self,
        sql: &str,
        take: &mut dyn FnMut(RecordBatch) -> Result<(), WarehouseError>,
    ) -> Result<(), WarehouseError> {
        let frame = self.frame(sql)?;
        self.runtime.block_on(async {
            let mut stream = frame.execute_stream().await?;
            while let Some(batch) = stream.next().await {
                take(plain(batch?)?)?;
            }
            Ok(())
        })
    }

    /// Removes a table.
    pub fn forget(&self, table: &str) -> Result<(), WarehouseError> {
        self.context.deregister_table(table)?;
        Ok(())
    }

    /// Types a query without running it.
    pub fn plan(&self, sql: &str) -> Result<Planned, WarehouseError> {
        let frame = self.frame(sql)?;
        let plan = frame.logical_plan();
        let columns =
            plan.schema().fields().iter().map(|field| (field.name().clone(), type_of(field.data_type()))).collect();
        Ok(Planned { columns, reads: reads(plan), changing: changing(plan).map_err(of_planning)? })
    }

    /// Plans a query whose text is within bounds.
    fn frame(&self, sql: &str) -> Result<DataFrame, WarehouseError> {
        bounded(sql)?;
        self.runtime.block_on(self.context.sql_with_options(sql, only_queries())).map_err(of_planning)
    }

    /// Answers a query; text comes as plain strings, integers as int64.
    pub fn query(&self, sql: &str) -> Result<Vec<RecordBatch>, WarehouseError> {
        let frame = self.frame(sql)?;
        let batches = self.runtime.block_on(frame.collect())?;
        batches.into_iter().map(plain).collect()
    }
}

/// A query asks; it creates, changes and sets nothing.
fn only_queries() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

fn plain(batch: RecordBatch) -> Result<RecordBatch, WarehouseError> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let kind = match type_of(field.data_type()) {
            Some(Type::Text) => DataType::Utf8,
            Some(Type::Integer | Type::Small | Type::Person) => DataType::Int64,
            _ => field.data_type().clone(),
        };
        columns.push(cast(column, &kind)?);
        fields.push(ArrowField::new(field.name(), kind, true));
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn type_of(kind: &DataType) -> Option<Type> {
    match kind {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => Some(Type::Text),
        DataType::Dictionary(_, values) => type_of(values),
        DataType::Int64 | DataType::Int32 | DataType::Int16 | DataType::Int8 | DataType::UInt64 => Some(Type::Integer),
        DataType::UInt32 => Some(Type::Person),
        DataType::Float64 => Some(Type::Real),
        DataType::Date32 => Some(Type::Day),
        _ => None,
    }
}

/// A schema of ours in Arrow's types.
pub fn arrow_schema(fields: &[Field]) -> SchemaRef {
    let fields: Vec<ArrowField> = fields
        .iter()
        .map(|field| {
            let kind = match field.kind {
                Type::Text => DataType::Utf8,
                Type::Integer => DataType::Int64,
                Type::Small => DataType::Int32,
                Type::Real => DataType::Float64,
                Type::Day => DataType::Date32,
                Type::Person => DataType::UInt32,
            };
            ArrowField::new(&field.name, kind, field.nullable)
        })
        .collect();
    Arc::new(Schema::new(fields))
}
