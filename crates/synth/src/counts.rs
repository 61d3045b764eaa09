//! How many persons live where on the calibrated date: municipality, sex, Belgian or foreign, single age.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::error::SynthError;
use crate::random::Draw;
use crate::reference::Reference;

/// Single ages; the last one is an open class.
pub(crate) const AGES: usize = 101;

/// Persons by age, for a sex and a nationality (Belgian or foreign).
type Ages = [f64; AGES];

/// The calibrated table.
pub(crate) struct Counts {
    /// The year whose 1 January the table is about.
    pub(crate) year: i16,
    /// By position in [`Reference::flemish`]: `[sex][foreign][age]`, sex 0 for women.
    cells: Vec<[[Ages; 2]; 2]>,
}

impl Counts {
    /// Statbel's table where one is given, otherwise the project's own smaller tables.
    pub(crate) fn read(reference: &Reference, calibrate: Option<&Path>) -> Result<Counts, SynthError> {
        match calibrate {
            Some(zip) => statbel(reference, zip),
            None => own_tables(reference),
        }
    }

    /// Number of Flemish municipalities.
    pub(crate) fn municipalities(&self) -> usize {
        self.cells.len()
    }

    /// Persons of a municipality: women and men, Belgian or foreign.
    pub(crate) fn persons(&self, municipality: usize, foreign: bool) -> f64 {
        self.cells[municipality].iter().flat_map(|sex| sex[usize::from(foreign)]).sum()
    }

    /// Persons of a municipality by age, of one sex.
    #[cfg(test)]
    pub(crate) fn cell(&self, municipality: usize, sex: usize, foreign: bool) -> &Ages {
        &self.cells[municipality][sex][usize::from(foreign)]
    }

    /// Persons of a municipality by age, both sexes.
    pub(crate) fn by_age(&self, municipality: usize, foreign: bool) -> Ages {
        let [women, men] = &self.cells[municipality];
        std::array::from_fn(|age| women[usize::from(foreign)][age] + men[usize::from(foreign)][age])
    }

    /// The persons to make of a cell row at a scale, by age: each number is right on average, and all of them are
    /// exact where scale and table are whole.
    pub(crate) fn scaled(
        &self,
        municipality: usize,
        sex: usize,
        foreign: bool,
        scale: f64,
        draw: &mut Draw,
    ) -> Vec<usize> {
        // One random start for the whole row, then a person at every whole step: rows keep their totals too.
        let start = draw.unit() * 0.999_999;
        let mut sum = 0.0;
        let mut before = 0;
        let ages = &self.cells[municipality][sex][usize::from(foreign)];
        let step = |count: &f64| {
            sum += count * scale;
            // The small push keeps sums of thirds and tenths from falling short of a whole number.
            let until = (sum + start + 1e-7).floor() as usize;
            let persons = until.saturating_sub(before);
            before = before.max(until);
            persons
        };
        ages.iter().map(step).collect()
    }
}

/// Statbel's zip: one text of 22 columns, of which only the Flemish lines are used.
fn statbel(reference: &Reference, path: &Path) -> Result<Counts, SynthError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file = File::open(path).map_err(SynthError::reading(path))?;
    let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(SynthError::container(&name))?;
    let member = zip.by_index(0).map_err(SynthError::container(&name))?;
    let mut lines = BufReader::with_capacity(1 << 20, member);
    let mut header = String::new();
    lines.read_line(&mut header).map_err(SynthError::reading(path))?;
    let names: Vec<&str> = header.trim_start_matches('\u{feff}').trim_end().split('|').collect();
    let mut at = [0; 7];
    let wanted = ["CD_MUNTY_REFNIS", "CD_RGN_REFNIS", "CD_SEX", "CD_NATLTY", "CD_AGE", "MS_POPULATION", "CD_YEAR"];
    for (place, name) in at.iter_mut().zip(wanted) {
        let found = names.iter().position(|column| *column == name);
        *place = found.ok_or_else(|| SynthError::table(path, 1, format!("column `{name}` is missing")))?;
    }
    read_lines(reference, path, lines, at, names.len())
}

