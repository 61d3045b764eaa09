//! The XML of a workbook's part, read event by event in bounded memory.

use std::io::{BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::LandError;
use crate::unwrap::{Broken, file_fault};

/// No tag, text or comment of a workbook is longer; a cell holds at most 32,767 letters.
pub(crate) const LONGEST_PIECE: usize = 1 << 20;

/// No part of a workbook has as many elements in each other; the names of those that are open are kept.
const DEEPEST: usize = 64;

/// A part of a workbook.
pub(crate) struct Xml<R: Read> {
    reader: Reader<Bounded<BufReader<R>>>,
    buffer: Vec<u8>,
    depth: usize,
    shown: String,
}

impl<R: Read> Xml<R> {
    pub(crate) fn new(bytes: R, shown: String) -> Xml<R> {
        let mut reader = Reader::from_reader(Bounded { inner: BufReader::with_capacity(1 << 16, bytes), left: 0 });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        Xml { reader, buffer: Vec::new(), depth: 0, shown }
    }

    /// The next event.
    ///
    /// # Errors
    ///
    /// The part cannot be read, is not well-formed, or has a piece that is longer or deeper than any.
    pub(crate) fn next(&mut self) -> Result<Event<'_>, LandError> {
        self.buffer.clear();
        self.reader.get_mut().left = LONGEST_PIECE;
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(Event::DocType(_)) => Err(damaged(&self.shown)),
            Ok(event) => {
                match event {
                    Event::Start(_) => self.depth += 1,
                    Event::End(_) => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                if self.depth > DEEPEST { Err(damaged(&self.shown)) } else { Ok(event) }
            }
            Err(quick_xml::Error::Io(error)) => Err(Broken::fault(&error, &self.shown)),
            Err(_) => Err(damaged(&self.shown)),
        }
    }

    pub(crate) fn damaged(&self) -> LandError {
        damaged(&self.shown)
    }

    /// Appends the text of the element that has begun to `text`, and passes over the elements in it.
    pub(crate) fn text_into(&mut self, text: &mut String) -> Result<(), LandError> {
        let start = text.len();
        let mut depth = 0usize;
        loop {
            match self.next()? {
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => return Ok(()),
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(self.damaged()),
                event if depth == 0 => is_taken(&event, text, start).then_some(()).ok_or_else(|| self.damaged())?,
                _ => {}
            }
        }
    }

    /// Appends the text of the string element that has begun, of its runs too, but not how it is pronounced.
    pub(crate) fn rich_text_into(&mut self, text: &mut String) -> Result<(), LandError> {
        let start = text.len();
        let (mut depth, mut in_text, mut phonetic) = (0usize, None, None);
        loop {
            match self.next()? {
                Event::Start(element) => {
                    depth += 1;
                    match element.local_name().as_ref() {
                        "t" if phonetic.is_none() => in_text = Some(depth),
                        "rPh" if phonetic.is_none() => phonetic = Some(depth),
                        _ => {}
                    }
                }
                Event::End(_) if depth == 0 => return Ok(()),
                Event::End(_) => {
                    in_text = in_text.filter(|at| *at != depth);
                    phonetic = phonetic.filter(|at| *at != depth);
                    depth -= 1;
                }
                Event::Eof => return Err(self.damaged()),
                event if in_text == Some(depth) => {
                    is_taken(&event, text, start).then_some(()).ok_or_else(|| self.damaged())?;
                }
                _ => {}
            }
        }
    }

    /// Passes over the element that has begun.
    pub(crate) fn skip(&mut self) -> Result<(), LandError> {
        let mut depth = 0usize;
        loop {
            match self.next()? {
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => return Ok(()),
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(self.damaged()),
                _ => {}
            }
        }
    }
}

/// The value of an attribute by its local name; entities are resolved, and what cannot be is no value.
pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let own = attributes
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    quick_xml::escape::unescape(&own.value).ok().map(|text| text.into_owned())
}

/// Appends the text of an event; false where it has none that can be read, or the piece that began at `start` is too long.
fn is_taken(event: &Event<'_>, text: &mut String, start: usize) -> bool {
    push(event, text) && text.len() - start <= LONGEST_PIECE
}

/// Appends a piece of text; false where an entity has no meaning.
fn push(event: &Event<'_>, text: &mut String) -> bool {
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(entity) => match resolved(entity) {
            Some(letter) => text.push_str(&letter),
            None => return false,
        },
        _ => {}
    }
    true
}

fn resolved(entity: &BytesRef<'_>) -> Option<String> {
    if entity.is_char_ref() {
        return entity.resolve_char_ref().ok().flatten().map(String::from);
    }
    resolve_predefined_entity(entity).map(str::to_string)
}

fn damaged(shown: &str) -> LandError {
    let hint = "the workbook was damaged on its way; ask for it again";
    file_fault(shown, "S21", "the workbook cannot be read to its end", hint)
}

/// A stream that ends in an error where one piece of it takes more than is left.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = {
            let available = self.fill_buf()?;
            let got = available.len().min(buffer.len());
            buffer[..got].copy_from_slice(&available[..got]);
            got
        };
        self.consume(got);
        Ok(got)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.left == 0 {
            return Err(Broken::PartTooLarge.error());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}
