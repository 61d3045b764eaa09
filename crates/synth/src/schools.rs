//! Pupils of secondary education on 1 February 2011, as the department of education delivers them.

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::{DATES, Person, Story};
use crate::random::Draw;
use crate::shape::{Form, Kind, Shape, column};
use crate::text::{padded, plain};

/// The delivery.
pub(crate) const DELIVERY: Delivery = Delivery::of_persons("onderwijs/secundair", "2010-2011", "2012-01-20");

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

/// 1 February 2011, when pupils are counted.
const COUNTED: i32 = DATES[1] + 31;
/// Settled from 1 September 2009 on: a newcomer to the language.
const NEWCOMER: i32 = DATES[0] - 122;
/// Who was born in this year is in the first year of secondary education, after a normal start and course.
const FIRST_YEAR_BORN: i32 = 1998;

/// What a pupil is enrolled in; grade and year are 0 where the form has none.
struct Enrolment {
    form: &'static str,
    grade: u8,
    year: u8,
    system: &'static str,
}

/// Writes the file.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let threads = outbox.threads;
    let mut begun = outbox.begin(DELIVERY)?;
    let mut sink = begun.table("secundair.csv", &SHAPE)?;
    sink.pieces(threads, flanders.homes.len(), |home| {
        let mut draw = Draw::stream(flanders.seed, "schools", home as u64);
        let mut out = Vec::new();
        let mut lines = 0;
        for person in &flanders.people[flanders.homes[home].clone()] {
            let born = (flanders.calendar.number(person.birth) / 10_000) as i32;
            // The year of secondary education that a pupil without delay is in: 1 to 6, and three years more for delay.
            let due = FIRST_YEAR_BORN + 1 - born;
            if !(1..=9).contains(&due) || !person.inhabits(1) {
                continue;
            }
            let Some(place) = flanders.lives_on(person, COUNTED) else { continue };
            let Some(enrolment) = enrolment(flanders, &mut draw, person, due) else { continue };
            out.extend_from_slice(b"2010-2011;");
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
    begun.finish()
}

/// Where a young person is enrolled, if in secondary education.
fn enrolment(flanders: &Flanders<'_>, draw: &mut Draw, person: &Person, due: i32) -> Option<Enrolment> {
    let outside = flanders.outside_union(flanders.origin(person));
    let newcomer = person.story == Story::Foreign && person.known >= NEWCOMER;
    let other = draw.unit();
    if newcomer && due <= 6 && other < 0.75 {
        return Some(Enrolment { form: "OKAN", grade: 0, year: 0, system: "lineair" });
    }
    if due <= 7 && other < 0.042 {
        return Some(Enrolment { form: "BUSO", grade: 0, year: 0, system: "lineair" });
    }
    let delay = delay(draw, outside, due);
    let year = due - delay;
    let forms = own::FORMS[usize::from(outside)];
    // Delay and form go together: most delayed pupils are in BSO, few in ASO.
    let factors = if delay > 0 { [0.40, 1.0, 1.9, 1.0] } else { [1.2, 1.0, 0.6, 1.0] };
    let weights: Vec<f64> = forms.iter().zip(factors).map(|(share, factor)| share * factor).collect();
    let mut rest = draw.unit() * weights.iter().sum::<f64>();
    let at = weights.iter().position(|weight| {
        rest -= weight;
        rest < 0.0
    });
    let form = ["ASO", "TSO", "BSO", "KSO"][at.unwrap_or(0)];
    let (modular, part_time, seventh) = (draw.unit(), draw.unit(), draw.unit());
    let (grade, year) = match year {
        1 | 2 => return Some(Enrolment { form: "1STE", grade: 1, year: year as u8, system: "lineair" }),
        3 | 4 => (2, year as u8 - 2),
        5 | 6 => (3, year as u8 - 4),
        7 if form == "BSO" && seventh < 0.55 => (3, 3),
        7 if form != "BSO" && form != "ASO" && seventh < 0.08 => {
            return Some(Enrolment { form, grade: 3, year: 3, system: "Se-n-Se" });
        }
        _ => return None,
    };
    let system = if form == "BSO" && modular < 0.07 { "modulair" } else { "lineair" };
    if form == "BSO" && due >= 4 && part_time < 0.1 {
        return Some(Enrolment {
            form: "DBSO",
            grade,
            year,
            system: if modular < 0.5 { "modulair" } else { "lineair" },
        });
    }
    Some(Enrolment { form, grade, year, system })
}

/// Years behind, more of them the longer the school career.
fn delay(draw: &mut Draw, outside: bool, due: i32) -> i32 {
    let career = 0.62 + 0.13 * f64::from(due.min(7) - 1);
    let mut rest = draw.unit();
    for (years, share) in own::DELAY[usize::from(outside)].into_iter().enumerate() {
        rest -= share * career;
        if rest < 0.0 {
            return years as i32 + 1;
        }
    }
    0
}
