//! Whether deliveries lie as they were received: every file against its receipt, and no file that no receipt names.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use catalog::project::Project;
use catalog::receipt::Receipt;
use catalog::{Fault, Place};

use crate::LandError;
use crate::delivery::{Delivery, receipts};

/// What a check of deliveries found.
#[derive(Debug, Default)]
pub struct Custody {
    /// What is wrong: each with its file.
    pub faults: Vec<Fault>,
    /// The deliveries whose receipts could be read.
    pub deliveries: Vec<Delivery>,
    /// Files that are as they were received.
    pub sound: u64,
}

impl Custody {
    fn take<T>(&mut self, checked: Result<T, LandError>) -> Option<T> {
        match checked {
            Ok(found) => Some(found),
            Err(LandError::Faults(faults)) => {
                self.faults.extend(faults);
                None
            }
            Err(LandError::Io { file, error }) => {
                self.faults.push(Fault::new("S90", Place::file(file), format!("cannot be read: {error}")));
                None
            }
            Err(other) => {
                self.faults.push(Fault::new("S90", Place::file("sources"), other.to_string()));
                None
            }
        }
    }
}

/// Checks every delivery of a project: receipts, files, and files that no receipt names.
pub fn check(project: &Project) -> Custody {
    let mut found = Custody::default();
    let mut received = Vec::new();
    for extract in project.extracts() {
        // A receipt that cannot be read does not hide the deliveries beside it.
        let receipts = found.take(receipts(project, &extract.id)).unwrap_or_default();
        received.extend(receipts.into_iter().filter_map(|receipt| found.take(receipt)));
    }
    let mut known: BTreeSet<PathBuf> = BTreeSet::new();
    for delivery in received {
        if found.take(delivery.verify(&project.root)).is_some() {
            found.sound += delivery.receipt.files.len() as u64 + 1;
        }
        known.extend(delivery.files(&project.root).into_iter().map(|(path, _)| path));
        known.insert(delivery.folder.join(Receipt::FILE));
        found.deliveries.push(delivery);
    }
    let mut files = Vec::new();
    let sources = project.root.join("sources");
    for supplier in found.take(entries(&sources)).unwrap_or_default() {
        let walked = walk(&supplier.join("deliveries"), &mut files);
        found.take(walked);
    }
    for path in files.into_iter().filter(|path| !known.contains(path)) {
        let shown = path.strip_prefix(&project.root).unwrap_or(&path).display().to_string();
        // A delivery whose receipt cannot be read is a fault already.
        let is_named =
            found.faults.iter().any(|fault| Path::new(&fault.place.file).parent() == Path::new(&shown).parent());
        if !is_named {
            let fault = Fault::new("S91", Place::file(shown), "no receipt names this file");
            found.faults.push(fault.hint("take it in with `liim receive`, or remove it"));
        }
    }
    found
}

/// Files below a folder; none where it is not there.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), LandError> {
    for path in entries(folder)? {
        let kind = fs::symlink_metadata(&path).map_err(|error| failed(&path, error))?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // What was being written when somebody stopped it is taken away by who writes next.
        if name.starts_with('.') && (name.ends_with(".partial") || name.ends_with("-synth")) {
            continue;
        }
        if kind.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, LandError> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, error)),
    };
    let mut found = Vec::new();
    for entry in listed {
        found.push(entry.map_err(|error| failed(folder, error))?.path());
    }
    found.sort();
    Ok(found)
}

fn failed(path: &Path, error: std::io::Error) -> LandError {
    LandError::io(&path.display().to_string(), error)
}
