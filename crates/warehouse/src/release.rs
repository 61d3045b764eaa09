//! How an edition becomes visible: all of it or nothing, whatever fails and whenever the process ends.
//!
//! An intent, the line that the ledger will have, is put into the confidential zone first. Then the edition's folder and the
//! new ledger, both written whole beside their places and synced, are renamed, and their folder is synced. Where one of
//! these steps fails those before it are taken back. Where the process ends between two of them the intent is there, and
//! [`settle`] goes on from where the run was: only an edition that was prepared here has one.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::edition::{Prepared, Published, folder, list, open_folder, read_ledger, write_synced};
use crate::manifest::LedgerLine;
use crate::store::{Warehouse, exists, names, remove_folder, sync};
use crate::{WarehouseError, confidential};

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
        let intent = Intent::of(self.warehouse, &written)?;
        intent.write()?;
        match self.commit(&intent) {
            Ok(()) => {
                // The edition is published. An intent that stays is brought to its end by the next run.
                let _ = intent.fulfil();
                Ok(Published { folder: folder(self.warehouse, &self.edition), ..written })
            }
            Err(error @ WarehouseError::Unsettled { .. }) => Err(error),
            Err(error) => {
                // What cannot be taken away now is taken away by the next run; the error that led here is the one to tell.
                let _ = intent.remove().and_then(|()| self.discard());
                Err(error)
            }
        }
    }

    fn commit(&self, intent: &Intent<'_>) -> Result<(), WarehouseError> {
        let folder = folder(self.warehouse, &self.edition);
        let ledger = Ledger::prepare(self.warehouse, &intent.line)?;
        set_mode(&self.beside, PUBLIC_FOLDER)?;
        rename(&self.beside, &folder)?;
        let Err(error) = ledger.replace() else { return Ok(()) };
        // The edition goes first: without it a line of the ledger shows nobody a figure.
        rename(&folder, &self.beside).and_then(|()| ledger.put_back()).map_err(|other| WarehouseError::Unsettled {
            edition: self.edition.clone(),
            first: error.to_string(),
            then: other.to_string(),
        })?;
        Err(error)
    }
}

/// That an edition is about to be published: its line of the ledger, in the confidential zone.
struct Intent<'w> {
    warehouse: &'w Warehouse,
    line: LedgerLine,
    path: PathBuf,
}

