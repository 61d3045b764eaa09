//! Landing: a delivery under its contract becomes typed rows and rejections, and every line is accounted for.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow::record_batch::RecordBatch;
use catalog::contract::{Extract, Form};
use catalog::reference::Reference;
use catalog::{Fault, Period, Place};

use crate::across::{Across, histories, wholes_too_small};
use crate::batch::landed_schema;
use crate::keys::{Fingerprint, RowKey, repeated};
use crate::lines::{Chunk, Chunks, lines};
use crate::rejection::{Rejection, RejectionReason};
use crate::rows::{Kept, Parsed, Rules};
use crate::unwrap::with_bytes;
use crate::value::Reader;
use crate::{LandError, header, offsets, workbook};

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

/// What has been landed so far.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) landed: Landed,
    pub(crate) handed: Vec<Handed>,
    pub(crate) kept: Kept,
}

/// Takes the rows that are accepted.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(RecordBatch) -> Result<(), LandError>;

/// Lands the files of one delivery. Batches come in file order whatever the number of threads; memory stays bounded by
/// a few chunks a thread and, where keys must be unique, some thirty bytes a row (fifty for histories).
pub fn land(
    extract: &Extract,
    reference: &Reference,
    period: Period,
    files: &[Source<'_>],
    threads: usize,
    sink: Sink<'_>,
) -> Result<Landed, LandError> {
    let schema = landed_schema(extract);
    let readers: Vec<Reader> =
        extract.columns.iter().map(|column| Reader::new(column, extract.encoding, reference)).collect();
    let fingerprint = Fingerprint::new(&extract.unique);
    let across = Across::new(extract, &readers);
    let rules =
        Rules { extract, readers: &readers, schema: &schema, period, fingerprint: &fingerprint, across: &across };
    let mut progress = Progress::default();
    for (number, file) in files.iter().enumerate() {
        let before = progress.landed.rows;
        if let Form::Workbook { sheets, .. } = &extract.form {
            workbook::land(&rules, sheets, file, number as u32, sink, &mut progress)?;
        } else {
            with_bytes(file.path, file.shown, extract.container, |stream| {
                delimited_or_fixed(&rules, stream, file.shown, number as u32, threads.max(1), sink, &mut progress)
            })?;
        }
        progress.landed.rows_by_file.push(progress.landed.rows - before);
        if progress.landed.rows == before && !extract.may_be_empty {
            let hint = "ask the supplier whether nothing was meant to be in it";
            return Err(LandError::Faults(vec![
                Fault::new("S20", Place::file(file.shown), "the file has a header and no rows").hint(hint),
            ]));
        }
    }
    let mut landed = across_rows(extract, progress);
    if !landed.withdrawn.is_empty() && !matches!(extract.form, Form::Workbook { .. }) {
        offsets::fill(extract, files, &mut landed.rejections)?;
    }
    landed.rejections.sort_unstable_by_key(|rejection| (rejection.file, rejection.line, rejection.reason));
    Ok(landed)
}

/// Rejects accepted rows for what other rows of the delivery say: keys first, then histories, then parts and wholes.
fn across_rows(extract: &Extract, progress: Progress) -> Landed {
    let Progress { mut landed, handed, kept } = progress;
    let mut gone: BTreeMap<usize, (RejectionReason, Option<u16>)> = BTreeMap::new();
    if !extract.unique.is_empty() {
        gone.extend(repeated(&handed, |row| row.key).into_iter().map(|(position, reason)| (position, (reason, None))));
    }
    if let Some(history) = &extract.history {
        let found = histories(&kept.spans, |position| gone.contains_key(&position));
        let column = Some(history.from as u16);
        gone.extend(found.overlaps.into_iter().map(|position| (position, (RejectionReason::Overlap, column))));
        landed.after_gap = found.after_gap.len() as u64;
        landed.first_gap = found.after_gap.first().map(|position| {
            let row = &handed[*position];
            (row.file.into(), row.line.into())
        });
    }
    if let Some(parts) = &extract.parts {
        let found = wholes_too_small(&kept.parts, |position| gone.contains_key(&position));
        let reason = RejectionReason::PartsAboveWhole;
        gone.extend(found.into_iter().map(|(position, at)| (position, (reason, Some(parts.columns[at] as u16)))));
    }
    landed.accepted -= gone.len() as u64;
    for (position, (reason, column)) in gone {
        let row = &handed[position];
        let (file, line, byte) = (row.file.into(), row.line.into(), row.place.into());
        landed.rejections.push(Rejection { reason, file, line, byte, column });
        landed.withdrawn.push(position);
    }
    landed
}

type Results = Receiver<Result<Parsed, LandError>>;

fn delimited_or_fixed(
    rules: &Rules<'_>,
    stream: &mut dyn Read,
    shown: &str,
    file: u32,
    threads: usize,
    sink: Sink<'_>,
    progress: &mut Progress,
) -> Result<(), LandError> {
    let fault = |code: &str, message: String, hint: &str| {
        LandError::Faults(vec![Fault::new(code, Place::file(shown), message).hint(hint)])
    };
    // A gzip or zip stream that ends too early, does not match its check sum, or unpacks without end.
    let broken = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => {
            fault("S37", "the file unpacks to far more than a delivery holds".into(), "ask what was sent")
        }
        kind => fault(
            "S21",
            format!("the file cannot be read to its end ({kind})"),
            "the delivery was cut off or damaged; ask for it again",
        ),
    };
    let mut chunks = Chunks::new(stream);
    let mut first = chunks.next().map_err(broken)?;
    let mut head: Vec<u8> = Vec::new();
    if first.as_ref().is_none_or(|chunk| chunk.bytes.is_empty()) {
        return Err(fault("S19", "the file is empty".into(), "ask for the delivery again"));
    }
    if let (Some(chunk), Form::Delimited { delimiter, .. }) = (&mut first, &rules.extract.form) {
        if let Some((_, _, line)) = lines(chunk).next() {
            head = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).to_vec();
            header::check(line, &rules.extract.columns, *delimiter, rules.extract.encoding, shown)
                .map_err(LandError::Faults)?;
        }
        let end = memchr::memchr(b'\n', &chunk.bytes).map_or(chunk.bytes.len(), |at| at + 1);
        chunk.bytes.drain(..end);
        chunk.line += 1;
        chunk.byte += end as u64;
    }
    let head = head.as_slice();
    let mut beyond_ascii = (0, 0);
    let mut settle = |parsed: Parsed| -> Result<(), LandError> {
        if parsed.cut_off {
            let hint = "the last line is incomplete: the delivery was cut off; ask for it again";
            return Err(fault("S30", "the file is truncated".into(), hint));
        }
        beyond_ascii = (beyond_ascii.0 + parsed.beyond_ascii.0, beyond_ascii.1 + parsed.beyond_ascii.1);
        progress.landed.rows += parsed.rows;
        progress.landed.accepted += parsed.rows - parsed.rejections.len() as u64;
        progress.landed.rejections.extend(parsed.rejections);
        progress.kept.append(parsed.kept);
        progress.handed.extend(parsed.accepted.into_iter().map(|(line, key)| Handed::new(file, line, 0, key)));
        parsed.batch.map_or(Ok(()), &mut *sink)
    };
    std::thread::scope(|scope| {
        let (ways, results): (Vec<SyncSender<Chunk>>, Vec<Results>) = (0..threads)
            .map(|_| {
                let (way, chunks) = sync_channel::<Chunk>(1);
                let (give, take) = sync_channel(1);
                scope.spawn(move || {
                    for chunk in chunks {
                        if give.send(rules.parse(&chunk, head, file)).is_err() {
                            break;
                        }
                    }
                });
                (way, take)
            })
            .unzip();
        // Chunks go round the threads and come back in the same order.
        let (mut sent, mut taken) = (0usize, 0usize);
        let mut next = first.take();
        loop {
            while let Some(chunk) = next.take() {
                if ways[sent % threads].send(chunk).is_err() {
                    return Err(LandError::Stopped);
                }
                sent += 1;
                if sent - taken < threads {
                    next = chunks.next().map_err(broken)?;
                }
            }
            if taken == sent {
                return Ok(());
            }
            next = chunks.next().map_err(broken)?;
            let parsed = results[taken % threads].recv().map_err(|_| LandError::Stopped)??;
            taken += 1;
            settle(parsed)?;
        }
    })?;
    let (lines, utf8) = beyond_ascii;
    if lines > 0 && lines == utf8 {
        let message = format!("the file is UTF-8, the contract says {:?}", rules.extract.encoding);
        return Err(fault("S24", message, "ask for the file in that encoding, or change `encoding` in the contract"));
    }
    Ok(())
}
