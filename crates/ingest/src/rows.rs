//! Lines of a chunk as rows: cut into fields, read, held to the contract's rules.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use catalog::Period;
use catalog::contract::{Encoding, Extract, Form};

use crate::LandError;
use crate::across::{Across, Part, Span};
use crate::batch::Gatherer;
use crate::dated::{Dated, DatedCounts};
use crate::fields;
use crate::footer::{is_blank, is_footer};
use crate::keys::{Fingerprint, RowKey};
use crate::lines::{Chunk, LONGEST_LINE, lines};
use crate::rejection::{Rejection, RejectionReason};
use crate::value::{Reader, Value, ascends, within};

/// No extract has more columns; a row's values then need no allocation.
pub(crate) const MOST_COLUMNS: usize = 64;

/// A chunk with more rejected rows is of a file that no tolerance allows.
const MOST_REJECTIONS_OF_CHUNK: usize = 1 << 17;

/// Why a row is refused, and the column at fault.
pub(crate) type Refusal = (RejectionReason, Option<u16>);

/// What it takes to read the rows of a delivery.
pub(crate) struct Rules<'r> {
    pub(crate) extract: &'r Extract,
    pub(crate) readers: &'r [Reader],
    pub(crate) schema: &'r SchemaRef,
    pub(crate) period: Period,
    pub(crate) fingerprint: &'r Fingerprint,
    pub(crate) across: &'r Across<'r>,
    pub(crate) dated: &'r Dated,
}

/// What is kept of accepted rows until the end of the delivery, for the rules across rows.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) spans: Vec<Span>,
    pub(crate) parts: Vec<Part>,
}

impl Kept {
    pub(crate) fn push(&mut self, across: &Across<'_>, row: &[Value<'_>]) {
        self.spans.extend(across.span(row));
        self.parts.extend(across.part(row));
    }

    pub(crate) fn append(&mut self, other: Kept) {
        self.spans.extend(other.spans);
        self.parts.extend(other.parts);
    }
}

/// The rows of a chunk.
pub(crate) struct Parsed {
    pub(crate) batch: Option<RecordBatch>,
    /// Rejected rows of histories of which it can be read whose they are, with what else can be read of them.
    pub(crate) salvaged: Option<RecordBatch>,
    pub(crate) rows: u64,
    pub(crate) rejections: Vec<Rejection>,
    /// Line of each accepted row, and its fingerprint where keys are wanted.
    pub(crate) accepted: Vec<(u64, RowKey)>,
    pub(crate) kept: Kept,
    pub(crate) dated: DatedCounts,
    /// How the file ends, where it ends in the middle of a record.
    pub(crate) cut_off: Option<&'static str>,
    /// So many of the rows are rejected that reading stopped.
    pub(crate) stopped: bool,
    /// Lines with bytes beyond ASCII, and how many of these are well-formed UTF-8.
    pub(crate) beyond_ascii: (u64, u64),
}

