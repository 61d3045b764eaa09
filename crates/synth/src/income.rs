//! The living wage of 2010 under coded numbers, as the KSZ delivers it.

use crate::coded::{code, hexadecimal};
use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::{BELGIAN, DATES, Person, Story, date, flag};
use crate::random::Draw;
use crate::shape::{Kind, SEMICOLONS, Shape, column};
use crate::spell::{Beside, beside_for_touching, month_end, months, spell, spell_beside};
use crate::text::padded;

/// The delivery.
pub(crate) const DELIVERY: Delivery = Delivery::of_persons("ksz/leefloon", "2010", "2011-09-01");

static SHAPE: Shape = Shape::new(
    SEMICOLONS,
    &[
        column("maand", Kind::Month).key().of_period(),
        column("gecodeerd", Kind::Coded).key(),
        column("stelsel", Kind::Codes(&["LL", "ELL"])).key(),
        column("categorie", Kind::Codes(&["1", "2", "3"])),
        column("gemeente", Kind::Municipality),
        // A month at the turn of the year stands in the files of both years.
        column("bron_jaar", Kind::Year).key(),
    ],
);

/// The two systems, as in the file.
const LIVING_WAGE: u8 = 0;
const EQUIVALENT: u8 = 1;

/// A month of somebody's living wage; sorted by month and coded number, like the file.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Payment {
    month: u8,
    coded: u64,
    system: u8,
    source_year: u16,
    category: u8,
    place: u16,
}

/// The living wage of 2010.
pub(crate) struct Income {
    /// In the file's order.
    payments: Vec<Payment>,
    /// Positions of the persons whose coded number must be in the key, with or without a payment.
    pub(crate) named: Vec<u32>,
    /// Who has a living wage at the end of which quarters of 2008 to 2011: positions, in rising order, with a bit for
    /// each quarter. Only those of 2010 are in the file.
    pub(crate) quarters: Vec<(u32, u16)>,
}

impl Income {
    /// Writes the file.
    pub(crate) fn write(&self, flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
        let mut text = Vec::new();
        for payment in &self.payments {
            text.extend_from_slice(b"2010-");
            padded(&mut text, u64::from(payment.month) + 1, 2);
            text.push(b';');
            hexadecimal(&mut text, payment.coded);
            text.extend_from_slice(if payment.system == EQUIVALENT { b";ELL;" } else { b";LL;" });
            text.extend_from_slice(&[b'0' + payment.category, b';']);
            text.extend_from_slice(flanders.place_code(payment.place));
            text.push(b';');
            padded(&mut text, u64::from(payment.source_year), 4);
            text.push(b'\n');
        }
        let mut begun = outbox.begin(DELIVERY)?;
        let mut sink = begun.table("leefloon.csv", &SHAPE)?;
        sink.rows(&text, self.payments.len() as u64)?;
        begun.add(sink)?;
        begun.finish()
    }
}

