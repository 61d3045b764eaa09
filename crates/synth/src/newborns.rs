//! Children born in 2008, 2009 and 2010 and the six criteria of deprivation, as Kind en Gezin delivers them.

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::{BELGIAN, DATES, MOTHER, Person, date, flag, new_year};
use crate::random::Draw;
use crate::shape::{Column, Kind, SEMICOLONS, Shape, column};
use crate::text::{iso, padded};

/// The deliveries, one for each year of birth.
pub(crate) const DELIVERIES: [(i16, Delivery); 3] =
    [(2008, delivery("2008")), (2009, delivery("2009")), (2010, delivery("2010"))];

const fn delivery(period: &'static str) -> Delivery {
    Delivery::of_persons("kindengezin/geboorten", period, "2011-05-01")
}

/// 31 December 2010, when the municipality of all children is taken.
const LIVING: i32 = DATES[date(2011)] - 1;

const WEAK: Kind = Kind::Codes(&["0", "1"]);
const COLUMNS: &[Column] = &[
    column("kind", Kind::Text).key(),
    column("geboortedatum", Kind::Day),
    column("gemeente_3112", Kind::Municipality),
    column("inkomen", WEAK).optional(),
    column("opleiding", WEAK).optional(),
    column("arbeid", WEAK).optional(),
    column("stimulatie", WEAK).optional(),
    column("huisvesting", WEAK).optional(),
    column("gezondheid", WEAK).optional(),
    column("nationaliteit_moeder_bij_haar_geboorte", Kind::Nationality).optional(),
];
static SHAPE: Shape = Shape::new(SEMICOLONS, COLUMNS);

/// Writes the three years.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    for (year, delivery) in DELIVERIES {
        let mut children: Vec<&Person> =
            flanders.people.iter().filter(|person| born(flanders, person, year).is_some()).collect();
        // The order of birth tells nothing about where a child lives.
        children.sort_by_key(|child| (child.birth, child.quirk, child.serial));
        let mut draw = Draw::stream(flanders.seed, "newborns", u64::from(year.unsigned_abs()));
        let mut out = Vec::with_capacity(children.len() * 52);
        for (at, child) in children.iter().enumerate() {
            padded(&mut out, u64::from(year.unsigned_abs()) * 1_000_000 + at as u64 + 1, 10);
            out.push(b';');
            iso(&mut out, flanders.calendar.number(child.birth));
            out.push(b';');
            out.extend_from_slice(flanders.place_code(born(flanders, child, year).unwrap_or(0)));
            let mother = mother(flanders, child);
            for criterion in criteria(&mut draw, mother) {
                out.push(b';');
                out.extend(criterion.map(|weak| if weak { b'1' } else { b'0' }));
            }
            out.push(b';');
            if !draw.chance(own::MOTHER_UNKNOWN) {
                padded(&mut out, u64::from(mother), 3);
            }
            out.push(b'\n');
        }
        let lines = children.len() as u64;
        let mut begun = outbox.begin(delivery)?;
        let mut sink = begun.table("geboorten.csv", &SHAPE)?;
        sink.rows(&out, lines)?;
        begun.add(sink)?;
        begun.finish()?;
    }
    Ok(())
}

/// Where somebody who was born here in a year lives at the end of 2010.
fn born(flanders: &Flanders<'_>, person: &Person, year: i16) -> Option<u16> {
    let here = person.is(flag::BORN_HERE) && !person.is(flag::WAITING) && !person.is(flag::PARENT_ONLY);
    let in_year = (new_year(year)..new_year(year + 1)).contains(&person.birth);
    if here && in_year { flanders.lives_on(person, LIVING) } else { None }
}

/// The mother's first nationality; the child's own where the register does not know her.
fn mother(flanders: &Flanders<'_>, child: &Person) -> u16 {
    flanders.people.get(child.parents[MOTHER] as usize).map_or(child.first, |mother| mother.first)
}

/// The six criteria: weak, not weak, or not asked. Three weak ones make a family deprived.
fn criteria(draw: &mut Draw, mother: u16) -> [Option<bool>; 6] {
    let deprived = draw.chance(own::DEPRIVED[usize::from(mother != BELGIAN)]);
    let weak = match (deprived, draw.unit()) {
        (true, chance) if chance < 0.45 => 3,
        (true, chance) if chance < 0.80 => 4,
        (true, chance) if chance < 0.95 => 5,
        (true, _) => 6,
        (false, chance) if chance < 0.8 => 0,
        (false, chance) if chance < 0.94 => 1,
        (false, _) => 2,
    };
    let mut criteria = [Some(false); 6];
    let mut left = weak;
    while left > 0 {
        // Income, education and work are weak more often than the others.
        let at = if draw.chance(0.6) { draw.below(3) } else { 3 + draw.below(3) };
        if criteria[at] == Some(false) {
            criteria[at] = Some(true);
            left -= 1;
        }
        if criteria[..3] == [Some(true); 3] || criteria[3..] == [Some(true); 3] {
            let free = (0..6).filter(|at| criteria[*at] == Some(false));
            for at in free.take(left).collect::<Vec<_>>() {
                criteria[at] = Some(true);
            }
            left = 0;
        }
    }
    for criterion in &mut criteria {
        // A family that is deprived was asked about what makes it so.
        if draw.chance(own::NOT_ASKED) && (*criterion == Some(false) || !deprived) {
            *criterion = None;
        }
    }
    criteria
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deprivation_is_as_frequent_as_wanted() {
        let mut draw = Draw::stream(1, "criteria", 0);
        for (mother, wanted) in [(BELGIAN, own::DEPRIVED[0]), (354, own::DEPRIVED[1])] {
            let weak = |criteria: [Option<bool>; 6]| criteria.iter().filter(|one| **one == Some(true)).count();
            let deprived = (0..20_000).filter(|_| weak(criteria(&mut draw, mother)) >= 3).count();
            assert!((deprived as f64 / 20_000.0 - wanted).abs() < 0.01);
        }
    }
}
