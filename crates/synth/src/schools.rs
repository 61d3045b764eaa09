//! Pupils of secondary education on 1 February of four school years, as the department of education delivers them.
//!
//! What decides about a pupil are chances of the pupil's own, which stay from year to year: so a pupil moves up a year
//! at a time, except when delay comes, and mostly keeps the form.

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::{Person, Story, date, new_year, small};
use crate::random::mix_unit;
use crate::shape::{Form, Kind, Shape, column};
use crate::text::{padded, plain};

/// The deliveries, with the year in which the school year begins.
pub(crate) const DELIVERIES: [(i16, Delivery); 4] = [
    (2008, delivery("2008-2009", "2010-01-20")),
    (2009, delivery("2009-2010", "2011-01-20")),
    (2010, delivery("2010-2011", "2012-01-20")),
    (2011, delivery("2011-2012", "2012-10-01")),
];

const fn delivery(period: &'static str, delivered_on: &'static str) -> Delivery {
    Delivery::of_persons("onderwijs/secundair", period, delivered_on)
}

static SHAPE: Shape = Shape::new(
    Form::Lines { delimiter: b';', end: "\r\n", latin: true },
    &[
        column("schooljaar", Kind::SchoolYear).key().of_period(),
        column("insz", Kind::Insz).key(),
        column("vorm", Kind::Codes(&["1STE", "ASO", "TSO", "KSO", "BSO", "DBSO", "OKAN", "BUSO"])),
        column("graad", Kind::Text).optional(),
        column("leerjaar", Kind::Text).optional(),
        column("stelsel", Kind::Text).optional(),
        column("geboortejaar", Kind::Year),
        column("gemeente_woon", Kind::Municipality),
    ],
);

/// Age in the first year of secondary education, after a normal start and course: the year of birth is this much before
/// the one in which the school year begins.
const FIRST_YEAR: i32 = 12;

/// Purposes of a pupil's small facts.
const OTHER: u32 = small::SCHOOL;
const DELAYED: u32 = small::SCHOOL + 1;
const FORM: u32 = small::SCHOOL + 2;
const MODULAR: u32 = small::SCHOOL + 3;
const PART_TIME: u32 = small::SCHOOL + 4;
const SEVENTH: u32 = small::SCHOOL + 5;

/// What a pupil is enrolled in; grade and year are 0 where the form has none.
struct Enrolment {
    form: &'static str,
    grade: u8,
    year: u8,
    system: &'static str,
}

/// Writes the files.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let threads = outbox.threads;
    for (begun_in, delivery) in DELIVERIES {
        let new_year_of = begun_in + 1;
        // 1 February, when pupils are counted.
        let counted = new_year(new_year_of) + 31;
        let mut begun = outbox.begin(delivery)?;
        let mut sink = begun.table("secundair.csv", &SHAPE)?;
        sink.pieces(threads, flanders.blocks(), |block| {
            let mut out = Vec::new();
            let mut lines = 0;
            for person in flanders.block(block) {
                let born = (flanders.calendar.number(person.birth) / 10_000) as i32;
                // The year of secondary education that a pupil without delay is in: 1 to 6, and three years more for
                // delay.
                let due = i32::from(begun_in) - FIRST_YEAR + 1 - born;
                if !(1..=9).contains(&due) || !person.inhabits(date(new_year_of)) {
                    continue;
                }
                let Some(place) = flanders.lives_on(person, counted) else { continue };
                let Some(enrolment) = enrolment(flanders, person, due, begun_in) else { continue };
                out.extend_from_slice(delivery.period.as_bytes());
                out.push(b';');
                padded(&mut out, person.insz(&flanders.calendar), 11);
                out.push(b';');
                out.extend_from_slice(enrolment.form.as_bytes());
                for number in [enrolment.grade, enrolment.year] {
                    out.push(b';');
                    if number > 0 {
                        plain(&mut out, u64::from(number));
                    }
                }
                out.push(b';');
                out.extend_from_slice(enrolment.system.as_bytes());
                out.push(b';');
                plain(&mut out, born.unsigned_abs().into());
                out.push(b';');
                out.extend_from_slice(flanders.place_code(place));
                out.extend_from_slice(b"\r\n");
                lines += 1;
            }
            (out, lines)
        })?;
        begun.add(sink)?;
        begun.finish()?;
    }
    Ok(())
}

