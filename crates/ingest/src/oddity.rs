//! What is odd about a value that was refused: in words that help the supplier, and without the value.
//!
//! A value is refused by its type first, with a plain reason such as `unknown-code`. Only then is it examined for the
//! habits of spreadsheet, database and statistics programs that are known to spoil values.

use catalog::contract::{ColumnKind, Encoding};

use crate::rejection::RejectionReason;

/// Returns a more telling reason for a refused value, or the plain reason.
///
/// `known` returns whether the column's list has a code.
pub(crate) fn refined(
    plain: RejectionReason,
    kind: &ColumnKind,
    field: &[u8],
    encoding: Encoding,
    known: impl Fn(&[u8]) -> bool,
) -> RejectionReason {
    let general = general(field, encoding);
    if let Some(reason) = general {
        return reason;
    }
    let found = match kind {
        ColumnKind::Insz if plain == RejectionReason::NotANumberOfAPerson => in_number_of_person(field, encoding),
        ColumnKind::Code(_) => in_code(field, known),
        ColumnKind::Count | ColumnKind::Year => in_number(field, None, encoding),
        ColumnKind::Decimal(decimals) => in_number(field, Some(*decimals), encoding),
        ColumnKind::Day | ColumnKind::PartialDay | ColumnKind::Month | ColumnKind::Quarter | ColumnKind::SchoolYear => {
            in_date(field)
        }
        ColumnKind::Text | ColumnKind::Coded | ColumnKind::Insz => None,
    };
    found.unwrap_or(plain)
}

/// Returns what is wrong with a value that no list and no form checks: a text or a pseudonym.
///
/// A pseudonym with blanks or quotes around it is another pseudonym and would be linked to no person.
/// `bare_quotes` says that quotes have no meaning in the file, so that a text between them was not expected to be.
pub(crate) fn of_free_text(
    field: &[u8],
    kind: &ColumnKind,
    encoding: Encoding,
    bare_quotes: bool,
) -> Option<RejectionReason> {
    // A first look that most values pass: no control characters, plain ends.
    let plain_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let has_control = field.iter().any(|byte| is_control(*byte));
    if !has_control && plain_end(field.first()) && plain_end(field.last()) && field != b"NULL" {
        return None;
    }
    match kind {
        _ if has_control => Some(control(field)),
        ColumnKind::Coded => general(field, encoding),
        _ if is_absence_word(field, false) => Some(RejectionReason::AbsenceWord),
        _ if bare_quotes && is_between_quotes(field) => Some(RejectionReason::InQuotes),
        _ => None,
    }
}

/// A tab is a blank, and not a control character.
fn is_control(byte: u8) -> bool {
    byte == 0x7f || (byte < b' ' && byte != b'\t')
}

/// Between double quotes as a whole; a quote inside is doubled.
fn is_between_quotes(field: &[u8]) -> bool {
    let [b'"', inner @ .., b'"'] = field else { return false };
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'"' && bytes.next() != Some(&b'"') {
            return false;
        }
    }
    true
}

fn control(field: &[u8]) -> RejectionReason {
    if field.contains(&b'\r') { RejectionReason::LineEnd } else { RejectionReason::ControlCharacter }
}

/// What can be odd about any value.
fn general(field: &[u8], encoding: Encoding) -> Option<RejectionReason> {
    if field.iter().any(|byte| is_control(*byte)) {
        return Some(control(field));
    }
    let inner = trimmed(field, encoding);
    if inner.len() < field.len() {
        return Some(RejectionReason::Blanks);
    }
    if is_absence_word(field, true) {
        return Some(RejectionReason::AbsenceWord);
    }
    if is_between_quotes(field) {
        return Some(RejectionReason::InQuotes);
    }
    let others: [(&[u8], &[u8]); 5] = [
        (b"'", b"'"),
        (b"`", b"`"),
        ("“".as_bytes(), "”".as_bytes()),
        ("‘".as_bytes(), "’".as_bytes()),
        ("«".as_bytes(), "»".as_bytes()),
    ];
    if others.iter().any(|(open, close)| field.starts_with(open) && field.ends_with(close))
        || (field.starts_with(b"'") && field.len() > 1)
        || matches!(field, [0x93, .., 0x94] | [0x91, .., 0x92] if encoding != Encoding::Utf8)
    {
        return Some(RejectionReason::OtherQuotes);
    }
    if let [b'=', _, ..] = field {
        return Some(RejectionReason::FormulaAsText);
    }
    let error = field.starts_with(b"#") && field.len() > 2 && field[1..].iter().all(|byte| is_error_byte(*byte));
    error.then_some(RejectionReason::CellError)
}

