//! One value at a time: from the bytes of a field to what lands, or the reason why not.

use std::sync::Arc;

use arrow::array::StringArray;
use catalog::contract::{Codes, Column, ColumnKind, Encoding};
use catalog::insz::{self, InszFault};
use catalog::reference::Reference;
use catalog::{Day, Period, PeriodKind};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::oddity;
use crate::rejection::RejectionReason;

/// A value that passed its checks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'b> {
    Null,
    Number(i64),
    /// Bytes in the file's own encoding.
    Text(&'b [u8]),
    /// Position in the column's list of codes.
    Code(u16),
}

/// The codes a column may hold: what is written, and the position of what lands.
pub(crate) struct CodeList {
    written: HashMap<Box<[u8]>, u16, FixedState>,
    /// What lands, shared by all batches.
    pub(crate) values: Arc<StringArray>,
}

impl CodeList {
    fn new<'c>(pairs: impl Iterator<Item = (&'c str, &'c str)>) -> CodeList {
        let mut values: Vec<&str> = Vec::new();
        let mut positions: HashMap<&str, u16, FixedState> = HashMap::default();
        let mut written = HashMap::default();
        for (text, code) in pairs {
            let at = *positions.entry(code).or_insert_with(|| {
                values.push(code);
                (values.len() - 1) as u16
            });
            written.insert(text.as_bytes().into(), at);
        }
        CodeList { written, values: Arc::new(StringArray::from(values)) }
    }
}

/// A column ready to read values.
pub(crate) struct Reader {
    kind: ColumnKind,
    optional: bool,
    encoding: Encoding,
    /// Quotes have no meaning in the file: a text between them was not expected to be.
    bare_quotes: bool,
    /// The row is of a history: a date of which nothing is known is not one that is not there.
    of_history: bool,
    pub(crate) codes: Option<CodeList>,
}

/// Whether a value lies within the period of its delivery; what is not there is not outside.
pub(crate) fn within(value: Value<'_>, kind: &ColumnKind, period: Period) -> bool {
    match (value, kind) {
        (Value::Number(year), ColumnKind::Year) => {
            (i64::from(period.start().year())..=i64::from(period.end().year())).contains(&year)
        }
        (Value::Number(day), _) => (i64::from(period.start().0)..=i64::from(period.end().0)).contains(&day),
        _ => true,
    }
}

impl Reader {
    pub(crate) fn new(column: &Column, encoding: Encoding, reference: &Reference, bare_quotes: bool) -> Reader {
        let same = |code: &String| (code.clone(), code.clone());
        let codes = match &column.kind {
            ColumnKind::Code(Codes::Municipalities(also)) => {
                Some(reference.municipalities.keys().chain(also).map(same).collect::<Vec<_>>())
            }
            ColumnKind::Code(Codes::Nationalities(also)) => {
                Some(reference.nationalities.keys().chain(also).map(same).collect())
            }
            ColumnKind::Code(Codes::Places(also)) => Some(
                reference.municipalities.keys().chain(reference.nationalities.keys()).chain(also).map(same).collect(),
            ),
            ColumnKind::Code(Codes::Listed(listed)) => Some(listed.clone()),
            _ => None,
        };
        let codes = codes.map(|pairs| CodeList::new(pairs.iter().map(|(w, c)| (w.as_str(), c.as_str()))));
        Reader { kind: column.kind.clone(), optional: column.optional, encoding, bare_quotes, of_history: false, codes }
    }

    /// The same for a column of a history.
    pub(crate) fn of_history(self, of_history: bool) -> Reader {
        Reader { of_history, ..self }
    }

