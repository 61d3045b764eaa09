//! Linkage rates held to the floors of the contracts: a source that links to nobody, or to far fewer than its contract
//! says, stops the edition instead of being counted as zero.

use std::path::Path;

use catalog::contract::{Extract, Linking, in_per_cent};
use catalog::{Fault, Period, Place};
use warehouse::session::Session;

use crate::failure::Failure;
use crate::link_quality;
use crate::stages::Workshop;

/// How much of a source links.
#[derive(Debug, Clone)]
pub struct LinkageRate<'p> {
    /// The source.
    pub extract: &'p Extract,
    /// The delivery's period; of the register's histories the day of the residents.
    pub period: Period,
    /// Rows, or residents, that link.
    pub linked: u64,
    /// All of them.
    pub rows: u64,
}

/// The linkage rates of the register's own extracts on a day: of how many residents a nationality, and of how many a
/// parent's first nationality, is known.
///
/// # Errors
/// Where the linked table cannot be read.
pub fn of_residents<'p>(
    workshop: &Workshop<'p>,
    period: Period,
    residents: &Path,
) -> Result<Vec<LinkageRate<'p>>, Failure> {
    let session = Session::new(&workshop.limits)?;
    let [residents, nationalities, parents] = link_quality::known_of_residents(&session, residents)?;
    let rate = |extract: &'p Extract| {
        let linked = match extract.linking {
            Linking::Nationalities { .. } => nationalities,
            Linking::Filiations { .. } => parents,
            _ => return None,
        };
        Some(LinkageRate { extract, period, linked, rows: residents })
    };
    Ok(workshop.project.extracts().filter_map(rate).collect())
}

/// Holds linkage rates to the floors of their contracts.
///
/// # Errors
/// Names every source, with its period, that is below its floor, or whose contract has none.
pub fn hold(rates: &[LinkageRate<'_>]) -> Result<(), Failure> {
    let faults: Vec<Fault> = rates.iter().filter_map(below_floor).collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::Contract(faults)) }
}

fn below_floor(rate: &LinkageRate<'_>) -> Option<Fault> {
    let LinkageRate { extract, period, linked, rows } = rate;
    let floor = extract.floors.linkage_rate;
    if floor.is_some_and(|floor| floor.is_reached_by(*linked, *rows)) {
        return None;
    }
    let wanted = floor.map_or("and the contract has no floor".to_string(), |floor| format!("the floor is {floor}"));
    let (what, hint) = match &extract.linking {
        Linking::Nationalities { .. } => (
            "of the residents have a known nationality",
            "whoever has none would be counted as unknown; look whether the histories are whole and of these persons"
                .into(),
        ),
        Linking::Filiations { .. } => (
            "of the residents have a parent whose nationality is known",
            "origin would be decided without parents; look whether the filiations are whole and of these persons"
                .into(),
        ),
        Linking::Facts { key: Some(key), .. } => (
            "of the rows link to a person of the register",
            format!("look whether the pseudonyms are those of {key}, and whether key and register are whole"),
        ),
        _ => (
            "of the rows link to a person of the register",
            "look whether the numbers are those of the register, and whether the register is whole".to_string(),
        ),
    };
    let message = format!("{} {period}: {} {what}, {wanted}", extract.id, in_per_cent(*linked, *rows));
    let hint = format!("{hint}; if it is right, set `floors: linkage_rate:` of {}", extract.id);
    Some(Fault::new("S63", Place::file(&extract.file), message).hint(hint))
}
