//! Landing: a delivery under its contract becomes typed rows and rejections, and every line is accounted for.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::record_batch::RecordBatch;
use catalog::contract::{Encoding, Extract, Form};
use catalog::reference::Reference;
use catalog::{Fault, Period, Place};

use crate::across::{Across, histories, wholes_too_small};
use crate::batch::landed_schema;
use crate::dated::{Dated, DatedCounts};
use crate::keys::{Fingerprint, RowKey, repeated};
use crate::rejection::{Rejection, RejectionReason};
use crate::rows::{Kept, Rules};
use crate::tolerance::too_many;
use crate::unwrap::with_bytes;
use crate::value::Reader;
use crate::{LandError, offsets, text, workbook};

/// No delivery that could be used has more rejected rows: a tolerance of 2 % of a register of eleven million is a fifth of
/// it. What is kept of them is bounded with it, whatever a file holds.
pub(crate) const MOST_REJECTIONS: usize = 1_000_000;

/// What landing a delivery came to; `rows = accepted + rejected` always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Landed {
    /// Data rows found.
    pub rows: u64,
    /// Rows that kept to the contract.
    pub accepted: u64,
    /// Rows that did not.
    pub rejections: Vec<Rejection>,
    /// Data rows of each file.
    pub rows_by_file: Vec<u64>,
    /// Positions, among the rows handed out, of those that other rows of the delivery were found to speak against at the
    /// end: they are rejected and must be taken away again. In order.
    pub withdrawn: Vec<usize>,
    /// Positions, among the rows handed out, of rejected rows of histories that must say nothing any more but whose they
    /// are; see [`crate::blanked`]. In order.
    pub blanked: Vec<usize>,
    /// Rows of histories that begin after a hole. They are accepted: nobody was asked to fill it.
    pub after_gap: u64,
    /// File and line of the first of them.
    pub first_gap: Option<(u32, u64)>,
}

/// A file of a delivery: where it lies, and what to call it in words.
#[derive(Debug, Clone, Copy)]
pub struct Source<'p> {
    /// Where the bytes are.
    pub path: &'p Path,
    /// Its name relative to the project.
    pub shown: &'p str,
}

/// A row handed out: file, line or sheet row, fingerprint.
pub(crate) struct Handed {
    key: RowKey,
    line: u32,
    file: u16,
    /// Number of the sheet in a workbook, else 0.
    place: u16,
}

impl Handed {
    /// A row handed out. Four thousand million lines and 65,536 files or sheets are more than a delivery has.
    pub(crate) fn new(file: u32, line: u64, place: u64, key: RowKey) -> Handed {
        Handed { key, line: line as u32, file: file as u16, place: place as u16 }
    }
}

/// Rows in blocks, so that a million more take a million rows' place and not twice all of it.
pub(crate) struct Blocks<T> {
    blocks: Vec<Vec<T>>,
}

const BLOCK: usize = 1 << 16;

impl<T> Default for Blocks<T> {
    fn default() -> Blocks<T> {
        Blocks { blocks: Vec::new() }
    }
}

impl<T> Blocks<T> {
    pub(crate) fn push(&mut self, row: T) {
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(row),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(row);
                self.blocks.push(block);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    fn at(&self, position: usize) -> &T {
        &self.blocks[position / BLOCK][position % BLOCK]
    }
}

/// What has been landed so far.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) landed: Landed,
    pub(crate) handed: Blocks<Handed>,
    /// Rejected rows of histories are handed out between the others: after how many of these, and how many.
    pub(crate) salvaged: Vec<(usize, usize)>,
    pub(crate) kept: Kept,
    /// More rows are rejected than any delivery may have: reading has stopped.
    pub(crate) stopped: bool,
    pub(crate) dated: DatedCounts,
}

/// Takes the rows that are accepted.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(RecordBatch) -> Result<(), LandError>;

