//! `liim report`: pages of municipalities.

use std::fs;
use std::path::Path;

use catalog::cell::AreaLevel;
use report::Book;
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::failure::Failure;
use crate::pages::failed;
use crate::terminal;

/// Writes the page of one municipality, or of all. Each is read back first, and a page that tells more than the published
/// rows is not written.
pub fn report(global: &Global, edition: &str, area: Option<&str>, all: bool, out: &Path) -> Result<(), Failure> {
    let warehouse = Warehouse::reading(&super::warehouse_folder(global));
    let published = warehouse::edition::open(&warehouse, edition)?;
    let book = Book::open(&published).map_err(failed)?;
    let codes: Vec<&str> = if all {
        book.areas.iter().filter(|area| area.level == AreaLevel::Municipality).map(|area| area.code.as_str()).collect()
    } else {
        area.into_iter().collect()
    };
    let rows = published.observations()?;
    let mut audit = audit::Pages::new(&published, &rows)?;
    let folder = out.join(edition);
    fs::create_dir_all(&folder).map_err(|error| Failure::Broken(format!("{}: {error}", folder.display())))?;
    for code in codes {
        let page = report::page(&book, code).map_err(failed)?;
        let found = audit.check(code, &page);
        if !found.is_empty() {
            return Err(Failure::Exposed(format!("page of {code}: {}", found.join("; "))));
        }
        let path = folder.join(format!("{code}.html"));
        fs::write(&path, page).map_err(|error| Failure::Broken(format!("{}: {error}", path.display())))?;
        terminal::say(&path.display().to_string());
    }
    Ok(())
}
