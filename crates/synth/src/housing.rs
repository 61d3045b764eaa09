//! Tenants of social housing and candidates at the end of 2010: a workbook with a sheet for each, a row a household.

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

/// The delivery.
pub(crate) const DELIVERY: Delivery = Delivery::of_persons("wonen/sociale-huur", "2010-12-31", "2011-05-01");

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
pub(crate) fn write(flanders: &Flanders<'_>, counts: &Counts, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let mut begun = outbox.begin(DELIVERY)?;
    let broken = |error: XlsxError| SynthError::container("sociale-huur.xlsx")(error);
    let mut book: Workbook = workbook(2011, 5, 1).map_err(broken)?;
    let mut rows = 0;
    for sheet in &SHEETS {
        let (mut lines, mut count) = households(flanders, counts, sheet);
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

/// The households of a sheet, and how many they are.
fn households(flanders: &Flanders<'_>, counts: &Counts, sheet: &Sheet) -> (String, u64) {
    let mut lines = String::new();
    let mut row = 0;
    for (at, place) in flanders.reference.flemish.iter().enumerate() {
        let municipality = &flanders.reference.municipalities[*place];
        let mut draw = Draw::stream(flanders.seed, sheet.name, at as u64);
        let foreigners = foreign_nationals(flanders, at);
        let (share, foreign) = shares(counts, at, sheet);
        for _ in 0..draw.round(sheet.households * flanders.scale * share) {
            row += 1;
            lines.push_str(&format!("{}{row:08}\t{}\t", sheet.letter, municipality.code));
            let chance = draw.unit();
            if chance >= sheet.shares.1 {
                let code = if chance < sheet.shares.1 + foreign { foreigners.draw(&mut draw) } else { None };
                lines.push_str(&format!("{:03}", code.unwrap_or(BELGIAN)));
            }
            lines.push_str(&format!("\t{REFERENCE_DAY}\t"));
            if sheet.rent {
                let cents = (draw.bell(265.0, 85.0).clamp(55.0, 620.0) * 100.0) as u32;
                lines.push_str(&format!("{},{:02}", cents / 100, cents % 100));
            }
            lines.push('\n');
        }
    }
    (lines, row)
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
