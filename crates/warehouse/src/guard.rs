//! What is believed of the file system: no symbolic link leads out of the warehouse, private folders are entered by their
//! owner alone, and a private file is read only when it is the one that was written.
//!
//! Each private file has its SHA-256 beside it, in the form that `sha256sum -c` reads: `rows.parquet.sha256`.

use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use catalog::digest::Hasher;

use crate::WarehouseError;

/// Bits of a mode by which others than the owner can do anything.
const OTHERS: u32 = 0o077;
/// The bit of a mode by which everybody can write.
const WORLD_WRITES: u32 = 0o002;

/// Makes a private folder, and checks it.
///
/// # Errors
/// Fails where it is a symbolic link, is open to others or belongs to somebody else.
pub(crate) fn private_folder(path: &Path) -> Result<(), WarehouseError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| WarehouseError::io(path, error))?;
    check_private_folder(path)
}

/// Checks a private folder that is there.
///
/// # Errors
/// Fails where it is no folder of its own, is open to others or belongs to somebody else.
pub(crate) fn check_private_folder(path: &Path) -> Result<(), WarehouseError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| WarehouseError::io(path, error))?;
    own_folder(path, &metadata)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        let what =
            format!("its mode is {mode:04o}, so others than its owner can enter it; see who did, then `chmod 0700` it");
        return Err(WarehouseError::unsafe_path(path, &what));
    }
    if !is_mine(&metadata) {
        let what = format!("it belongs to user {}; run as that user, or give it to the one who runs", metadata.uid());
        return Err(WarehouseError::unsafe_path(path, &what));
    }
    Ok(())
}

/// Makes a folder that anybody may read, where it is not there yet, and checks it.
///
/// # Errors
/// Fails where it is a symbolic link or everybody can write in it.
pub(crate) fn public_folder(path: &Path) -> Result<(), WarehouseError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(WarehouseError::io(path, error)),
        _ => {}
    }
    check_public_folder(path)
}

/// Checks a folder that anybody may read.
///
/// # Errors
/// Fails where it is a symbolic link or everybody can write in it.
pub(crate) fn check_public_folder(path: &Path) -> Result<(), WarehouseError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| WarehouseError::io(path, error))?;
    own_folder(path, &metadata)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & WORLD_WRITES != 0 {
        let what = format!("its mode is {mode:04o}, so everybody can write in it; see who did, then `chmod 0755` it");
        return Err(WarehouseError::unsafe_path(path, &what));
    }
    Ok(())
}

/// Returns whether a file or folder belongs to the user who runs. Linux tells that user as the owner of `/proc/self`; a system
/// that does not tell leaves it to the modes.
pub(crate) fn is_mine(metadata: &Metadata) -> bool {
    fs::metadata("/proc/self").map_or(true, |own| own.uid() == metadata.uid())
}

fn own_folder(path: &Path, metadata: &Metadata) -> Result<(), WarehouseError> {
    if metadata.is_dir() {
        return Ok(());
    }
    let what = if metadata.is_symlink() {
        "it is a symbolic link, and the warehouse does not leave its folder; put the folder itself here"
    } else {
        "it is not a folder"
    };
    Err(WarehouseError::unsafe_path(path, what))
}

/// What lies in a folder, in order.
///
/// # Errors
/// Fails where the folder or one of its entries cannot be read.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, WarehouseError> {
    let failed = |error| WarehouseError::io(folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        found.push(entry.map_err(failed)?.path());
    }
    found.sort();
    Ok(found)
}

/// Opens a file of the warehouse.
///
/// # Errors
/// Fails where it cannot be opened, or is a symbolic link or anything else that is no file.
pub(crate) fn open_own(path: &Path) -> Result<File, WarehouseError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| WarehouseError::io(path, error))?;
    if !metadata.is_file() {
        return Err(WarehouseError::altered(path, "it is not a file of its own"));
    }
    File::open(path).map_err(|error| WarehouseError::io(path, error))
}

/// Reads a file of the warehouse whole.
///
/// # Errors
/// Fails where it cannot be read, or is no file of its own.
pub(crate) fn read_own(path: &Path) -> Result<Vec<u8>, WarehouseError> {
    let mut bytes = Vec::new();
    open_own(path)?.read_to_end(&mut bytes).map_err(|error| WarehouseError::io(path, error))?;
    Ok(bytes)
}

/// SHA-256 of a file of the warehouse.
///
/// # Errors
/// Fails where it cannot be read, or is no file of its own.
pub(crate) fn hash_of(path: &Path) -> Result<String, WarehouseError> {
    let mut file = open_own(path)?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let got = file.read(&mut buffer).map_err(|error| WarehouseError::io(path, error))?;
        if got == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..got]);
    }
}

/// Makes the names in a folder last.
///
/// # Errors
/// Fails where the system cannot.
pub(crate) fn sync(folder: &Path) -> Result<(), WarehouseError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(|error| WarehouseError::io(folder, error))
}

/// The file with the hash of a private file.
pub(crate) fn hash_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".sha256");
    PathBuf::from(name)
}

/// What the file with the hash of a private file holds.
pub(crate) fn hash_line(path: &Path, sha256: &str) -> String {
    format!("{sha256}  {}\n", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Returns the SHA-256 of a private file that is as it was written.
///
/// # Errors
/// Fails where it or its hash cannot be read, or the two do not agree.
pub(crate) fn check_private_file(path: &Path) -> Result<String, WarehouseError> {
    let known = read_own(&hash_file(path)).map_err(|error| match error {
        WarehouseError::Io { error, .. } if error.kind() == ErrorKind::NotFound => {
            WarehouseError::altered(path, &format!("its hash is not beside it; {}", mend(path)))
        }
        other => other,
    })?;
    let sha256 = hash_of(path).map_err(|error| match error {
        WarehouseError::Io { error, .. } if error.kind() == ErrorKind::NotFound => {
            WarehouseError::altered(path, &format!("its hash is here and it is not; {}", mend(path)))
        }
        other => other,
    })?;
    if hash_line(path, &sha256).as_bytes() == known {
        Ok(sha256)
    } else {
        let what = format!("its hash is not the one in {}; {}", hash_file(path).display(), mend(path));
        Err(WarehouseError::altered(path, &what))
    }
}

/// How a private file that is not as it was written is mended.
fn mend(path: &Path) -> String {
    let is_confidential = path.components().any(|part| part.as_os_str() == "confidential");
    match path.parent() {
        Some(folder) if !is_confidential => {
            format!("find out why, then remove {} to have it made again", folder.display())
        }
        _ => "put it back from a copy".to_string(),
    }
}