/// Lands the files of one delivery. Batches come in file order whatever the number of threads; memory stays bounded by
/// a few chunks a thread and, where keys must be unique, some thirty bytes an accepted row (fifty for histories).
///
/// # Errors
///
/// A file cannot be read, is not what its contract says as a whole, or has more rejected rows than are kept.
pub fn land(
    extract: &Extract,
    reference: &Reference,
    period: Period,
    files: &[Source<'_>],
    threads: usize,
    sink: Sink<'_>,
) -> Result<Landed, LandError> {
    let schema = landed_schema(extract);
    // A workbook's text is Unicode whatever the contract says of its other files.
    let is_workbook = matches!(extract.form, Form::Workbook { .. });
    let encoding = if is_workbook { Encoding::Utf8 } else { extract.encoding };
    let bare_quotes = matches!(extract.form, Form::Delimited { quoted: false, .. });
    let readers: Vec<Reader> = extract
        .columns
        .iter()
        .map(|column| {
            Reader::new(column, encoding, reference, bare_quotes).of_history(extract.whose_history().is_some())
        })
        .collect();
    let fingerprint = Fingerprint::new(&extract.unique);
    let across = Across::new(extract, &readers);
    let dated = Dated::new(extract, &readers, reference, period);
    let rules = Rules {
        extract,
        readers: &readers,
        schema: &schema,
        period,
        fingerprint: &fingerprint,
        across: &across,
        dated: &dated,
    };
    let mut progress = Progress::default();
    for (number, file) in files.iter().enumerate() {
        let before = progress.landed.rows;
        if let Form::Workbook { sheets, .. } = &extract.form {
            workbook::land(&rules, sheets, file, number as u32, sink, &mut progress)?;
        } else {
            with_bytes(file.path, file.shown, extract.container, |stream| {
                text::land(&rules, stream, (file.shown, number as u32), threads.max(1), sink, &mut progress)
            })?;
        }
        if progress.stopped {
            let shown: Vec<String> = files.iter().map(|file| file.shown.to_string()).collect();
            return Err(too_many(extract, &progress.landed, &shown));
        }
        progress.landed.rows_by_file.push(progress.landed.rows - before);
        if progress.landed.rows == before && !extract.may_be_empty {
            let hint = "ask the supplier whether nothing was meant to be in it";
            return Err(LandError::Faults(vec![
                Fault::new("S20", Place::file(file.shown), "the file has a header and no rows").hint(hint),
            ]));
        }
    }
    let shown = files.first().map_or("", |file| file.shown);
    let faults = dated.faults((extract, &readers), reference, period, (&progress.dated, shown));
    if !faults.is_empty() {
        return Err(LandError::Faults(faults));
    }
    let rejected = progress.landed.rejections.len();
    let mut landed = across_rows(extract, progress);
    if landed.rejections.len() > MOST_REJECTIONS {
        let shown: Vec<String> = files.iter().map(|file| file.shown.to_string()).collect();
        return Err(too_many(extract, &landed, &shown));
    }
    if landed.rejections.len() > rejected && !matches!(extract.form, Form::Workbook { .. }) {
        offsets::fill(extract, files, &mut landed.rejections)?;
    }
    // In a workbook the number of the sheet is in place of the offset: rows are in the order in which they are read.
    let sheet = |rejection: &Rejection| if is_workbook { rejection.byte } else { 0 };
    landed.rejections.sort_unstable_by_key(|own| (own.file, sheet(own), own.line, own.reason));
    Ok(landed)
}

/// Rejects accepted rows for what other rows of the delivery say: keys first, then histories, then parts and wholes.
fn across_rows(extract: &Extract, progress: Progress) -> Landed {
    let Progress { mut landed, handed, kept, salvaged, .. } = progress;
    let mut gone: BTreeMap<usize, (RejectionReason, Option<u16>)> = BTreeMap::new();
    if !extract.unique.is_empty() {
        let found = repeated(handed.len(), |position| handed.at(position).key, MOST_REJECTIONS);
        gone.extend(found.into_iter().map(|(position, reason)| (position, (reason, None))));
    }
    if let Some(history) = &extract.history {
        let found = histories(&kept.spans, |position| gone.contains_key(&position));
        let column = Some(history.from as u16);
        gone.extend(found.overlaps.into_iter().map(|position| (position, (RejectionReason::Overlap, column))));
        landed.after_gap = found.after_gap.len() as u64;
        landed.first_gap = found.after_gap.first().map(|position| {
            let row = handed.at(*position);
            (row.file.into(), row.line.into())
        });
    }
    if let Some(parts) = &extract.parts {
        let found = wholes_too_small(&kept.parts, |position| gone.contains_key(&position));
        let reason = RejectionReason::PartsAboveWhole;
        gone.extend(found.into_iter().map(|(position, at)| (position, (reason, Some(parts.columns[at] as u16)))));
    }
    landed.accepted -= gone.len() as u64;
    let (mut between, mut salvaged) = (0, salvaged.into_iter().peekable());
    for (position, (reason, column)) in gone {
        while let Some((_, rows)) = salvaged.next_if(|(after, _)| *after <= position) {
            between += rows;
        }
        let row = handed.at(position);
        let (file, line, byte) = (row.file.into(), row.line.into(), row.place.into());
        landed.rejections.push(Rejection { reason, file, line, byte, column });
        match (extract.whose_history(), reason) {
            // Which of two rows of one key is right nobody can tell; linking decides between rows that overlap.
            (Some(_), RejectionReason::DuplicateKeyDiffers) => landed.blanked.push(position + between),
            (Some(_), RejectionReason::Overlap) => {}
            _ => landed.withdrawn.push(position + between),
        }
    }
    landed
}