    /// Reads a field; `blank` says that spaces alone mean empty, as in fixed-width records.
    pub(crate) fn read<'b>(&self, field: &'b [u8], blank: bool) -> Result<Value<'b>, RejectionReason> {
        let field = if blank { field.trim_ascii_end() } else { field };
        if field.is_empty() {
            return if self.optional { Ok(Value::Null) } else { Err(RejectionReason::Missing) };
        }
        if matches!(self.kind, ColumnKind::Text | ColumnKind::Coded) {
            return self.free_text(field);
        }
        self.typed(field).map_err(|plain| {
            let known = |code: &[u8]| self.codes.as_ref().is_some_and(|list| list.written.contains_key(code));
            oddity::refined(plain, &self.kind, field, self.encoding, known)
        })
    }

    fn free_text<'b>(&self, field: &'b [u8]) -> Result<Value<'b>, RejectionReason> {
        if !fits(field, self.encoding) {
            return Err(RejectionReason::Encoding);
        }
        match oddity::of_free_text(field, &self.kind, self.encoding, self.bare_quotes) {
            Some(reason) => Err(reason),
            None => Ok(Value::Text(field)),
        }
    }

    /// Reads a value that has a form or a list; the reason is the plain one of its type.
    fn typed<'b>(&self, field: &[u8]) -> Result<Value<'b>, RejectionReason> {
        match &self.kind {
            ColumnKind::Text | ColumnKind::Coded => Err(RejectionReason::Encoding),
            ColumnKind::Insz => match insz::parse(field) {
                Ok(number) => Ok(Value::Number(number as i64)),
                Err(InszFault::Shape) => Err(RejectionReason::NotANumberOfAPerson),
                Err(InszFault::CheckDigit) => Err(RejectionReason::CheckDigit),
                Err(InszFault::Month | InszFault::Serial) => Err(RejectionReason::NeverIssued),
            },
            ColumnKind::Code(_) => {
                let found = self.codes.as_ref().and_then(|list| list.written.get(field));
                found.map(|at| Value::Code(*at)).ok_or(RejectionReason::UnknownCode)
            }
            ColumnKind::Count | ColumnKind::Year => number(field).map(Value::Number).ok_or(RejectionReason::NotANumber),
            ColumnKind::Decimal(decimals) => {
                decimal(field, *decimals).map(Value::Number).ok_or(RejectionReason::NotANumber)
            }
            ColumnKind::Day => day(field).map(|day| Value::Number(day.0.into())).ok_or(RejectionReason::NotADate),
            ColumnKind::PartialDay => {
                let known = |date: &Value<'_>| !self.of_history || *date != Value::Null;
                partial_day(field).filter(known).ok_or(RejectionReason::NotADate)
            }
            ColumnKind::Month => period(field, PeriodKind::Month),
            ColumnKind::Quarter => period(field, PeriodKind::Quarter),
            ColumnKind::SchoolYear => period(field, PeriodKind::SchoolYear),
        }
    }
}

/// The first day of a period that is written as its kind is.
fn period<'b>(field: &[u8], kind: PeriodKind) -> Result<Value<'b>, RejectionReason> {
    let period: Option<Period> = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok());
    let period = period.filter(|period| period.kind() == kind);
    period.map(|period| Value::Number(period.start().0.into())).ok_or(RejectionReason::NotADate)
}

/// Whether the bytes are text in the encoding.
fn fits(bytes: &[u8], encoding: Encoding) -> bool {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).is_ok(),
        Encoding::Latin1 => !bytes.iter().any(|b| (0x80..0xa0).contains(b)),
        Encoding::Windows1252 => !bytes.iter().any(|b| matches!(b, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)),
    }
}

/// Text in an encoding as a string; the bytes have been found to fit.
pub(crate) fn decoded(bytes: &[u8], encoding: Encoding, into: &mut String) {
    into.clear();
    match encoding {
        Encoding::Utf8 => into.push_str(std::str::from_utf8(bytes).unwrap_or_default()),
        Encoding::Latin1 => into.extend(bytes.iter().map(|b| char::from(*b))),
        Encoding::Windows1252 => into.extend(bytes.iter().map(|b| match b {
            0x80..0xa0 => WINDOWS_1252[usize::from(b - 0x80)],
            _ => char::from(*b),
        })),
    }
}

