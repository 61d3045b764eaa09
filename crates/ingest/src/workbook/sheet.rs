//! The cells of a sheet, in the order in which they are written: by row, and in a row by column.

use std::borrow::Cow;
use std::io::Read;

use quick_xml::events::Event;

use super::package::Strings;
use super::xml::{Xml, attribute};
use crate::LandError;

/// The rows and columns that a sheet can have.
const MOST_ROWS: u32 = 1 << 20;
const MOST_COLUMNS: u32 = 1 << 14;

/// What is in a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Written<'s> {
    #[default]
    Empty,
    Text(Cow<'s, str>),
    /// A number as it is written, or that it is shown as a date.
    Number(String, bool),
    Truth,
    Error,
    /// A formula whose result was never stored.
    NoResult,
}

/// A cell: row and column from 0, and what is in it.
#[derive(Debug)]
pub(crate) struct Cell<'s> {
    pub(crate) row: u32,
    pub(crate) column: u32,
    pub(crate) written: Written<'s>,
}

/// Reads the cells of a sheet.
pub(crate) struct Cells<'s, R: Read> {
    xml: Xml<R>,
    strings: &'s Strings,
    dates: &'s [bool],
    /// No result of a formula is one that was calculated.
    uncalculated: bool,
    row: u32,
    /// Column of the next cell that does not say where it is.
    column: u32,
    place: Place,
    merged: bool,
}

/// Where reading is: before the cells of the sheet, within them, or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Within,
    After,
}