fn is_error_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || matches!(byte, b'/' | b'!' | b'?' | b'0')
}

/// Words that programs write where a value is missing; a person's own text may be one of the shorter ones.
fn is_absence_word(field: &[u8], any: bool) -> bool {
    let always: [&[u8]; 5] = [b"NULL", b"(null)", b"<null>", b"\\N", b"#N/A"];
    let typed: [&[u8]; 9] = [b"null", b"na", b"n/a", b"nan", b"none", b"nil", b"n.v.t.", b"-", b"."];
    always.contains(&field) || (any && typed.iter().any(|word| field.eq_ignore_ascii_case(word)))
}

/// Blanks of the encodings that contracts know: tab, space, no-break space, thin spaces, a byte order mark.
fn blank_start(field: &[u8], encoding: Encoding) -> usize {
    match field {
        [b' ' | b'\t', ..] => 1,
        [0xa0, ..] if encoding != Encoding::Utf8 => 1,
        [0xc2, 0xa0, ..] => 2,
        [0xe2, 0x80, 0x80..=0x8b | 0xaf, ..] | [0xe3, 0x80, 0x80, ..] | [0xef, 0xbb, 0xbf, ..] => 3,
        _ => 0,
    }
}

fn blank_end(field: &[u8], encoding: Encoding) -> usize {
    match field {
        [.., 0xe2, 0x80, 0x80..=0x8b | 0xaf] | [.., 0xe3, 0x80, 0x80] | [.., 0xef, 0xbb, 0xbf] => 3,
        [.., 0xc2, 0xa0] => 2,
        [.., b' ' | b'\t'] => 1,
        [.., 0xa0] if encoding != Encoding::Utf8 => 1,
        _ => 0,
    }
}

fn trimmed(mut field: &[u8], encoding: Encoding) -> &[u8] {
    while let width @ 1.. = blank_start(field, encoding) {
        field = &field[width..];
    }
    while let width @ 1.. = blank_end(field, encoding) {
        field = &field[..field.len() - width];
    }
    field
}

/// The value without the blanks inside it, each replaced by a space.
fn with_plain_blanks(field: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut found = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some(byte) = rest.first() {
        match blank_start(rest, encoding) {
            0 => {
                found.push(*byte);
                rest = &rest[1..];
            }
            width => {
                found.push(b' ');
                rest = &rest[width..];
            }
        }
    }
    found
}

/// A digit for each digit, `a` for each letter, anything else as it is.
fn shape(field: &[u8]) -> Vec<u8> {
    let letter = |byte: &u8| match byte {
        b'0'..=b'9' => b'9',
        byte if byte.is_ascii_alphabetic() => b'a',
        byte => *byte,
    };
    field.iter().map(letter).collect()
}

fn in_number_of_person(field: &[u8], encoding: Encoding) -> Option<RejectionReason> {
    if is_scientific(field) {
        return Some(RejectionReason::Scientific);
    }
    if is_whole_with_point(field) {
        return Some(RejectionReason::NumberForCode);
    }
    let plain = with_plain_blanks(field, encoding);
    let digits = plain.iter().filter(|byte| byte.is_ascii_digit()).count();
    let separated = plain.iter().all(|byte| byte.is_ascii_digit() || b".-/ ".contains(byte));
    (digits == 11 && separated && plain.len() > 11).then_some(RejectionReason::Punctuation)
}

