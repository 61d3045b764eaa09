//! How an edition becomes visible: all of it or nothing, whatever fails and whenever the process ends.
//!
//! The line that the ledger will have is put into the confidential zone first, as an intent. Then the edition's folder and
//! the new ledger, both written whole beside their places and synced, are renamed, and their folder is synced. Where one of
//! these steps fails those before it are taken back. Where the process ends between two of them the intent is there, and
//! [`settle`] goes on from where the run was: only an edition that was prepared here has one.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use catalog::injection;

use crate::WarehouseError;
use crate::edition::{Prepared, Published, folder, latest_target, list, newest, write_synced};
use crate::guard::{entries, sync};
use crate::ledger;
use crate::manifest::LedgerLine;
use crate::store::{Warehouse, remove_folder};

/// Mode of what anybody may read.
const PUBLIC_FILE: u32 = 0o644;
const PUBLIC_FOLDER: u32 = 0o755;

impl Prepared<'_> {
    /// Publishes the edition: it is visible and in the ledger, or neither.
    ///
    /// # Errors
    /// A file that cannot be written, synced or renamed. Nothing is visible then, unless what was done could not be taken
    /// back; the next run settles that.
    pub fn publish(self) -> Result<Published, WarehouseError> {
        let written = self.open()?;
        match self.commit() {
            Ok(()) => {
                // The edition is published. An intent that stays is brought to its end by the next run.
                let _ = ledger::complete(self.warehouse);
                Ok(Published { folder: folder(self.warehouse, &self.edition), ..written })
            }
            Err(error @ WarehouseError::Unsettled { .. }) => Err(error),
            Err(error) => {
                // What cannot be taken away now is taken away by the next run; the error that led here is the one to tell.
                let _ = self.discard();
                Err(error)
            }
        }
    }

    fn commit(&self) -> Result<(), WarehouseError> {
        let folder = folder(self.warehouse, &self.edition);
        let ledger = NewLedger::prepare(self.warehouse, &self.line)?;
        set_mode(&self.beside, PUBLIC_FOLDER)?;
        injection::point("publish.rename")?;
        rename(&self.beside, &folder)?;
        let visible = injection::point("publish.visible").map_err(WarehouseError::from);
        let Err(error) = visible.and_then(|()| ledger.replace()) else { return Ok(()) };
        // The edition goes first: without it a line of the ledger shows nobody a figure.
        rename(&folder, &self.beside).and_then(|()| ledger.put_back()).map_err(|other| WarehouseError::Unsettled {
            edition: self.edition.clone(),
            first: error.to_string(),
            then: other.to_string(),
        })?;
        Err(error)
    }
}

/// The ledger with one line more, written beside the one that is in force.
pub(crate) struct NewLedger {
    path: PathBuf,
    beside: PathBuf,
    /// The whole lines of the one in force; none where there is none yet.
    before: Option<Vec<u8>>,
}

impl NewLedger {
    pub(crate) fn prepare(warehouse: &Warehouse, line: &LedgerLine) -> Result<NewLedger, WarehouseError> {
        let path = ledger::path(warehouse);
        let beside = path.with_file_name(".ledger.jsonl.partial");
        remove_file(&beside)?;
        let before = match fs::read(&path) {
            Ok(mut bytes) => {
                bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
                Some(bytes)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(WarehouseError::io(&path, error)),
        };
        let mut bytes = before.iter().flatten().copied().collect::<Vec<u8>>();
        bytes.extend(ledger::to_text(line)?.bytes().chain([b'\n']));
        write_synced(&beside, &bytes)?;
        set_mode(&beside, PUBLIC_FILE)?;
        Ok(NewLedger { path, beside, before })
    }

    /// Puts the new ledger in the place of the old one, for good.
    pub(crate) fn replace(&self) -> Result<(), WarehouseError> {
        rename(&self.beside, &self.path)?;
        self.path.parent().map_or(Ok(()), sync)
    }

    /// Puts the old ledger back, where the new one has taken its place.
    fn put_back(&self) -> Result<(), WarehouseError> {
        remove_file(&self.beside)?;
        match &self.before {
            None => remove_file(&self.path),
            Some(bytes) => {
                fs::write(&self.beside, bytes).map_err(|error| WarehouseError::io(&self.beside, error))?;
                rename(&self.beside, &self.path)
            }
        }
    }
}

/// Brings what is visible to an end after a run that was stopped, takes away what it left beside, and lets `latest` point
/// at the newest edition of each monitor.
///
/// # Errors
/// A file that cannot be read, written or renamed; an edition or a ledger that is not as it was written, or a folder that was
/// not made here.
pub fn settle(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    ledger::complete(warehouse)?;
    for parent in [warehouse.published(), warehouse.confidential()] {
        for path in entries(&parent)? {
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.starts_with(".edition=") && name.ends_with(".partial")) {
                remove_folder(&path)?;
            }
        }
    }
    remove_file(&warehouse.published().join(".ledger.jsonl.partial"))?;
    point_at_latest(warehouse)
}

/// Lets `latest` point at the newest edition of each monitor.
///
/// # Errors
/// A link that cannot be read or put in its place.
pub fn point_at_latest(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    let latest = warehouse.root().join("latest");
    for (monitor, id) in newest(&list(warehouse)?) {
        let link = latest.join(monitor);
        let target = latest_target(id);
        match fs::read_link(&link) {
            Ok(found) if found == target => continue,
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(WarehouseError::io(&link, error)),
            _ => {}
        }
        let fresh = latest.join(format!(".{monitor}.partial"));
        remove_file(&fresh)?;
        std::os::unix::fs::symlink(&target, &fresh).map_err(|error| WarehouseError::io(&fresh, error))?;
        rename(&fresh, &link)?;
    }
    Ok(())
}

/// Lets anybody read what is below a folder; the folder itself stays closed until the edition is published.
pub(crate) fn open_below(folder: &Path) -> Result<(), WarehouseError> {
    let unread = |error| WarehouseError::io(folder, error);
    for entry in fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        if entry.file_type().map_err(unread)?.is_dir() {
            set_mode(&entry.path(), PUBLIC_FOLDER)?;
            open_below(&entry.path())?;
        } else {
            set_mode(&entry.path(), PUBLIC_FILE)?;
        }
    }
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> Result<(), WarehouseError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(|error| WarehouseError::io(path, error))
}

fn rename(from: &Path, to: &Path) -> Result<(), WarehouseError> {
    fs::rename(from, to).map_err(|error| WarehouseError::io(to, error))
}

fn remove_file(path: &Path) -> Result<(), WarehouseError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(WarehouseError::io(path, error)),
        _ => Ok(()),
    }
}
