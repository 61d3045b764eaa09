//! Landing: a delivered file under its contract becomes typed rows and rejections, and every line is accounted for.

use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use catalog::contract::{Extract, Form};
use catalog::reference::Reference;
use catalog::{Fault, Place};

use crate::batch::{Gatherer, landed_schema};
use crate::lines::{Chunk, Chunks, LONGEST_LINE, lines};
use crate::rejection::{Rejection, RejectionReason};
use crate::unwrap::with_bytes;
use crate::value::{Reader, Value};
use crate::{LandError, fields, header, workbook};

/// What landing a delivery came to; `rows = accepted + rejected` always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Landed {
    /// Data rows found.
    pub rows: u64,
    /// Rows that kept to the contract.
    pub accepted: u64,
    /// Rows that did not.
    pub rejections: Vec<Rejection>,
}

/// A file of a delivery: where it lies, and what to call it in words.
#[derive(Debug, Clone, Copy)]
pub struct Source<'p> {
    /// Where the bytes are.
    pub path: &'p Path,
    /// Its name relative to the project.
    pub shown: &'p str,
}

/// Lands the files of one delivery. Batches come in file order whatever the number of threads; memory stays bounded
/// by a few chunks a thread.
pub fn land(
    extract: &Extract,
    reference: &Reference,
    files: &[Source<'_>],
    threads: usize,
    sink: &mut dyn FnMut(RecordBatch) -> Result<(), LandError>,
) -> Result<Landed, LandError> {
    let schema = landed_schema(extract);
    let readers: Vec<Reader> =
        extract.columns.iter().map(|column| Reader::new(column, extract.encoding, reference)).collect();
    let mut landed = Landed::default();
    for (number, file) in files.iter().enumerate() {
        let before = landed.rows;
        if let Form::Workbook { sheets, .. } = &extract.form {
            workbook::land(extract, &readers, sheets, &schema, file, number as u32, sink, &mut landed)?;
        } else {
            with_bytes(file.path, file.shown, extract.container, |stream| {
                let work = Work { extract, readers: &readers, schema: &schema, shown: file.shown, file: number as u32 };
                work.stream(stream, threads.max(1), sink, &mut landed)
            })?;
        }
        if landed.rows == before {
            let hint = "ask the supplier whether nothing was meant to be in it";
            return Err(LandError::Faults(vec![
                Fault::new("S20", Place::file(file.shown), "the file has no rows").hint(hint),
            ]));
        }
    }
    Ok(landed)
}

type Results = Receiver<Result<Parsed, LandError>>;

struct Work<'w> {
    extract: &'w Extract,
    readers: &'w [Reader],
    schema: &'w SchemaRef,
    shown: &'w str,
    file: u32,
}

struct Parsed {
    batch: Option<RecordBatch>,
    rows: u64,
    rejections: Vec<Rejection>,
    cut_off: bool,
}

