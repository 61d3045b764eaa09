//! Files of a project that the command itself writes: whole under their name, or not there.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::failure::Failure;

/// Writes a file beside its place, syncs it and renames it. What a command that was stopped left beside is written over.
///
/// # Errors
/// A file that cannot be written, synced or renamed; nothing is left of it then.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let Some(name) = path.file_name() else {
        return Err(Failure::Usage(format!("{} is not the name of a file", path.display())));
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(".partial");
    let beside = path.with_file_name(beside);
    remove(&beside)?;
    let written = || -> io::Result<()> {
        let mut file = File::options().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(|error| {
        // What was written of it is of no use; the error that stopped it is the one to show.
        let _ = fs::remove_file(&beside);
        unwritten(path)(error)
    })
}

/// Makes a folder and those above it.
///
/// # Errors
/// A folder that cannot be made.
pub fn folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(unwritten(path))
}

/// Makes a folder that only its owner can enter, and those above it.
///
/// # Errors
/// A folder that cannot be made.
pub fn private_folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unwritten(path))
}

/// An error of writing, with its path; of a full disk how much is free.
pub fn unwritten(path: &Path) -> impl Fn(io::Error) -> Failure + '_ {
    move |error| warehouse::WarehouseError::io(path, error).into()
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritten(path)(error)),
        _ => Ok(()),
    }
}
