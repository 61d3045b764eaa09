//! Values that are wrong in one way, and values that are as good as the one that stands there.

use catalog::Day;
use catalog::insz::{Century, century, check_digits};

use super::Class;
use super::harm::Row;
use crate::random::Draw;
use crate::reference::Reference;
use crate::shape::{Column, Form, Kind, Shape};
use crate::workbook::{DATE_CELL, NUMBER_CELL};

/// A municipality, a nationality and another code that are in no list.
const NO_MUNICIPALITY: &[u8] = b"99998";
const NO_NATIONALITY: &[u8] = b"998";
const NO_CODE: &[u8] = b"XX";
const NO_SHORT_CODE: &[u8] = b"9";

/// One delimiter too few, or one too many.
pub(crate) fn field_count(draw: &mut Draw, row: &Row<'_>, delimiter: u8) -> Vec<u8> {
    let mut body = row.body.to_vec();
    let at = row.fields[draw.below(row.fields.len())].end;
    if draw.chance(0.5) && at < body.len() {
        body.remove(at);
    } else {
        body.insert(at, delimiter);
    }
    body
}

/// Some bytes too few, or too many.
pub(crate) fn record_length(draw: &mut Draw, row: &Row<'_>) -> Vec<u8> {
    let mut body = row.body.to_vec();
    let bytes = 1 + draw.below(9);
    if draw.chance(0.5) {
        body.truncate(body.len().saturating_sub(bytes));
    } else {
        body.resize(body.len() + bytes, b' ');
    }
    body
}

/// A column, the wrong value that it gets, and the column that a checker will name.
pub(crate) fn wrong(draw: &mut Draw, class: Class, shape: &Shape, row: &Row<'_>) -> Option<(usize, Vec<u8>, usize)> {
    if class == Class::Order {
        return order(draw, shape, row);
    }
    let fits = |at: &usize| !row.field(*at).is_empty() && can_be(class, &shape.columns[*at]);
    let columns: Vec<usize> = (0..shape.columns.len()).filter(fits).collect();
    let at = *columns.get(draw.below(columns.len()))?;
    let latin = matches!(shape.form, Form::Lines { latin: true, .. });
    Some((at, spoilt(draw, class, &shape.columns[at], row.field(at), latin), at))
}

/// Whether a filled column can be wrong in this way.
fn can_be(class: Class, column: &Column) -> bool {
    let kind = column.kind;
    match class {
        Class::CheckDigit | Class::NotAnInsz => kind == Kind::Insz,
        Class::UnknownCode => {
            matches!(kind, Kind::Codes(_) | Kind::Municipality | Kind::Nationality | Kind::Place)
        }
        Class::NotADate => {
            matches!(kind, Kind::Day | Kind::PartialDay | Kind::Month | Kind::Quarter | Kind::SchoolYear)
        }
        Class::NotANumber => kind == Kind::Count,
        Class::NumberForCode => kind == Kind::Municipality,
        Class::SerialDate => kind == Kind::Day,
        Class::Missing => column.required,
        Class::Encoding => kind == Kind::Text,
        Class::OutsidePeriod => column.of_period,
        _ => false,
    }
}