impl Work<'_> {
    fn stream(
        &self,
        stream: &mut dyn Read,
        threads: usize,
        sink: &mut dyn FnMut(RecordBatch) -> Result<(), LandError>,
        landed: &mut Landed,
    ) -> Result<(), LandError> {
        let mut chunks = Chunks::new(stream);
        let broken = |error: std::io::Error| {
            // A gzip or zip stream that ends too early or does not match its check sum.
            let hint = "the delivery was cut off or damaged; ask for it again";
            LandError::Faults(vec![
                Fault::new(
                    "S21",
                    Place::file(self.shown),
                    format!("the file cannot be read to its end ({})", error.kind()),
                )
                .hint(hint),
            ])
        };
        let mut first = chunks.next().map_err(broken)?;
        if let (Some(chunk), Form::Delimited { delimiter, .. }) = (&mut first, &self.extract.form) {
            let Some((_, _, line)) = lines(chunk).next() else { return Ok(()) };
            header::check(line, &self.extract.columns, *delimiter, self.extract.encoding, self.shown)
                .map_err(LandError::Faults)?;
            let end = memchr::memchr(b'\n', &chunk.bytes).map_or(chunk.bytes.len(), |at| at + 1);
            chunk.bytes.drain(..end);
            chunk.line += 1;
            chunk.byte += end as u64;
        }
        std::thread::scope(|scope| {
            let (ways, results): (Vec<SyncSender<Chunk>>, Vec<Results>) = (0..threads)
                .map(|_| {
                    let (way, chunks) = sync_channel::<Chunk>(1);
                    let (give, take) = sync_channel(1);
                    scope.spawn(move || {
                        for chunk in chunks {
                            if give.send(self.parse(&chunk)).is_err() {
                                break;
                            }
                        }
                    });
                    (way, take)
                })
                .unzip();
            // Chunks go round the threads and come back in the same order.
            let mut sent = 0usize;
            let mut taken = 0usize;
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
                if parsed.cut_off {
                    let hint = "the last line is incomplete: the delivery was cut off; ask for it again";
                    return Err(LandError::Faults(vec![
                        Fault::new("S30", Place::file(self.shown), "the file is truncated").hint(hint),
                    ]));
                }
                landed.rows += parsed.rows;
                landed.accepted += parsed.rows - parsed.rejections.len() as u64;
                landed.rejections.extend(parsed.rejections);
                if let Some(batch) = parsed.batch {
                    sink(batch)?;
                }
            }
        })
    }

    fn parse(&self, chunk: &Chunk) -> Result<Parsed, LandError> {
        let mut gatherer = Gatherer::new(self.extract, self.readers, None);
        let mut rejections = Vec::new();
        let mut rows = 0;
        let mut scratch = Vec::new();
        let mut cuts = Vec::new();
        let mut last = None;
        let wanted = self.readers.len();
        let mut row: Vec<Value<'_>> = Vec::with_capacity(wanted);
        for (line, byte, bytes) in lines(chunk) {
            rows += 1;
            let outcome = if bytes.len() > LONGEST_LINE {
                Err((RejectionReason::LineTooLong, None))
            } else {
                match &self.extract.form {
                    Form::FixedWidth { record } if bytes.len() != *record => Err((RejectionReason::RecordLength, None)),
                    Form::FixedWidth { .. } => {
                        let mut start = 0;
                        row.clear();
                        let read = self.extract.columns.iter().zip(self.readers).enumerate().try_for_each(
                            |(at, (column, reader))| {
                                let field = &bytes[start..start + column.width];
                                start += column.width;
                                row.push(reader.read(field, true).map_err(|reason| (reason, Some(at as u16)))?);
                                Ok(())
                            },
                        );
                        read.map(|()| gatherer.push(&row))
                    }
                    Form::Delimited { delimiter, quoted } => {
                        self.delimited(bytes, *delimiter, *quoted, &mut scratch, &mut cuts, &mut gatherer)
                    }
                    Form::Workbook { .. } => Ok(()),
                }
            };
            last = outcome.err().map(|(reason, _)| reason);
            if let Err((reason, column)) = outcome {
                rejections.push(Rejection { reason, file: self.file, line, byte, column });
            }
        }
        // A last line without its end that is no whole record: the file was cut off, and more than that line is gone.
        let open_end = chunk.last && chunk.bytes.last().is_some_and(|byte| *byte != b'\n');
        let cut_off = open_end
            && matches!(
                last,
                Some(RejectionReason::FieldCount | RejectionReason::RecordLength | RejectionReason::Quote)
            );
        Ok(Parsed { batch: gatherer.finish(self.schema)?, rows, rejections, cut_off })
    }

    fn delimited(
        &self,
        bytes: &[u8],
        delimiter: u8,
        quoted: bool,
        scratch: &mut Vec<u8>,
        cuts: &mut Vec<(usize, usize, bool)>,
        gatherer: &mut Gatherer<'_>,
    ) -> Result<(), (RejectionReason, Option<u16>)> {
        fields::delimited(bytes, delimiter, quoted, scratch, cuts).map_err(|reason| (reason, None))?;
        if cuts.len() != self.readers.len() {
            return Err((RejectionReason::FieldCount, None));
        }
        let mut row: [Value<'_>; MOST_COLUMNS] = [Value::Null; MOST_COLUMNS];
        for (at, (&(start, end, unescaped), reader)) in cuts.iter().zip(self.readers).enumerate() {
            let field = if unescaped { &scratch[start..end] } else { &bytes[start..end] };
            row[at] = reader.read(field, false).map_err(|reason| (reason, Some(at as u16)))?;
        }
        gatherer.push(&row[..self.readers.len()]);
        Ok(())
    }
}

/// No extract has more columns; a row's values then need no allocation.
pub(crate) const MOST_COLUMNS: usize = 64;
