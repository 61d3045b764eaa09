//! Harm: rows pass through, and some of them come out wrong in exactly one way.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Class;
use super::spoil::{another, field_count, overlapping, record_length, wrong};
use crate::random::Draw;
use crate::reference::Reference;
use crate::shape::Shape;

/// A second row of one key comes at most this many lines after the first.
const LATER: usize = 5_000;

/// A second row of a key or a history, what makes it wrong, and the column that a checker will name.
type Second = (Vec<u8>, Class, Option<usize>);

/// A wrong row: its physical line, or its row in the sheet, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) line: u64,
    pub(crate) class: Class,
    pub(crate) column: Option<&'static str>,
}

/// What damages the rows of a file or sheet.
pub(crate) struct Harm<'r> {
    shape: &'static Shape,
    reference: &'r Reference,
    draw: Draw,
    rate: f64,
    /// Sound rows before the next damaged one.
    gap: u64,
    /// Lines that have come out.
    line: u64,
    /// Second rows of a key that are still to come, by the line at which they are due.
    waiting: BTreeMap<u64, Vec<Second>>,
    wrong: Vec<Wrong>,
}

/// A row without its end, and where its fields are.
pub(crate) struct Row<'l> {
    pub(crate) body: &'l [u8],
    pub(crate) fields: Vec<Range<usize>>,
}

impl Row<'_> {
    /// A field as it stands; blanks behind it count as nothing.
    pub(crate) fn field(&self, at: usize) -> &[u8] {
        self.fields.get(at).map_or(b"".as_slice(), |field| self.body[field.clone()].trim_ascii_end())
    }

    /// The row with another value in a field; a field of fixed width keeps it.
    pub(crate) fn with(&self, at: usize, value: &[u8], width: usize) -> Vec<u8> {
        let field = &self.fields[at];
        let mut body = self.body[..field.start].to_vec();
        body.extend_from_slice(value);
        if width > 0 {
            body.resize(field.start + width, b' ');
        }
        body.extend_from_slice(&self.body[field.end..]);
        body
    }
}