/// The lines after the header; `at` are the places of the seven columns.
fn read_lines(
    reference: &Reference,
    path: &Path,
    mut lines: impl BufRead,
    at: [usize; 7],
    width: usize,
) -> Result<Counts, SynthError> {
    let mut counts = Counts { year: 0, cells: vec![[[[0.0; AGES]; 2]; 2]; reference.flemish.len()] };
    let mut line = String::new();
    let mut number = 1;
    loop {
        line.clear();
        number += 1;
        if lines.read_line(&mut line).map_err(SynthError::reading(path))? == 0 {
            break;
        }
        let fields: Vec<&str> = line.trim_end_matches(['\r', '\n']).split('|').collect();
        let fault = |fault: &str| SynthError::table(path, number, fault);
        if fields.len() != width {
            return Err(fault("the line has another number of fields than the header"));
        }
        let [code, region, sex, nationality, age, persons, year] = at.map(|place| fields[place]);
        if region != "02000" {
            continue;
        }
        let municipality =
            reference.flemish_position(code).ok_or_else(|| fault("this is no Flemish municipality of 2011"))?;
        let sex =
            ["F", "M"].iter().position(|known| *known == sex).ok_or_else(|| fault("the sex is neither F nor M"))?;
        let known = ["BEL", "ETR"].iter().position(|known| *known == nationality);
        let foreign = known.ok_or_else(|| fault("the nationality is neither BEL nor ETR"))?;
        let age: usize = age.parse().map_err(|_| fault("the age is not a number"))?;
        let persons: u32 = persons.parse().map_err(|_| fault("the population is not a number"))?;
        let year: i16 = year.parse().map_err(|_| fault("the year is not a number"))?;
        if counts.year != 0 && counts.year != year {
            return Err(fault("the table is about more than one year"));
        }
        counts.year = year;
        counts.cells[municipality][sex][foreign][age.min(AGES - 1)] += f64::from(persons);
    }
    if !(2010..=2012).contains(&counts.year) {
        return Err(SynthError::table(path, 0, "the table must be about 2010, 2011 or 2012"));
    }
    Ok(counts)
}

/// Persons by municipality, sex and nationality, spread over the ages as in all of Flanders.
fn own_tables(reference: &Reference) -> Result<Counts, SynthError> {
    let mut profile = [[[0.0; AGES]; 2]; 2];
    let table = reference.calibration("age_2011.csv", &["sex", "nationality", "age", "persons"])?;
    for row in table.rows() {
        let (sex, foreign) = sex_and_nationality(row.text(0), row.text(1))
            .ok_or_else(|| row.fault("F or M, and BEL or ETR, are expected"))?;
        let age = row.number(2)? as usize;
        profile[sex][foreign][age.min(AGES - 1)] += row.number(3)?;
    }
    let mut cells = vec![[[[0.0; AGES]; 2]; 2]; reference.flemish.len()];
    let table = reference.calibration("population_2011.csv", &["municipality", "sex", "nationality", "persons"])?;
    for row in table.rows() {
        let (sex, foreign) = sex_and_nationality(row.text(1), row.text(2))
            .ok_or_else(|| row.fault("F or M, and BEL or ETR, are expected"))?;
        let municipality = reference
            .flemish_position(row.text(0))
            .ok_or_else(|| row.fault("this is no Flemish municipality of 2011"))?;
        let shape = &profile[sex][foreign];
        let whole: f64 = shape.iter().sum();
        if whole <= 0.0 {
            return Err(row.fault("no ages are known for this sex and nationality"));
        }
        let persons = row.number(3)?;
        for (cell, share) in cells[municipality][sex][foreign].iter_mut().zip(shape) {
            *cell += persons * share / whole;
        }
    }
    Ok(Counts { year: 2011, cells })
}

fn sex_and_nationality(sex: &str, nationality: &str) -> Option<(usize, usize)> {
    let sex = ["F", "M"].iter().position(|known| *known == sex)?;
    let foreign = ["BEL", "ETR"].iter().position(|known| *known == nationality)?;
    Some((sex, foreign))
}
