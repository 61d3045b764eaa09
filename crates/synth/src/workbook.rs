//! Workbooks: sheets from lines of text.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::shape::Shape;

/// Begins a field that becomes a number cell, or a cell with a date; all others become text.
pub(crate) const NUMBER_CELL: u8 = 1;
pub(crate) const DATE_CELL: u8 = 2;

/// A workbook that was made on a day.
pub(crate) fn workbook(year: u16, month: u8, day: u8) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    // The library would put the present moment here, and no two runs would give the same bytes.
    let made = ExcelDateTime::from_ymd(year, month, day)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    Ok(workbook)
}

/// Fills a sheet: the header row, and a row for each line.
pub(crate) fn fill(page: &mut Worksheet, name: &str, shape: &Shape, lines: &str) -> Result<(), XlsxError> {
    page.set_name(name)?;
    for (column, header) in shape.columns.iter().enumerate() {
        page.write_string(0, column as u16, header.name)?;
    }
    let mut date: Option<Format> = None;
    for (row, line) in lines.lines().enumerate() {
        let row = row as u32 + 1;
        for (column, field) in line.split('\t').enumerate().filter(|(_, field)| !field.is_empty()) {
            let column = column as u16;
            match (field.as_bytes()[0], &field[1..]) {
                (NUMBER_CELL, number) => page.write_number(row, column, number.parse().unwrap_or(0.0))?,
                (DATE_CELL, day) => {
                    let format = date.get_or_insert_with(|| Format::new().set_num_format("yyyy-mm-dd"));
                    page.write_datetime_with_format(row, column, ExcelDateTime::parse_from_str(day)?, format)?
                }
                _ => page.write_string(row, column, field)?,
            };
        }
    }
    Ok(())
}
