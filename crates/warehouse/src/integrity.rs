//! Whether everything in the warehouse is as it was written: each file against its hash, each edition against the ledger, each
//! confidential folder against the manifest of its edition. All that is wrong is found, and not only the first of it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::WarehouseError;
use crate::confidential;
use crate::edition::{
    Published, check_below, ids, is_there, latest_target, newest, open_folder_of, open_in, sums_of, walk,
};
use crate::guard::{check_private_file, check_private_folder, check_public_folder, entries, read_own};
use crate::ledger::{self, Ledger};
use crate::manifest::Manifest;
use crate::store::Warehouse;

/// What a check of the warehouse found.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong: each with its path.
    pub findings: Vec<String>,
    /// The editions that could be opened.
    pub editions: Vec<Published>,
    /// Files that are as they were written.
    pub sound: u64,
}

impl Report {
    fn take<T>(&mut self, checked: Result<T, WarehouseError>) -> Option<T> {
        match checked {
            Ok(found) => Some(found),
            Err(error) => {
                let sentence = error.to_string();
                if !self.findings.contains(&sentence) {
                    self.findings.push(sentence);
                }
                None
            }
        }
    }

    fn file(&mut self, checked: Result<(), WarehouseError>) {
        self.sound += u64::from(self.take(checked).is_some());
    }

    fn wrong(&mut self, file: &Path, what: &str) {
        self.take::<()>(Err(WarehouseError::altered(file, what)));
    }
}

/// Checks every file of a warehouse.
pub fn check(warehouse: &Warehouse) -> Report {
    let mut report = Report::default();
    published(warehouse, &mut report);
    for zone in [warehouse.landed(), warehouse.work()] {
        private(&zone, &mut report);
    }
    report
}

fn published(warehouse: &Warehouse, report: &mut Report) {
    let ledger = report.take(Ledger::read(warehouse));
    let Some(ids) = report.take(ids(warehouse, ledger.as_ref().unwrap_or(&Ledger::default()))) else { return };
    for id in &ids {
        let opened = match &ledger {
            Some(ledger) => open_in(warehouse, ledger, id),
            // With a ledger that is not as it was written an edition is still held against its own manifest.
            None => open_folder_of(warehouse, id),
        };
        let Some(edition) = report.take(opened) else { continue };
        edition_files(&edition, report);
        report.editions.push(edition);
    }
    let editions = std::mem::take(&mut report.editions);
    for edition in &editions {
        followed(edition, &editions, ledger.as_ref(), report);
        confidential_folder(warehouse, edition, report);
    }
    if let Some(names) = report.take(is_there(&warehouse.published()).and_then(|there| match there {
        true => entries(&warehouse.published()),
        false => Ok(Vec::new()),
    })) {
        for path in
            names.iter().filter(|path| !is_known(path, |name| name == "ledger.jsonl" || name.starts_with("edition=")))
        {
            report.wrong(path, "it is nothing that the pipeline publishes; remove it");
        }
    }
    strangers(warehouse, &ids, report);
    latest(warehouse, &editions, report);
    report.editions = editions;
}

/// Whether a name is one that belongs here, or one under which something is written before it is whole.
fn is_known(path: &Path, known: impl Fn(&str) -> bool) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    known(name) || (name.starts_with('.') && name.ends_with(".partial"))
}

/// Every file of an edition against its manifest, and no file more.
fn edition_files(edition: &Published, report: &mut Report) {
    let mut known: BTreeSet<PathBuf> = ["manifest.json", "SHA256SUMS"].map(|name| edition.folder.join(name)).into();
    for file in &edition.manifest.files {
        report.file(check_below(&edition.folder, &file.path).and_then(|()| edition.verified(&file.path)).map(|_| ()));
        known.insert(edition.folder.join(&file.path));
    }
    let sums = edition.folder.join("SHA256SUMS");
    report.file(read_own(&sums).and_then(|bytes| {
        let is_right = bytes == sums_of(&edition.manifest, &edition.manifest_sha256).as_bytes();
        if is_right { Ok(()) } else { Err(WarehouseError::altered(&sums, "it is not what the manifest says")) }
    }));
    let mut found = Vec::new();
    report.take(walk(&edition.folder, &mut found));
    for path in found.iter().filter(|path| !known.contains(*path)) {
        report.wrong(path, "the manifest does not name it");
    }
}

/// What an edition says of the one that it follows and of the ledger before it.
fn followed(edition: &Published, editions: &[Published], ledger: Option<&Ledger>, report: &mut Report) {
    let path = edition.folder.join("manifest.json");
    let Manifest { follows, ledger_before, edition: id, .. } = &edition.manifest;
    if let Some(follows) = follows {
        let found = editions.iter().find(|other| other.manifest.edition == follows.edition);
        if found.is_none_or(|found| found.manifest_sha256 != follows.manifest_sha256) {
            report.wrong(&path, &format!("edition {} is not the one that it follows", follows.edition));
        }
    }
    if ledger.and_then(|ledger| ledger.line(id)).is_some_and(|line| line.previous != *ledger_before) {
        report.wrong(&path, "the ledger is not the one before which it was published");
    }
}

