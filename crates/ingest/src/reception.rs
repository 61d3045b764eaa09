//! Receiving: a delivery is checked against its contract, copied in whole, and visible only when it is complete.
//!
//! One receive at a time writes below `sources/`. It writes into a folder whose name begins with a point and renames it
//! when everything is on the disk, so that no reader meets a delivery in the making; what a killed receive left behind is
//! removed by the next.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use catalog::contract::{Extract, ExtractId};
use catalog::project::Project;
use catalog::receipt::{Change, DeliveredFile, Receipt};
use catalog::{Day, Period};

use crate::LandError;
use crate::delivery::{Delivery, deliveries, digest};
use crate::filling::Filling;
use crate::land::{Landed, Source, land};
use crate::names::{in_plain_words, kept_names};
use crate::tolerance::{usual_volume, within_tolerance};

/// A new delivery to be received.
#[derive(Debug, Clone)]
pub struct Reception<'r> {
    /// The period.
    pub period: Period,
    /// The day it is received on, today where nothing else is said.
    pub today: Day,
    /// Day of reception, where it is stated.
    pub delivered_on: Option<Day>,
    /// Day of extraction, where it is known.
    pub extracted_on: Option<Day>,
    /// Files, in reading order.
    pub files: &'r [PathBuf],
    /// Who delivered.
    pub delivered_by: &'r str,
    /// Why the receipt of a delivery that is there already is changed.
    pub why: Option<&'r str>,
}

impl Reception<'_> {
    /// The day of reception.
    pub fn day(&self) -> Day {
        self.delivered_on.unwrap_or(self.today)
    }
}

/// What came of receiving.
#[derive(Debug, Clone)]
pub struct Received {
    /// The delivery as it now lies.
    pub delivery: Delivery,
    /// What was done.
    pub outcome: Outcome,
    /// Files that are kept under another name: what they were called, in words, and their names now.
    pub renamed: Vec<(String, String)>,
}

/// What receiving did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A delivery was written.
    New,
    /// The same bytes are there already, with the same days: nothing was written.
    Identical,
    /// The same bytes are there already, and their receipt now has other days.
    Amended(Vec<Change>),
}

/// What was found in a delivery, received or not.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// File names with their SHA-256 and length in bytes.
    pub files: Vec<(String, String, u64)>,
    /// Rows and rejections, where the files could be read to their end.
    pub landed: Option<Landed>,
    /// Accepted rows in which each column is empty.
    pub empty: Vec<u64>,
}

/// The lock on everything below `sources/`: only who holds it writes deliveries there.
#[derive(Debug)]
pub struct SourcesLock {
    /// Held open; the system lets go of the lock when the process ends, however it ends.
    _file: File,
}

/// Name of the lock's file below `sources/`.
const LOCK: &str = ".lock";

impl SourcesLock {
    /// Takes the lock of a project; where another command holds it, calls `waiting` once and waits.
    ///
    /// # Errors
    /// Where the lock's file cannot be opened.
    pub fn take(root: &Path, waiting: &dyn Fn()) -> Result<SourcesLock, LandError> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = root.join("sources").join(LOCK);
        let failed = |error| LandError::io(&in_plain_words(&path), error);
        let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock().map_err(failed)?;
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(SourcesLock { _file: file })
    }
}

/// Receives a delivery: checks it against its contract, copies it in, writes its receipt.
///
/// Nothing is written when the delivery breaks its contract as a whole or has more rejections than the contract allows.
/// Bytes that are there already change nothing but the days of their receipt, where other days are stated. What was found
/// is given in `findings` in either case; `waiting` is called where another receive is at work.
///
/// # Errors
/// Where the delivery breaks its contract, or a file cannot be read or written.
pub fn receive(
    project: &Project,
    extract: &Extract,
    reception: &Reception<'_>,
    threads: usize,
    findings: &mut Findings,
    waiting: &dyn Fn(),
) -> Result<Received, LandError> {
    let shown: Vec<String> = reception.files.iter().map(|file| in_plain_words(file)).collect();
    let names = kept_names(reception.files);
    for ((file, shown), name) in reception.files.iter().zip(&shown).zip(&names) {
        let (sha256, bytes) = digest(file).map_err(|error| LandError::io(shown, error))?;
        findings.files.push((name.clone(), sha256, bytes));
    }
    let sources: Vec<Source<'_>> =
        reception.files.iter().zip(&shown).map(|(path, shown)| Source { path, shown }).collect();
    let mut filling = Filling::new(extract, &project.reference);
    let landed = land(extract, &project.reference, reception.period, &sources, threads, &mut |batch| {
        filling.add(&batch);
        Ok(())
    })?;
    findings.empty = filling.empty().to_vec();
    let landed = findings.landed.insert(landed);
    within_tolerance(extract, landed, &shown)?;
    filling.within_floors(extract, reception.period, shown.first().map_or("", String::as_str))?;
    let files: Vec<DeliveredFile> = (findings.files.iter().zip(&landed.rows_by_file))
        .map(|((name, sha256, bytes), lines)| DeliveredFile {
            name: name.clone(),
            sha256: sha256.clone(),
            bytes: *bytes,
            lines: *lines,
        })
        .collect();

    let _lock = SourcesLock::take(&project.root, waiting)?;
    sweep(&project.root)?;
    let earlier = deliveries(project, &extract.id)?;
    usual_volume(extract, &earlier, reception, landed.rows)?;
    if let Some((known, outcome)) = known_already(&earlier, reception, &files)? {
        return Ok(Received { delivery: known, outcome, renamed: Vec::new() });
    }
    let renamed = (reception.files.iter().zip(&names))
        .filter(|(file, name)| file.file_name() != Some(name.as_ref()))
        .map(|(file, name)| (in_plain_words(file), name.clone()))
        .collect();
    let delivery = write(project, &extract.id, reception, &earlier, files)?;
    Ok(Received { delivery, outcome: Outcome::New, renamed })
}