/// Draws all payments.
pub(crate) fn draw(flanders: &Flanders<'_>, secret: &[u8; 32]) -> Income {
    // For each province, and behind them for the equivalent living wage: the weights of all persons.
    let mut sums = vec![0.0; own::LIVING_WAGE.len() + 1];
    for person in &flanders.people {
        if let Some((at, weight)) = weight(flanders, person) {
            sums[at] += weight * flanders.presence(person);
        }
    }
    let mean = months(own::LIVING_WAGE_SPELLS);
    let wanted = own::LIVING_WAGE.iter().map(|(_, persons)| *persons).chain([own::EQUIVALENT_LIVING_WAGE]);
    let rates: Vec<f64> =
        wanted.zip(&sums).map(|(persons, sum)| persons * flanders.scale * 12.0 / mean / sum.max(1e-9)).collect();
    let (mut payments, mut named, mut quarters) = (Vec::new(), Vec::new(), Vec::new());
    let beside = beside_for_touching(own::LIVING_WAGE_SPELLS);
    for (home, persons) in flanders.homes.iter().enumerate() {
        let mut draw = Draw::stream(flanders.seed, "living wage", home as u64);
        let mut other_years = Draw::stream(flanders.seed, "living wage of other years", home as u64);
        for position in persons.clone() {
            let person = &flanders.people[position];
            let (chance, other) = (draw.unit(), draw.unit());
            let Some((at, weight)) = weight(flanders, person) else {
                let resident = flanders.resides(person, date(2010)) || flanders.resides(person, date(2011));
                if resident && other < own::CODED_OTHERS {
                    named.push(position as u32);
                }
                continue;
            };
            let coded = code(secret, person.insz(&flanders.calendar));
            let before = payments.len();
            let mut bits = 0;
            if chance < (weight * rates[at]).min(0.9) {
                let system = if at == own::LIVING_WAGE.len() { EQUIVALENT } else { LIVING_WAGE };
                bits = pay(flanders, &mut draw, person, coded, system, &mut payments);
            }
            for years in [Beside::Before(0), Beside::Before(1), Beside::After] {
                if other_years.chance((weight * rates[at] * beside).min(0.9)) {
                    bits |= spell_beside(&mut other_years, own::LIVING_WAGE_SPELLS, years).quarters();
                }
            }
            if bits != 0 {
                quarters.push((position as u32, bits));
            }
            if payments.len() > before || !person.is(flag::WAITING) && other < own::CODED_OTHERS {
                named.push(position as u32);
            }
        }
    }
    payments.sort_unstable();
    Income { payments, named, quarters }
}

/// The months of one person's living wage; gives the quarters at whose end there is one.
fn pay(
    flanders: &Flanders<'_>,
    draw: &mut Draw,
    person: &Person,
    coded: u64,
    system: u8,
    payments: &mut Vec<Payment>,
) -> u16 {
    let spell = spell(draw, own::LIVING_WAGE_SPELLS);
    let category = match draw.unit() {
        chance if chance < 0.3 => 1,
        chance if chance < 0.72 => 2,
        _ => 3,
    };
    let twice = spell.goes_on() && draw.chance(0.016);
    for month in spell.months() {
        let Some(place) = flanders.lives_on(person, month_end(month)) else { continue };
        let payment = |source_year| Payment { month: month as u8, coded, system, source_year, category, place };
        payments.push(payment(2010));
        if twice && month == 11 {
            // The spell crosses into 2011, so that year's file has its December too.
            payments.push(payment(2011));
        }
    }
    spell.quarters()
}

/// In which total somebody counts, and how likely a living wage is compared with others.
fn weight(flanders: &Flanders<'_>, person: &Person) -> Option<(usize, f64)> {
    let place =
        [date(2011), date(2010)].into_iter().map(|date| person.place[date]).find(|place| flanders.flemish(*place))?;
    let age = (DATES[date(2011)] - person.birth) / 365;
    if age < 18 {
        return None;
    }
    if person.is(flag::WAITING) {
        return Some((own::LIVING_WAGE.len(), 1.0));
    }
    let outside = flanders.outside_union(flanders.origin(person));
    let lately = DATES[date(2011)] - person.begin < 4 * 365 && person.first != BELGIAN;
    if outside && person.story == Story::Foreign && lately && person.quirk.is_multiple_of(3) {
        // Not yet entitled to the living wage itself.
        return Some((own::LIVING_WAGE.len(), 0.6));
    }
    let origin = match (person.story, outside) {
        (Story::Native, _) => 1.0,
        (Story::Foreign, true) => 9.0,
        (Story::Foreign, false) => 2.2,
        (Story::Naturalised, true) => 4.0,
        (Story::BothParents | Story::OneParent, true) => 2.6,
        (_, false) => 1.6,
    };
    let age = match age {
        18..25 => 2.4,
        25..65 => 1.0,
        _ => 0.08,
    };
    let province = &flanders.reference.municipalities.get(usize::from(place) - 1)?.province;
    let at = own::LIVING_WAGE.iter().position(|(code, _)| code == province)?;
    Some((at, origin * age))
}
