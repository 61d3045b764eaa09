//! Delimited and fixed-width files: chunks of lines, read on several threads and settled in the order of the file.

use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use catalog::contract::{Encoding, Form};
use catalog::workers;

use crate::land::{Handed, MOST_REJECTIONS, Progress, Sink};
use crate::lines::{Chunk, Chunks, LONGEST_LINE, lines};
use crate::rows::{Parsed, Rules};
use crate::unwrap::{Broken, file_fault};
use crate::{LandError, header, sniff};

/// Lands the unpacked bytes of a file; `shown` and `file` are its name in words and its number.
pub(crate) fn land(
    rules: &Rules<'_>,
    stream: &mut dyn Read,
    (shown, file): (&str, u32),
    threads: usize,
    sink: Sink<'_>,
    progress: &mut Progress,
) -> Result<(), LandError> {
    let mut chunks = Chunks::new(stream);
    let mut first = chunks.next().map_err(|error| Broken::fault(&error, shown))?;
    let Some(chunk) = first.as_mut().filter(|chunk| !chunk.bytes.is_empty()) else {
        return Err(file_fault(shown, "S19", "the file is empty", "ask for the delivery again"));
    };
    as_agreed(rules, &chunk.bytes, shown)?;
    let header = begin(rules, chunk, shown)?;
    let mut settler = Settler { shown, file, sink, progress, beyond_ascii: (0, 0) };
    on_threads(rules, &mut chunks, first, (&header, file), threads, &mut |parsed| settler.settle(parsed), shown)?;
    let (lines, utf8) = settler.beyond_ascii;
    if lines > 0 && lines == utf8 {
        let message = format!("the file is UTF-8, the contract says {:?}", rules.extract.encoding);
        let hint = "ask for the file in that encoding, or change `encoding` in the contract";
        return Err(file_fault(shown, "S24", message, hint));
    }
    Ok(())
}

/// Refuses a file that is another thing than lines of text with the agreed line ends.
fn as_agreed(rules: &Rules<'_>, head: &[u8], shown: &str) -> Result<(), LandError> {
    let encoding = rules.extract.encoding;
    if let Some(form) = sniff::form(head) {
        let hint = "ask for the file as agreed, or change `container` or `form` in the contract";
        return Err(file_fault(shown, "S82", format!("the file is no text: it is {form}"), hint));
    }
    if let Some(wide) = sniff::wide_text(head) {
        let hint = format!("the contract says {encoding:?}; ask for the file in that encoding");
        return Err(file_fault(shown, "S24", format!("the file is {wide}"), &hint));
    }
    let marks = head.chunks(3).take_while(|bytes| *bytes == b"\xef\xbb\xbf").count();
    let fixed = matches!(rules.extract.form, Form::FixedWidth { .. });
    if marks > 1 || head.starts_with(b"\xc3\xaf\xc2\xbb\xc2\xbf") {
        let hint = "it was encoded or joined twice; ask for the file as it was made";
        return Err(file_fault(shown, "S24", "the file begins with a byte order mark that was encoded twice", hint));
    }
    if marks == 1 && fixed && encoding != Encoding::Utf8 {
        let message = format!("the file begins with a byte order mark of UTF-8, the contract says {encoding:?}");
        return Err(file_fault(shown, "S24", message, "ask for the file in the encoding of the contract"));
    }
    let ends = memchr::memchr(b'\n', head);
    let single = memchr::memchr(b'\r', head).filter(|at| *at + 1 < head.len());
    if ends.is_none() && single.is_some() {
        let hint = "ask for line ends of LF or CR LF";
        return Err(file_fault(shown, "S85", "the lines end with CR alone, as old Macintosh programs write", hint));
    }
    Ok(())
}