/// The 32 places where Windows-1252 differs from ISO-8859-1, as the Encoding Standard lists them.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn number(field: &[u8]) -> Option<i64> {
    if field.len() > 18 || !field.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(field.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

fn decimal(field: &[u8], decimals: u8) -> Option<i64> {
    let (negative, field) = match field.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, field),
    };
    let mut parts = field.splitn(2, |b| *b == b',');
    let whole = parts.next().filter(|part| !part.is_empty())?;
    let fraction = parts.next();
    if fraction.is_some_and(|part| part.is_empty() || part.len() > usize::from(decimals)) || whole.len() > 9 {
        return None;
    }
    let fraction = fraction.unwrap_or_default();
    let missing = u32::from(decimals) - fraction.len() as u32;
    let scale = 10i64.pow(u32::from(decimals));
    let fraction = if fraction.is_empty() { 0 } else { number(fraction)? };
    let value = number(whole)? * scale + fraction * 10i64.pow(missing);
    Some(if negative { -value } else { value })
}

fn day(field: &[u8]) -> Option<Day> {
    match field.len() {
        8 => Day::from_number(number(field)? as u32),
        10 => std::str::from_utf8(field).ok()?.parse().ok(),
        _ => None,
    }
}

/// `YYYYMMDD` or `YYYY-MM-DD` with 00 for an unknown day, or for an unknown month and day, as `YYYYMMDD`.
///
/// A date of which nothing is known is empty. The register writes it in three ways: all zeros; the year 1900 without month
/// and day; and the same with day 01, the first of the numbers that are issued without a birth date.
fn partial_day<'b>(field: &[u8]) -> Option<Value<'b>> {
    let written = match *field {
        [_, _, _, _, b'-', _, _, b'-', _, _] => number(&[&field[..4], &field[5..7], &field[8..]].concat())?,
        [_, _, _, _, _, _, _, _] => number(field)?,
        _ => return None,
    };
    if matches!(written, 0 | 19_000_000 | 19_000_001) {
        return Some(Value::Null);
    }
    (written >= 18_000_000 && Day::partial(written as u32).is_some()).then_some(Value::Number(written))
}

/// The first and the last day that a value of a column of days may be; nothing of what is empty.
pub(crate) fn days(value: Value<'_>, kind: &ColumnKind) -> Option<(i32, i32)> {
    match (value, kind) {
        (Value::Number(written), ColumnKind::PartialDay) => {
            Day::partial(u32::try_from(written).ok()?).map(|(first, last)| (first.0, last.0))
        }
        (Value::Number(day), _) => i32::try_from(day).ok().map(|day| (day, day)),
        _ => None,
    }
}

