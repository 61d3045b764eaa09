//! Reference periods: each indicator and each delivery has its own.

use std::fmt;
use std::str::FromStr;

use crate::Day;

/// What kind of stretch of time a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKind {
    /// One day: `2011-01-01`.
    Day,
    /// A month: `2010-07`.
    Month,
    /// A quarter: `2010-Q3`.
    Quarter,
    /// A calendar year: `2010`.
    Year,
    /// A school year, 1 September to 31 August: `2010-2011`.
    SchoolYear,
    /// Whole years counted month by month or pooled: `2010-01-01/P1Y`, `2008-01-01/P3Y`.
    Years(u8),
}

impl PeriodKind {
    /// The words used in contracts and cards; pooled years are written with their number.
    pub const WORDS: [(&'static str, PeriodKind); 7] = [
        ("day", PeriodKind::Day),
        ("month", PeriodKind::Month),
        ("quarter", PeriodKind::Quarter),
        ("year", PeriodKind::Year),
        ("school-year", PeriodKind::SchoolYear),
        ("mean-of-months", PeriodKind::Years(1)),
        ("three-years", PeriodKind::Years(3)),
    ];
}

/// A period: its kind and its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    kind: PeriodKind,
    start: Day,
}

impl Period {
    /// How periods are written, for hints.
    pub const FORMS: &'static str =
        "write 2011-01-01, 2010-07, 2010-Q3, 2010, 2010-2011 (school year) or 2010-01-01/P1Y";

    /// A single day as a period.
    pub fn day(day: Day) -> Period {
        Period { kind: PeriodKind::Day, start: day }
    }

    /// A calendar year as a period.
    pub fn year(year: i16) -> Period {
        Period { kind: PeriodKind::Year, start: Day::new_year(year) }
    }

    /// The kind of the period.
    pub fn kind(self) -> PeriodKind {
        self.kind
    }

    /// First day.
    pub fn start(self) -> Day {
        self.start
    }

    /// Last day.
    pub fn end(self) -> Day {
        let months = match self.kind {
            PeriodKind::Day => return self.start,
            PeriodKind::Month => 1,
            PeriodKind::Quarter => 3,
            PeriodKind::Year | PeriodKind::SchoolYear => 12,
            PeriodKind::Years(years) => 12 * i32::from(years),
        };
        self.start.month_start_after(months).plus(-1)
    }

    /// The same period of the year before.
    pub fn a_year_earlier(self) -> Period {
        let (year, month, day) = self.start.ymd();
        // 29 February has no day a year earlier, and the 28th stands for it.
        let before = Day::from_ymd(year - 1, month, day).or_else(|| Day::from_ymd(year - 1, month, 28));
        Period { start: before.unwrap_or(self.start), ..self }
    }

    /// Number of months that a mean over the period divides by.
    pub fn months(self) -> i64 {
        match self.kind {
            PeriodKind::Day | PeriodKind::Month => 1,
            PeriodKind::Quarter => 3,
            PeriodKind::Year | PeriodKind::SchoolYear => 12,
            PeriodKind::Years(years) => 12 * i64::from(years),
        }
    }

    /// Number of years that a yearly mean over the period divides by.
    pub fn years(self) -> i64 {
        match self.kind {
            PeriodKind::Years(years) => i64::from(years),
            _ => 1,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, _) = self.start.ymd();
        match self.kind {
            PeriodKind::Day => write!(f, "{}", self.start),
            PeriodKind::Month => write!(f, "{year:04}-{month:02}"),
            PeriodKind::Quarter => write!(f, "{year:04}-Q{}", (month + 2) / 3),
            PeriodKind::Year => write!(f, "{year:04}"),
            PeriodKind::SchoolYear => write!(f, "{year:04}-{:04}", year + 1),
            PeriodKind::Years(years) => write!(f, "{}/P{years}Y", self.start),
        }
    }
}

impl FromStr for Period {
    type Err = ();

    fn from_str(text: &str) -> Result<Period, ()> {
        let year = |part: &str| -> Result<i16, ()> {
            if part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit()) {
                part.parse().map_err(|_| ())
            } else {
                Err(())
            }
        };
        if let Some((start, length)) = text.split_once('/') {
            let years = length.strip_prefix('P').and_then(|rest| rest.strip_suffix('Y')).ok_or(())?;
            let years: u8 = years.parse().map_err(|_| ())?;
            let start: Day = start.parse()?;
            return if years >= 1 && start.ymd().1 == 1 && start.ymd().2 == 1 {
                Ok(Period { kind: PeriodKind::Years(years), start })
            } else {
                Err(())
            };
        }
        match text.len() {
            4 => Ok(Period::year(year(text)?)),
            10 => Ok(Period::day(text.parse()?)),
            7 => {
                let (first, second) = text.split_once('-').ok_or(())?;
                let (kind, month) = match second.strip_prefix('Q') {
                    Some(quarter) => {
                        let quarter: i8 = quarter.parse().map_err(|_| ())?;
                        if !(1..=4).contains(&quarter) {
                            return Err(());
                        }
                        (PeriodKind::Quarter, quarter * 3 - 2)
                    }
                    None => (PeriodKind::Month, second.parse().map_err(|_| ())?),
                };
                let start = Day::from_ymd(year(first)?, month, 1).ok_or(())?;
                Ok(Period { kind, start })
            }
            9 => {
                let (first, second) = text.split_once('-').ok_or(())?;
                if year(second)? != year(first)? + 1 {
                    return Err(());
                }
                let start = Day::from_ymd(year(first)?, 9, 1).ok_or(())?;
                Ok(Period { kind: PeriodKind::SchoolYear, start })
            }
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_earlier_is_the_same_period_of_the_year_before() {
        for (text, before) in [
            ("2010-Q4", "2009-Q4"),
            ("2010", "2009"),
            ("2010-2011", "2009-2010"),
            ("2010-12-31", "2009-12-31"),
            ("2012-02-29", "2011-02-28"),
        ] {
            assert_eq!(text.parse::<Period>().unwrap().a_year_earlier().to_string(), before);
        }
    }

    #[test]
    fn periods_read_back_as_written_with_their_days() {
        for (text, start, end, months) in [
            ("2011-01-01", "2011-01-01", "2011-01-01", 1),
            ("2010", "2010-01-01", "2010-12-31", 12),
            ("2010-01-01/P1Y", "2010-01-01", "2010-12-31", 12),
            ("2008-01-01/P3Y", "2008-01-01", "2010-12-31", 36),
            ("2010-2011", "2010-09-01", "2011-08-31", 12),
            ("2010-Q3", "2010-07-01", "2010-09-30", 3),
            ("2010-02", "2010-02-01", "2010-02-28", 1),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.to_string(), text);
            assert_eq!(period.start().to_string(), start);
            assert_eq!(period.end().to_string(), end);
            assert_eq!(period.months(), months);
        }
        for wrong in ["2010-2012", "2010-Q5", "2010-13", "2010-02-30", "10", "2010-02-01/P1Y", "2010-01-01/P0Y"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