impl<'w> Intent<'w> {
    /// The intent to publish an edition next.
    fn of(warehouse: &'w Warehouse, edition: &Published) -> Result<Intent<'w>, WarehouseError> {
        let ledger = read_ledger(warehouse)?;
        let manifest = &edition.manifest;
        let line = LedgerLine {
            number: ledger.len() as u64 + 1,
            edition: manifest.edition.clone(),
            monitor: manifest.monitor.clone(),
            kind: manifest.kind.clone(),
            manifest_sha256: edition.manifest_sha256.clone(),
            previous: ledger.last().map_or_else(|| "0".repeat(64), |(_, hash)| hash.clone()),
        };
        let path = confidential::folder(warehouse, &manifest.edition).join("intent.json");
        Ok(Intent { warehouse, line, path })
    }

    /// The intents that no run has come to the end of, in the order of their lines.
    fn pending(warehouse: &'w Warehouse) -> Result<Vec<Intent<'w>>, WarehouseError> {
        let mut found = Vec::new();
        for name in names(&warehouse.root().join("confidential"))? {
            let Some(edition) = name.strip_prefix("edition=") else { continue };
            let path = confidential::folder(warehouse, edition).join("intent.json");
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(WarehouseError::io(&path, error)),
            };
            let altered = |what: &str| WarehouseError::Altered { file: path.display().to_string(), what: what.into() };
            let line: LedgerLine = serde_json::from_str(&text).map_err(|_| altered("it is no line of a ledger"))?;
            if line.edition != edition {
                return Err(altered("it is the intent of another edition"));
            }
            found.push(Intent { warehouse, line, path });
        }
        found.sort_by_key(|intent| intent.line.number);
        Ok(found)
    }

    fn write(&self) -> Result<(), WarehouseError> {
        self.warehouse.write_private_text(&self.path, &line_text(&self.line)?)?;
        sync_parent(&self.path)
    }

    fn remove(&self) -> Result<(), WarehouseError> {
        fs::remove_file(&self.path).map_err(|error| WarehouseError::io(&self.path, error))
    }

    /// Keeps the line as that of an edition that was published from here.
    fn fulfil(&self) -> Result<(), WarehouseError> {
        rename(&self.path, &self.path.with_file_name("ledger-line.json"))?;
        sync_parent(&self.path)
    }

    /// Goes on from where a run was that ended: the edition is published, or it is not.
    fn settle(&self) -> Result<(), WarehouseError> {
        let ledger = read_ledger(self.warehouse)?;
        let is_listed = ledger.iter().any(|(line, _)| *line == self.line);
        if !exists(&folder(self.warehouse, &self.line.edition))? {
            let path = self.warehouse.published().join("ledger.jsonl");
            let what = format!("it lists edition {}, which is not there", self.line.edition);
            return match is_listed {
                true => Err(WarehouseError::Altered { file: path.display().to_string(), what }),
                false => self.remove(),
            };
        }
        if !is_listed {
            let found = open_folder(folder(self.warehouse, &self.line.edition), &self.line.edition)?;
            if Intent::of(self.warehouse, &found)?.line != self.line {
                let what = "it is not the edition that was about to be published when a run ended".to_string();
                return Err(WarehouseError::Altered { file: found.folder.display().to_string(), what });
            }
            Ledger::prepare(self.warehouse, &self.line)?.replace()?;
        }
        self.fulfil()
    }
}

/// The ledger with one line more, written beside the one that is in force.
struct Ledger {
    path: PathBuf,
    beside: PathBuf,
    /// The bytes of the one in force; none where there is none yet.
    before: Option<Vec<u8>>,
}

impl Ledger {
    fn prepare(warehouse: &Warehouse, line: &LedgerLine) -> Result<Ledger, WarehouseError> {
        let path = warehouse.published().join("ledger.jsonl");
        let beside = path.with_file_name(".ledger.jsonl.partial");
        remove_file(&beside)?;
        let before = match fs::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(WarehouseError::io(&path, error)),
        };
        let mut bytes = before.clone().into_iter().flatten().collect::<Vec<u8>>();
        bytes.extend(line_text(line)?.bytes().chain([b'\n']));
        write_synced(&beside, &bytes)?;
        set_mode(&beside, PUBLIC_FILE)?;
        Ok(Ledger { path, beside, before })
    }

    /// Puts the new ledger in the place of the old one, for good.
    fn replace(&self) -> Result<(), WarehouseError> {
        rename(&self.beside, &self.path)?;
        sync_parent(&self.path)
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
/// A file that cannot be read, written or renamed; an edition that is not the one whose publication had begun.
pub fn settle(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    for intent in Intent::pending(warehouse)? {
        intent.settle()?;
    }
    for parent in [warehouse.published(), warehouse.root().join("confidential")] {
        for name in names(&parent)? {
            if name.starts_with(".edition=") && name.ends_with(".partial") {
                remove_folder(&parent.join(name))?;
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
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    for edition in list(warehouse)? {
        let known = newest.entry(edition.manifest.monitor).or_default();
        *known = std::mem::take(known).max(edition.manifest.edition);
    }
    if newest.is_empty() {
        return Ok(());
    }
    let latest = warehouse.root().join("latest");
    fs::create_dir_all(&latest).map_err(|error| WarehouseError::io(&latest, error))?;
    for (monitor, id) in newest {
        let link = latest.join(&monitor);
        let target = PathBuf::from("../published").join(format!("edition={id}"));
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

fn line_text(line: &LedgerLine) -> Result<String, WarehouseError> {
    serde_json::to_string(line).map_err(|error| WarehouseError::Engine(error.to_string()))
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

fn sync_parent(path: &Path) -> Result<(), WarehouseError> {
    path.parent().map_or(Ok(()), sync)
}