impl<'s, R: Read> Cells<'s, R> {
    pub(crate) fn new(xml: Xml<R>, strings: &'s Strings, dates: &'s [bool], uncalculated: bool) -> Cells<'s, R> {
        let place = Place::Before;
        Cells { xml, strings, dates, uncalculated, row: 0, column: 0, place, merged: false }
    }

    /// Whether cells below the first row are merged; known at the end.
    pub(crate) fn is_merged(&self) -> bool {
        self.merged
    }

    /// The next cell; `None` at the end of the sheet.
    ///
    /// # Errors
    ///
    /// The sheet cannot be read, or its cells are out of order.
    pub(crate) fn next(&mut self) -> Result<Option<Cell<'s>>, LandError> {
        loop {
            let found = match self.xml.next()? {
                Event::Start(element) => match (element.local_name().as_ref(), self.place) {
                    ("sheetData", Place::Before) => Found::Data,
                    ("row", Place::Within) => Found::Row(attribute(&element, "r")),
                    ("c", Place::Within) => {
                        let [at, style, kind] = ["r", "s", "t"].map(|name| attribute(&element, name));
                        Found::Cell(at, style, kind.unwrap_or_default())
                    }
                    ("mergeCell", Place::After) => Found::Merged(attribute(&element, "ref")),
                    _ => Found::Other,
                },
                Event::End(element) => match (element.local_name().as_ref(), self.place) {
                    ("sheetData", Place::Within) => Found::EndOfData,
                    ("row", Place::Within) => Found::EndOfRow,
                    _ => Found::Other,
                },
                Event::Eof if self.place == Place::After => return Ok(None),
                Event::Eof => return Err(self.xml.damaged()),
                _ => Found::Other,
            };
            if let Found::Cell(at, style, kind) = found {
                return self.cell(at.as_deref(), style, &kind).map(Some);
            }
            self.goes_on(found)?;
        }
    }

    fn goes_on(&mut self, found: Found) -> Result<(), LandError> {
        match found {
            Found::Data => self.place = Place::Within,
            Found::EndOfData => self.place = Place::After,
            Found::Row(Some(number)) => {
                let row = number.parse::<u32>().ok().and_then(|row| row.checked_sub(1));
                let row = row.filter(|row| *row >= self.row && *row < MOST_ROWS);
                (self.row, self.column) = (row.ok_or_else(|| self.xml.damaged())?, 0);
            }
            Found::EndOfRow => (self.row, self.column) = (self.row + 1, 0),
            // The last row of the area, as in `A1:B2`: a merged header alone belongs to no row.
            Found::Merged(area) => {
                let last = area.as_deref().and_then(|area| position(area.rsplit(':').next()?));
                self.merged |= last.ok_or_else(|| self.xml.damaged())?.0 > 0;
            }
            Found::Row(None) | Found::Cell(..) | Found::Other => {}
        }
        Ok(())
    }

    fn cell(&mut self, at: Option<&str>, style: Option<String>, kind: &str) -> Result<Cell<'s>, LandError> {
        let (row, column) = match at {
            Some(at) => position(at).ok_or_else(|| self.xml.damaged())?,
            None => (self.row, self.column),
        };
        // A cell twice, or before one that was there already: of two values nobody can tell which is right.
        if row != self.row || column < self.column || column >= MOST_COLUMNS || row >= MOST_ROWS {
            return Err(self.xml.damaged());
        }
        self.column = column + 1;
        let (mut value, mut inline, mut formula) = (None, None, false);
        loop {
            let child = match self.xml.next()? {
                Event::Start(element) => element.local_name().as_ref().to_string(),
                Event::End(_) => break,
                Event::Eof => return Err(self.xml.damaged()),
                _ => continue,
            };
            let mut text = String::new();
            match child.as_str() {
                "v" => {
                    self.xml.text_into(&mut text)?;
                    value = Some(text);
                }
                "is" => {
                    self.xml.rich_text_into(&mut text)?;
                    inline = Some(text);
                }
                other => {
                    formula |= other == "f";
                    self.xml.skip()?;
                }
            }
        }
        let written = self.written(value, inline, formula, style, kind)?;
        Ok(Cell { row, column, written })
    }

    fn written(
        &self,
        value: Option<String>,
        inline: Option<String>,
        formula: bool,
        style: Option<String>,
        kind: &str,
    ) -> Result<Written<'s>, LandError> {
        // An empty text is a result where the cell says that its result is text.
        let has_result = match (&value, kind) {
            (Some(_), "str") => true,
            (Some(value), _) => !value.is_empty(),
            (None, _) => inline.is_some(),
        };
        if formula && (!has_result || self.uncalculated) {
            return Ok(Written::NoResult);
        }
        let text = |text: String| if text.is_empty() { Written::Empty } else { Written::Text(Cow::Owned(text)) };
        Ok(match (kind, value) {
            ("inlineStr" | "is", _) => inline.map_or(Written::Empty, text),
            (_, None) => Written::Empty,
            ("s", Some(value)) => {
                let found = value.trim().parse().ok().and_then(|at| self.strings.get(at));
                match found.ok_or_else(|| self.xml.damaged())? {
                    "" => Written::Empty,
                    found => Written::Text(Cow::Borrowed(found)),
                }
            }
            ("str", Some(value)) => text(value),
            ("b", Some(_)) => Written::Truth,
            ("e", Some(_)) => Written::Error,
            ("d", Some(value)) => Written::Number(value, true),
            ("" | "n", Some(value)) if value.trim().is_empty() => Written::Empty,
            ("" | "n", Some(value)) => {
                let style = style.and_then(|style| style.parse::<usize>().ok()).unwrap_or(0);
                let is_date = self.dates.get(style).copied().unwrap_or(false);
                Written::Number(value.trim().to_string(), is_date)
            }
            _ => return Err(self.xml.damaged()),
        })
    }
}

/// What an event of the sheet's XML is.
enum Found {
    Data,
    EndOfData,
    Row(Option<String>),
    EndOfRow,
    Cell(Option<String>, Option<String>, String),
    Merged(Option<String>),
    Other,
}

/// Row and column, from 0, of a cell's name such as `B12`.
fn position(name: &str) -> Option<(u32, u32)> {
    let letters = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let (column, row) = name.split_at(letters);
    if !(1..=3).contains(&letters) || !(1..=7).contains(&row.len()) || !row.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let column = column.bytes().fold(0, |column, letter| column * 26 + u32::from(letter - b'A') + 1);
    let row: u32 = row.parse().ok()?;
    (row > 0 && row <= MOST_ROWS && column <= MOST_COLUMNS).then(|| (row - 1, column - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_by_column_and_row() {
        assert_eq!(position("A1"), Some((0, 0)));
        assert_eq!(position("Z9"), Some((8, 25)));
        assert_eq!(position("AB12"), Some((11, 27)));
        assert_eq!(position("XFD1048576"), Some((MOST_ROWS - 1, MOST_COLUMNS - 1)));
        for name in ["", "A", "1", "A0", "XFE1", "A1048577", "ABCDEFGHIJKL2", "a1", "A1B", "A99999999"] {
            assert_eq!(position(name), None, "{name}");
        }
    }
}
