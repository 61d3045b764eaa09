//! Spells of months that touch the year 2010, for the suppliers who count by the month.

use catalog::Day;

use crate::flanders::Flanders;
use crate::person::Person;
use crate::random::Draw;

/// A spell: the first and last month it has in the year, 0 for January, and what it does at both ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spell {
    pub(crate) first: i32,
    pub(crate) last: i32,
    /// It goes on after December.
    pub(crate) goes_on: bool,
}

/// A spell of one of these lengths, somewhere on the year.
pub(crate) fn spell(draw: &mut Draw, lengths: &[(i32, f64)]) -> Spell {
    let mut rest = draw.unit();
    let length = lengths.iter().find(|(_, share)| {
        rest -= share;
        rest < 0.0
    });
    let length = length.or(lengths.last()).map_or(1, |(length, _)| *length);
    let begin = draw.between(1 - length, 11);
    let end = begin + length - 1;
    Spell { first: begin.max(0), last: end.min(11), goes_on: end > 11 }
}

/// Months of the year that such a spell has on average: each month is in `length` of its `length + 11` positions.
pub(crate) fn months(lengths: &[(i32, f64)]) -> f64 {
    lengths.iter().map(|(length, share)| share * 12.0 * f64::from(*length) / f64::from(length + 11)).sum()
}

/// The last day of a month of 2010, 0 for January.
pub(crate) fn month_end(month: i32) -> i32 {
    Day::new_year(2010).month_start_after(month).month_end().0
}

impl Flanders<'_> {
    /// A person's Flemish municipality on a day of 2010 or 2011.
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

    #[test]
    fn spells_have_the_months_that_are_expected() {
        let lengths = [(3, 0.5), (24, 0.5)];
        let mut draw = Draw::stream(1, "spell", 0);
        let drawn: i32 =
            (0..20_000).map(|_| spell(&mut draw, &lengths)).map(|spell| spell.last - spell.first + 1).sum();
        let mean = f64::from(drawn) / 20_000.0;
        assert!((mean - months(&lengths)).abs() < 0.1, "{mean}");
    }

    #[test]
    fn months_end_on_their_last_day() {
        assert_eq!(Day(month_end(1)).to_string(), "2010-02-28");
        assert_eq!(Day(month_end(11)).to_string(), "2010-12-31");
    }
}
