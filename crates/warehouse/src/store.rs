//! Person-level tables: landed extracts, which still hold identifiers, and the work tables of an edition, which never do.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use catalog::Period;
use catalog::contract::ExtractId;

use crate::WarehouseError;
use crate::parquet_file;
pub use crate::parquet_file::PrivateWriter;

/// The warehouse folder of a project.
#[derive(Debug)]
pub struct Warehouse {
    root: PathBuf,
    /// Held while a run writes; the system lets go of it when the process ends, however it ends.
    lock: Option<File>,
}

impl Warehouse {
    /// Opens the warehouse for reading what is published.
    pub fn reading(root: &Path) -> Warehouse {
        Warehouse { root: root.to_path_buf(), lock: None }
    }

    /// Opens the warehouse for writing, if no other run has.
    pub fn writing(root: &Path) -> Result<Warehouse, WarehouseError> {
        fs::create_dir_all(root).map_err(|error| WarehouseError::io(root, error))?;
        let path = root.join(".lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| WarehouseError::io(&path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(WarehouseError::Locked(root.to_path_buf())),
            Err(fs::TryLockError::Error(error)) => return Err(WarehouseError::io(&path, error)),
        }
        let warehouse = Warehouse { root: root.to_path_buf(), lock: Some(lock) };
        for folder in [warehouse.landed(), warehouse.work()] {
            private_folder(&folder)?;
        }
        Ok(warehouse)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether this process may write.
    pub fn is_writing(&self) -> bool {
        self.lock.is_some()
    }

    /// The folder of landed extracts.
    pub fn landed(&self) -> PathBuf {
        self.root.join("landed")
    }

    /// The folder of the editions' work tables.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// The folder of published editions.
    pub fn published(&self) -> PathBuf {
        self.root.join("published")
    }

    /// Where a delivery lands; the fingerprint is of everything that determines what lands.
    pub fn landed_folder(&self, extract: &ExtractId, period: Period, fingerprint: &str) -> PathBuf {
        self.landed().join(&extract.supplier).join(&extract.extract).join(file_name(period)).join(&fingerprint[..16])
    }

    /// Where an edition keeps the table of an extract.
    pub fn work_table(&self, edition: &str, extract: &ExtractId, period: Period) -> PathBuf {
        self.work().join(edition).join(extract.table()).join(format!("{}.parquet", file_name(period)))
    }

    /// Begins a private table, its folder included.
    pub fn write_private(&self, path: &Path, schema: &SchemaRef) -> Result<PrivateWriter, WarehouseError> {
        if let Some(folder) = path.parent() {
            private_folder(folder)?;
        }
        PrivateWriter::create(path, schema)
    }

    /// Writes a small private file whole.
    pub fn write_private_text(&self, path: &Path, text: &str) -> Result<(), WarehouseError> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        if let Some(folder) = path.parent() {
            private_folder(folder)?;
        }
        let partial = path.with_extension("partial");
        let written = || -> std::io::Result<()> {
            let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&partial, path)
        };
        written().map_err(|error| WarehouseError::io(path, error))
    }

    /// Removes an edition's work tables, which can always be made again.
    pub fn clear_work(&self, edition: &str) -> Result<(), WarehouseError> {
        let folder = self.work().join(edition);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(WarehouseError::io(&folder, error)),
            _ => Ok(()),
        }
    }
}

/// Rows of a stored table, batch by batch, with the named columns in the file's order; all when none are named.
pub fn rows(
    path: &Path,
    columns: &[&str],
) -> Result<impl Iterator<Item = Result<RecordBatch, WarehouseError>> + use<>, WarehouseError> {
    Ok(parquet_file::read(path, columns, None)?.map(|batch| Ok(batch?)))
}

/// The same, with the types of the schema that the table was written by.
pub fn typed_rows(
    path: &Path,
    columns: &[&str],
    schema: &SchemaRef,
) -> Result<impl Iterator<Item = Result<RecordBatch, WarehouseError>> + Send + use<>, WarehouseError> {
    Ok(parquet_file::read(path, columns, Some(schema))?.map(|batch| Ok(batch?)))
}

/// How many rows a stored table has.
pub fn row_count(path: &Path) -> Result<usize, WarehouseError> {
    parquet_file::row_count(path)
}

/// Makes a folder that only its owner can enter.
pub(crate) fn private_folder(path: &Path) -> Result<(), WarehouseError> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| WarehouseError::io(path, error))
}

/// A period as part of a file's name.
pub fn file_name(period: Period) -> String {
    period.to_string().replace('/', "_")
}