impl<'r> Harm<'r> {
    /// Harm to each row with this probability; `purpose` names the stream of draws.
    pub(crate) fn new(
        shape: &'static Shape,
        reference: &'r Reference,
        seed: u64,
        purpose: &str,
        rate: f64,
    ) -> Harm<'r> {
        let mut harm = Harm {
            shape,
            reference,
            draw: Draw::stream(seed, purpose, 0),
            rate,
            gap: 0,
            line: u64::from(!shape.header().is_empty()),
            waiting: BTreeMap::new(),
            wrong: Vec::new(),
        };
        harm.gap = harm.next_gap();
        harm
    }

    /// Sound rows between two damaged ones: as many as if each row were drawn for itself.
    fn next_gap(&mut self) -> u64 {
        ((1.0 - self.draw.unit()).ln() / (1.0 - self.rate).ln()) as u64
    }

    /// Lets whole lines pass; gives the lines that came out.
    pub(crate) fn pass(&mut self, mut lines: &[u8], out: &mut Vec<u8>) -> u64 {
        let before = self.line;
        while !lines.is_empty() {
            let end = memchr::memchr(b'\n', lines).map_or(lines.len(), |at| at + 1);
            let (line, rest) = lines.split_at(end);
            lines = rest;
            if self.whole_too_small(line, out) {
                continue;
            }
            if self.gap > 0 {
                self.gap -= 1;
                self.sound(line, out);
            } else {
                self.gap = self.next_gap();
                self.damage(line, out);
            }
            while self.waiting.first_key_value().is_some_and(|(due, _)| *due <= self.line + 1) {
                self.second(out);
            }
        }
        self.line - before
    }

    /// Lets the rows come out that are still due, and gives the lines that came out.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> u64 {
        let before = self.line;
        while !self.waiting.is_empty() {
            self.second(out);
        }
        self.line - before
    }

    /// What was damaged, in the order of the lines.
    pub(crate) fn into_wrong(mut self) -> Vec<Wrong> {
        self.wrong.sort_by_key(|wrong| wrong.line);
        self.wrong
    }

    fn sound(&mut self, line: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(line);
        self.line += 1;
    }

    /// A line that is wrong, or from this moment on.
    fn unsound(&mut self, line: &[u8], class: Class, column: Option<usize>, out: &mut Vec<u8>) {
        self.sound(line, out);
        let column = column.and_then(|at| self.shape.columns.get(at)).map(|column| column.name);
        self.wrong.push(Wrong { line: self.line, class, column });
    }

    /// The next second row of a key.
    fn second(&mut self, out: &mut Vec<u8>) {
        if let Some((_, rows)) = self.waiting.pop_first() {
            for (line, class, column) in rows {
                self.unsound(&line, class, column, out);
            }
        }
    }

    /// Every second row of a whole is made smaller than its parts: there are too few such rows to wait for the rate.
    fn whole_too_small(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        let Some((column, code, count)) = self.shape.whole else { return false };
        let end = self.shape.end();
        let body = line.strip_suffix(end.as_bytes()).unwrap_or(line);
        let row = Row { body, fields: fields(self.shape, body) };
        if row.field(column) != code.as_bytes() || !self.draw.chance(0.5) {
            return false;
        }
        let line = [row.with(count, b"0", 0).as_slice(), end.as_bytes()].concat();
        self.unsound(&line, Class::PartsAboveWhole, Some(count), out);
        true
    }

    fn damage(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let body = line.strip_suffix(self.shape.end().as_bytes()).unwrap_or(line);
        let row = Row { body, fields: fields(self.shape, body) };
        let mut classes = Class::of(self.shape.form).to_vec();
        while !classes.is_empty() {
            let class = classes.swap_remove(self.draw.below(classes.len()));
            if self.spoil(class, &row, line, out) {
                return;
            }
        }
        self.sound(line, out);
    }

    /// Makes the row wrong in this way, if it can be.
    fn spoil(&mut self, class: Class, row: &Row<'_>, line: &[u8], out: &mut Vec<u8>) -> bool {
        let shape = self.shape;
        let ended = |mut body: Vec<u8>| {
            body.extend_from_slice(shape.end().as_bytes());
            body
        };
        match class {
            Class::FieldCount => {
                let Some(delimiter) = shape.delimiter() else { return false };
                let body = field_count(&mut self.draw, row, delimiter);
                self.unsound(&ended(body), class, None, out);
            }
            Class::RecordLength => {
                let body = record_length(&mut self.draw, row);
                self.unsound(&ended(body), class, None, out);
            }
            Class::HeaderRepeated => {
                self.unsound(&shape.header(), class, None, out);
                self.sound(line, out);
            }
            Class::DuplicateKey => {
                self.sound(line, out);
                self.wait(line.to_vec(), class, None);
            }
            Class::DuplicateKeyDiffers => {
                let Some((at, value)) = another(&mut self.draw, self.reference, shape, row) else { return false };
                let second = ended(row.with(at, &value, shape.columns[at].width));
                self.unsound(line, class, None, out);
                self.wait(second, class, None);
            }
            Class::Overlap => {
                let Some((second, column)) = overlapping(&mut self.draw, shape, row) else { return false };
                self.sound(line, out);
                self.wait(ended(second), class, Some(column));
            }
            _ => {
                let Some((at, value, column)) = wrong(&mut self.draw, class, shape, row) else { return false };
                let body = row.with(at, &value, shape.columns[at].width);
                self.unsound(&ended(body), class, Some(column), out);
            }
        }
        true
    }

    fn wait(&mut self, line: Vec<u8>, class: Class, column: Option<usize>) {
        let due = self.line + 2 + self.draw.below(LATER) as u64;
        self.waiting.entry(due).or_default().push((line, class, column));
    }
}

/// Where the fields of a line are.
fn fields(shape: &Shape, body: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    match shape.delimiter() {
        Some(delimiter) => {
            let mut fields: Vec<Range<usize>> =
                memchr::memchr_iter(delimiter, body).map(|at| std::mem::replace(&mut start, at + 1)..at).collect();
            fields.push(start..body.len());
            fields
        }
        None => {
            let field = |width: usize| {
                start += width;
                start - width..start
            };
            shape.columns.iter().map(|column| column.width).map(field).collect()
        }
    }
}
