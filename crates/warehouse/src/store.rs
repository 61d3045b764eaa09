//! Person-level tables: landed extracts, which still hold identifiers, and the work tables of an edition, which never do.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use catalog::Period;
use catalog::contract::ExtractId;
use catalog::digest::sha256;

use crate::WarehouseError;
use crate::guard::{
    check_private_file, check_private_folder, hash_file, hash_line, is_mine, private_folder, public_folder, read_own,
};
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
        for folder in [warehouse.landed(), warehouse.work(), warehouse.confidential()] {
            private_folder(&folder)?;
        }
        for folder in [warehouse.published(), warehouse.root().join("latest")] {
            public_folder(&folder)?;
        }
        warehouse.sweep()?;
        Ok(warehouse)
    }

    /// Takes away what the engine put aside: of a process that was killed, nobody else does.
    fn sweep(&self) -> Result<(), WarehouseError> {
        [self.spill(), self.second_derivation()].iter().try_for_each(|folder| remove_folder(folder))
    }

    /// Where the engine puts aside what does not fit in memory.
    pub fn spill(&self) -> PathBuf {
        self.work().join("spill")
    }

    /// The tables between of the second derivation of the link, and what it puts aside: in the zone of the landed tables,
    /// from which it reads.
    pub fn second_derivation(&self) -> PathBuf {
        self.landed().join(".verify")
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

    /// The folder of what is confidential of each edition.
    pub fn confidential(&self) -> PathBuf {
        self.root.join("confidential")
    }

    /// Whether the confidential zone is here and this user's. To others, and in a copy of what is published, it is not.
    ///
    /// # Errors
    /// Fails where it is a symbolic link or open to others.
    pub(crate) fn has_confidential(&self) -> Result<bool, WarehouseError> {
        let folder = self.confidential();
        match fs::symlink_metadata(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(WarehouseError::io(&folder, error)),
            Ok(metadata) if metadata.is_dir() && !is_mine(&metadata) && !self.is_writing() => Ok(false),
            Ok(_) => check_private_folder(&folder).map(|()| true),
        }
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

    /// Makes the private folder of a file, and checks every folder on the way to it from the warehouse.
    fn private_folder_of(&self, path: &Path) -> Result<(), WarehouseError> {
        let Some(folder) = path.parent() else { return Ok(()) };
        private_folder(folder)?;
        let mut on_the_way = folder.ancestors().take_while(|above| *above != self.root);
        on_the_way.try_for_each(check_private_folder)
    }

    /// Begins a private table, its folder included.
    pub fn write_private(&self, path: &Path, schema: &SchemaRef) -> Result<PrivateWriter, WarehouseError> {
        self.private_folder_of(path)?;
        PrivateWriter::create(path, schema)
    }

    /// Writes a small private file whole, its hash beside it.
    pub fn write_private_text(&self, path: &Path, text: &str) -> Result<(), WarehouseError> {
        self.private_folder_of(path)?;
        write_private(&hash_file(path), hash_line(path, &sha256(text.as_bytes())).as_bytes())?;
        write_private(path, text.as_bytes())
    }

    /// Reads a small private file that is as it was written; nothing where it is not there.
    ///
    /// # Errors
    /// Fails where it cannot be read, or its hash is not the one beside it.
    pub fn read_private_text(&self, path: &Path) -> Result<Option<String>, WarehouseError> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(WarehouseError::io(path, error)),
            Ok(_) => {}
        }
        check_private_file(path)?;
        let text = String::from_utf8(read_own(path)?).map_err(|_| WarehouseError::altered(path, "it is not text"))?;
        Ok(Some(text))
    }

    /// Removes an edition's work tables, which can always be made again.
    pub fn clear_work(&self, edition: &str) -> Result<(), WarehouseError> {
        remove_folder(&self.work().join(edition))
    }
}

impl Drop for Warehouse {
    fn drop(&mut self) {
        if self.is_writing() {
            // What cannot be taken away now is taken away before the next process writes here.
            let _ = self.sweep();
        }
    }
}

/// Returns the SHA-256 of a private file that is as it was written.
///
/// # Errors
/// Fails where it or its hash cannot be read, or the two do not agree: the error says which file to remove.
pub fn checked(path: &Path) -> Result<String, WarehouseError> {
    check_private_file(path)
}

/// Writes a private file aside and puts it in its place.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), WarehouseError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let partial = partial(path);
    let written = || -> std::io::Result<()> {
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    written().map_err(|error| WarehouseError::io(path, error))
}

/// The name under which a file is written before it is whole.
pub(crate) fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".partial");
    PathBuf::from(name)
}

/// Rows of a stored table, batch by batch, with the named columns in the file's order; all when none are named.
pub fn rows(
    path: &Path,
    columns: &[&str],
) -> Result<impl Iterator<Item = Result<RecordBatch, WarehouseError>> + use<>, WarehouseError> {
    parquet_file::read(path, columns, None)
}

/// The same, with the types of the schema that the table was written by.
pub fn typed_rows(
    path: &Path,
    columns: &[&str],
    schema: &SchemaRef,
) -> Result<impl Iterator<Item = Result<RecordBatch, WarehouseError>> + Send + use<>, WarehouseError> {
    parquet_file::read(path, columns, Some(schema))
}

/// How many rows a stored table has.
pub fn row_count(path: &Path) -> Result<usize, WarehouseError> {
    parquet_file::row_count(path)
}

/// Whether something is there. What cannot be looked up is an error and not absent.
///
/// # Errors
/// A folder on the way that cannot be searched, or a fault of the disk.
pub fn exists(path: &Path) -> Result<bool, WarehouseError> {
    path.try_exists().map_err(|error| WarehouseError::io(path, error))
}

/// Bytes that are free for this user where a folder lies.
///
/// # Errors
/// A folder that is not there or cannot be reached.
pub fn free_space(folder: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Removes a folder with all that is in it, if it is there.
pub(crate) fn remove_folder(path: &Path) -> Result<(), WarehouseError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(WarehouseError::io(path, error)),
        _ => Ok(()),
    }
}

/// A period as part of a file's name.
pub fn file_name(period: Period) -> String {
    period.to_string().replace('/', "_")
}
