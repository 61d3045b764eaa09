//! Reference tables: small comma-separated files of facts, kept by us, read whole.

use std::collections::HashMap;

use crate::Day;
use crate::fault::{Fault, Place, did_you_mean};

/// A reference table: named columns of text.
#[derive(Debug, Clone, Default)]
pub struct Table {
    file: String,
    columns: HashMap<String, usize>,
    rows: Vec<Vec<String>>,
}

/// One row of a [`Table`].
#[derive(Clone, Copy)]
pub struct Row<'t> {
    table: &'t Table,
    number: usize,
}

impl Table {
    /// Reads a table that must have these columns, in any order.
    pub fn read(file: &str, text: &str, wanted: &[&str], faults: &mut Vec<Fault>) -> Table {
        let mut lines = text.lines().enumerate();
        let header: Vec<String> = match lines.next() {
            Some((_, line)) => fields(line),
            None => {
                faults.push(Fault::new("R02", Place::file(file), "the table is empty"));
                return Table::default();
            }
        };
        let mut columns = HashMap::new();
        for name in wanted {
            match header.iter().position(|column| column == name) {
                Some(at) => {
                    columns.insert((*name).to_string(), at);
                }
                None => {
                    let mut fault = Fault::new("R04", Place::line(file, 1), format!("column `{name}` is missing"));
                    if let Some(near) = did_you_mean(name, header.iter().map(String::as_str)) {
                        fault = fault.hint(format!("is it `{near}`?"));
                    }
                    faults.push(fault);
                }
            }
        }
        let mut rows = Vec::new();
        for (number, line) in lines {
            if line.is_empty() {
                continue;
            }
            let row = fields(line);
            if row.len() != header.len() {
                let message = format!("{} fields where the header has {}", row.len(), header.len());
                faults.push(Fault::new("R05", Place::line(file, number as u64 + 1), message));
                continue;
            }
            rows.push(row);
        }
        Table { file: file.to_string(), columns, rows }
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|number| Row { table: self, number })
    }
}

impl<'t> Row<'t> {
    /// A field; empty when the column is missing, which reading has already named as a fault.
    pub fn get(&self, column: &str) -> &'t str {
        match self.table.columns.get(column) {
            Some(&at) => &self.table.rows[self.number][at],
            None => "",
        }
    }

    /// A field that may be empty.
    pub fn optional(&self, column: &str) -> Option<&'t str> {
        Some(self.get(column)).filter(|text| !text.is_empty())
    }

    /// A day that may be empty.
    pub fn day(&self, column: &str, faults: &mut Vec<Fault>) -> Option<Day> {
        let text = self.optional(column)?;
        let day = text.parse().ok();
        if day.is_none() {
            faults.push(Fault::new("R05", self.place(column), "not a day").hint("write YYYY-MM-DD"));
        }
        day
    }

    /// A whole number.
    pub fn count(&self, column: &str, faults: &mut Vec<Fault>) -> i64 {
        self.get(column).parse().unwrap_or_else(|_| {
            faults.push(Fault::new("R05", self.place(column), "not a whole number"));
            0
        })
    }

    /// The place of a field.
    pub fn place(&self, column: &str) -> Place {
        let mut place = Place::line(&self.table.file, self.number as u64 + 2);
        place.column = Some(column.to_string());
        place
    }
}

/// Splits a line at commas; a field in double quotes may hold commas, and doubled quotes stand for one.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = line.trim_end_matches('\r').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_and_faults() {
        let mut faults = Vec::new();
        let table = Table::read("t.csv", "code,name\n1,\"a, \"\"b\"\"\"\n2\n", &["name", "kode"], &mut faults);
        assert_eq!(table.rows().next().map(|row| row.get("name")), Some("a, \"b\""));
        let codes: Vec<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
        assert_eq!(codes, ["R04", "R05"]);
        assert_eq!(faults[0].hint.as_deref(), Some("is it `code`?"));
        assert_eq!(faults[1].place.line, Some(3));
    }
}