fn spoilt(draw: &mut Draw, class: Class, column: &Column, value: &[u8], latin: bool) -> Vec<u8> {
    let year = value.get(..4).unwrap_or(value);
    let marked = |mark: u8| [&[mark], value].concat();
    match class {
        Class::CheckDigit => wrong_check_digits(draw, value),
        Class::NotAnInsz => {
            let mut digits = value.to_vec();
            match draw.below(if column.width > 0 { 2 } else { 3 }) {
                0 => {
                    let at = draw.below(digits.len());
                    digits[at] = b"OIlSB"[draw.below(5)];
                }
                1 => digits.truncate(10),
                _ => digits.push(b'0'),
            }
            digits
        }
        Class::UnknownCode => match column.kind {
            Kind::Municipality => NO_MUNICIPALITY,
            Kind::Nationality => NO_NATIONALITY,
            Kind::Place if value.len() == 5 => NO_MUNICIPALITY,
            Kind::Place => NO_NATIONALITY,
            _ if column.width == 1 => NO_SHORT_CODE,
            _ => NO_CODE,
        }
        .to_vec(),
        Class::NotADate => {
            let ends: &[&[u8]] = match column.kind {
                Kind::PartialDay => &[b"0230", b"1301", b"0431"],
                Kind::Month => &[b"-13", b"-00"],
                Kind::Quarter => &[b"-Q5", b"-Q0"],
                Kind::SchoolYear => &[b"-1999"],
                _ => &[b"-02-30", b"-13-01", b"-00-10"],
            };
            [year, ends[draw.below(ends.len())]].concat()
        }
        Class::NotANumber => match draw.below(3) {
            0 => b"-1".to_vec(),
            1 => [value, b".5"].concat(),
            _ => b"n.b.".to_vec(),
        },
        Class::NumberForCode => marked(NUMBER_CELL),
        Class::SerialDate => marked(DATE_CELL),
        Class::Encoding => {
            let at = draw.below(value.len() + 1);
            let bytes: &[u8] = if latin { b"\x81" } else { b"\xff\xfe" };
            [&value[..at], bytes, &value[at..]].concat()
        }
        Class::OutsidePeriod => another_year(draw, column.kind, value),
        _ => Vec::new(),
    }
}

/// The same month, quarter, day or year of the year before or after.
fn another_year(draw: &mut Draw, kind: Kind, value: &[u8]) -> Vec<u8> {
    let year: i32 = value.iter().take(4).fold(0, |year, digit| year * 10 + i32::from(digit.wrapping_sub(b'0')));
    let year = if draw.chance(0.5) { year - 1 } else { year + 1 };
    if kind == Kind::SchoolYear {
        return format!("{year}-{}", year + 1).into_bytes();
    }
    [format!("{year}").as_bytes(), value.get(4..).unwrap_or_default()].concat()
}

/// Two columns the wrong way round; what comes out names the second.
fn order(draw: &mut Draw, shape: &Shape, row: &Row<'_>) -> Option<(usize, Vec<u8>, usize)> {
    let (first, second) = shape.ascending?;
    if shape.columns[first].kind == Kind::Count {
        let limit: usize = std::str::from_utf8(row.field(second)).ok()?.parse().ok()?;
        return Some((first, (limit + 1 + draw.below(9)).to_string().into_bytes(), second));
    }
    let begin: Day = std::str::from_utf8(row.field(first)).ok()?.parse().ok()?;
    let before = begin.plus(-1 - draw.below(400) as i32);
    Some((second, before.to_string().into_bytes(), second))
}

/// A row of the same history that claims days of this one, and the column of its first day.
pub(crate) fn overlapping(draw: &mut Draw, shape: &Shape, row: &Row<'_>) -> Option<(Vec<u8>, usize)> {
    let (number_at, (first, second)) = (shape.history?, shape.ascending?);
    let day = |at: usize| -> Option<Day> { std::str::from_utf8(row.field(at)).ok()?.parse().ok() };
    let (begin, end) = (day(first)?, day(second)?);
    let days = usize::try_from(end.0 - begin.0).ok().filter(|days| *days > 1)?;
    let within = begin.plus(draw.below(days) as i32);
    let numbered = row.with(first, within.to_string().as_bytes(), 0);
    // Days are ten bytes long and stand behind the number.
    let field = row.fields[number_at].clone();
    let other = (number(row.field(number_at)) + 50).to_string();
    Some(([&numbered[..field.start], other.as_bytes(), &numbered[field.end..]].concat(), first))
}

