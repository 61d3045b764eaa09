//! Statbel's table of the population on 1 January, counted from our own inhabitants, in Statbel's own layout.

use std::io::{Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::Summary;
use crate::counts::AGES;
use crate::delivery::Delivery;
use crate::error::SynthError;
use crate::flanders::Flanders;
use crate::person::{DATES, flag};

const HEADER: &str = "\u{feff}CD_MUNTY_REFNIS|TX_MUNTY_DESCR_NL|TX_MUNTY_DESCR_FR|CD_DSTR_REFNIS|TX_ADM_DSTR_DESCR_NL|TX_ADM_DSTR_DESCR_FR|\
    CD_PROV_REFNIS|TX_PROV_DESCR_NL|TX_PROV_DESCR_FR|CD_RGN_REFNIS|TX_RGN_DESCR_NL|TX_RGN_DESCR_FR|CD_SEX|CD_NATLTY|TX_NATLTY_FR|TX_NATLTY_NL|\
    CD_CIV_STS|TX_CIV_STS_FR|TX_CIV_STS_NL|CD_AGE|MS_POPULATION|CD_YEAR\r\n";
const NATIONALITIES: [&str; 2] = ["BEL|Belges|Belgen", "ETR|Etrangers|Vreemdelingen"];
const CIVIL_STATUSES: [&str; 4] =
    ["10|Célibataire|Ongehuwd", "20|Marié|Gehuwd", "30|Veuf|Weduwstaat", "40|Divorcé|Gescheiden"];
const REGION: &str = "02000";

/// Statbel's deliveries, one for each date.
pub(crate) const DELIVERIES: [Delivery; 3] =
    [delivery("2010-01-01", "2010-06-01"), delivery("2011-01-01", "2011-06-01"), delivery("2012-01-01", "2012-06-01")];

const fn delivery(period: &'static str, delivered_on: &'static str) -> Delivery {
    Delivery { extract: "statbel/bevolking", period, delivered_on, extracted_on: None, personal: false }
}

/// Writes the three zips.
pub(crate) fn write(
    flanders: &Flanders<'_>,
    out: &Path,
    step: &dyn Fn(&str),
    summary: &mut Summary,
) -> Result<(), SynthError> {
    for (date, delivery) in DELIVERIES.into_iter().enumerate() {
        step(&format!("writing {} of {}", delivery.extract, delivery.period));
        let year = 2010 + date;
        let (bytes, lines) = table(flanders, date, year).map_err(SynthError::container("the population table"))?;
        let mut begun = delivery.begin(out)?;
        begun.whole(&format!("TF_SOC_POP_STRUCT_{year}.zip"), &bytes, lines)?;
        begun.finish(summary)?;
    }
    Ok(())
}

/// The zip of a year and the lines of the table in it.
fn table(flanders: &Flanders<'_>, date: usize, year: usize) -> zip::result::ZipResult<(Vec<u8>, u64)> {
    let made = DateTime::from_date_and_time(year as u16, 6, 1, 12, 0, 0).unwrap_or_default();
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(made);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(format!("TF_SOC_POP_STRUCT_{year}.txt"), options)?;
    zip.write_all(HEADER.as_bytes())?;
    let reference = flanders.reference;
    let name = |code: &str| reference.areas.get(code).map_or("", String::as_str);
    let mut lines = 0;
    let mut text = String::new();
    for (place, counts) in reference.flemish.iter().zip(count(flanders, date)) {
        let municipality = &reference.municipalities[*place];
        let mut area = format!("{0}|{1}|{1}", municipality.code, municipality.name);
        for code in [&municipality.arrondissement, &municipality.province, &REGION.to_string()] {
            area.push_str(&format!("|{code}|{0}|{0}", name(code)));
        }
        text.clear();
        for (at, persons) in counts.into_iter().enumerate().filter(|(_, persons)| *persons > 0) {
            let (age, civil, foreign, man) = (at % AGES, at / AGES % 4, at / (AGES * 4) % 2, at / (AGES * 8));
            let sex = ["F", "M"][man];
            text.push_str(&format!(
                "{area}|{sex}|{}|{}|{age}|{persons}|{year}\r\n",
                NATIONALITIES[foreign], CIVIL_STATUSES[civil]
            ));
            lines += 1;
        }
        zip.write_all(text.as_bytes())?;
    }
    Ok((zip.finish()?.into_inner(), lines))
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
        let age = flanders.calendar.age_on_new_year(2010 + date as i16, person.birth).max(0);
        let civil = usize::from(person.civil_status(age)) / 10 - 1;
        let man = usize::from(!person.is(flag::WOMAN));
        let foreign = usize::from(person.is_foreign(DATES[date]));
        let at = ((man * 2 + foreign) * 4 + civil) * AGES + (age as usize).min(AGES - 1);
        counts[at_place[usize::from(person.place[date])]][at] += 1;
    }
    counts
}