fn in_code(field: &[u8], known: impl Fn(&[u8]) -> bool) -> Option<RejectionReason> {
    if is_scientific(field) {
        return Some(RejectionReason::Scientific);
    }
    if is_whole_with_point(field) {
        return Some(RejectionReason::NumberForCode);
    }
    let digits = field.len() < 8 && field.iter().all(u8::is_ascii_digit);
    let padded = |zeros: usize| [&b"0000"[..zeros], field].concat();
    (digits && (1..=4).any(|zeros| known(&padded(zeros)))).then_some(RejectionReason::LeadingZero)
}

/// `7.00101E+10`, as spreadsheet programs write long numbers.
fn is_scientific(field: &[u8]) -> bool {
    let Some(at) = field.iter().position(|byte| matches!(byte, b'e' | b'E')) else { return false };
    let (mantissa, exponent) = (&field[..at], &field[at + 1..]);
    let exponent = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
    let whole = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    whole(exponent)
        && mantissa.first().is_some_and(u8::is_ascii_digit)
        && mantissa.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
}

/// `11002.0`: a code that went through a program as a number.
fn is_whole_with_point(field: &[u8]) -> bool {
    let Some(at) = field.iter().position(|byte| *byte == b'.') else { return false };
    let (whole, rest) = (&field[..at], &field[at + 1..]);
    !whole.is_empty() && whole.iter().all(u8::is_ascii_digit) && !rest.is_empty() && rest.iter().all(|b| *b == b'0')
}

fn in_number(field: &[u8], decimals: Option<u8>, encoding: Encoding) -> Option<RejectionReason> {
    if is_scientific(field) {
        return Some(RejectionReason::Scientific);
    }
    let plain = with_plain_blanks(field, encoding);
    let plain = plain.strip_prefix(b"-").unwrap_or(&plain);
    if let Some(decimals) = decimals {
        let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        let split = |mark: u8| {
            let at = plain.iter().position(|byte| *byte == mark)?;
            let (whole, rest) = (&plain[..at], &plain[at + 1..]);
            (digits(whole) && digits(rest)).then_some(rest.len())
        };
        if split(b',').is_some_and(|length| length > usize::from(decimals)) {
            return Some(RejectionReason::TooManyDecimals);
        }
        if split(b'.').is_some() {
            return Some(RejectionReason::DecimalPoint);
        }
    }
    is_grouped(plain).then_some(RejectionReason::GroupedNumber)
}

/// `1.234`, `1 234,50`, `1'234.5`: groups of three digits, and perhaps decimals after another mark.
fn is_grouped(plain: &[u8]) -> bool {
    let text = String::from_utf8_lossy(plain).replace('’', "'");
    let Some(mark) = text.chars().find(|letter| !letter.is_ascii_digit()).filter(|mark| ".,' ".contains(*mark)) else {
        return false;
    };
    let (whole, rest) = match text.rsplit_once(|letter: char| ".,".contains(letter) && letter != mark) {
        Some((whole, rest)) => (whole, rest),
        None => (text.as_str(), ""),
    };
    let mut groups = whole.split(mark);
    let first = groups.next().unwrap_or_default();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|part| part.len() == 3 && digits(part))
        && digits(rest)
}

