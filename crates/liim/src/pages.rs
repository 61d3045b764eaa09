//! The pages of an edition: rendered one after another, each read back before it goes anywhere.

use audit::Pages;
use catalog::cell::Observation;
use report::{Book, ReportError};
use warehouse::edition::Published;

use crate::failure::Failure;
use crate::progress::Counted;

/// A page, and what the audit says of it.
type Page = (String, Vec<String>);

/// The pages of all areas that have one, in the order of their codes, each with what is wrong with it.
pub fn rendered<'p>(
    edition: &Published,
    rows: &'p [Observation],
) -> Result<impl Iterator<Item = Result<Page, Failure>> + use<'p>, Failure> {
    let book = Book::open(edition).map_err(failed)?;
    let mut audit = Pages::new(edition, rows)?;
    let areas = audit.areas();
    let counted = Counted::begin("reading pages back", areas.len());
    Ok(areas.into_iter().map(move |code| {
        counted.step();
        let page = report::page(&book, &code).map_err(failed)?;
        let found = audit.check(&code, &page);
        let found = found.into_iter().map(|what| format!("page of {code}: {what}")).collect();
        Ok((page, found))
    }))
}

/// A report that could not be made, as the command says it.
pub fn failed(error: ReportError) -> Failure {
    match error {
        ReportError::NoArea(text) => Failure::Usage(text),
        ReportError::Table(text) => Failure::NotReproduced(text),
        ReportError::Warehouse(error) => error.into(),
    }
}
