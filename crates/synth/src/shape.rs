//! The shapes of the extracts: their columns, what each of them holds, and what identifies a row.

/// What a column holds and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// National or BIS number.
    Insz,
    /// A supplier's own number.
    Coded,
    Text,
    /// One of these codes.
    Codes(&'static [&'static str]),
    Municipality,
    Nationality,
    /// Municipality, country, or the register's code for abroad.
    Place,
    /// `YYYY-MM-DD`.
    Day,
    /// `YYYYMMDD`, month and day perhaps 00.
    PartialDay,
    /// `YYYY-MM`.
    Month,
    /// `YYYY-Q1`.
    Quarter,
    /// `YYYY-YYYY`.
    SchoolYear,
    Year,
    /// A whole number.
    Count,
    /// A number with a decimal comma.
    Decimal,
}

/// A column of an extract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// It is never empty.
    pub(crate) required: bool,
    /// It is part of what identifies a row.
    pub(crate) key: bool,
    /// It lies within the period of the delivery.
    pub(crate) of_period: bool,
    /// Bytes in a record of fixed width.
    pub(crate) width: usize,
}

/// A required column.
pub(crate) const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: true, key: false, of_period: false, width: 0 }
}

impl Column {
    pub(crate) const fn key(self) -> Column {
        Column { key: true, ..self }
    }

    pub(crate) const fn optional(self) -> Column {
        Column { required: false, ..self }
    }

    pub(crate) const fn of_period(self) -> Column {
        Column { of_period: true, ..self }
    }

    pub(crate) const fn wide(self, width: usize) -> Column {
        Column { width, ..self }
    }
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Lines of fields, under a header line.
    Lines { delimiter: u8, end: &'static str, latin: bool },
    /// Statbel's table: lines under a header line that begins with a byte order mark.
    Table,
    /// Records of fixed width, without header.
    Records,
    /// A sheet of a workbook. Until they become cells its rows are lines too, with tabs between the fields.
    Sheet,
}

/// Semicolons, UTF-8: the form of most extracts.
pub(crate) const SEMICOLONS: Form = Form::Lines { delimiter: b';', end: "\n", latin: false };

/// The shape of an extract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) form: Form,
    pub(crate) columns: &'static [Column],
    /// Two columns of which the second is never below the first, where both are filled.
    pub(crate) ascending: Option<(usize, usize)>,
    /// The rows are histories, numbered in this column, with their days in the ascending ones.
    pub(crate) history: Option<usize>,
    /// In the row that has this code in this column, that count is the sum of the others.
    pub(crate) whole: Option<(usize, &'static str, usize)>,
}

impl Shape {
    /// A shape without rules across columns or rows.
    pub(crate) const fn new(form: Form, columns: &'static [Column]) -> Shape {
        Shape { form, columns, ascending: None, history: None, whole: None }
    }

    pub(crate) const fn ascending(self, first: usize, second: usize) -> Shape {
        Shape { ascending: Some((first, second)), ..self }
    }

    pub(crate) const fn history(self, number: usize) -> Shape {
        Shape { history: Some(number), ..self }
    }

    pub(crate) const fn whole(self, column: usize, code: &'static str, count: usize) -> Shape {
        Shape { whole: Some((column, code, count)), ..self }
    }

    /// What stands between the fields; records of fixed width have nothing there.
    pub(crate) fn delimiter(&self) -> Option<u8> {
        match self.form {
            Form::Lines { delimiter, .. } => Some(delimiter),
            Form::Table => Some(b'|'),
            Form::Records => None,
            Form::Sheet => Some(b'\t'),
        }
    }

    /// How a line ends.
    pub(crate) fn end(&self) -> &'static str {
        match self.form {
            Form::Lines { end, .. } => end,
            Form::Table | Form::Records => "\r\n",
            Form::Sheet => "\n",
        }
    }

    /// The header line with its end; nothing for records.
    pub(crate) fn header(&self) -> Vec<u8> {
        let Some(delimiter) = self.delimiter() else { return Vec::new() };
        let mark = if self.form == Form::Table { "\u{feff}" } else { "" };
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        format!("{mark}{}{}", names.join(&char::from(delimiter).to_string()), self.end()).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_from_the_columns() {
        const COLUMNS: &[Column] = &[column("maand", Kind::Month).key(), column("insz", Kind::Insz).wide(11)];
        assert_eq!(Shape::new(SEMICOLONS, COLUMNS).header(), b"maand;insz\n");
        assert_eq!(Shape::new(Form::Table, COLUMNS).header(), "\u{feff}maand|insz\r\n".as_bytes());
        assert!(Shape::new(Form::Records, COLUMNS).header().is_empty());
    }
}
