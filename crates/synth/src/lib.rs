//! A synthetic Flanders in the suppliers' own formats, with a known truth beside it.
//!
//! Persons are drawn for every municipality from the calibrated counts (Statbel's own table, or the project's smaller
//! ones): who lives there, what nationalities they had, who their parents are, and what happened to them in the years
//! around the date. The suppliers' extracts are then written from these persons, so that they agree with each other:
//! the register's files, Statbel's table, social security, job-seekers, pupils and students, newcomers, births, housing,
//! voters. Nobody in them exists. Rows can be damaged on purpose, each in one known way, to test those who read them.

mod adults;
mod apportion;
mod births;
#[cfg(test)]
mod calibrated;
mod caravans;
mod coded;
mod counts;
mod delivery;
mod error;
mod estimates;
mod everybody;
mod faults;
mod flanders;
mod housing;
mod identity;
mod income;
mod jobseekers;
mod kin;
mod local;
mod moves;
mod newborns;
mod newcomers;
mod pack;
mod parallel;
mod person;
mod pool;
mod positions;
mod random;
mod reference;
mod register;
mod schools;
mod shape;
mod sink;
mod spell;
mod statbel;
mod story;
mod text;
mod truth;
mod upbringing;
mod voters;
mod workbook;
mod years;

use std::path::{Path, PathBuf};

use delivery::Outbox;
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
    /// Share of the rows to damage: each damaged row stands in `truth/faults.csv`. 0 for sound extracts.
    pub faults: f64,
    /// Whether other suppliers' extracts name some persons by a number that the register has replaced.
    pub replaced: bool,
    /// Whether about one row in a thousand of `vdab/nwwz` and `inburgering/trajecten` has the pseudo-municipality 99991:
    /// somewhere in Flanders. Only for contracts that know this code.
    pub unlocated: bool,
}

/// All of Flanders, sound, on one thread; the two folders must still be told.
impl Default for Options {
    fn default() -> Options {
        Options {
            out: PathBuf::new(),
            reference: PathBuf::new(),
            scale: 1.0,
            seed: 0,
            calibrate: None,
            threads: 1,
            faults: 0.0,
            replaced: false,
            unlocated: false,
        }
    }
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
    /// The period of the delivery, or the date of the truth; empty for what the truth tells about all deliveries.
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
    if !(0.0..=1.0).contains(&options.faults) {
        return Err(SynthError::Options("the share of faults must be from 0 to 1".to_string()));
    }
    let (out, threads) = (options.out.as_path(), options.threads.max(1));
    check(out)?;
    step("reading the reference tables");
    let reference = reference::Reference::read(&options.reference)?;
    let counts = counts::Counts::read(&reference, options.calibrate.as_deref())?;
    let setting = local::Setting::new(&reference, &counts, options.seed, options.scale);
    step("drawing the population of the municipalities");
    let flanders = flanders::Flanders::draw(&setting, threads, options.replaced, options.unlocated)?;
    let mut outbox = Outbox {
        out,
        threads,
        seed: options.seed,
        faults: options.faults,
        reference: &reference,
        step,
        summary: Summary::default(),
        damaged: Vec::new(),
    };
    register::write(&flanders, &mut outbox)?;
    identity::write(&flanders, &mut outbox)?;
    moves::write(&flanders, &mut outbox)?;
    statbel::write(&flanders, &mut outbox)?;
    let searches = jobseekers::searches(&flanders, threads);
    let coded = social_security(&flanders, &searches, &mut outbox)?;
    jobseekers::write(&flanders, &searches.of_2010, &mut outbox)?;
    housing::write(&flanders, &counts, &mut outbox)?;
    caravans::write(&flanders, &counts, &mut outbox)?;
    schools::write(&flanders, &mut outbox)?;
    adults::write(&flanders, &mut outbox)?;
    newcomers::write(&flanders, &mut outbox)?;
    newborns::write(&flanders, &mut outbox)?;
    upbringing::write(&flanders, &mut outbox)?;
    voters::write(&flanders, &counts, &mut outbox)?;
    let samples = (options.faults > 0.0).then(|| faults::Samples::take(&flanders, &searches.of_2010));
    truth::write(&flanders, &coded, samples.as_ref(), &mut outbox)?;
    Ok(outbox.summary)
}

/// Makes sure that no delivery would take the place of somebody else's.
fn check(out: &Path) -> Result<(), SynthError> {
    let dated = register::DELIVERIES.iter().chain(&identity::DELIVERIES).chain(&moves::DELIVERIES);
    let dated = dated.chain(&statbel::DELIVERIES);
    let by_year = newborns::DELIVERIES.iter().chain(&upbringing::DELIVERIES).chain(&schools::DELIVERIES);
    let others = [
        coded::DELIVERY,
        income::DELIVERY,
        jobseekers::DELIVERY,
        adults::DELIVERY,
        newcomers::DELIVERY,
        voters::DELIVERY,
    ];
    let dated = dated.map(|(_, delivery)| delivery).chain(by_year.map(|(_, delivery)| delivery));
    let housing = housing::DELIVERIES.iter().map(|(_, delivery)| delivery);
    let rest = positions::DELIVERIES.iter().chain(&caravans::DELIVERIES).chain(&others);
    dated.chain(housing).chain(rest).try_for_each(|delivery| delivery.check(out))
}

/// What the KSZ delivers: the key to its coded numbers, and what it tells under them. Gives who has such a number.
fn social_security(
    flanders: &flanders::Flanders<'_>,
    searches: &jobseekers::Searches,
    outbox: &mut Outbox<'_>,
) -> Result<coded::Marked, SynthError> {
    (outbox.step)("drawing the living wage of 2010");
    let secret = random::key(outbox.seed, "coded numbers");
    let income = income::draw(flanders, &secret);
    let coded = coded::Coded::new(flanders, &secret, &income.named, outbox.threads);
    coded.write(flanders, outbox)?;
    income.write(flanders, outbox)?;
    positions::write(flanders, &coded, &income.quarters, &searches.quarters, outbox)?;
    Ok(coded.marked(flanders, secret))
}
