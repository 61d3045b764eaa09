//! A day on the civil calendar, kept as the number that Parquet and Arrow keep: days since 1 January 1970.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A calendar day, as days since 1970-01-01 (Arrow `date32`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

const EPOCH: Date = Date::constant(1970, 1, 1);

impl Day {
    /// The day of a civil date, or nothing where no such date exists (30 February).
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Day> {
        Date::new(year, month, day).ok().map(Day::from)
    }

    /// The day written as `YYYYMMDD`, for example 20110101.
    pub fn from_number(yyyymmdd: u32) -> Option<Day> {
        let year = i16::try_from(yyyymmdd / 10_000).ok()?;
        let month = i8::try_from(yyyymmdd / 100 % 100).ok()?;
        let day = i8::try_from(yyyymmdd % 100).ok()?;
        Day::from_ymd(year, month, day)
    }

    /// The first and the last day that a date written as `YYYYMMDD` may be: `00` stands for an unknown month or day.
    /// 19850000 is some day of 1985, 19850600 some day of June. A day of an unknown month is no date.
    pub fn partial(yyyymmdd: u32) -> Option<(Day, Day)> {
        let (month, day) = (yyyymmdd / 100 % 100, yyyymmdd % 100);
        match (month, day) {
            (0, 0) => Some((Day::from_number(yyyymmdd + 101)?, Day::from_number(yyyymmdd + 1_231)?)),
            (0, _) => None,
            (_, 0) => Day::from_number(yyyymmdd + 1).map(|first| (first, first.month_end())),
            _ => Day::from_number(yyyymmdd).map(|day| (day, day)),
        }
    }

    /// 1 January of a year.
    pub fn new_year(year: i16) -> Day {
        Day::from(Date::new(year, 1, 1).unwrap_or(EPOCH))
    }

    /// The day that it is in Belgium at a moment, whatever the time zone of the computer is: an hour before universal time,
    /// two in summer, from the last Sunday of March to that of October (directive 2000/84/EC). The rule stands here, so that
    /// no table of time zones is needed.
    ///
    /// # Errors
    /// A fault of ours in the rule.
    pub fn in_belgium(moment: Timestamp) -> Result<Day, jiff::Error> {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3")?;
        Ok(Day::from(moment.to_zoned(zone).date()))
    }

    /// Year, month and day of the month.
    pub fn ymd(self) -> (i16, i8, i8) {
        let date = Date::from(self);
        (date.year(), date.month(), date.day())
    }

    /// The calendar year.
    pub fn year(self) -> i16 {
        self.ymd().0
    }

    /// The day this many days later (earlier, when negative).
    pub fn plus(self, days: i32) -> Day {
        Day(self.0 + days)
    }

    /// The last day of the month that this day is in.
    pub fn month_end(self) -> Day {
        Day::from(Date::from(self).last_of_month())
    }

    /// The first day of the month, `months` months after the month of this day.
    pub fn month_start_after(self, months: i32) -> Day {
        let (year, month, _) = self.ymd();
        let count = i32::from(year) * 12 + i32::from(month) - 1 + months;
        let year = i16::try_from(count.div_euclid(12)).unwrap_or(i16::MAX);
        let month = i8::try_from(count.rem_euclid(12) + 1).unwrap_or(1);
        Day::from(Date::new(year, month, 1).unwrap_or(EPOCH))
    }

    /// Completed years of age on this day of somebody born on `birth`; negative before birth.
    /// A person born on 29 February completes a year on 1 March of a common year.
    pub fn age_of(self, birth: Day) -> i16 {
        let (year, month, day) = self.ymd();
        let (birth_year, birth_month, birth_day) = birth.ymd();
        year - birth_year - i16::from((month, day) < (birth_month, birth_day))
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Day {
        // Days between two civil dates always fit: the calendar has under four million of them each way.
        Day(date.since(EPOCH).map(|span| span.get_days()).unwrap_or(0))
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Date {
        EPOCH.checked_add(jiff::Span::new().days(day.0)).unwrap_or(EPOCH)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = ();

    /// Reads `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Day, ()> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(());
        }
        let digits = [&text[0..4], &text[5..7], &text[8..10]];
        if digits.iter().any(|part| !part.bytes().all(|b| b.is_ascii_digit())) {
            return Err(());
        }
        let number: u32 = digits.concat().parse().map_err(|_| ())?;
        Day::from_number(number).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_written() {
        let day: Day = "2011-01-01".parse().unwrap();
        assert_eq!(day.0, 14_975);
        assert_eq!(day.to_string(), "2011-01-01");
        assert_eq!(Day::from_number(20_110_101), Some(day));
        let partial = |number| Day::partial(number).map(|(first, last)| format!("{first} {last}"));
        assert_eq!(partial(19_850_000).as_deref(), Some("1985-01-01 1985-12-31"));
        assert_eq!(partial(19_840_200).as_deref(), Some("1984-02-01 1984-02-29"));
        assert_eq!(partial(19_840_229).as_deref(), Some("1984-02-29 1984-02-29"));
        assert_eq!((partial(19_850_012), partial(19_850_230), partial(19_851_300)), (None, None, None));
        for wrong in ["2011-02-30", "2011-1-01", "20110101", "2011-01-01 ", "+011-01-01"] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_year_of_age_is_completed_on_the_birthday() {
        let on = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(on("2011-01-01").age_of(on("2010-01-01")), 1);
        assert_eq!(on("2011-01-01").age_of(on("2010-01-02")), 0);
        assert_eq!(on("2011-02-28").age_of(on("2008-02-29")), 2);
        assert_eq!(on("2011-03-01").age_of(on("2008-02-29")), 3);
    }

    #[test]
    fn the_day_in_belgium_begins_an_hour_before_that_of_universal_time_and_two_in_summer() {
        for (moment, day) in [
            ("2011-12-15T22:59:59Z", "2011-12-15"),
            ("2011-12-15T23:00:00Z", "2011-12-16"),
            ("2012-07-01T21:59:59Z", "2012-07-01"),
            ("2012-07-01T22:00:00Z", "2012-07-02"),
            // Summer time begins on 27 March 2011 and ends on 30 October.
            ("2011-03-26T23:00:00Z", "2011-03-27"),
            ("2011-03-27T22:00:00Z", "2011-03-28"),
            ("2011-10-30T22:59:59Z", "2011-10-30"),
        ] {
            assert_eq!(Day::in_belgium(moment.parse().unwrap()).unwrap().to_string(), day, "{moment}");
        }
    }

    #[test]
    fn months_end_and_start() {
        let day: Day = "2008-02-10".parse().unwrap();
        assert_eq!(day.month_end().to_string(), "2008-02-29");
        assert_eq!(day.month_start_after(0).to_string(), "2008-02-01");
        assert_eq!(day.month_start_after(11).to_string(), "2009-01-01");
        assert_eq!(day.month_start_after(-2).to_string(), "2007-12-01");
    }
}
