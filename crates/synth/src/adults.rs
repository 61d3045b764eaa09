//! Enrolments in adult education in the school year 2010-2011, as the department of education delivers them.

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::{DATES, Person, Story, date};
use crate::random::{Draw, curve};
use crate::shape::{Kind, SEMICOLONS, Shape, column};
use crate::text::padded;

/// The delivery.
pub(crate) const DELIVERY: Delivery = Delivery::of_persons("onderwijs/volwassenen", "2010-2011", "2012-01-20");

static SHAPE: Shape = Shape::new(
    SEMICOLONS,
    &[
        column("schooljaar", Kind::SchoolYear).key().of_period(),
        column("insz", Kind::Insz).key(),
        column("centrum", Kind::Codes(&["CBE", "CVO"])).key(),
        column("opleiding", Kind::Text).key(),
        column("nt2", Kind::Codes(&["j", "n"])),
        column("gemeente_woon", Kind::Municipality),
    ],
);

/// 1 February 2011, when enrolments are counted.
const COUNTED: i32 = DATES[date(2011)] + 31;

/// Courses of Dutch as a second language, and the others, by centre.
const DUTCH: [&[&str]; 2] = [
    &["NT2 alfabetisering", "NT2 richtgraad 1.1 trage leerders", "NT2 richtgraad 1.2 trage leerders"],
    &["NT2 richtgraad 1.1", "NT2 richtgraad 1.2", "NT2 richtgraad 2", "NT2 richtgraad 3"],
];
const OTHERS: [&[&str]; 2] = [
    &["Wiskunde", "Nederlands", "ICT", "Maatschappijoriëntatie", "Opstap talen"],
    &[
        "Frans",
        "Engels",
        "Spaans",
        "Italiaans",
        "Duits",
        "Informatica",
        "Fotografie",
        "Koken",
        "Kant en naaldwerk",
        "Bedrijfsbeheer",
        "Boekhouden",
        "Aanvullende algemene vorming",
        "Zorgkundige",
        "Elektriciteit",
        "Lassen",
        "Meubelmaken",
        "Tuinaanleg",
        "Schoonheidsspecialist",
    ],
];

/// Writes the file.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let threads = outbox.threads;
    let sum: f64 = flanders.people.iter().map(|person| weight(flanders, person)).sum();
    let rate = own::ADULT_ENROLMENTS * flanders.scale / own::ENROLMENTS_EACH / sum.max(1e-9);
    let mut begun = outbox.begin(DELIVERY)?;
    let mut sink = begun.table("volwassenen.csv", &SHAPE)?;
    sink.pieces(threads, flanders.homes.len(), |home| {
        let mut draw = Draw::stream(flanders.seed, "adult education", home as u64);
        let mut out = Vec::new();
        let mut lines = 0;
        for person in &flanders.people[flanders.homes[home].clone()] {
            let weight = weight(flanders, person);
            if weight <= 0.0 || !draw.chance((weight * rate).min(0.8)) {
                continue;
            }
            let Some(place) = flanders.lives_on(person, COUNTED) else { continue };
            for (centre, course, dutch) in enrolments(&mut draw, newcomer(person)) {
                out.extend_from_slice(b"2010-2011;");
                padded(&mut out, person.insz(&flanders.calendar), 11);
                out.extend_from_slice(if centre == 0 { b";CBE;" } else { b";CVO;" });
                out.extend_from_slice(course.as_bytes());
                out.extend_from_slice(if dutch { b";j;" } else { b";n;" });
                out.extend_from_slice(flanders.place_code(place));
                out.push(b'\n');
                lines += 1;
            }
        }
        (out, lines)
    })?;
    begun.add(sink)?;
    begun.finish()
}

/// How likely somebody is to be enrolled compared with others; 0 for those who cannot be.
fn weight(flanders: &Flanders<'_>, person: &Person) -> f64 {
    if !flanders.resides(person, date(2011)) || COUNTED - person.birth < 18 * 366 {
        return 0.0;
    }
    let age = f64::from(COUNTED - person.birth) / 365.25;
    curve(own::STUDYING, age) * if newcomer(person) { own::STUDYING_NEWCOMER } else { 1.0 }
}

/// Whether somebody settled in the last years.
fn newcomer(person: &Person) -> bool {
    person.story == Story::Foreign && COUNTED - person.begin < 6 * 365 && person.begin > person.birth
}

/// Somebody's enrolments: centre (0 for basic education), course, Dutch as a second language. No course comes twice.
fn enrolments(draw: &mut Draw, newcomer: bool) -> Vec<(usize, &'static str, bool)> {
    let number = match draw.unit() {
        chance if chance < 0.82 => 1,
        chance if chance < 0.96 => 2,
        _ => 3,
    };
    let dutch = draw.chance(if newcomer { 0.86 } else { 0.02 });
    let basic = draw.chance(if dutch { 0.35 } else { 0.07 });
    let centre = usize::from(!basic);
    let courses = if dutch { DUTCH[centre] } else { OTHERS[centre] };
    let first = draw.below(courses.len());
    // Further levels of the same course follow each other; other courses are anything else.
    let step = if dutch { 1 } else { 1 + draw.below(2) };
    let course = |at: usize| courses[(first + at * step) % courses.len()];
    (0..number).map(|at| (centre, course(at), dutch)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_a_course_twice() {
        let mut draw = Draw::stream(1, "adults", 0);
        let mut sum = 0;
        for number in 0..30_000 {
            let mut enrolments = enrolments(&mut draw, number % 3 == 0);
            sum += enrolments.len();
            enrolments.sort_unstable();
            let all = enrolments.len();
            enrolments.dedup();
            assert_eq!(enrolments.len(), all);
        }
        assert!((sum as f64 / 30_000.0 - own::ENROLMENTS_EACH).abs() < 0.02);
    }
}
