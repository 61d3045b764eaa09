//! Deliveries: the files as they came, each with its receipt, kept for ever.
//!
//! A delivery lies in `sources/<supplier>/deliveries/<period>/<extract>/<sequence>/`. A later one of the same period
//! supersedes the earlier, which stays where it is.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use catalog::contract::ExtractId;
use catalog::digest::hex;
use catalog::document::is_bounded;
use catalog::project::Project;
use catalog::receipt::{Receipt, is_sealed};
use catalog::{Day, Fault, Period, Place};
use sha2::{Digest, Sha256};

use crate::LandError;

/// A delivery found in the sources folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What it is a delivery of.
    pub extract: ExtractId,
    /// The period.
    pub period: Period,
    /// Day of reception.
    pub delivered_on: Day,
    /// Its receipt.
    pub receipt: Receipt,
    /// Its folder.
    pub folder: PathBuf,
}

impl Delivery {
    /// The files with their names in words.
    pub fn files(&self, root: &Path) -> Vec<(PathBuf, String)> {
        self.receipt
            .files
            .iter()
            .map(|file| {
                let path = self.folder.join(&file.name);
                let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                (path, shown)
            })
            .collect()
    }

    /// Compares the files with the receipt, byte for byte.
    pub fn verify(&self, root: &Path) -> Result<(), LandError> {
        let mut faults = Vec::new();
        for (file, (path, shown)) in self.receipt.files.iter().zip(self.files(root)) {
            let place = Place::file(&shown);
            match digest(&path) {
                Ok((sha256, bytes)) if sha256 == file.sha256 && bytes == file.bytes => {}
                Ok((_, bytes)) if bytes < file.bytes => faults.push(
                    Fault::new(
                        "S32",
                        place,
                        format!("the file is truncated: {bytes} bytes, its receipt says {}", file.bytes),
                    )
                    .hint("put the delivered file back, or receive it again"),
                ),
                Ok(_) => faults.push(
                    Fault::new(
                        "S33",
                        place,
                        "the file is not the one that was received: its hash differs from the receipt",
                    )
                    .hint("put the delivered file back, or receive the new one with `liim receive`"),
                ),
                Err(error) if error.kind() == ErrorKind::NotFound => faults.push(
                    Fault::new("S34", place, "the delivered file is not there")
                        .hint("put it back, or receive it again"),
                ),
                Err(error) => return Err(LandError::io(&shown, error)),
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(LandError::Faults(faults)) }
    }
}

/// All deliveries of an extract, in the order of period, day of reception and sequence.
///
/// # Errors
/// What cannot be read; else all receipts that are missing, altered or wrong.
pub fn deliveries(project: &Project, extract: &ExtractId) -> Result<Vec<Delivery>, LandError> {
    let mut found = Vec::new();
    let mut faults = Vec::new();
    for receipt in receipts(project, extract)? {
        match receipt {
            Ok(delivery) => found.push(delivery),
            Err(LandError::Faults(told)) => faults.extend(told),
            Err(other) => return Err(other),
        }
    }
    if !faults.is_empty() {
        return Err(LandError::Faults(faults));
    }
    found.sort_by_key(|delivery| (delivery.period, delivery.delivered_on, delivery.receipt.sequence));
    Ok(found)
}

/// Each delivery of an extract, or what is wrong with its receipt.
///
/// # Errors
/// A folder of deliveries that cannot be read.
pub fn receipts(project: &Project, extract: &ExtractId) -> Result<Vec<Result<Delivery, LandError>>, LandError> {
    let base = project.root.join("sources").join(&extract.supplier).join("deliveries");
    let mut found = Vec::new();
    for period_folder in folders(&base)? {
        for folder in folders(&period_folder.join(&extract.extract))? {
            found.push(receipt_of(project, extract, folder));
        }
    }
    Ok(found)
}

/// Reads the receipt of a delivery's folder.
fn receipt_of(project: &Project, extract: &ExtractId, folder: PathBuf) -> Result<Delivery, LandError> {
    let file = folder.join(Receipt::FILE);
    let shown = file.strip_prefix(&project.root).unwrap_or(&file).display().to_string();
    let wrong = |code, what: &str| Fault::new(code, Place::file(&shown), what);
    let refused = |fault| Err(LandError::Faults(vec![fault]));
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return refused(wrong("S35", "the delivery has no receipt").hint("receive it with `liim receive`"));
        }
        Err(error) => return Err(LandError::io(&shown, error)),
    };
    let mut faults = Vec::new();
    if !is_bounded(&shown, 'S', &text, &mut faults) {
        return Err(LandError::Faults(faults));
    }
    if !is_sealed(&text) {
        let what = "the receipt is not as it was written: its last line does not hold the hash of those above it";
        return refused(wrong("S36", what).hint("put it back from a copy, or change it with `liim receive`"));
    }
    let receipt: Receipt = match serde_yaml::from_str(&text) {
        Ok(receipt) => receipt,
        Err(error) => {
            let mut place = Place::file(&shown);
            place.line = error.location().map(|location| location.line() as u64);
            return refused(Fault::new("S36", place, "not a receipt").hint(error.to_string()));
        }
    };
    match (receipt.period.parse(), receipt.delivered_on.parse()) {
        (Ok(period), Ok(delivered_on)) if fits(&receipt, extract, &folder) => {
            Ok(Delivery { extract: extract.clone(), period, delivered_on, receipt, folder })
        }
        _ => refused(wrong("S36", "extract, period or day of the receipt do not fit its folder")),
    }
}

/// Whether a receipt is that of the folder it lies in, and names files of that folder alone.
fn fits(receipt: &Receipt, extract: &ExtractId, folder: &Path) -> bool {
    let is_named = |folder: Option<&Path>, name: &str| {
        folder.and_then(Path::file_name).and_then(|own| own.to_str()).is_some_and(|own| own == name)
    };
    receipt.extract == extract.to_string()
        && is_named(Some(folder), &Receipt::folder(receipt.sequence))
        && is_named(folder.ancestors().nth(2), &receipt.period)
        && receipt
            .files
            .iter()
            .all(|file| Path::new(&file.name).file_name().is_some_and(|name| name == file.name.as_str()))
}

/// SHA-256 and length of a file.
pub fn digest(path: &Path) -> std::io::Result<(String, u64)> {
    // A pipe is asked what it is before it is opened, for opening it waits for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("not a regular file"));
    }
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let got = file.read(&mut buffer)?;
        if got == 0 {
            return Ok((hex(&hasher.finalize()), bytes));
        }
        hasher.update(&buffer[..got]);
        bytes += got as u64;
    }
}

/// The folders below a folder, in order; none where it is not there. What cannot be read is an error: a delivery that is
/// passed over would give way to an older one.
fn folders(base: &Path) -> Result<Vec<PathBuf>, LandError> {
    let unread = |path: &Path, error| LandError::io(&path.display().to_string(), error);
    let entries = match fs::read_dir(base) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unread(base, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unread(base, error))?;
        let path = entry.path();
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && fs::metadata(&path).map_err(|error| unread(&path, error))?.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
