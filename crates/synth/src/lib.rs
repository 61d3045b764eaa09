//! A synthetic Flanders in the suppliers' own formats, with a known truth beside it.
//!
//! Persons are drawn for every municipality from the calibrated counts (Statbel's own table, or the project's smaller
//! ones): who lives there, what nationalities they had, who their parents are, and what happened to them in the years
//! around the date. The suppliers' extracts are then written from these persons, so that they agree with each other:
//! the register's files, Statbel's table, the living wage, job-seekers, pupils, social housing. Nobody in them exists.

mod births;
#[cfg(test)]
mod calibrated;
mod counts;
mod delivery;
mod error;
mod estimates;
mod flanders;
mod housing;
mod income;
mod jobseekers;
mod kin;
mod local;
mod parallel;
mod person;
mod pool;
mod random;
mod reference;
mod register;
mod schools;
mod spell;
mod statbel;
mod story;
mod text;
mod truth;
mod years;

use std::path::PathBuf;

pub use error::SynthError;

/// What to make, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project's folder; deliveries go under `sources/`, the truth under `truth/`.
    pub out: PathBuf,
    /// The folder with the reference tables, `sources/reference` of a project.
    pub reference: PathBuf,
    /// Persons to make for each real one: above 0, at most 1.
    pub scale: f64,
    /// The same seed and scale give the same bytes.
    pub seed: u64,
    /// Statbel's zip of the population of 1 January 2010, 2011 or 2012, to make exactly that population at scale 1.
    pub calibrate: Option<PathBuf>,
    /// Threads to work on; their number does not change the result.
    pub threads: usize,
}

/// What was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The files in the order in which they were written.
    pub files: Vec<WrittenFile>,
}

/// A written file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// `supplier/extract`, or `truth`.
    pub extract: String,
    /// The period of the delivery, or the date of the truth.
    pub period: String,
    /// The file's name in its folder.
    pub name: String,
    /// Data lines, headers not counted; rows of all sheets for a workbook.
    pub lines: u64,
}

/// Makes the population and writes all deliveries and the truth; `step` hears a sentence before each long piece of work.
///
/// A delivery that an earlier call made is replaced; each one appears in its folder when it is complete.
///
/// # Errors
/// Unusable options, reference tables or calibration file; a delivery folder that holds something not made here (then
/// nothing is written at all); more births on a day than there are numbers; files that cannot be written.
pub fn write(options: &Options, step: &dyn Fn(&str)) -> Result<Summary, SynthError> {
    if !(options.scale > 0.0 && options.scale <= 1.0) {
        return Err(SynthError::Options("the scale must be above 0 and at most 1".to_string()));
    }
    let out = options.out.as_path();
    let register = register::DELIVERIES.iter().map(|(_, delivery)| delivery);
    let others = [&jobseekers::DELIVERY, &housing::DELIVERY, &schools::DELIVERY];
    for delivery in register.chain(&statbel::DELIVERIES).chain(&income::DELIVERIES).chain(others) {
        delivery.check(out)?;
    }
    step("reading the reference tables");
    let reference = reference::Reference::read(&options.reference)?;
    let counts = counts::Counts::read(&reference, options.calibrate.as_deref())?;
    let setting = local::Setting::new(&reference, &counts, options.seed, options.scale);
    let threads = options.threads.max(1);
    step("drawing the population of the municipalities");
    let flanders = flanders::Flanders::draw(&setting, threads)?;
    let mut summary = Summary::default();
    register::write(&flanders, out, threads, step, &mut summary)?;
    statbel::write(&flanders, out, step, &mut summary)?;
    income::write(&flanders, out, step, &mut summary)?;
    jobseekers::write(&flanders, out, threads, step, &mut summary)?;
    housing::write(&flanders, &counts, out, step, &mut summary)?;
    schools::write(&flanders, out, threads, step, &mut summary)?;
    truth::write(&flanders, out, threads, step, &mut summary)?;
    Ok(summary)
}
