//! The identification number of the social security (INSZ): a national register number or a BIS number.
//!
//! Rule: royal decree of 8 February 1991 and the register's instructions for IT000. Eleven digits
//! `YYMMDDXXXCC`; `XXX` is odd for a man, even for a woman, 001 to 998; `CC = 97 - (YYMMDDXXX mod 97)`, with a 2
//! put before the nine digits for births from 2000. BIS: month + 40 when the sex was known at issue, + 20 when not.
//!
//! Where the birth date is not wholly known, month and day are 00 at issue. When the serials of a date are used up, the
//! day counts on: 00 00 01 after 00 00 00, and past 31 since the numbers without a birth date ran out there
//! (belgif/rest-problem-java, issue 81 and its numbers; the Crossroads Bank accepts the same of BIS numbers). So a day
//! of 00 to 99 can be issued, in every month that can.

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
    /// The month cannot be one of a register or BIS number.
    Month,
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
/// The month is one that can be issued: 00 to 12 (00 unknown), plus 20 or 40 for BIS. Every day can be issued, since a
/// day counts on when its serials are used up.
///
/// # Errors
///
/// The first that holds of: not eleven digits, check digits of neither century, an impossible month, serial 000 or 999.
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
    if !matches!(month, 0..=12 | 20..=32 | 40..=52) {
        return Err(InszFault::Month);
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
    fn numbers_without_a_known_birth_date_are_read() {
        // Of 00 and 2000 without month and day; counted on to day 2, 31, 32, 45 and 99; day 35 of a month, as BIS too.
        for text in [
            "00000100166",
            "00000100195",
            "62000000140",
            "62050000373",
            "10000200152",
            "10003100155",
            "00003241778",
            "00004541708",
            "00009900235",
            "85073500107",
            "85473500193",
            "85273500150",
            "24203200171",
            "00400000117",
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn every_fault_has_its_name() {
        assert_eq!(parse(b"9402130014"), Err(InszFault::Shape));
        assert_eq!(parse(b"9402130014x"), Err(InszFault::Shape));
        assert_eq!(parse(b"94021300146"), Err(InszFault::CheckDigit));
        // A partner without a number, as message services deliver it: the check digits are 00.
        assert_eq!(parse(b"00000199900"), Err(InszFault::CheckDigit));
        let with_check = |nine: u64| nine * 100 + check_digits(nine, Century::Nineteen);
        for month in [13, 19, 33, 39, 53, 99] {
            assert_eq!(century(with_check(940_001_001 + month * 100_000)), Err(InszFault::Month), "{month}");
        }
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