/// Whether two values stand in the order that is wanted; dates that are known in part may still do so.
pub(crate) fn ascends(first: (Value<'_>, &ColumnKind), second: (Value<'_>, &ColumnKind)) -> bool {
    if matches!((first.1, second.1), (ColumnKind::PartialDay, _) | (_, ColumnKind::PartialDay)) {
        return match (days(first.0, first.1), days(second.0, second.1)) {
            (Some((earliest, _)), Some((_, latest))) => earliest <= latest,
            _ => true,
        };
    }
    !matches!((first.0, second.0), (Value::Number(a), Value::Number(b)) if a > b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(kind: ColumnKind) -> Reader {
        let column =
            Column { name: "c".into(), header: "c".into(), kind, optional: true, count_empty: false, width: 0 };
        Reader::new(&column, Encoding::Latin1, &Reference::default(), true)
    }

    #[test]
    fn values_are_read_or_refused_with_their_reason() {
        use RejectionReason::*;
        let cases: [(ColumnKind, &[u8], Result<Value<'_>, RejectionReason>); 27] = [
            (ColumnKind::Insz, b"94021300145", Ok(Value::Number(94_021_300_145))),
            (ColumnKind::Insz, b"94021300146", Err(CheckDigit)),
            (ColumnKind::Insz, b"9402130014", Err(NotANumberOfAPerson)),
            (ColumnKind::Count, b"0017", Ok(Value::Number(17))),
            (ColumnKind::Count, b"-1", Err(NotANumber)),
            (ColumnKind::Decimal(2), b"312,5", Ok(Value::Number(31_250))),
            (ColumnKind::Decimal(2), b"312.50", Err(DecimalPoint)),
            (ColumnKind::Decimal(2), b"-0,05", Ok(Value::Number(-5))),
            (ColumnKind::Day, b"2011-01-01", Ok(Value::Number(14_975))),
            (ColumnKind::Day, b"20110230", Err(NotADate)),
            (ColumnKind::PartialDay, b"19620000", Ok(Value::Number(19_620_000))),
            (ColumnKind::PartialDay, b"19620500", Ok(Value::Number(19_620_500))),
            (ColumnKind::PartialDay, b"19620005", Err(NotADate)),
            (ColumnKind::PartialDay, b"00000000", Ok(Value::Null)),
            (ColumnKind::PartialDay, b"19000000", Ok(Value::Null)),
            (ColumnKind::PartialDay, b"19000001", Ok(Value::Null)),
            (ColumnKind::PartialDay, b"19000100", Ok(Value::Number(19_000_100))),
            (ColumnKind::PartialDay, b"19000002", Err(NotADate)),
            (ColumnKind::PartialDay, b"00000512", Err(NotADate)),
            (ColumnKind::PartialDay, b"1985-00-00", Ok(Value::Number(19_850_000))),
            (ColumnKind::PartialDay, b"1985-06-00", Ok(Value::Number(19_850_600))),
            (ColumnKind::PartialDay, b"1985-02-30", Err(NotADate)),
            (ColumnKind::PartialDay, b"0000-00-00", Ok(Value::Null)),
            (ColumnKind::Month, b"2010-07", Ok(Value::Number(14_791))),
            (ColumnKind::Month, b"2010", Err(NotADate)),
            (ColumnKind::SchoolYear, b"2010-2011", Ok(Value::Number(14_853))),
            (ColumnKind::Text, b"Li\xe8ge", Ok(Value::Text(b"Li\xe8ge"))),
        ];
        for (kind, field, expected) in cases {
            assert_eq!(reader(kind.clone()).read(field, false), expected, "{kind:?} {field:?}");
        }
        assert_eq!(reader(ColumnKind::PartialDay).of_history(true).read(b"00000000", false), Err(NotADate));
        assert_eq!(reader(ColumnKind::Text).read(b"   ", true), Ok(Value::Null));
        assert_eq!(reader(ColumnKind::Text).read(b" ", false), Ok(Value::Text(b" ")));
    }

    #[test]
    fn dates_that_are_known_in_part_are_in_order_if_they_may_be() {
        let order = |first: i64, second: i64| {
            let partial = &ColumnKind::PartialDay;
            ascends((Value::Number(first), partial), (Value::Number(second), partial))
        };
        assert!(order(19_850_301, 19_850_000) && order(19_850_000, 19_850_101) && order(19_850_000, 19_850_000));
        assert!(!order(19_850_301, 19_840_000) && !order(19_850_000, 19_841_231));
        assert!(ascends((Value::Number(19_850_301), &ColumnKind::PartialDay), (Value::Null, &ColumnKind::PartialDay)));
        assert!(!ascends((Value::Number(2), &ColumnKind::Count), (Value::Number(1), &ColumnKind::Count)));
    }

    #[test]
    fn encodings_become_text() {
        let mut text = String::new();
        decoded(b"Li\xe8ge \x80", Encoding::Windows1252, &mut text);
        assert_eq!(text, "Liège €");
    }
}
