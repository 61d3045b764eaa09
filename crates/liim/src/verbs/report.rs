//! `liim report`: pages of municipalities, provinces and Flanders.

use std::path::Path;

use report::Book;
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::failure::Failure;
use crate::pages::failed;
use crate::progress::Counted;
use crate::{files, terminal};

/// Writes the page of one area, or of all that have one. Each is read back first, and a page that tells more than the published
/// rows is not written.
pub fn report(global: &Global, edition: &str, area: Option<&str>, all: bool, out: &Path) -> Result<(), Failure> {
    let warehouse = Warehouse::reading(&super::warehouse_folder(global));
    let published = warehouse::edition::open(&warehouse, edition)?;
    let book = Book::open(&published).map_err(failed)?;
    let rows = published.observations()?;
    let mut audit = audit::Pages::new(&published, &rows)?;
    let codes = if all { audit.areas() } else { area.map(str::to_string).into_iter().collect() };
    let folder = out.join(edition);
    files::folder(&folder)?;
    let counted = Counted::begin("writing pages", codes.len());
    for code in &codes {
        let page = report::page(&book, code).map_err(failed)?;
        let found = audit.check(code, &page);
        if !found.is_empty() {
            return Err(Failure::Exposed(format!("page of {code}: {}", found.join("; "))));
        }
        let path = folder.join(format!("{code}.html"));
        files::write_whole(&path, page.as_bytes(), 0o644)?;
        terminal::say(&path.display().to_string());
        counted.step();
    }
    Ok(())
}
