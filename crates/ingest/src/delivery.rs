//! Deliveries: the files as they came, each with its receipt, kept for ever.
//!
//! A delivery lies in `sources/<supplier>/deliveries/<period>/<extract>/<sequence>/`. A later one of the same period
//! supersedes the earlier, which stays where it is.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use catalog::contract::{Extract, ExtractId};
use catalog::digest::hex;
use catalog::project::Project;
use catalog::receipt::{DeliveredFile, Receipt};
use catalog::{Day, Fault, Period, Place};
use sha2::{Digest, Sha256};

use crate::LandError;
use crate::land::{Landed, Source, land};
use crate::tolerance::{usual_volume, within_tolerance};

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
                Err(_) => faults.push(
                    Fault::new("S34", place, "the delivered file is not there")
                        .hint("put it back, or receive it again"),
                ),
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(LandError::Faults(faults)) }
    }
}

/// All deliveries of an extract, in the order of period, day of reception and sequence.
pub fn deliveries(project: &Project, extract: &ExtractId) -> Result<Vec<Delivery>, LandError> {
    let base = project.root.join("sources").join(&extract.supplier).join("deliveries");
    let mut found = Vec::new();
    let mut faults = Vec::new();
    for period_folder in folders(&base) {
        for folder in folders(&period_folder.join(&extract.extract)) {
            let file = folder.join("receipt.yaml");
            let shown = file.strip_prefix(&project.root).unwrap_or(&file).display().to_string();
            let Ok(text) = fs::read_to_string(&file) else {
                faults.push(
                    Fault::new("S35", Place::file(&shown), "the delivery has no receipt")
                        .hint("receive it with `liim receive`"),
                );
                continue;
            };
            let receipt: Receipt = match serde_yaml::from_str(&text) {
                Ok(receipt) => receipt,
                Err(error) => {
                    let mut place = Place::file(&shown);
                    place.line = error.location().map(|location| location.line() as u64);
                    faults.push(Fault::new("S36", place, "not a receipt").hint(error.to_string()));
                    continue;
                }
            };
            match (receipt.period.parse(), receipt.delivered_on.parse()) {
                (Ok(period), Ok(delivered_on)) if receipt.extract == extract.to_string() => {
                    found.push(Delivery { extract: extract.clone(), period, delivered_on, receipt, folder });
                }
                _ => faults.push(Fault::new(
                    "S36",
                    Place::file(&shown),
                    "extract, period or day of the receipt do not fit its folder",
                )),
            }
        }
    }
    if !faults.is_empty() {
        return Err(LandError::Faults(faults));
    }
    found.sort_by_key(|delivery| (delivery.period, delivery.delivered_on, delivery.receipt.sequence));
    Ok(found)
}

/// A new delivery to be received.
#[derive(Debug, Clone)]
pub struct Reception<'r> {
    /// The period.
    pub period: Period,
    /// Day of reception.
    pub delivered_on: Day,
    /// Day of extraction, where it is known.
    pub extracted_on: Option<Day>,
    /// Files, in reading order.
    pub files: &'r [PathBuf],
    /// Who delivered.
    pub delivered_by: &'r str,
}

