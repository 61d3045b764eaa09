//! Deliveries: the folder, the files with their hashes, the receipt.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use catalog::receipt::{DeliveredFile, Receipt};

use crate::error::SynthError;
use crate::faults::{Fault, Harm, Wrong};
use crate::reference::Reference;
use crate::shape::Shape;
use crate::sink::{Sink, make_folder, remove};
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

/// Where deliveries go out: how they are made, and what has been made so far.
pub(crate) struct Outbox<'a> {
    pub(crate) out: &'a Path,
    pub(crate) threads: usize,
    pub(crate) seed: u64,
    /// Share of the rows to damage.
    pub(crate) faults: f64,
    pub(crate) reference: &'a Reference,
    pub(crate) step: &'a dyn Fn(&str),
    pub(crate) summary: Summary,
    pub(crate) damaged: Vec<Fault>,
}

impl Delivery {
    /// A delivery about persons, without a day of extraction.
    pub(crate) const fn of_persons(
        extract: &'static str,
        period: &'static str,
        delivered_on: &'static str,
    ) -> Delivery {
        Delivery { extract, period, delivered_on, extracted_on: None, personal: true }
    }

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
        let path = folder.join("receipt.yaml");
        let own = match fs::read_to_string(&path) {
            // What is no receipt was not written here.
            Ok(text) => serde_yaml::from_str(&text).is_ok_and(|receipt: Receipt| receipt.delivered_by == SUPPLIED_BY),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(source) => return Err(SynthError::Read { path, source }),
        };
        if own || held.next().is_none() { Ok(()) } else { Err(SynthError::Occupied { path: folder }) }
    }
}

impl<'a> Outbox<'a> {
    /// Begins a delivery beside its folder; it gets there when it is complete.
    pub(crate) fn begin(&mut self, delivery: Delivery) -> Result<Begun<'_, 'a>, SynthError> {
        (self.step)(&format!("writing {} of {}", delivery.extract, delivery.period));
        delivery.check(self.out)?;
        let folder = delivery.folder(self.out);
        let staging = folder.with_file_name(format!(".{}-synth", Receipt::folder(1)));
        remove(&staging)?;
        remove(&replaced(&folder))?;
        let supplier = folder.ancestors().nth(4).unwrap_or(self.out);
        fs::create_dir_all(supplier).map_err(SynthError::writing(supplier))?;
        make_folder(&staging, delivery.personal)?;
        Ok(Begun { outbox: self, delivery, folder, staging, files: Vec::new() })
    }
}

/// A delivery whose files are being written.
pub(crate) struct Begun<'o, 'a> {
    outbox: &'o mut Outbox<'a>,
    delivery: Delivery,
    folder: PathBuf,
    staging: PathBuf,
    files: Vec<DeliveredFile>,
}

impl<'a> Begun<'_, 'a> {
    /// Begins a file of this shape, its header written; one that is called `.gz` is packed.
    pub(crate) fn table(&self, name: &str, shape: &'static Shape) -> Result<Sink<'a>, SynthError> {
        let mut sink = Sink::create(&self.staging, name, self.delivery.personal)?;
        if name.ends_with(".gz") {
            sink.pack()?;
        }
        sink.write(&shape.header())?;
        sink.damaged_by(self.harm("", shape));
        Ok(sink)
    }

    /// What damages the rows of a file, or of a part of one; nothing where all rows are to be sound.
    pub(crate) fn harm(&self, part: &str, shape: &'static Shape) -> Option<Harm<'a>> {
        let Outbox { faults, seed, reference, .. } = *self.outbox;
        let purpose = format!("faults of {} {} {part}", self.delivery.extract, self.delivery.period);
        (faults > 0.0).then(|| Harm::new(shape, reference, seed, &purpose, faults))
    }

    /// Ends a file.
    pub(crate) fn add(&mut self, sink: Sink<'a>) -> Result<(), SynthError> {
        let (file, wrong) = sink.finish()?;
        self.damaged(&file.name, "", wrong);
        self.files.push(file);
        Ok(())
    }

    /// Writes a whole file of this many rows at once.
    pub(crate) fn whole(&mut self, name: &str, bytes: &[u8], lines: u64) -> Result<(), SynthError> {
        let mut sink = Sink::create(&self.staging, name, self.delivery.personal)?;
        sink.rows(bytes, lines)?;
        self.add(sink)
    }

    /// Lists damaged rows of a file, or of a sheet of it.
    pub(crate) fn damaged(&mut self, file: &str, sheet: &'static str, wrong: Vec<Wrong>) {
        let Delivery { extract, period, .. } = self.delivery;
        let fault = |wrong| Fault { extract, period, file: file.to_string(), sheet, wrong };
        self.outbox.damaged.extend(wrong.into_iter().map(fault));
    }

    /// Writes the receipt and puts the delivery in its place.
    pub(crate) fn finish(self) -> Result<(), SynthError> {
        let Delivery { extract, period, delivered_on, extracted_on, personal } = self.delivery;
        for file in &self.files {
            self.outbox.summary.files.push(WrittenFile {
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
            synthetic: true,
            sequence: 1,
            files: self.files,
            history: Vec::new(),
        };
        let text = receipt.to_text().map_err(SynthError::container("receipt.yaml"))?;
        let mut sink = Sink::create(&self.staging, "receipt.yaml", personal)?;
        sink.write(text.as_bytes())?;
        sink.finish()?;
        // The earlier one goes aside in one step: half removed it would look like somebody else's.
        let earlier = replaced(&self.folder);
        match fs::rename(&self.folder, &earlier) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(SynthError::writing(&self.folder)(error));
            }
            _ => {}
        }
        fs::rename(&self.staging, &self.folder).map_err(SynthError::writing(&self.folder))?;
        remove(&earlier)
    }
}

/// Where a delivery waits for its removal while another takes its place.
fn replaced(folder: &Path) -> PathBuf {
    folder.with_file_name(format!(".{}-replaced", Receipt::folder(1)))
}