/// The delivery that has these bytes already, and what is done with it; nothing where they are new.
///
/// Only the delivery in use counts, for an earlier one may be received again to take its place; unless a day is stated on
/// which it would not.
fn known_already(
    earlier: &[Delivery],
    reception: &Reception<'_>,
    files: &[DeliveredFile],
) -> Result<Option<(Delivery, Outcome)>, LandError> {
    let same = |delivery: &&Delivery| {
        let known = delivery.receipt.files.iter().map(|file| &file.sha256);
        delivery.period == reception.period && known.eq(files.iter().map(|file| &file.sha256))
    };
    let newest = earlier.iter().rfind(|delivery| delivery.period == reception.period);
    let stays = newest.zip(reception.delivered_on).is_some_and(|(newest, stated)| stated < newest.delivered_on);
    let superseded = || earlier.iter().rev().filter(|_| stays).find(same);
    let Some(known) = newest.filter(same).or_else(superseded) else { return Ok(None) };
    let mut delivery = known.clone();
    let changes = amend(&mut delivery.receipt, reception);
    if changes.is_empty() {
        return Ok(Some((delivery, Outcome::Identical)));
    }
    delivery.delivered_on = reception.delivered_on.unwrap_or(delivery.delivered_on);
    let file = delivery.folder.join(Receipt::FILE);
    let aside = delivery.folder.join(format!(".{}.partial", Receipt::FILE));
    let failed = |error| LandError::io(&in_plain_words(&file), error);
    remove_if_there(&aside).map_err(failed)?;
    write_receipt(&aside, &delivery.receipt)?;
    fs::rename(&aside, &file).and_then(|()| sync_folder(&delivery.folder)).map_err(failed)?;
    Ok(Some((delivery, Outcome::Amended(changes))))
}

/// Puts the stated days into a receipt, and gives what was changed.
fn amend(receipt: &mut Receipt, reception: &Reception<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut change = |field: &str, before: Option<&str>, stated: Option<Day>| {
        let after = stated.map(|day| day.to_string()).filter(|after| before != Some(after))?;
        changes.push(Change {
            changed_on: reception.today.to_string(),
            field: field.to_string(),
            before: before.map(str::to_string),
            after: after.clone(),
            why: reception.why.map(str::to_string),
        });
        Some(after)
    };
    let delivered_on = change("delivered_on", Some(&receipt.delivered_on), reception.delivered_on);
    let extracted_on = change("extracted_on", receipt.extracted_on.as_deref(), reception.extracted_on);
    receipt.delivered_on = delivered_on.unwrap_or_else(|| receipt.delivered_on.clone());
    receipt.extracted_on = extracted_on.or_else(|| receipt.extracted_on.clone());
    receipt.history.extend(changes.iter().cloned());
    changes
}

/// Copies the files into a new delivery folder beside a receipt, and makes it visible when all is on the disk.
fn write(
    project: &Project,
    extract: &ExtractId,
    reception: &Reception<'_>,
    earlier: &[Delivery],
    files: Vec<DeliveredFile>,
) -> Result<Delivery, LandError> {
    let failed = |path: &Path, error| LandError::io(&in_plain_words(path), error);
    let of_period = earlier.iter().filter(|delivery| delivery.period == reception.period);
    let sequence = of_period.map(|delivery| delivery.receipt.sequence).max().unwrap_or(0) + 1;
    let base = project.root.join("sources").join(&extract.supplier).join("deliveries");
    let period = base.join(reception.period.to_string());
    let parent = period.join(&extract.extract);
    let folder = parent.join(Receipt::folder(sequence));
    let partial = parent.join(partial_name(sequence));
    create_private(&parent).map_err(|error| failed(&parent, error))?;
    create_private(&partial).map_err(|error| failed(&partial, error))?;
    for (file, wanted) in reception.files.iter().zip(&files) {
        let to = partial.join(&wanted.name);
        copy_private(file, &to).map_err(|error| failed(&to, error))?;
        // The bytes that lie there now are the bytes that were checked.
        if digest(&to).map_err(|error| failed(&to, error))? != (wanted.sha256.clone(), wanted.bytes) {
            return Err(failed(&to, io::Error::other("the file changed while it was being copied")));
        }
    }
    let receipt = Receipt {
        extract: extract.to_string(),
        period: reception.period.to_string(),
        delivered_on: reception.day().to_string(),
        delivered_by: reception.delivered_by.to_string(),
        extracted_on: reception.extracted_on.map(|day| day.to_string()),
        synthetic: false,
        sequence,
        files,
        history: Vec::new(),
    };
    write_receipt(&partial.join(Receipt::FILE), &receipt)?;
    sync_folder(&partial).map_err(|error| failed(&partial, error))?;
    // A folder that is there already and holds anything is left as it is: the system refuses.
    fs::rename(&partial, &folder).map_err(|error| failed(&folder, error))?;
    for changed in [&parent, &period, &base] {
        sync_folder(changed).map_err(|error| failed(changed, error))?;
    }
    Ok(Delivery { extract: extract.clone(), period: reception.period, delivered_on: reception.day(), receipt, folder })
}

