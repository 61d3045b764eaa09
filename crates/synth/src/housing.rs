//! Tenants of social housing and candidates at the end of four years: a workbook with a sheet for each, a row a
//! household.
//!
//! The households of 2010 are drawn; each has a place in its municipality, which in another year the same household
//! has, or another one, or nobody.

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::counts::Counts;
use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::BELGIAN;
use crate::random::{Draw, Mix};
use crate::shape::{Form, Kind, Shape, column};
use crate::workbook::{fill, workbook};

/// The deliveries, with the years since 2010.
pub(crate) const DELIVERIES: [(i32, Delivery); 4] = [
    (-2, delivery("2008-12-31", "2009-05-01")),
    (-1, delivery("2009-12-31", "2010-05-01")),
    (0, delivery("2010-12-31", "2011-05-01")),
    (1, delivery("2011-12-31", "2012-05-01")),
];

const fn delivery(period: &'static str, delivered_on: &'static str) -> Delivery {
    Delivery::of_persons("wonen/sociale-huur", period, delivered_on)
}

/// The shape of both sheets.
pub(crate) static SHAPE: Shape = Shape::new(
    Form::Sheet,
    &[
        column("dossier", Kind::Text).key(),
        column("gemeente", Kind::Municipality),
        column("nationaliteit", Kind::Nationality).optional(),
        column("peildatum", Kind::Day),
        column("huurprijs", Kind::Decimal).optional(),
    ],
);

/// A sheet: its name, its households in all of Flanders at the end of 2010, who of them is Belgian and unknown, and how
/// they change from year to year.
struct Sheet {
    name: &'static str,
    letter: char,
    households: f64,
    shares: (f64, f64),
    rent: bool,
    years: own::HousingYears,
}

const SHEETS: [Sheet; 2] = [
    Sheet {
        name: "huurders",
        letter: 'H',
        households: own::TENANTS,
        shares: own::TENANT_SHARES,
        rent: true,
        years: own::TENANT_YEARS,
    },
    Sheet {
        name: "kandidaten",
        letter: 'K',
        households: own::CANDIDATES,
        shares: own::CANDIDATE_SHARES,
        rent: false,
        years: own::CANDIDATE_YEARS,
    },
];

/// A household at the end of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Household {
    number: u32,
    /// Position in [`crate::reference::Reference::flemish`].
    at: usize,
    nationality: Option<u16>,
    /// In cents, and at the prices of 2010; 0 for candidates.
    rent: u32,
}

/// Added to a household's number for each one that had its place before or after: another number than all others.
const ANOTHER: u32 = 1_000_000;

/// Writes the workbooks.
pub(crate) fn write(flanders: &Flanders<'_>, counts: &Counts, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let all = SHEETS.each_ref().map(|sheet| years(flanders, counts, sheet));
    for (year, delivery) in DELIVERIES {
        let sheets = all.each_ref().map(|years| years[(year - DELIVERIES[0].0) as usize].as_slice());
        write_year(flanders, sheets, year, delivery, outbox)?;
    }
    Ok(())
}

/// The workbook of a year.
fn write_year(
    flanders: &Flanders<'_>,
    sheets: [&[Household]; 2],
    year: i32,
    delivery: Delivery,
    outbox: &mut Outbox<'_>,
) -> Result<(), SynthError> {
    let mut begun = outbox.begin(delivery)?;
    let broken = |error: XlsxError| SynthError::container("sociale-huur.xlsx")(error);
    let mut book: Workbook = workbook((2011 + year).unsigned_abs() as u16, 5, 1).map_err(broken)?;
    let mut rows = 0;
    for (sheet, households) in SHEETS.iter().zip(sheets) {
        let mut lines = String::with_capacity(households.len() * 40);
        for household in households {
            line(flanders, &mut lines, sheet, household, year, delivery.period);
        }
        let mut count = households.len() as u64;
        if let Some(mut harm) = begun.harm(sheet.name, &SHAPE) {
            let mut harmed = Vec::new();
            count = harm.pass(lines.as_bytes(), &mut harmed) + harm.finish(&mut harmed);
            lines = String::from_utf8_lossy(&harmed).into_owned();
            begun.damaged("sociale-huur.xlsx", sheet.name, harm.into_wrong());
        }
        rows += count;
        fill(book.add_worksheet(), sheet.name, &SHAPE, &lines).map_err(broken)?;
    }
    let bytes = book.save_to_buffer().map_err(broken)?;
    begun.whole("sociale-huur.xlsx", &bytes, rows)?;
    begun.finish()
}

