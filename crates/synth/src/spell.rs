//! Spells of months around the year 2010, for the suppliers who count by the month or the quarter.

use catalog::Day;

use crate::flanders::Flanders;
use crate::person::Person;
use crate::random::Draw;

/// Lengths in months, each with its share of the spells that touch a year.
pub(crate) type Lengths = &'static [(i32, f64)];

/// A spell: its first and last month, 0 for January 2010.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spell {
    pub(crate) first: i32,
    pub(crate) last: i32,
}

impl Spell {
    /// The months that it has in 2010.
    pub(crate) fn months(&self) -> std::ops::RangeInclusive<i32> {
        self.first.max(0)..=self.last.min(11)
    }

    /// Whether it goes on after December 2010.
    pub(crate) fn goes_on(&self) -> bool {
        self.last > 11
    }

    /// The quarters of 2008 to 2011 at whose end it lasts, as bits: bit 0 for the first of 2008.
    pub(crate) fn quarters(&self) -> u16 {
        let at_end = |quarter: &i32| (self.first..=self.last).contains(&last_month(*quarter));
        (0..16).filter(at_end).fold(0, |bits, quarter| bits | 1 << quarter)
    }
}

/// The last month of a quarter, 0 for the first of 2008.
fn last_month(quarter: i32) -> i32 {
    quarter * 3 - 22
}

/// The last day of a quarter, 0 for the first of 2008.
pub(crate) fn quarter_end(quarter: usize) -> i32 {
    month_end(last_month(quarter as i32))
}

/// A spell of one of these lengths, somewhere on 2010.
pub(crate) fn spell(draw: &mut Draw, lengths: Lengths) -> Spell {
    let length = length(draw, lengths, |share, _| share);
    let first = draw.between(1 - length, 11);
    Spell { first, last: first + length - 1 }
}

/// Spells that do not touch 2010, but a year beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Beside {
    /// With the last month in this year: 0 for 2008, 1 for 2009.
    Before(i32),
    /// With the first month in 2011.
    After,
}

/// A spell beside 2010.
pub(crate) fn spell_beside(draw: &mut Draw, lengths: Lengths, beside: Beside) -> Spell {
    let length = length(draw, lengths, one_month);
    let month = draw.between(0, 11);
    match beside {
        Beside::Before(year) => {
            let last = year * 12 - 24 + month;
            Spell { first: last - length + 1, last }
        }
        Beside::After => Spell { first: month + 12, last: month + 11 + length },
    }
}

/// How many spells end in a year (or begin in it), for each one that touches it.
pub(crate) fn beside_for_touching(lengths: Lengths) -> f64 {
    lengths.iter().map(|(length, share)| 12.0 * one_month(*share, *length)).sum()
}

/// Of the spells of this length that touch a year, those that begin in one month of it: they may begin in any of its
/// months, or before it.
fn one_month(share: f64, length: i32) -> f64 {
    share / f64::from(length + 11)
}

/// One of the lengths by weight.
fn length(draw: &mut Draw, lengths: Lengths, weight: impl Fn(f64, i32) -> f64) -> i32 {
    let all: f64 = lengths.iter().map(|(length, share)| weight(*share, *length)).sum();
    let mut rest = draw.unit() * all;
    let found = lengths.iter().find(|(length, share)| {
        rest -= weight(*share, *length);
        rest < 0.0
    });
    found.or(lengths.last()).map_or(1, |(length, _)| *length)
}

/// Months of the year that such a spell has on average: each month is in `length` of its `length + 11` positions.
pub(crate) fn months(lengths: Lengths) -> f64 {
    lengths.iter().map(|(length, share)| share * 12.0 * f64::from(*length) / f64::from(length + 11)).sum()
}

/// The last day of a month, 0 for January 2010.
pub(crate) fn month_end(month: i32) -> i32 {
    Day::new_year(2010).month_start_after(month).month_end().0
}

impl Flanders<'_> {
    /// A person's Flemish municipality on a day of 2008 to 2011.
    pub(crate) fn lives_on(&self, person: &Person, day: i32) -> Option<u16> {
        Some(person.place_on(day)).filter(|place| self.flemish(*place))
    }

    /// The part of 2010 that a person lives in Flanders, by three of its months: whoever comes or leaves in the year
    /// has fewer months to count.
    pub(crate) fn presence(&self, person: &Person) -> f64 {
        let months = [1, 5, 9].into_iter().filter(|month| self.lives_on(person, month_end(*month)).is_some());
        months.count() as f64 / 3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: Lengths = &[(3, 0.5), (24, 0.5)];

    #[test]
    fn spells_have_the_months_that_are_expected() {
        let mut draw = Draw::stream(1, "spell", 0);
        let drawn: usize = (0..20_000).map(|_| spell(&mut draw, LENGTHS).months().count()).sum();
        let mean = drawn as f64 / 20_000.0;
        assert!((mean - months(LENGTHS)).abs() < 0.1, "{mean}");
    }

    #[test]
    fn spells_of_all_years_make_an_even_stock() {
        let mut draw = Draw::stream(2, "spell", 0);
        let beside = (20_000.0 * beside_for_touching(LENGTHS)) as usize;
        let mut spells: Vec<Spell> = (0..20_000).map(|_| spell(&mut draw, LENGTHS)).collect();
        for years in [Beside::Before(0), Beside::Before(1), Beside::After] {
            spells.extend((0..beside).map(|_| spell_beside(&mut draw, LENGTHS, years)));
        }
        let mut stock = [0; 16];
        for quarters in spells.iter().map(Spell::quarters) {
            stock.iter_mut().enumerate().for_each(|(at, stock)| *stock += i32::from(quarters >> at & 1));
        }
        let even = 20_000.0 * months(LENGTHS) / 12.0;
        assert!(stock.iter().all(|persons| (f64::from(*persons) / even - 1.0).abs() < 0.04), "{stock:?} {even}");
    }

    #[test]
    fn months_end_on_their_last_day() {
        assert_eq!(Day(month_end(1)).to_string(), "2010-02-28");
        assert_eq!(Day(month_end(11)).to_string(), "2010-12-31");
        assert_eq!(Day(quarter_end(0)).to_string(), "2008-03-31");
        assert_eq!(Day(quarter_end(15)).to_string(), "2011-12-31");
    }
}