/// Takes the header line, or a byte order mark, from the first chunk; returns the header without its mark.
fn begin(rules: &Rules<'_>, chunk: &mut Chunk, shown: &str) -> Result<Vec<u8>, LandError> {
    let mark = if chunk.bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let Form::Delimited { delimiter, quoted } = rules.extract.form else {
        if let Form::FixedWidth { record } = rules.extract.form
            && let Some((_, _, line)) = lines(chunk).next()
            && line.len() != record + mark
            && let Some(form) = sniff::text_form(line)
        {
            let hint = "ask for the file as agreed";
            return Err(file_fault(shown, "S82", format!("the file has no records: it is {form}"), hint));
        }
        chunk.bytes.drain(..mark);
        chunk.byte += mark as u64;
        return Ok(Vec::new());
    };
    let end = memchr::memchr(b'\n', &chunk.bytes).map_or(chunk.bytes.len(), |at| at + 1);
    if end > LONGEST_LINE {
        let hint = "ask for the file as agreed";
        return Err(file_fault(shown, "S26", "the first line is longer than any header", hint));
    }
    let mut head = lines(chunk).map(|(_, _, line)| line);
    let line = head.next().unwrap_or_default();
    let form = header::Written { delimiter, quoted, file: shown };
    header::check(line, &mut head.take(20), &rules.extract.columns, &form).map_err(LandError::Faults)?;
    let header = line[mark..].to_vec();
    chunk.bytes.drain(..end);
    chunk.line += 1;
    chunk.byte += end as u64 + chunk.skipped;
    chunk.skipped = 0;
    Ok(header)
}

/// Takes what chunks came to, in the order of the file.
struct Settler<'s, 'p> {
    shown: &'s str,
    file: u32,
    sink: Sink<'s>,
    progress: &'p mut Progress,
    beyond_ascii: (u64, u64),
}

impl Settler<'_, '_> {
    /// Returns whether reading goes on.
    fn settle(&mut self, parsed: Parsed) -> Result<bool, LandError> {
        if let Some(message) = parsed.cut_off {
            let hint = "the last line is incomplete: the delivery was cut off; ask for it again";
            return Err(file_fault(self.shown, "S30", message, hint));
        }
        let (lines, utf8) = parsed.beyond_ascii;
        self.beyond_ascii = (self.beyond_ascii.0 + lines, self.beyond_ascii.1 + utf8);
        let Progress { landed, handed, kept, dated, stopped, salvaged } = &mut *self.progress;
        landed.rows += parsed.rows;
        landed.accepted += parsed.rows - parsed.rejections.len() as u64;
        landed.rejections.extend(parsed.rejections);
        kept.append(parsed.kept);
        dated.append(parsed.dated);
        parsed.accepted.into_iter().for_each(|(line, key)| handed.push(Handed::new(self.file, line, 0, key)));
        *stopped = parsed.stopped || landed.rejections.len() > MOST_REJECTIONS;
        if !*stopped && let Some(batch) = parsed.batch {
            (self.sink)(batch)?;
        }
        if !*stopped && let Some(batch) = parsed.salvaged {
            salvaged.push((handed.len(), batch.num_rows()));
            (self.sink)(batch)?;
        }
        Ok(!self.progress.stopped)
    }
}

type Results = Receiver<Result<Parsed, LandError>>;

/// Hands chunks round the threads and takes what they come to in the same order.
fn on_threads(
    rules: &Rules<'_>,
    chunks: &mut Chunks<'_>,
    first: Option<Chunk>,
    (header, file): (&[u8], u32),
    threads: usize,
    settle: &mut dyn FnMut(Parsed) -> Result<bool, LandError>,
    shown: &str,
) -> Result<(), LandError> {
    workers::scoped(|scope| {
        let (ways, results): (Vec<SyncSender<Chunk>>, Vec<Results>) = (0..threads)
            .map(|_| {
                let (way, chunks) = sync_channel::<Chunk>(1);
                let (give, take) = sync_channel(1);
                scope.spawn(move || {
                    for chunk in chunks {
                        if give.send(rules.parse(&chunk, header, file)).is_err() {
                            break;
                        }
                    }
                });
                (way, take)
            })
            .unzip();
        let mut following = || chunks.next().map_err(|error| Broken::fault(&error, shown));
        let (mut sent, mut taken) = (0usize, 0usize);
        let mut next = first;
        loop {
            while let Some(chunk) = next.take() {
                if ways[sent % threads].send(chunk).is_err() {
                    return Err(LandError::Stopped);
                }
                sent += 1;
                if sent - taken < threads {
                    next = following()?;
                }
            }
            if taken == sent {
                return Ok(());
            }
            next = following()?;
            let parsed = results[taken % threads].recv().map_err(|_| LandError::Stopped)??;
            taken += 1;
            if !settle(parsed)? {
                return Ok(());
            }
        }
    })
    .map_err(|_| LandError::Stopped)?
}
