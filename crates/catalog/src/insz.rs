//! The identification number of the social security (INSZ): a national register number or a BIS number.
//!
//! Rule: royal decree of 8 February 1991 and the register's instructions for IT000. Eleven digits
//! `YYMMDDXXXCC`; `XXX` is odd for a man, even for a woman, 001 to 998; `CC = 97 - (YYMMDDXXX mod 97)`, with a 2
//! put before the nine digits for births from 2000. BIS: month + 40 when the sex was known at issue, + 20 when not.

/// The century a number was issued for, which only the check digits tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Century {
    /// Born before 2000.
    Nineteen,
    /// Born in or after 2000.
    Twenty,
}

/// Why eleven digits are not an INSZ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InszFault {
    /// Not eleven digits.
    Shape,
    /// The check digits fit neither century.
    CheckDigit,
    /// Month or day cannot be one of a register or BIS number.
    Date,
    /// Serial 000 or 999, which are never issued.
    Serial,
}

/// The check digits that belong to the first nine digits, for a century.
pub fn check_digits(first_nine: u64, century: Century) -> u64 {
    let base = match century {
        Century::Nineteen => first_nine,
        Century::Twenty => 2_000_000_000 + first_nine,
    };
    97 - base % 97
}

/// Reads an INSZ from its eleven digits.
///
/// The date part is held to what can be issued: months 00 to 12 (00 unknown), plus 20 or 40 for BIS; days 00 to 31.
/// Whether the calendar has that day is not asked: numbers with an unknown or overflowing day exist.
pub fn parse(digits: &[u8]) -> Result<u64, InszFault> {
    if digits.len() != 11 {
        return Err(InszFault::Shape);
    }
    let mut number = 0u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return Err(InszFault::Shape);
        }
        number = number * 10 + u64::from(digit - b'0');
    }
    century(number).map(|_| number)
}

/// The century of a number, and with it whether the number is one at all.
pub fn century(number: u64) -> Result<Century, InszFault> {
    let (first_nine, check) = (number / 100, number % 100);
    let century = if check_digits(first_nine, Century::Nineteen) == check {
        Century::Nineteen
    } else if check_digits(first_nine, Century::Twenty) == check {
        Century::Twenty
    } else {
        return Err(InszFault::CheckDigit);
    };
    let month = first_nine / 100_000 % 100;
    let day = first_nine / 1_000 % 100;
    if !matches!(month, 0..=12 | 20..=32 | 40..=52) || day > 31 {
        return Err(InszFault::Date);
    }
    if matches!(first_nine % 1_000, 0 | 999) {
        return Err(InszFault::Serial);
    }
    Ok(century)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_issued_by_the_rule_are_read() {
        // Worked out by hand from the royal decree: a man of 1994, a woman of 2006, a remainder of zero, two BIS.
        for text in ["94021300145", "06070500252", "75061500397", "85493000163", "85293000120"] {
            assert_eq!(parse(text.as_bytes()), Ok(text.parse().unwrap()), "{text}");
        }
        // The same nine digits in two centuries.
        assert_eq!(century(10_010_100_189), Ok(Century::Nineteen));
        assert_eq!(century(10_010_100_121), Ok(Century::Twenty));
    }

    #[test]
    fn every_fault_has_its_name() {
        assert_eq!(parse(b"9402130014"), Err(InszFault::Shape));
        assert_eq!(parse(b"9402130014x"), Err(InszFault::Shape));
        assert_eq!(parse(b"94021300146"), Err(InszFault::CheckDigit));
        // A partner without a number, as message services deliver it: the check digits are 00.
        assert_eq!(parse(b"00000199900"), Err(InszFault::CheckDigit));
        let with_check = |nine: u64| nine * 100 + check_digits(nine, Century::Nineteen);
        assert_eq!(century(with_check(941_301_001)), Err(InszFault::Date));
        assert_eq!(century(with_check(940_132_001)), Err(InszFault::Date));
        assert_eq!(century(with_check(940_101_999)), Err(InszFault::Serial));
        assert_eq!(century(with_check(940_101_000)), Err(InszFault::Serial));
    }

    #[test]
    fn no_number_passes_for_both_centuries() {
        for nine in (0..999_999_999).step_by(1_009) {
            let first = check_digits(nine, Century::Nineteen);
            let second = check_digits(nine, Century::Twenty);
            assert_ne!(first, second);
        }
    }
}
