//! `liim report`: pages of municipalities.

use std::fs;
use std::path::Path;

use catalog::cell::AreaLevel;
use report::{Book, ReportError};
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::failure::Failure;
use crate::terminal;

/// Writes the page of one municipality, or of all.
pub fn report(global: &Global, edition: &str, area: Option<&str>, all: bool, out: &Path) -> Result<(), Failure> {
    let warehouse = Warehouse::reading(&super::warehouse_folder(global));
    let failed = |error: ReportError| match error {
        ReportError::NoArea(text) => Failure::Usage(text),
        ReportError::Warehouse(error) => error.into(),
    };
    let published = warehouse::edition::open(&warehouse, edition)?;
    let book = Book::open(&published).map_err(failed)?;
    let codes: Vec<&str> = if all {
        book.areas.iter().filter(|area| area.level == AreaLevel::Municipality).map(|area| area.code.as_str()).collect()
    } else {
        area.into_iter().collect()
    };
    let folder = out.join(edition);
    fs::create_dir_all(&folder).map_err(|error| Failure::Broken(format!("{}: {error}", folder.display())))?;
    for code in codes {
        let page = report::page(&book, code).map_err(failed)?;
        let path = folder.join(format!("{code}.html"));
        fs::write(&path, page).map_err(|error| Failure::Broken(format!("{}: {error}", path.display())))?;
        terminal::say(&path.display().to_string());
    }
    Ok(())
}