/// The confidential files of an edition against its manifest, and no file more.
fn confidential_folder(warehouse: &Warehouse, edition: &Published, report: &mut Report) {
    let folder = confidential::folder(warehouse, &edition.manifest.edition);
    report.take(confidential::check(warehouse, edition));
    let known: Vec<String> = confidential::FILES
        .into_iter()
        .chain([confidential::SALT])
        .flat_map(|name| [name.to_string(), format!("{name}.sha256")])
        .chain([ledger::WRITTEN.to_string()])
        .collect();
    if !report.take(is_there(&folder)).unwrap_or(false) {
        return;
    }
    for name in confidential::FILES.into_iter().chain([confidential::SALT]) {
        report.file(check_private_file(&folder.join(name)).map(|_| ()));
    }
    for path in report.take(entries(&folder)).unwrap_or_default() {
        if is_known(&path, |name| known.iter().any(|own| own == name)) {
            report.file(mode(&path));
        } else {
            report.wrong(&path, "it is no confidential file of an edition");
        }
    }
    if !report.take(is_there(&folder.join(ledger::WRITTEN))).unwrap_or(false) {
        report.wrong(&folder.join(ledger::WRITTEN), "the line that the ledger has of this edition is not here");
    }
}

/// What lies in the confidential zone and belongs to no edition.
fn strangers(warehouse: &Warehouse, ids: &BTreeSet<String>, report: &mut Report) {
    let zone = warehouse.confidential();
    if !report.take(warehouse.has_confidential()).unwrap_or(false) {
        return;
    }
    for path in report.take(entries(&zone)).unwrap_or_default() {
        let is_of_edition = |name: &str| name.strip_prefix("edition=").is_some_and(|id| ids.contains(id));
        // What a run was about to publish when it was killed is taken away by the next.
        let is_waiting = report.take(is_there(&path.join(ledger::INTENT))).unwrap_or(false);
        if !is_waiting && !is_known(&path, is_of_edition) {
            report.wrong(&path, "no edition is published to which it belongs");
        }
    }
}

/// The links to the newest edition of each monitor.
fn latest(warehouse: &Warehouse, editions: &[Published], report: &mut Report) {
    let folder = warehouse.root().join("latest");
    if !report.take(is_there(&folder)).unwrap_or(false) {
        return;
    }
    report.take(check_public_folder(&folder));
    let newest = newest(editions);
    for (monitor, id) in &newest {
        let link = folder.join(monitor);
        match fs::read_link(&link) {
            Ok(target) if target == latest_target(id) => report.sound += 1,
            _ => report.wrong(&link, &format!("it does not point at edition {id}, the newest of the monitor")),
        }
    }
    for path in report.take(entries(&folder)).unwrap_or_default() {
        if !is_known(&path, |name| newest.contains_key(name)) {
            report.wrong(&path, "it is no monitor of which an edition is published");
        }
    }
}

/// Every file of a private zone against the hash beside it; of what the engine swaps out nothing is kept.
fn private(folder: &Path, report: &mut Report) {
    if !report.take(is_there(folder)).unwrap_or(false) || report.take(check_private_folder(folder)).is_none() {
        return;
    }
    for path in report.take(entries(folder)).unwrap_or_default() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(metadata) = report.take(fs::symlink_metadata(&path).map_err(|error| WarehouseError::io(&path, error)))
        else {
            continue;
        };
        if metadata.is_dir() {
            if name != "spill" {
                private(&path, report);
            }
        } else if let Some(of) = name.strip_suffix(".sha256") {
            let of = path.with_file_name(of);
            // A file that is written again has its hash first: then neither is in use.
            let is_here = |path: &Path, report: &mut Report| report.take(is_there(path)).unwrap_or(false);
            if !is_here(&of, report) && is_here(&folder.join("landed.json"), report) {
                report.wrong(&of, "its hash is here and it is not");
            }
        } else if !name.ends_with(".partial") {
            report.file(mode(&path).and_then(|()| check_private_file(&path)).map(|_| ()));
        }
    }
}

/// A private file is its owner's alone.
fn mode(path: &Path) -> Result<(), WarehouseError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| WarehouseError::io(path, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & 0o077 != 0 {
        let what = format!("its mode is {mode:04o}, so others can read it; see who did, then `chmod 0600` it");
        return Err(WarehouseError::unsafe_path(path, &what));
    }
    Ok(())
}
