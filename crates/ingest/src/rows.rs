//! Lines of a chunk as rows: cut into fields, read, held to the contract's rules.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use catalog::Period;
use catalog::contract::{Encoding, Extract, Form};

use crate::LandError;
use crate::across::{Across, Part, Span};
use crate::batch::Gatherer;
use crate::fields;
use crate::keys::{Fingerprint, RowKey};
use crate::lines::{Chunk, LONGEST_LINE, lines};
use crate::rejection::{Rejection, RejectionReason};
use crate::value::{Reader, Value, within};

/// No extract has more columns; a row's values then need no allocation.
pub(crate) const MOST_COLUMNS: usize = 64;

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
    pub(crate) rows: u64,
    pub(crate) rejections: Vec<Rejection>,
    /// Line of each accepted row, and its fingerprint where keys are wanted.
    pub(crate) accepted: Vec<(u64, RowKey)>,
    pub(crate) kept: Kept,
    /// The file ends in the middle of a record.
    pub(crate) cut_off: bool,
    /// Lines with bytes beyond ASCII, and how many of these are well-formed UTF-8.
    pub(crate) beyond_ascii: (u64, u64),
}

impl Rules<'_> {
    /// Whether accepted rows can still be rejected at the end of the delivery.
    pub(crate) fn remembers(&self) -> bool {
        self.fingerprint.is_wanted() || self.across.is_wanted()
    }

    /// Rules across the columns of one row: what lies outside the period, what stands in the wrong order.
    pub(crate) fn check(&self, row: &[Value<'_>]) -> Result<(), Refusal> {
        for &column in &self.extract.within_period {
            if !within(row[column], &self.extract.columns[column].kind, self.period) {
                return Err((RejectionReason::OutsidePeriod, Some(column as u16)));
            }
        }
        for &(first, second) in &self.extract.ascending {
            if let (Value::Number(a), Value::Number(b)) = (row[first], row[second])
                && a > b
            {
                return Err((RejectionReason::Order, Some(second as u16)));
            }
        }
        Ok(())
    }

    /// Reads the lines of a chunk; `header` is the file's header line, which must not come again.
    pub(crate) fn parse(&self, chunk: &Chunk, header: &[u8], file: u32) -> Result<Parsed, LandError> {
        let mut gatherer = Gatherer::new(self.extract, self.readers, None);
        let mut parsed = Parsed {
            batch: None,
            rows: 0,
            rejections: Vec::new(),
            accepted: Vec::new(),
            kept: Kept::default(),
            cut_off: false,
            beyond_ascii: (0, 0),
        };
        let mut scratch = Vec::new();
        let mut cuts = Vec::new();
        let mut last = None;
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
            let outcome = read.and_then(|()| self.check(&row[..wanted]));
            last = outcome.err().map(|(reason, _)| reason);
            match outcome {
                Ok(()) => {
                    if self.remembers() {
                        parsed.accepted.push((line, self.fingerprint.of(&row[..wanted], None)));
                        parsed.kept.push(self.across, &row[..wanted]);
                    }
                    gatherer.push(&row[..wanted]);
                }
                Err((reason, column)) => parsed.rejections.push(Rejection { reason, file, line, byte, column }),
            }
        }
        // A last line without its end that is no whole record: the file was cut off, and more than that line is gone.
        let open_end = chunk.last && chunk.bytes.last().is_some_and(|byte| *byte != b'\n');
        let incomplete =
            matches!(last, Some(RejectionReason::FieldCount | RejectionReason::RecordLength | RejectionReason::Quote));
        parsed.cut_off = open_end && incomplete;
        parsed.batch = gatherer.finish(self.schema)?;
        Ok(parsed)
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
