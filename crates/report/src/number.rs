//! Numbers and periods the Belgian way: a point between thousands, a comma before decimals, months by name.

use catalog::{Day, Period, PeriodKind};

/// Writes a number with so many decimals; the value is rounded already.
pub fn number(value: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push('.');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(',');
        out.push_str(fraction);
    }
    if value < 0.0 { format!("-{out}") } else { out }
}

/// Writes a reference period as a reader says it.
pub fn period(period: Period) -> String {
    let (year, month, _) = period.start().ymd();
    match period.kind() {
        PeriodKind::Day => day(period.start()),
        PeriodKind::Month => format!("{} {year}", MONTHS[month as usize - 1]),
        PeriodKind::Quarter => format!("{}e kwartaal {year}", (month + 2) / 3),
        PeriodKind::Year => year.to_string(),
        PeriodKind::SchoolYear => format!("schooljaar {year}-{}", year + 1),
        PeriodKind::Years(1) => format!("gemiddelde van de maanden van {year}"),
        PeriodKind::Years(years) => format!("gemiddelde van {year} tot {}", year + i16::from(years) - 1),
    }
}

/// Writes a day.
pub fn day(day: Day) -> String {
    let (year, month, date) = day.ymd();
    format!("{date} {} {year}", MONTHS[month as usize - 1])
}

const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
