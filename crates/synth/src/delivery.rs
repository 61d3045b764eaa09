//! Deliveries: the folder, the files with their hashes, the receipt.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use catalog::receipt::{DeliveredFile, Receipt};
use sha2::{Digest, Sha256};

use crate::error::SynthError;
use crate::parallel::in_order;
use crate::{Summary, WrittenFile};

/// Who delivers what this crate makes.
const SUPPLIED_BY: &str = "synthetisch";

/// A delivery, as its receipt will name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery {
    /// `supplier/extract`.
    pub(crate) extract: &'static str,
    pub(crate) period: &'static str,
    pub(crate) delivered_on: &'static str,
    pub(crate) extracted_on: Option<&'static str>,
    /// Whether its rows are persons or households.
    pub(crate) personal: bool,
}

impl Delivery {
    fn folder(&self, out: &Path) -> PathBuf {
        let (supplier, extract) = self.extract.split_once('/').unwrap_or((self.extract, ""));
        out.join("sources").join(supplier).join("deliveries").join(self.period).join(extract).join(Receipt::folder(1))
    }

    /// Makes sure that the folder is free, or holds an earlier delivery of this crate.
    pub(crate) fn check(&self, out: &Path) -> Result<(), SynthError> {
        let folder = self.folder(out);
        let mut held = match fs::read_dir(&folder) {
            Ok(held) => held,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(SynthError::Read { path: folder, source }),
        };
        let receipt = fs::read_to_string(folder.join("receipt.yaml")).ok();
        let receipt: Option<Receipt> = receipt.and_then(|text| serde_yaml::from_str(&text).ok());
        let own = receipt.is_some_and(|receipt| receipt.delivered_by == SUPPLIED_BY);
        if own || held.next().is_none() { Ok(()) } else { Err(SynthError::Occupied { path: folder }) }
    }

    /// Begins the delivery beside its folder; it gets there when it is complete.
    pub(crate) fn begin(self, out: &Path) -> Result<Begun, SynthError> {
        self.check(out)?;
        let folder = self.folder(out);
        let staging = folder.with_file_name(format!(".{}-synth", Receipt::folder(1)));
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(SynthError::writing(&staging))?;
        }
        let supplier = folder.ancestors().nth(4).unwrap_or(out);
        fs::create_dir_all(supplier).map_err(SynthError::writing(supplier))?;
        make_folder(&staging, self.personal)?;
        Ok(Begun { delivery: self, folder, staging, files: Vec::new() })
    }
}

/// A delivery whose files are being written.
pub(crate) struct Begun {
    delivery: Delivery,
    folder: PathBuf,
    staging: PathBuf,
    files: Vec<DeliveredFile>,
}

impl Begun {
    /// Begins a file.
    pub(crate) fn file(&self, name: &str) -> Result<Sink, SynthError> {
        Sink::create(&self.staging, name, self.delivery.personal)
    }

    /// Ends a file of this many data lines.
    pub(crate) fn add(&mut self, sink: Sink, lines: u64) -> Result<(), SynthError> {
        self.files.push(sink.finish(lines)?);
        Ok(())
    }

    /// Writes a whole file at once.
    pub(crate) fn whole(&mut self, name: &str, bytes: &[u8], lines: u64) -> Result<(), SynthError> {
        let mut sink = self.file(name)?;
        sink.write(bytes)?;
        self.add(sink, lines)
    }

    /// Writes the receipt and puts the delivery in its place.
    pub(crate) fn finish(self, summary: &mut Summary) -> Result<(), SynthError> {
        let Delivery { extract, period, delivered_on, extracted_on, personal } = self.delivery;
        for file in &self.files {
            summary.files.push(WrittenFile {
                extract: extract.to_string(),
                period: period.to_string(),
                name: file.name.clone(),
                lines: file.lines,
            });
        }
        let receipt = Receipt {
            extract: extract.to_string(),
            period: period.to_string(),
            delivered_on: delivered_on.to_string(),
            delivered_by: SUPPLIED_BY.to_string(),
            extracted_on: extracted_on.map(str::to_string),
            sequence: 1,
            files: self.files,
        };
        let text = serde_yaml::to_string(&receipt).map_err(SynthError::container("receipt.yaml"))?;
        let mut sink = Sink::create(&self.staging, "receipt.yaml", personal)?;
        sink.write(text.as_bytes())?;
        sink.finish(0)?;
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(SynthError::writing(&self.folder))?;
        }
        fs::rename(&self.staging, &self.folder).map_err(SynthError::writing(&self.folder))
    }
}

/// A file being written and hashed.
pub(crate) struct Sink {
    path: PathBuf,
    name: String,
    out: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Sink {
    /// Creates a file, readable by its owner only if it is personal.
    pub(crate) fn create(folder: &Path, name: &str, personal: bool) -> Result<Sink, SynthError> {
        let path = folder.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        if personal {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        #[cfg(not(unix))]
        let _ = personal;
        let file = options.open(&path).map_err(SynthError::writing(&path))?;
        Ok(Sink {
            path,
            name: name.to_string(),
            out: BufWriter::with_capacity(1 << 18, file),
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    /// Adds bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), SynthError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(SynthError::writing(&self.path))
    }

    /// Adds the pieces 0 to `count`, made on several threads, in their order; gives the lines they have.
    pub(crate) fn pieces<M>(&mut self, threads: usize, count: usize, make: M) -> Result<u64, SynthError>
    where
        M: Fn(usize) -> (Vec<u8>, u64) + Sync,
    {
        let mut lines = 0;
        in_order(threads, count, make, |(bytes, more)| {
            lines += more;
            self.write(&bytes)
        })?;
        Ok(lines)
    }

    /// Ends the file, which has this many data lines.
    pub(crate) fn finish(mut self, lines: u64) -> Result<DeliveredFile, SynthError> {
        self.out.flush().map_err(SynthError::writing(&self.path))?;
        let sha256 = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(DeliveredFile { name: self.name, sha256, bytes: self.bytes, lines })
    }
}

/// Makes a folder and those above it, for its owner only if it is personal.
pub(crate) fn make_folder(folder: &Path, personal: bool) -> Result<(), SynthError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if personal {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    #[cfg(not(unix))]
    let _ = personal;
    builder.create(folder).map_err(SynthError::writing(folder))
}