/// Check digits that fit neither century.
fn wrong_check_digits(draw: &mut Draw, value: &[u8]) -> Vec<u8> {
    let nine = number(value) / 100;
    let right = [Century::Nineteen, Century::Twenty].map(|century| check_digits(nine, century));
    let start = draw.below(97) as u64;
    let check = (0..97).map(|step| (start + step) % 97 + 1).find(|check| !right.contains(check));
    format!("{nine:09}{:02}", check.unwrap_or(0)).into_bytes()
}

/// A column outside the key and another value that is as good there as the one it has.
pub(crate) fn another(
    draw: &mut Draw,
    reference: &Reference,
    shape: &Shape,
    row: &Row<'_>,
) -> Option<(usize, Vec<u8>)> {
    let fits = |at: &usize| {
        let column = &shape.columns[*at];
        let first = shape.ascending.is_some_and(|(first, _)| first == *at);
        let free = !column.key && !column.of_period && !first && !row.field(*at).is_empty();
        free && match column.kind {
            Kind::Codes(codes) => codes.len() > 1,
            Kind::Municipality | Kind::Nationality | Kind::Place | Kind::Count | Kind::Insz => true,
            _ => false,
        }
    };
    let columns: Vec<usize> = (0..shape.columns.len()).filter(fits).collect();
    let at = *columns.get(draw.below(columns.len()))?;
    let value = row.field(at);
    let made = match shape.columns[at].kind {
        Kind::Codes(codes) => other(draw, codes, value).to_vec(),
        Kind::Municipality => municipality(draw, reference, value),
        Kind::Place if value.len() == 5 => municipality(draw, reference, value),
        Kind::Nationality | Kind::Place => nationality(draw, reference, value),
        Kind::Insz => another_insz(draw, value),
        _ => (number(value) + 1 + draw.below(3) as u64).to_string().into_bytes(),
    };
    Some((at, made))
}

/// Another one of these codes.
fn other<'c, C: AsRef<[u8]>>(draw: &mut Draw, codes: &'c [C], value: &[u8]) -> &'c [u8] {
    let at = draw.below(codes.len());
    let rotated = codes[at..].iter().chain(&codes[..at]).map(AsRef::as_ref);
    rotated.into_iter().find(|code| *code != value).unwrap_or_default()
}

fn municipality(draw: &mut Draw, reference: &Reference, value: &[u8]) -> Vec<u8> {
    let codes: Vec<&str> =
        reference.flemish.iter().map(|place| reference.municipalities[*place].code.as_str()).collect();
    other(draw, &codes, value).to_vec()
}

fn nationality(draw: &mut Draw, reference: &Reference, value: &[u8]) -> Vec<u8> {
    let named = reference.nations.iter().enumerate().filter(|(_, nation)| nation.birthplace.is_some());
    let codes: Vec<String> = named.map(|(code, _)| format!("{code:03}")).collect();
    other(draw, &codes, value).to_vec()
}

/// The number of somebody else born on the same day.
fn another_insz(draw: &mut Draw, value: &[u8]) -> Vec<u8> {
    let old = number(value);
    let nine = old / 100;
    let serial = (nine % 1_000 + 2 * (1 + draw.below(200) as u64) - 1) % 998 + 1;
    let nine = nine / 1_000 * 1_000 + serial;
    format!("{nine:09}{:02}", check_digits(nine, century(old).unwrap_or(Century::Nineteen))).into_bytes()
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit.wrapping_sub(b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_wrong_or_another_persons() {
        let mut draw = Draw::stream(1, "spoil", 0);
        for good in [94_021_300_145u64, 6_070_500_252, 75_061_500_397, 85_493_000_163] {
            let text = format!("{good:011}");
            for _ in 0..200 {
                let made = wrong_check_digits(&mut draw, text.as_bytes());
                assert_eq!(catalog::insz::parse(&made), Err(catalog::insz::InszFault::CheckDigit));
                let other = catalog::insz::parse(&another_insz(&mut draw, text.as_bytes()));
                assert!(other.is_ok_and(|other| other != good && other / 100_000_000 == good / 100_000_000));
            }
        }
    }
}