/// A household's row.
fn line(flanders: &Flanders<'_>, lines: &mut String, sheet: &Sheet, household: &Household, year: i32, day: &str) {
    let municipality = &flanders.reference.municipalities[flanders.reference.flemish[household.at]];
    lines.push_str(&format!("{}{:08}\t{}\t", sheet.letter, household.number, municipality.code));
    if let Some(code) = household.nationality {
        lines.push_str(&format!("{code:03}"));
    }
    lines.push_str(&format!("\t{day}\t"));
    if sheet.rent {
        let cents = (f64::from(household.rent) * own::RENT_RISE.powi(year)) as u32;
        lines.push_str(&format!("{},{:02}", cents / 100, cents % 100));
    }
    lines.push('\n');
}

/// The households of a sheet at the end of each year that is delivered.
fn years(flanders: &Flanders<'_>, counts: &Counts, sheet: &Sheet) -> [Vec<Household>; DELIVERIES.len()] {
    let mut years: [Vec<Household>; DELIVERIES.len()] = Default::default();
    let (mut number, mut more) = (0, 0);
    for at in 0..flanders.reference.flemish.len() {
        let mut draw = Draw::stream(flanders.seed, sheet.name, at as u64);
        let foreigners = foreign_nationals(flanders, at);
        let (share, foreign) = shares(counts, at, sheet);
        let household = |draw: &mut Draw, number: u32| {
            let chance = draw.unit();
            let nationality = (chance >= sheet.shares.1).then(|| {
                let code = if chance < sheet.shares.1 + foreign { foreigners.draw(draw) } else { None };
                code.unwrap_or(BELGIAN)
            });
            let rent = if sheet.rent { (draw.bell(265.0, 85.0).clamp(55.0, 620.0) * 100.0) as u32 } else { 0 };
            Household { number, at, nationality, rent }
        };
        let here = sheet.households * flanders.scale * share;
        let mut of_2010 = Vec::new();
        for _ in 0..draw.round(here) {
            number += 1;
            of_2010.push(household(&mut draw, number));
        }
        let mut draw =
            Draw::stream(flanders.seed, "social housing of other years", (at * 2) as u64 + u64::from(sheet.rent));
        let [two_years_before, year_before, in_2010, year_after] = &mut years;
        for now in &of_2010 {
            let another = |draw: &mut Draw, now: Household, change: f64| match draw.chance(change) {
                true => household(draw, now.number + ANOTHER),
                false => now,
            };
            // Places are fewer the further back; whoever left a place is not there in the year after.
            if draw.chance(1.0 / sheet.years.growth) {
                let before = another(&mut draw, *now, sheet.years.leaving);
                year_before.push(before);
                if draw.chance(1.0 / sheet.years.growth) {
                    two_years_before.push(another(&mut draw, before, sheet.years.leaving));
                }
            }
            year_after.push(match draw.chance(sheet.years.leaving) {
                true => household(&mut draw, now.number + 3 * ANOTHER),
                false => *now,
            });
        }
        for _ in 0..draw.round(here * (sheet.years.growth - 1.0)) {
            more += 1;
            year_after.push(household(&mut draw, more + 4 * ANOTHER));
        }
        in_2010.append(&mut of_2010);
    }
    years
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