impl Rules<'_> {
    /// Whether accepted rows can still be rejected at the end of the delivery.
    pub(crate) fn remembers(&self) -> bool {
        self.fingerprint.is_wanted() || self.across.is_wanted()
    }

    /// Rules across the columns of one row: what lies outside the period, codes that are not valid on the day of the row,
    /// what stands in the wrong order.
    pub(crate) fn check(&self, row: &[Value<'_>], dated: &mut DatedCounts) -> Result<(), Refusal> {
        for &column in &self.extract.within_period {
            if !within(row[column], &self.extract.columns[column].kind, self.period) {
                return Err((RejectionReason::OutsidePeriod, Some(column as u16)));
            }
        }
        self.dated.check(row, dated).map_err(|column| (RejectionReason::UnknownCode, Some(column)))?;
        for &(first, second) in &self.extract.ascending {
            let of = |column: usize| (row[column], &self.extract.columns[column].kind);
            if !ascends(of(first), of(second)) {
                return Err((RejectionReason::Order, Some(second as u16)));
            }
        }
        Ok(())
    }

    /// Reads the lines of a chunk; `header` is the file's header line, which must not come again.
    pub(crate) fn parse(&self, chunk: &Chunk, header: &[u8], file: u32) -> Result<Parsed, LandError> {
        let mut gatherer = Gatherer::new(self.extract, self.readers, None);
        let mut salvaged = Gatherer::new(self.extract, self.readers, None);
        let mut parsed = Parsed {
            batch: None,
            salvaged: None,
            rows: 0,
            rejections: Vec::new(),
            accepted: Vec::new(),
            kept: Kept::default(),
            dated: DatedCounts::default(),
            cut_off: None,
            stopped: false,
            beyond_ascii: (0, 0),
        };
        let mut scratch = Vec::new();
        let mut cuts = Vec::new();
        let mut last = (None, false);
        let wanted = self.readers.len();
        let single_byte = self.extract.encoding != Encoding::Utf8;
        for (line, byte, bytes) in lines(chunk) {
            parsed.rows += 1;
            if single_byte && !bytes.is_ascii() {
                parsed.beyond_ascii.0 += 1;
                parsed.beyond_ascii.1 += u64::from(std::str::from_utf8(bytes).is_ok());
            }
            let mut row = [Value::Null; MOST_COLUMNS];
            let read = self.read(bytes, header, &mut scratch, &mut cuts, &mut row);
            let read = read.and_then(|()| self.check(&row[..wanted], &mut parsed.dated));
            let outcome = read.map_err(|refusal| self.named(bytes, refusal));
            last = (outcome.err().map(|(reason, _)| reason), bytes.iter().all(|byte| *byte == 0));
            match outcome {
                Ok(()) => {
                    if self.remembers() {
                        parsed.accepted.push((line, self.fingerprint.of(&row[..wanted], None)));
                        parsed.kept.push(self.across, &row[..wanted]);
                    }
                    gatherer.push(&row[..wanted]);
                }
                Err((reason, column)) => {
                    self.salvage(bytes, reason, &mut salvaged);
                    parsed.rejections.push(Rejection { reason, file, line, byte, column });
                }
            }
            if parsed.rejections.len() > MOST_REJECTIONS_OF_CHUNK {
                parsed.stopped = true;
                break;
            }
        }
        parsed.cut_off = cut_off(chunk, last).filter(|_| !parsed.stopped);
        parsed.batch = gatherer.finish(self.schema)?;
        parsed.salvaged = salvaged.finish(self.schema)?;
        Ok(parsed)
    }

    /// Gathers of a rejected row of a history what can be read, if it can be read whose it is: whom it is about is then not
    /// known to be without it. Two dates in the wrong order are both unreadable, for nobody can tell which is wrong; of a
    /// row that is not cut into its fields only the number is read.
    fn salvage(&self, bytes: &[u8], reason: RejectionReason, into: &mut Gatherer<'_>) {
        let Some(whose) = self.extract.whose_history() else { return };
        let (mut scratch, mut cuts) = (Vec::new(), Vec::new());
        let blank = matches!(self.extract.form, Form::FixedWidth { .. });
        let fields = match &self.extract.form {
            Form::FixedWidth { record } if bytes.len() == *record => self.fixed(bytes),
            Form::Delimited { delimiter, quoted }
                if fields::delimited(bytes, *delimiter, *quoted, &mut scratch, &mut cuts).is_ok() =>
            {
                cuts.iter()
                    .map(|&(start, end, own)| if own { &scratch[start..end] } else { &bytes[start..end] })
                    .collect()
            }
            _ => return,
        };
        let whole = fields.len() == self.readers.len() && reason != RejectionReason::HeaderRepeated;
        let mut row = [Value::Null; MOST_COLUMNS];
        let mut unreadable = vec![true; self.readers.len()];
        for (at, reader) in self.readers.iter().enumerate().filter(|(at, _)| whole || *at == whose) {
            if let Some(value) = fields.get(at).and_then(|field| reader.read(field, blank).ok()) {
                (row[at], unreadable[at]) = (value, false);
            }
        }
        for &(first, second) in &self.extract.ascending {
            let of = |column: usize| (row[column], &self.extract.columns[column].kind);
            if !ascends(of(first), of(second)) {
                for column in [first, second] {
                    (row[column], unreadable[column]) = (Value::Null, true);
                }
            }
        }
        if !unreadable[whose] {
            into.push_in_part(&row[..self.readers.len()], &unreadable);
        }
    }

    /// The fields of a record of fixed width.
    fn fixed<'b>(&self, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let mut rest = bytes;
        let columns = self.extract.columns.iter();
        columns
            .map_while(|column| {
                rest.split_at_checked(column.width).map(|(field, more)| {
                    rest = more;
                    field
                })
            })
            .collect()
    }

    /// Returns the refusal of a line, named for what the line is as a whole where it is no row.
    fn named(&self, line: &[u8], (reason, column): Refusal) -> Refusal {
        let delimiter = match self.extract.form {
            Form::Delimited { delimiter, .. } => Some(delimiter),
            _ => None,
        };
        match reason {
            RejectionReason::LineTooLong | RejectionReason::HeaderRepeated => (reason, column),
            _ if line.contains(&b'\r') => (RejectionReason::LineEnd, None),
            _ if is_blank(line, delimiter) => (RejectionReason::BlankLine, None),
            _ if is_footer(line, delimiter) => (RejectionReason::Footer, None),
            _ => (reason, column),
        }
    }

    fn read<'b>(
        &self,
        bytes: &'b [u8],
        header: &[u8],
        scratch: &'b mut Vec<u8>,
        cuts: &mut Vec<(usize, usize, bool)>,
        row: &mut [Value<'b>; MOST_COLUMNS],
    ) -> Result<(), Refusal> {
        if bytes.len() > LONGEST_LINE {
            return Err((RejectionReason::LineTooLong, None));
        }
        if bytes.is_empty() {
            return Err((RejectionReason::BlankLine, None));
        }
        match &self.extract.form {
            Form::FixedWidth { record } => {
                if bytes.len() != *record {
                    return Err((RejectionReason::RecordLength, None));
                }
                let mut start = 0;
                for (at, (column, reader)) in self.extract.columns.iter().zip(self.readers).enumerate() {
                    let field = &bytes[start..start + column.width];
                    start += column.width;
                    row[at] = reader.read(field, true).map_err(|reason| (reason, Some(at as u16)))?;
                }
                Ok(())
            }
            Form::Delimited { delimiter, quoted } => {
                if !header.is_empty() && bytes == header {
                    return Err((RejectionReason::HeaderRepeated, None));
                }
                fields::delimited(bytes, *delimiter, *quoted, scratch, cuts).map_err(|reason| (reason, None))?;
                if cuts.len() != self.readers.len() {
                    return Err((RejectionReason::FieldCount, None));
                }
                let scratch: &'b [u8] = scratch;
                for (at, (&(start, end, unescaped), reader)) in cuts.iter().zip(self.readers).enumerate() {
                    let field = if unescaped { &scratch[start..end] } else { &bytes[start..end] };
                    row[at] = reader.read(field, false).map_err(|reason| (reason, Some(at as u16)))?;
                }
                Ok(())
            }
            // A workbook's rows come cell by cell.
            Form::Workbook { .. } => Err((RejectionReason::FieldCount, None)),
        }
    }
}

/// Returns how a file ends in the middle of a record: with a last line without its end that is no whole record, so that more
/// than that line is gone; or with zeros, which a broken disk or transfer leaves.
fn cut_off(chunk: &Chunk, (refused, zeros): (Option<RejectionReason>, bool)) -> Option<&'static str> {
    let open_end = chunk.last && chunk.bytes.last().is_some_and(|byte| *byte != b'\n');
    let incomplete =
        matches!(refused, Some(RejectionReason::FieldCount | RejectionReason::RecordLength | RejectionReason::Quote));
    match refused {
        Some(_) if open_end && zeros => Some("the file ends in zeros"),
        _ if open_end && incomplete => Some("the file is truncated"),
        _ => None,
    }
}
