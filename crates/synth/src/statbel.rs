//! Statbel's table of the population on 1 January, counted from our own inhabitants, in Statbel's own layout.

use std::io::{Cursor, Write};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::counts::AGES;
use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::faults::Harm;
use crate::flanders::Flanders;
use crate::person::{DATES, FIRST_YEAR, date, flag};
use crate::shape::{Column, Form, Kind, Shape, column};

const COLUMNS: &[Column] = &[
    column("CD_MUNTY_REFNIS", Kind::Municipality).key(),
    column("TX_MUNTY_DESCR_NL", Kind::Text),
    column("TX_MUNTY_DESCR_FR", Kind::Text),
    column("CD_DSTR_REFNIS", Kind::Text),
    column("TX_ADM_DSTR_DESCR_NL", Kind::Text),
    column("TX_ADM_DSTR_DESCR_FR", Kind::Text),
    column("CD_PROV_REFNIS", Kind::Text).optional(),
    column("TX_PROV_DESCR_NL", Kind::Text).optional(),
    column("TX_PROV_DESCR_FR", Kind::Text).optional(),
    column("CD_RGN_REFNIS", Kind::Codes(&["02000", "03000", "04000"])),
    column("TX_RGN_DESCR_NL", Kind::Text),
    column("TX_RGN_DESCR_FR", Kind::Text),
    column("CD_SEX", Kind::Codes(&["F", "M"])).key(),
    column("CD_NATLTY", Kind::Codes(&["BEL", "ETR"])).key(),
    column("TX_NATLTY_FR", Kind::Text),
    column("TX_NATLTY_NL", Kind::Text),
    column("CD_CIV_STS", Kind::Text).key(),
    column("TX_CIV_STS_FR", Kind::Text),
    column("TX_CIV_STS_NL", Kind::Text),
    column("CD_AGE", Kind::Count).key(),
    column("MS_POPULATION", Kind::Count),
    column("CD_YEAR", Kind::Year),
];
static SHAPE: Shape = Shape::new(Form::Table, COLUMNS);
const NATIONALITIES: [&str; 2] = ["BEL|Belges|Belgen", "ETR|Etrangers|Vreemdelingen"];
const CIVIL_STATUSES: [&str; 4] =
    ["10|Célibataire|Ongehuwd", "20|Marié|Gehuwd", "30|Veuf|Weduwstaat", "40|Divorcé|Gescheiden"];
const REGION: &str = "02000";

/// Statbel's deliveries, with the date that each is about; the table of earlier years was not published in this form.
pub(crate) const DELIVERIES: [(usize, Delivery); 3] = [
    (date(2010), delivery("2010-01-01", "2010-06-01")),
    (date(2011), delivery("2011-01-01", "2011-06-01")),
    (date(2012), delivery("2012-01-01", "2012-06-01")),
];

const fn delivery(period: &'static str, delivered_on: &'static str) -> Delivery {
    Delivery { extract: "statbel/bevolking", period, delivered_on, extracted_on: None, personal: false }
}

/// Writes the three zips.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    for (date, delivery) in DELIVERIES {
        let year = year_of(date);
        let mut begun = outbox.begin(delivery)?;
        let mut harm = begun.harm("", &SHAPE);
        let made = zipped(flanders, date, harm.as_mut()).map_err(SynthError::container("the population table"))?;
        let name = format!("TF_SOC_POP_STRUCT_{year}.zip");
        begun.whole(&name, &made.0, made.1)?;
        begun.damaged(&name, "", harm.map(Harm::into_wrong).unwrap_or_default());
        begun.finish()?;
    }
    Ok(())
}