fn in_date(field: &[u8]) -> Option<RejectionReason> {
    if is_scientific(field) {
        return Some(RejectionReason::Scientific);
    }
    let shape = shape(field);
    // Days since 1900, as spreadsheet programs keep them: 1954 to 2036 in five digits.
    if matches!(shape.as_slice(), b"99999" | b"99999.9") && matches!(field[0], b'2'..=b'4') {
        return Some(RejectionReason::SerialDate);
    }
    let one = |marks: &[u8], forms: &[&str]| {
        let unified: Vec<u8> = shape.iter().map(|byte| if marks.contains(byte) { b'/' } else { *byte }).collect();
        forms.iter().any(|form| unified == form.as_bytes())
    };
    let known = one(
        b"/.- ",
        &[
            "9/9/9999",
            "99/9/9999",
            "9/99/9999",
            "99/99/9999",
            "99/99/99",
            "9/9/99",
            "99/aaa/9999",
            "99/aaa/99",
            "99aaa9999",
            "aaa/9999",
            "aaa/99",
            "99/9999",
            "9/9999",
            "a9/9999",
            "9999/a9",
            "9999a9",
            "9999/aaaa",
        ],
    ) || one(b"/.", &["9999/99/99", "9999/99", "9999/9999", "9999/9/9"])
        || matches!(shape.as_slice(), b"999999" | b"9999-9-9")
        || shape.starts_with(b"9999-99-99a99")
        || shape.starts_with(b"9999-99-99 ")
        || shape.starts_with(b"99/99/9999 ");
    // The form that is agreed has its own reason: no such day.
    (known && !is_agreed_quarter(field)).then_some(RejectionReason::DateForm)
}

/// `2010-Q5` is written as agreed, and no quarter.
fn is_agreed_quarter(field: &[u8]) -> bool {
    field.len() == 7 && field[4..6] == *b"-Q"
}

#[cfg(test)]
mod tests {
    use catalog::contract::{Codes, Column};
    use catalog::reference::Reference;

    use super::*;
    use crate::value::Reader;

