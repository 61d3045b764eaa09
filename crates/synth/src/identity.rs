//! Identification numbers that were replaced: a BIS number by a national number, or two numbers of one person by one.

use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::{Flanders, Series, in_extract};
use crate::person::{BELGIAN, DATES, EXTRACTED, Person, date, flag, new_year, small};
use crate::random::{mix, mix_unit};
use crate::shape::{Kind, SEMICOLONS, Shape, column};
use crate::text::{iso, padded};

/// The register's deliveries, with the date that each is about.
pub(crate) const DELIVERIES: [(usize, Delivery); 2] = [
    (date(2011), delivery("2011-01-01", "2011-07-15", "2011-06-30")),
    (date(2012), delivery("2012-01-01", "2012-07-15", "2012-06-30")),
];

const fn delivery(period: &'static str, delivered_on: &'static str, extracted_on: &'static str) -> Delivery {
    let extract = "rijksregister/nummerwijziging";
    Delivery { extract, period, delivered_on, extracted_on: Some(extracted_on), personal: true }
}

static SHAPE: Shape = Shape::new(
    SEMICOLONS,
    &[
        column("oud_insz", Kind::Insz).key(),
        column("nieuw_insz", Kind::Insz),
        column("datum", Kind::Day),
        column("geregistreerd_op", Kind::Day),
    ],
);

/// A number that gave way to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replacement {
    pub(crate) person: u32,
    pub(crate) old: u64,
    new: u64,
    day: i32,
    registered: i32,
}

/// Suppliers that may go on using an old number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Supplier {
    Vdab,
    Ksz,
}

/// What old numbers somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    /// A BIS number from before the registration.
    Bis,
    /// The same, and before it a BIS number without the sex.
    TwoBis,
    /// A second national number.
    National,
}

impl Flanders<'_> {
    /// Draws who had other numbers before; `used` lets suppliers use them.
    pub(crate) fn replace_numbers(&mut self, series: &mut Series, used: bool) {
        let count = |wanted: &dyn Fn(&Person) -> bool| {
            let persons = self.people.iter().filter(|person| in_extract(person, date(2011)) && wanted(person));
            persons.count().max(1) as f64
        };
        let immigrants = own::FORMER_BIS * self.scale / count(&immigrated);
        let doubles = own::FORMER_NATIONAL * self.scale / count(&|person| settled(self, person));
        for at in 0..self.people.len() {
            let person = self.people[at];
            let chance = mix_unit(person.quirk, small::NUMBER);
            let past = if immigrated(&person) {
                let twice = mix(person.quirk, small::NUMBER + 1).is_multiple_of(33);
                (chance < immigrants).then_some(if twice { Past::TwoBis } else { Past::Bis })
            } else {
                (chance < doubles && settled(self, &person)).then_some(Past::National)
            };
            if let Some(past) = past {
                self.replace(series, at, past, used);
            }
        }
        self.replacements.sort_by_key(|replacement| (replacement.registered, replacement.old));
    }

    /// Gives a person old numbers, as far as the day of birth has any left.
    fn replace(&mut self, series: &mut Series, at: usize, past: Past, used: bool) {
        let person = self.people[at];
        let chance = |purpose: u32| mix(person.quirk, small::NUMBER + purpose) as i32 & 0xffff;
        let mut old = |without_sex: bool| {
            let mut before = person;
            before.set(flag::BIS, past != Past::National);
            before.set(flag::SEX_UNKNOWN, without_sex);
            series.number(&self.calendar, &mut before).ok().map(|()| before.insz(&self.calendar))
        };
        let day = match past {
            Past::National => new_year(2004) + chance(2) % 2_700,
            Past::Bis | Past::TwoBis => person.begin + chance(2) % 45,
        };
        let mut add = |old: u64, new: u64, day: i32, lag: i32| {
            self.replacements.push(Replacement { person: at as u32, old, new, day, registered: day + lag });
        };
        let Some(number) = old(past == Past::Bis && chance(3) % 9 == 0) else { return };
        add(number, person.insz(&self.calendar), day, chance(4) % 61);
        let mut first = number;
        if past == Past::TwoBis
            && let Some(earlier) = old(true)
        {
            add(earlier, number, (day - 30 - chance(5) % 300).max(person.birth), chance(6) % 30);
            first = earlier;
        }
        if used && day + 61 <= EXTRACTED[date(2011)] {
            self.outdated.insert(at as u32, first);
        }
    }

    /// The number under which a supplier has a person: here and there one that was replaced.
    pub(crate) fn number_at(&self, at: usize, supplier: Supplier) -> u64 {
        let person = &self.people[at];
        let old = self.outdated.get(&(at as u32));
        let old = old.filter(|_| mix(person.quirk, small::NUMBER + 7 + supplier as u32).is_multiple_of(4));
        old.copied().unwrap_or_else(|| person.insz(&self.calendar))
    }
}

/// Who came from abroad and may have had a BIS number before the registration.
fn immigrated(person: &Person) -> bool {
    let registered = !person.is(flag::BIS) && !person.is(flag::WAITING) && !person.is(flag::PARENT_ONLY);
    let settled = person.first != BELGIAN && !person.is(flag::BORN_HERE) && person.begin > person.birth;
    registered && settled && person.known == person.begin && person.begin >= new_year(2004)
}

/// Who lives in Flanders and may have had two national numbers.
fn settled(flanders: &Flanders<'_>, person: &Person) -> bool {
    flanders.resides(person, date(2011)) && person.birth < new_year(2003) && !immigrated(person)
}

/// Writes the two deliveries.
pub(crate) fn write(flanders: &Flanders<'_>, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    for (date, delivery) in DELIVERIES {
        let mut out = Vec::new();
        let mut lines = 0;
        for replacement in &flanders.replacements {
            let person = &flanders.people[replacement.person as usize];
            if replacement.registered > EXTRACTED[date] || person.known > DATES[date] {
                continue;
            }
            padded(&mut out, replacement.old, 11);
            out.push(b';');
            padded(&mut out, replacement.new, 11);
            for day in [replacement.day, replacement.registered] {
                out.push(b';');
                iso(&mut out, flanders.calendar.number(day));
            }
            out.push(b'\n');
            lines += 1;
        }
        let mut begun = outbox.begin(delivery)?;
        let mut sink = begun.table("nummerwijziging.csv", &SHAPE)?;
        sink.rows(&out, lines)?;
        begun.add(sink)?;
        begun.finish()?;
    }
    Ok(())
}
