//! Numbers and days as bytes, written without a formatter: these loops run a hundred million times.

use catalog::Day;

/// The register's own years, with room on both sides.
const FIRST_YEAR: i16 = 1860;
const LAST_YEAR: i16 = 2014;

/// Every day of the register's years as `YYYYMMDD`.
pub(crate) struct Calendar {
    first: i32,
    numbers: Vec<u32>,
}

impl Calendar {
    pub(crate) fn new() -> Calendar {
        let first = Day::new_year(FIRST_YEAR).0;
        let last = Day::new_year(LAST_YEAR).0;
        let number = |day: i32| {
            let (year, month, day) = Day(day).ymd();
            year.unsigned_abs() as u32 * 10_000 + u32::from(month.unsigned_abs()) * 100 + u32::from(day.unsigned_abs())
        };
        Calendar { first, numbers: (first..last).map(number).collect() }
    }

    /// The day as `YYYYMMDD`; days outside the register's years are taken as its first or last day.
    pub(crate) fn number(&self, day: i32) -> u32 {
        let at = (day - self.first).clamp(0, self.numbers.len() as i32 - 1);
        self.numbers[at as usize]
    }

    /// Completed years of age on 1 January of `year` of somebody born on `birth`.
    pub(crate) fn age_on_new_year(&self, year: i16, birth: i32) -> i32 {
        let number = self.number(birth);
        i32::from(year) - (number / 10_000) as i32 - i32::from(number % 10_000 > 101)
    }

    /// Completed years of age on a day of somebody born on `birth`.
    pub(crate) fn age_on(&self, day: i32, birth: i32) -> i32 {
        let (day, birth) = (self.number(day) as i32, self.number(birth) as i32);
        day / 10_000 - birth / 10_000 - i32::from(day % 10_000 < birth % 10_000)
    }

    /// Position of a day in a table with one entry a day.
    pub(crate) fn position(&self, day: i32) -> usize {
        (day - self.first).clamp(0, self.numbers.len() as i32 - 1) as usize
    }

    /// Number of days in such a table.
    pub(crate) fn days(&self) -> usize {
        self.numbers.len()
    }
}

/// A number with leading zeros, `width` digits wide.
pub(crate) fn padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// A number without leading zeros.
pub(crate) fn plain(out: &mut Vec<u8>, number: u64) {
    let mut width = 1;
    let mut rest = number / 10;
    while rest > 0 {
        width += 1;
        rest /= 10;
    }
    padded(out, number, width);
}

/// `YYYYMMDD` as `YYYY-MM-DD`.
pub(crate) fn iso(out: &mut Vec<u8>, yyyymmdd: u32) {
    padded(out, u64::from(yyyymmdd / 10_000), 4);
    out.push(b'-');
    padded(out, u64::from(yyyymmdd / 100 % 100), 2);
    out.push(b'-');
    padded(out, u64::from(yyyymmdd % 100), 2);
}

/// Text in ISO-8859-1, cut or padded with blanks to `width` bytes; what that alphabet lacks becomes `?`.
pub(crate) fn latin(text: &str, width: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect();
    bytes.resize(width, b' ');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_written() {
        let mut out = Vec::new();
        padded(&mut out, 42, 5);
        out.push(b' ');
        plain(&mut out, 0);
        out.push(b' ');
        plain(&mut out, 1_203);
        out.push(b' ');
        iso(&mut out, 20_110_102);
        assert_eq!(out, b"00042 0 1203 2011-01-02");
        assert_eq!(latin("Écaussinnes", 12), b"\xc9caussinnes ");
        assert_eq!(latin("Emirda\u{11f}", 7), b"Emirda?");
    }

    #[test]
    fn ages_are_those_of_the_catalogue() {
        let calendar = Calendar::new();
        let new_year = Day::new_year(2011);
        for birth in Day::new_year(1905).0..new_year.0 {
            assert_eq!(calendar.age_on_new_year(2011, birth), i32::from(new_year.age_of(Day(birth))));
            let summer = new_year.plus(180);
            assert_eq!(calendar.age_on(summer.0, birth), i32::from(summer.age_of(Day(birth))));
        }
    }
}