    fn reason(kind: ColumnKind, field: &[u8], encoding: Encoding) -> Option<&'static str> {
        let column =
            Column { name: "c".into(), header: "c".into(), kind, optional: true, count_empty: false, width: 0 };
        Reader::new(&column, encoding, &Reference::default(), true)
            .read(field, false)
            .err()
            .map(|reason| reason.words().0)
    }

    #[test]
    fn what_programs_do_to_values_is_named() {
        let codes = || {
            let listed = ["00", "01", "00123", "11002"].map(|code| (code.to_string(), code.to_string()));
            ColumnKind::Code(Codes::Listed(listed.to_vec()))
        };
        let cases: [(ColumnKind, &str, &str); 58] = [
            (ColumnKind::Insz, "70.01.01-001.88", "punctuation"),
            (ColumnKind::Insz, "700101 001 88", "punctuation"),
            (ColumnKind::Insz, "700101\u{a0}00188", "punctuation"),
            (ColumnKind::Insz, " 70010100188", "blanks"),
            (ColumnKind::Insz, "70010100188\u{a0}", "blanks"),
            (ColumnKind::Insz, "70010100188.0", "number-for-code"),
            (ColumnKind::Insz, "7.00101E+10", "scientific"),
            (ColumnKind::Insz, "\"70010100188\"", "in-quotes"),
            (ColumnKind::Insz, "'70010100188", "other-quotes"),
            (ColumnKind::Insz, "=\"70010100188\"", "formula-as-text"),
            (ColumnKind::Insz, "NULL", "absence-word"),
            (ColumnKind::Insz, "#WAARDE!", "cell-error"),
            (ColumnKind::Insz, "70010100188\0", "control-character"),
            (ColumnKind::Insz, "7001010018", "not-an-insz"),
            (codes(), "11002 ", "blanks"),
            (codes(), "\u{2009}11002", "blanks"),
            (codes(), "\u{feff}11002", "blanks"),
            (codes(), "123", "leading-zero"),
            (codes(), "0", "leading-zero"),
            (codes(), "11002.0", "number-for-code"),
            (codes(), "\"11002\"", "in-quotes"),
            (codes(), "“11002”", "other-quotes"),
            (codes(), "=\"00123\"", "formula-as-text"),
            (codes(), "#N/B", "cell-error"),
            (codes(), "n/a", "absence-word"),
            (codes(), "-", "absence-word"),
            (codes(), "11003", "unknown-code"),
            (codes(), "01\r02", "line-end"),
            (ColumnKind::Count, "1.234", "grouped-number"),
            (ColumnKind::Count, "1 234", "grouped-number"),
            (ColumnKind::Count, "1\u{a0}234", "grouped-number"),
            (ColumnKind::Count, "1\u{202f}234", "grouped-number"),
            (ColumnKind::Count, "12'345'678", "grouped-number"),
            (ColumnKind::Count, "12’345", "grouped-number"),
            (ColumnKind::Count, "1E+05", "scientific"),
            (ColumnKind::Count, "12.5", "not-a-number"),
            (ColumnKind::Count, "-1", "not-a-number"),
            (ColumnKind::Count, "n.b.", "not-a-number"),
            (ColumnKind::Decimal(2), "312.50", "decimal-point"),
            (ColumnKind::Decimal(2), "12,345", "too-many-decimals"),
            (ColumnKind::Decimal(2), "1.312,50", "grouped-number"),
            (ColumnKind::Decimal(2), "1'312,50", "grouped-number"),
            (ColumnKind::Decimal(2), "1 312,50", "grouped-number"),
            (ColumnKind::Decimal(2), "x", "not-a-number"),
            (ColumnKind::Day, "31/12/2010", "date-form"),
            (ColumnKind::Day, "31-12-2010", "date-form"),
            (ColumnKind::Day, "2010-12-31 00:00:00", "date-form"),
            (ColumnKind::Day, "2010-12-31T00:00", "date-form"),
            (ColumnKind::Day, "31DEC2010", "date-form"),
            (ColumnKind::Day, "40543", "serial-date"),
            (ColumnKind::Day, "2010-02-30", "not-a-date"),
            (ColumnKind::Month, "201007", "date-form"),
            (ColumnKind::Month, "07/2010", "date-form"),
            (ColumnKind::Month, "2010-13", "not-a-date"),
            (ColumnKind::Quarter, "2010Q3", "date-form"),
            (ColumnKind::Quarter, "2010-Q5", "not-a-date"),
            (ColumnKind::SchoolYear, "2010/2011", "date-form"),
            (ColumnKind::SchoolYear, "2010-1999", "not-a-date"),
        ];
        for (kind, field, expected) in cases {
            assert_eq!(reason(kind.clone(), field.as_bytes(), Encoding::Utf8), Some(expected), "{kind:?} {field}");
        }
        // A no-break space of one byte, and the quotes of Windows.
        assert_eq!(reason(codes(), b"11002\xa0", Encoding::Latin1), Some("blanks"));
        assert_eq!(reason(codes(), b"\x9311002\x94", Encoding::Windows1252), Some("other-quotes"));
    }

    #[test]
    fn free_text_keeps_its_blanks_and_a_pseudonym_does_not() {
        let read = |kind: ColumnKind, field: &str| reason(kind, field.as_bytes(), Encoding::Utf8);
        let texts =
            ["De Kring", " a ", "'t Zand", "#1", "\"De Kring\" vzw", "\"a\" en \"b\"", "x\u{e9}", "null", "-", "a\tb"];
        for text in texts {
            assert_eq!(read(ColumnKind::Text, text), None, "{text}");
        }
        assert_eq!(read(ColumnKind::Text, "\"De \"\"Kring\"\"\""), Some("in-quotes"));
        for (text, expected) in [("NULL", "absence-word"), ("a\0b", "control-character"), ("a\rb", "line-end")] {
            assert_eq!(read(ColumnKind::Text, text), Some(expected));
            assert_eq!(read(ColumnKind::Coded, text), Some(expected));
        }
        for (text, expected) in [(" ab", "blanks"), ("ab\t", "blanks"), ("'ab'", "other-quotes")] {
            assert_eq!(read(ColumnKind::Coded, text), Some(expected), "{text}");
        }
        for text in ["0123456789abcdef", "a-b_c=", "ab==", "{12-34}", "ab/c+"] {
            assert_eq!(read(ColumnKind::Coded, text), None, "{text}");
        }
    }
}
