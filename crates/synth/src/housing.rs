//! Tenants of social housing and candidates at the end of 2010: a workbook with a sheet for each, a row a household.

use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use crate::Summary;
use crate::counts::Counts;
use crate::delivery::Delivery;
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::BELGIAN;
use crate::random::{Draw, Mix};

/// The delivery.
pub(crate) const DELIVERY: Delivery = Delivery {
    extract: "wonen/sociale-huur",
    period: "2010-12-31",
    delivered_on: "2011-05-01",
    extracted_on: None,
    personal: true,
};

const COLUMNS: [&str; 5] = ["dossier", "gemeente", "nationaliteit", "peildatum", "huurprijs"];
const REFERENCE_DAY: &str = "2010-12-31";

/// A sheet: its name, its households in all of Flanders, and who of them is Belgian and unknown.
struct Sheet {
    name: &'static str,
    letter: char,
    households: f64,
    shares: (f64, f64),
    rent: bool,
}

const SHEETS: [Sheet; 2] = [
    Sheet { name: "huurders", letter: 'H', households: own::TENANTS, shares: own::TENANT_SHARES, rent: true },
    Sheet { name: "kandidaten", letter: 'K', households: own::CANDIDATES, shares: own::CANDIDATE_SHARES, rent: false },
];

/// Writes the workbook.
pub(crate) fn write(
    flanders: &Flanders<'_>,
    counts: &Counts,
    out: &Path,
    step: &dyn Fn(&str),
    summary: &mut Summary,
) -> Result<(), SynthError> {
    step("writing wonen/sociale-huur of 2010-12-31");
    let (bytes, rows) = workbook(flanders, counts).map_err(SynthError::container("sociale-huur.xlsx"))?;
    let mut begun = DELIVERY.begin(out)?;
    begun.whole("sociale-huur.xlsx", &bytes, rows)?;
    begun.finish(summary)
}

/// The workbook and its rows, headers not counted.
fn workbook(flanders: &Flanders<'_>, counts: &Counts) -> Result<(Vec<u8>, u64), XlsxError> {
    let mut workbook = Workbook::new();
    // The library would put the present moment here, and no two runs would give the same bytes.
    let made = ExcelDateTime::from_ymd(2011, 5, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let mut rows = 0;
    for sheet in &SHEETS {
        let page = workbook.add_worksheet();
        page.set_name(sheet.name)?;
        for (column, name) in COLUMNS.into_iter().enumerate() {
            page.write_string(0, column as u16, name)?;
        }
        let mut row = 0;
        for (at, place) in flanders.reference.flemish.iter().enumerate() {
            let municipality = &flanders.reference.municipalities[*place];
            let mut draw = Draw::stream(flanders.seed, sheet.name, at as u64);
            let foreigners = foreign_nationals(flanders, at);
            let (share, foreign) = shares(counts, at, sheet);
            for _ in 0..draw.round(sheet.households * flanders.scale * share) {
                row += 1;
                page.write_string(row, 0, format!("{}{row:08}", sheet.letter))?;
                page.write_string(row, 1, &municipality.code)?;
                let chance = draw.unit();
                if chance >= sheet.shares.1 {
                    let code = if chance < sheet.shares.1 + foreign { foreigners.draw(&mut draw) } else { None };
                    page.write_string(row, 2, format!("{:03}", code.unwrap_or(BELGIAN)))?;
                }
                page.write_string(row, 3, REFERENCE_DAY)?;
                if sheet.rent {
                    let cents = (draw.bell(265.0, 85.0).clamp(55.0, 620.0) * 100.0) as u32;
                    page.write_string(row, 4, format!("{},{:02}", cents / 100, cents % 100))?;
                }
            }
        }
        rows += u64::from(row);
    }
    Ok((workbook.save_to_buffer()?, rows))
}

/// Nationalities of a municipality's foreign households; those from outside the Union weigh more.
fn foreign_nationals(flanders: &Flanders<'_>, at: usize) -> Mix {
    let reference = flanders.reference;
    let municipality = &reference.municipalities[reference.flemish[at]];
    let citizens = reference.citizens.get(&municipality.province).map(Vec::as_slice).unwrap_or_default();
    let factors = reference.local.get(&municipality.code);
    Mix::new(citizens.iter().map(|(code, persons)| {
        let factor = factors.and_then(|factors| factors.get(code)).copied().unwrap_or(1.0);
        (*code, persons * factor * if flanders.outside_union(*code) { own::HOUSING_OUTSIDE_UNION } else { 1.0 })
    }))
}

/// A municipality's share of all households of a sheet, and the foreign ones among them.
fn shares(counts: &Counts, at: usize, sheet: &Sheet) -> (f64, f64) {
    // Social housing stands where many live, and more in towns with many foreign nationals.
    let weight = |at: usize| counts.persons(at, false) + 4.0 * counts.persons(at, true);
    let foreign =
        |at: usize| counts.persons(at, true) / (counts.persons(at, false) + counts.persons(at, true)).max(1.0);
    let all: f64 = (0..counts.municipalities()).map(weight).sum();
    let mean = (0..counts.municipalities()).map(|at| weight(at) * foreign(at)).sum::<f64>() / all;
    let wanted = 1.0 - sheet.shares.0 - sheet.shares.1;
    let here = wanted * (0.4 + 0.6 * foreign(at) / mean);
    (weight(at) / all, here.min(0.8))
}