/// The name of a delivery's folder while it is being written.
fn partial_name(sequence: u32) -> String {
    format!(".{}.partial", Receipt::folder(sequence))
}

/// Whether a folder has such a name.
fn is_partial(name: &str) -> bool {
    let number = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".partial"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

/// Removes what killed receives left behind, of all suppliers. The lock is held, so nobody is writing there.
fn sweep(root: &Path) -> Result<(), LandError> {
    for supplier in folders(&root.join("sources"))? {
        for period in folders(&supplier.join("deliveries"))? {
            for extract in folders(&period)? {
                for folder in folders(&extract)? {
                    let name = folder.file_name().map(|name| name.to_string_lossy().to_string());
                    if name.is_some_and(|name| is_partial(&name)) {
                        fs::remove_dir_all(&folder).map_err(|error| LandError::io(&in_plain_words(&folder), error))?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The folders in a folder; none where it is not there.
fn folders(base: &Path) -> Result<Vec<PathBuf>, LandError> {
    let failed = |error| LandError::io(&in_plain_words(base), error);
    let entries = match fs::read_dir(base) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Creates folders that only their owner can enter.
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn copy_private(from: &Path, to: &Path) -> io::Result<()> {
    let mut target = private_file(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

fn write_receipt(path: &Path, receipt: &Receipt) -> Result<(), LandError> {
    let text = receipt.to_text().map_err(|error| LandError::Sink(error.to_string()))?;
    let written = private_file(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| LandError::io(&in_plain_words(path), error))
}

fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes sure that the names in a folder are on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reception(delivered_on: Option<Day>, extracted_on: Option<Day>) -> Reception<'static> {
        Reception {
            period: Period::year(2010),
            today: Day::new_year(2012),
            delivered_on,
            extracted_on,
            files: &[],
            delivered_by: "X",
            why: Some("the letter says so"),
        }
    }

    fn receipt() -> Receipt {
        Receipt {
            extract: "a/b".into(),
            period: "2010".into(),
            delivered_on: "2011-06-01".into(),
            delivered_by: "X".into(),
            extracted_on: None,
            synthetic: false,
            sequence: 1,
            files: Vec::new(),
            history: Vec::new(),
        }
    }

    #[test]
    fn a_receipt_changes_only_in_what_is_stated_and_keeps_what_stood_there() {
        let mut changed = receipt();
        assert_eq!(amend(&mut changed, &reception(None, None)), []);
        assert_eq!(amend(&mut changed, &reception(Some("2011-06-01".parse().unwrap()), None)), []);
        assert_eq!(changed, receipt());
        let stated = reception(Some("2011-03-01".parse().unwrap()), Some("2011-02-01".parse().unwrap()));
        assert_eq!(amend(&mut changed, &stated).len(), 2);
        assert_eq!(changed.delivered_on, "2011-03-01");
        assert_eq!(changed.extracted_on.as_deref(), Some("2011-02-01"));
        let text = changed.to_text().unwrap();
        assert_eq!(serde_yaml::from_str::<Receipt>(&text).unwrap(), changed);
        let first = &changed.history[0];
        assert_eq!((first.field.as_str(), first.before.as_deref()), ("delivered_on", Some("2011-06-01")));
        assert_eq!((first.changed_on.as_str(), first.why.as_deref()), ("2012-01-01", Some("the letter says so")));
        assert_eq!(amend(&mut changed, &stated), []);
        assert_eq!(changed.history.len(), 2);
    }

    #[test]
    fn only_folders_of_receives_are_swept() {
        assert!(is_partial(&partial_name(1)) && is_partial(".12345.partial"));
        for other in ["0001", ".0001", ".0001-synth", ".partial", ".a.partial", "0001.partial", ".lock"] {
            assert!(!is_partial(other), "{other}");
        }
    }
}