/// The zip of a year and the lines of the table in it.
fn zipped(flanders: &Flanders<'_>, date: usize, mut harm: Option<&mut Harm<'_>>) -> ZipResult<(Vec<u8>, u64)> {
    let year = year_of(date);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(format!("TF_SOC_POP_STRUCT_{year}.txt"), member_of(year.unsigned_abs()))?;
    zip.write_all(&SHAPE.header())?;
    let mut lines = 0;
    let mut harmed = Vec::new();
    for (at, counts) in count(flanders, date).into_iter().enumerate() {
        let (text, more) = table(flanders, at, &counts, year);
        match &mut harm {
            None => {
                lines += more;
                zip.write_all(text.as_bytes())?;
            }
            Some(harm) => {
                harmed.clear();
                lines += harm.pass(text.as_bytes(), &mut harmed);
                zip.write_all(&harmed)?;
            }
        }
    }
    if let Some(harm) = harm {
        harmed.clear();
        lines += harm.finish(&mut harmed);
        zip.write_all(&harmed)?;
    }
    Ok((zip.finish()?.into_inner(), lines))
}

/// The year of a date.
fn year_of(date: usize) -> i16 {
    FIRST_YEAR + date as i16
}

/// How a zip's member is packed: with a date of its own, not the present moment.
pub(crate) fn member_of(year: u16) -> SimpleFileOptions {
    let made = DateTime::from_date_and_time(year, 6, 1, 12, 0, 0).unwrap_or_default();
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(made)
}

/// The table of some municipality in 2011, its header and a few lines.
pub(crate) fn sample(flanders: &Flanders<'_>, lines: usize) -> Vec<u8> {
    let counts = count(flanders, date(2011));
    let text = counts.iter().enumerate().map(|(at, counts)| table(flanders, at, counts, 2011).0);
    let text: String = text.take(3).collect();
    let mut sample = SHAPE.header();
    sample.extend(text.split_inclusive('\n').take(lines).flat_map(str::bytes));
    sample
}

/// The lines of a municipality, by its position among the Flemish ones, and how many they are.
fn table(flanders: &Flanders<'_>, at: usize, counts: &[u32], year: i16) -> (String, u64) {
    let reference = flanders.reference;
    let name = |code: &str| reference.areas.get(code).map_or("", String::as_str);
    let municipality = &reference.municipalities[reference.flemish[at]];
    let mut area = format!("{0}|{1}|{1}", municipality.code, municipality.name);
    for code in [&municipality.arrondissement, &municipality.province, &REGION.to_string()] {
        area.push_str(&format!("|{code}|{0}|{0}", name(code)));
    }
    let (mut text, mut lines) = (String::new(), 0);
    for (at, persons) in counts.iter().enumerate().filter(|(_, persons)| **persons > 0) {
        let (age, civil, foreign, man) = (at % AGES, at / AGES % 4, at / (AGES * 4) % 2, at / (AGES * 8));
        let sex = ["F", "M"][man];
        text.push_str(&format!(
            "{area}|{sex}|{}|{}|{age}|{persons}|{year}\r\n",
            NATIONALITIES[foreign], CIVIL_STATUSES[civil]
        ));
        lines += 1;
    }
    (text, lines)
}

/// Inhabitants by position in the list of Flemish municipalities, then by sex, nationality, civil status and age.
fn count(flanders: &Flanders<'_>, date: usize) -> Vec<Vec<u32>> {
    let reference = flanders.reference;
    let mut at_place = vec![usize::MAX; reference.municipalities.len() + 1];
    for (at, place) in reference.flemish.iter().enumerate() {
        at_place[place + 1] = at;
    }
    let mut counts = vec![vec![0; AGES * 4 * 2 * 2]; reference.flemish.len()];
    for (_, person) in flanders.inhabitants(date) {
        let age = flanders.calendar.age_on_new_year(year_of(date), person.birth).max(0);
        let civil = usize::from(person.civil_status(age)) / 10 - 1;
        let man = usize::from(!person.is(flag::WOMAN));
        let foreign = usize::from(person.is_foreign(DATES[date]));
        let at = ((man * 2 + foreign) * 4 + civil) * AGES + (age as usize).min(AGES - 1);
        counts[at_place[usize::from(person.place[date])]][at] += 1;
    }
    counts
}