/// What came of receiving.
#[derive(Debug, Clone)]
pub struct Received {
    /// The delivery as it now lies.
    pub delivery: Delivery,
    /// The same bytes had been received already; nothing new was written.
    pub identical: bool,
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

/// Receives a delivery: checks it against its contract, copies it in, writes its receipt.
///
/// Nothing is written when the delivery breaks its contract as a whole or has more rejections than the contract allows.
/// What was found is told in `findings` in either case.
pub fn receive(
    project: &Project,
    extract: &Extract,
    reception: &Reception<'_>,
    threads: usize,
    findings: &mut Findings,
) -> Result<Received, LandError> {
    let shown: Vec<String> = reception.files.iter().map(|file| file.display().to_string()).collect();
    let mut sums = Vec::new();
    for (file, shown) in reception.files.iter().zip(&shown) {
        sums.push(digest(file).map_err(|error| LandError::io(shown, error))?);
    }
    let names = reception.files.iter().map(|file| file.file_name().map(|name| name.to_string_lossy().to_string()));
    findings.files =
        names.zip(&sums).map(|(name, (sha256, bytes))| (name.unwrap_or_default(), sha256.clone(), *bytes)).collect();
    let earlier = deliveries(project, &extract.id)?;
    let sources: Vec<Source<'_>> =
        reception.files.iter().zip(&shown).map(|(path, shown)| Source { path, shown }).collect();
    let mut empty = vec![0; extract.columns.len()];
    let landed = land(extract, &project.reference, reception.period, &sources, threads, &mut |batch| {
        empty.iter_mut().zip(batch.columns()).for_each(|(count, column)| *count += column.null_count() as u64);
        Ok(())
    })?;
    let lines = landed.rows_by_file.clone();
    findings.empty = empty;
    let landed = findings.landed.insert(landed);
    within_tolerance(extract, landed, &shown)?;
    usual_volume(extract, &earlier, reception, landed.rows)?;
    // Only the delivery in use counts: an earlier one may be received again to take its place.
    let newest = earlier.iter().rfind(|delivery| delivery.period == reception.period);
    let same = newest.filter(|delivery| {
        delivery.receipt.files.iter().map(|file| &file.sha256).eq(sums.iter().map(|(sha256, _)| sha256))
    });
    if let Some(delivery) = same {
        return Ok(Received { delivery: delivery.clone(), identical: true });
    }
    let sequence = earlier
        .iter()
        .filter(|delivery| delivery.period == reception.period)
        .map(|delivery| delivery.receipt.sequence)
        .max()
        .unwrap_or(0)
        + 1;
    let base = project.root.join("sources").join(&extract.id.supplier).join("deliveries");
    let parent = base.join(reception.period.to_string()).join(&extract.id.extract);
    let folder = parent.join(Receipt::folder(sequence));
    let partial = parent.join(format!(".{}.partial", Receipt::folder(sequence)));
    let written = |path: &Path, error| LandError::io(&path.display().to_string(), error);
    create_private(&parent).map_err(|error| written(&parent, error))?;
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(|error| written(&partial, error))?;
    }
    create_private(&partial).map_err(|error| written(&partial, error))?;
    let mut files = Vec::new();
    for ((file, (sha256, bytes)), lines) in reception.files.iter().zip(sums).zip(lines) {
        let name = file.file_name().map(|name| name.to_string_lossy().to_string()).unwrap_or_default();
        let to = partial.join(&name);
        copy_private(file, &to).map_err(|error| written(&to, error))?;
        // The bytes that lie there now are the bytes that were checked.
        let copied = digest(&to).map_err(|error| written(&to, error))?;
        if copied != (sha256.clone(), bytes) {
            return Err(written(&to, std::io::Error::other("the file changed while it was being copied")));
        }
        files.push(DeliveredFile { name, sha256, bytes, lines });
    }
    let receipt = Receipt {
        extract: extract.id.to_string(),
        period: reception.period.to_string(),
        delivered_on: reception.delivered_on.to_string(),
        delivered_by: reception.delivered_by.to_string(),
        extracted_on: reception.extracted_on.map(|day| day.to_string()),
        sequence,
        files,
    };
    let text = serde_yaml::to_string(&receipt).map_err(|error| LandError::Sink(error.to_string()))?;
    let receipt_file = partial.join("receipt.yaml");
    write_private(&receipt_file, text.as_bytes()).map_err(|error| written(&receipt_file, error))?;
    fs::rename(&partial, &folder).map_err(|error| written(&folder, error))?;
    let delivery = Delivery {
        extract: extract.id.clone(),
        period: reception.period,
        delivered_on: reception.delivered_on,
        receipt,
        folder,
    };
    Ok(Received { delivery, identical: false })
}

/// SHA-256 and length of a file.
pub fn digest(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("not a file"));
    }
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

fn folders(base: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(base)
        .map(|entries| entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
        .unwrap_or_default();
    found.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    found.sort();
    found
}

/// Creates folders that only their owner can enter.
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut target = private_file(to)?;
    std::io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = private_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}
