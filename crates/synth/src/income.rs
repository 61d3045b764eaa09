//! The living wage of 2010 under coded numbers, and the key to them, as the KSZ delivers both.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::Summary;
use crate::delivery::Delivery;
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::person::{BELGIAN, DATES, Person, Story, flag};
use crate::random::{Draw, key};
use crate::spell::{month_end, months, spell};
use crate::text::padded;

/// The key and the living wage, delivered together.
pub(crate) const DELIVERIES: [Delivery; 2] = [delivery("ksz/sleutel"), delivery("ksz/leefloon")];

const fn delivery(extract: &'static str) -> Delivery {
    Delivery { extract, period: "2010", delivered_on: "2011-09-01", extracted_on: None, personal: true }
}

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

/// Writes the key and the living wage.
pub(crate) fn write(
    flanders: &Flanders<'_>,
    out: &Path,
    step: &dyn Fn(&str),
    summary: &mut Summary,
) -> Result<(), SynthError> {
    step("drawing the living wage of 2010");
    let secret = key(flanders.seed, "coded numbers");
    let (payments, keyed) = draw(flanders, &secret);
    let [key_file, living_wage] = DELIVERIES;
    let mut begun = key_file.begin(out)?;
    let mut text = b"gecodeerd;insz\n".to_vec();
    for (coded, insz) in &keyed {
        hexadecimal(&mut text, *coded);
        text.push(b';');
        padded(&mut text, *insz, 11);
        text.push(b'\n');
    }
    begun.whole("sleutel.csv", &text, keyed.len() as u64)?;
    begun.finish(summary)?;

    let mut begun = living_wage.begin(out)?;
    let mut text = b"maand;gecodeerd;stelsel;categorie;gemeente;bron_jaar\n".to_vec();
    for payment in &payments {
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
    begun.whole("leefloon.csv", &text, payments.len() as u64)?;
    begun.finish(summary)
}

/// All payments in the file's order, and the coded numbers with the numbers behind them, in coded order.
fn draw(flanders: &Flanders<'_>, secret: &[u8; 32]) -> (Vec<Payment>, Vec<(u64, u64)>) {
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
    let (mut payments, mut keyed) = (Vec::new(), Vec::new());
    for (home, persons) in flanders.homes.iter().enumerate() {
        let mut draw = Draw::stream(flanders.seed, "living wage", home as u64);
        for person in &flanders.people[persons.clone()] {
            let (chance, other) = (draw.unit(), draw.unit());
            let Some((at, weight)) = weight(flanders, person) else {
                let resident = person.inhabits(0) && flanders.flemish(person.place[0])
                    || person.inhabits(1) && flanders.flemish(person.place[1]);
                if resident && other < own::CODED_OTHERS {
                    let insz = person.insz(&flanders.calendar);
                    keyed.push((code(secret, insz), insz));
                }
                continue;
            };
            let insz = person.insz(&flanders.calendar);
            let coded = code(secret, insz);
            let before = payments.len();
            if chance < (weight * rates[at]).min(0.9) {
                let system = if at == own::LIVING_WAGE.len() { EQUIVALENT } else { LIVING_WAGE };
                pay(flanders, &mut draw, person, coded, system, &mut payments);
            }
            if payments.len() > before || !person.is(flag::WAITING) && other < own::CODED_OTHERS {
                keyed.push((coded, insz));
            }
        }
    }
    payments.sort_unstable();
    keyed.sort_unstable();
    (payments, keyed)
}

/// The months of one person's living wage.
fn pay(flanders: &Flanders<'_>, draw: &mut Draw, person: &Person, coded: u64, system: u8, payments: &mut Vec<Payment>) {
    let spell = spell(draw, own::LIVING_WAGE_SPELLS);
    let category = match draw.unit() {
        chance if chance < 0.3 => 1,
        chance if chance < 0.72 => 2,
        _ => 3,
    };
    let twice = spell.goes_on && draw.chance(0.016);
    for month in spell.first..=spell.last {
        let Some(place) = flanders.lives_on(person, month_end(month)) else { continue };
        let payment = |source_year| Payment { month: month as u8, coded, system, source_year, category, place };
        payments.push(payment(2010));
        if twice && month == 11 {
            // The spell crosses into 2011, so that year's file has its December too.
            payments.push(payment(2011));
        }
    }
}

/// In which total somebody counts, and how likely a living wage is compared with others.
fn weight(flanders: &Flanders<'_>, person: &Person) -> Option<(usize, f64)> {
    let place = [1, 0].into_iter().map(|date| person.place[date]).find(|place| flanders.flemish(*place))?;
    let age = (DATES[1] - person.birth) / 365;
    if age < 18 {
        return None;
    }
    if person.is(flag::WAITING) {
        return Some((own::LIVING_WAGE.len(), 1.0));
    }
    let outside = flanders.outside_union(flanders.origin(person));
    let lately = DATES[1] - person.begin < 4 * 365 && person.first != BELGIAN;
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

/// The coded number of an identification number: 64 bits of a keyed hash.
fn code(secret: &[u8; 32], insz: u64) -> u64 {
    let mut hash = Sha256::new();
    hash.update(secret);
    hash.update(insz.to_le_bytes());
    hash.finalize().iter().take(8).fold(0, |code, byte| code << 8 | u64::from(*byte))
}

fn hexadecimal(out: &mut Vec<u8>, number: u64) {
    out.extend((0..16).rev().map(|digit| b"0123456789abcdef"[(number >> (4 * digit) & 15) as usize]));
}