/// Where a young person is enrolled, if in secondary education.
fn enrolment(flanders: &Flanders<'_>, person: &Person, due: i32, begun_in: i16) -> Option<Enrolment> {
    let chance = |purpose: u32| mix_unit(person.quirk, purpose);
    let outside = flanders.outside_union(flanders.origin(person));
    // Settled since the school year before began: a newcomer to the language.
    let newcomer = person.story == Story::Foreign && person.known >= new_year(begun_in) - 122;
    let other = chance(OTHER);
    if newcomer && due <= 6 && other < 0.75 {
        return Some(Enrolment { form: "OKAN", grade: 0, year: 0, system: "lineair" });
    }
    if due <= 7 && other < 0.042 {
        return Some(Enrolment { form: "BUSO", grade: 0, year: 0, system: "lineair" });
    }
    let delay = delay(chance(DELAYED), outside, due);
    let year = due - delay;
    let forms = own::FORMS[usize::from(outside)];
    // Delay and form go together: most delayed pupils are in BSO, few in ASO. Whoever falls behind goes from one form to
    // the next in this order.
    let factors = if delay > 0 { [0.40, 1.0, 1.9, 1.0] } else { [1.2, 1.0, 0.6, 1.0] };
    let weights: [f64; 4] = std::array::from_fn(|at| forms[at] * factors[at]);
    let mut rest = chance(FORM) * weights.iter().sum::<f64>();
    let at = weights.iter().position(|weight| {
        rest -= weight;
        rest < 0.0
    });
    let form = ["ASO", "TSO", "BSO", "KSO"][at.unwrap_or(0)];
    let modular = chance(MODULAR);
    let (grade, year) = match year {
        1 | 2 => return Some(Enrolment { form: "1STE", grade: 1, year: year as u8, system: "lineair" }),
        3 | 4 => (2, year as u8 - 2),
        5 | 6 => (3, year as u8 - 4),
        7 if form == "BSO" && chance(SEVENTH) < 0.55 => (3, 3),
        7 if form != "BSO" && form != "ASO" && chance(SEVENTH) < 0.08 => {
            return Some(Enrolment { form, grade: 3, year: 3, system: "Se-n-Se" });
        }
        _ => return None,
    };
    let system = if form == "BSO" && modular < 0.07 { "modulair" } else { "lineair" };
    if form == "BSO" && due >= 4 && chance(PART_TIME) < 0.1 {
        return Some(Enrolment {
            form: "DBSO",
            grade,
            year,
            system: if modular < 0.5 { "modulair" } else { "lineair" },
        });
    }
    Some(Enrolment { form, grade, year, system })
}

/// Years behind, more of them the longer the school career; what a pupil has lost is not made up for.
fn delay(chance: f64, outside: bool, due: i32) -> i32 {
    let career = 0.62 + 0.13 * f64::from(due.min(7) - 1);
    let mut rest = chance;
    // The longest delay has the lowest chances: then a longer career only ever adds a year.
    for (years, share) in own::DELAY[usize::from(outside)].into_iter().enumerate().rev() {
        rest -= share * career;
        if rest < 0.0 {
            return years as i32 + 1;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_grows_by_a_year_at_most() {
        for outside in [false, true] {
            for chance in 0..1_000 {
                let years: Vec<i32> = (1..=9).map(|due| delay(f64::from(chance) / 1_000.0, outside, due)).collect();
                assert!(years.windows(2).all(|pair| (0..=1).contains(&(pair[1] - pair[0]))), "{years:?}");
            }
        }
    }
}
