//! Codes of municipalities are valid on a day: a row must be coded by the municipalities of its own day.

use std::collections::BTreeMap;

use catalog::contract::{AsOf, Codes, ColumnKind, Extract, Linking};
use catalog::reference::Reference;
use catalog::{Day, Fault, Period, Place};

use crate::value::{Reader, Value};

/// The columns of an extract that hold municipalities, and the day of its rows.
pub(crate) struct Dated {
    columns: Vec<DatedColumn>,
    day: RowDay,
}

struct DatedColumn {
    column: usize,
    /// By position in the list of codes: the days `[from, until)` on which the code is valid.
    valid: Vec<(Day, Day)>,
    /// Whether the day before counts too: whoever moves on the day of a merger leaves the former municipality.
    with_eve: bool,
}

/// Which day a row is of.
enum RowDay {
    /// Any day of the delivery's period.
    Period(Day, Day),
    /// The day in a column, or what it stands for.
    Column(usize, fn(Day) -> Day),
}

/// How often a code was valid on the day of its row, and how often it was not.
#[derive(Debug, Clone, Copy, Default)]
struct Uses {
    valid: u64,
    of_another_day: u64,
}

/// How often each code of the dated columns was used: by dated column, then by position of the code.
#[derive(Debug, Clone, Default)]
pub(crate) struct DatedCounts(Vec<Vec<Uses>>);

impl DatedCounts {
    /// Adds what was counted elsewhere.
    pub(crate) fn append(&mut self, other: DatedCounts) {
        if self.0.is_empty() {
            self.0 = other.0;
            return;
        }
        for (own, other) in self.0.iter_mut().flatten().zip(other.0.into_iter().flatten()) {
            own.valid += other.valid;
            own.of_another_day += other.of_another_day;
        }
    }
}

impl Dated {
    pub(crate) fn new(extract: &Extract, readers: &[Reader], reference: &Reference, period: Period) -> Dated {
        let days = |reader: &Reader| -> Vec<(Day, Day)> {
            let codes = reader.codes.iter().flat_map(|list| list.values.iter().flatten());
            let known = codes.map(|code| reference.municipalities.get(code).map(|known| known.valid));
            known.map(|valid| valid.unwrap_or((Day(i32::MIN), Day(i32::MAX)))).collect()
        };
        let columns = extract.columns.iter().enumerate().filter_map(|(at, column)| {
            let with_eve = match &column.kind {
                ColumnKind::Code(Codes::Municipalities(_)) => false,
                ColumnKind::Code(Codes::Places(_)) => true,
                _ => return None,
            };
            Some(DatedColumn { column: at, valid: days(&readers[at]), with_eve })
        });
        Dated { columns: columns.collect(), day: row_day(extract, period) }
    }

    /// Counts the codes of a row and gives the first column whose code is not valid on the day of the row.
    pub(crate) fn check(&self, row: &[Value<'_>], counts: &mut DatedCounts) -> Result<(), u16> {
        let Some((first, last)) = self.days(row) else { return Ok(()) };
        if counts.0.is_empty() {
            counts.0 = self.columns.iter().map(|column| vec![Uses::default(); column.valid.len()]).collect();
        }
        let mut outcome = Ok(());
        for (DatedColumn { column, valid, with_eve }, uses) in self.columns.iter().zip(&mut counts.0) {
            let Value::Code(code) = row[*column] else { continue };
            let (from, until) = valid[usize::from(code)];
            let first = if *with_eve { first.plus(-1) } else { first };
            if from <= last && first < until {
                uses[usize::from(code)].valid += 1;
            } else {
                uses[usize::from(code)].of_another_day += 1;
                outcome = outcome.and(Err(*column as u16));
            }
        }
        outcome
    }

    /// The first and the last day that a row can be of.
    fn days(&self, row: &[Value<'_>]) -> Option<(Day, Day)> {
        match self.day {
            RowDay::Period(first, last) => Some((first, last)),
            RowDay::Column(column, of) => match row[column] {
                Value::Number(day) => i32::try_from(day).ok().map(|day| (of(Day(day)), of(Day(day)))),
                _ => None,
            },
        }
    }

    /// Faults for municipalities of which more rows carry a code of another day than one of their own: a few slips are
    /// rejected one by one, but a delivery that is coded by another division would be counted as zero.
    pub(crate) fn faults(
        &self,
        (extract, readers): (&Extract, &[Reader]),
        reference: &Reference,
        period: Period,
        (counts, shown): (&DatedCounts, &str),
    ) -> Vec<Fault> {
        let mut found = Vec::new();
        for (DatedColumn { column, .. }, uses) in self.columns.iter().zip(&counts.0) {
            let codes = readers[*column].codes.iter().flat_map(|list| list.values.iter().flatten());
            let by_code: BTreeMap<&str, Uses> = codes.zip(uses.iter().copied()).collect();
            for (code, wrong) in by_code.iter().filter(|(_, uses)| uses.of_another_day > 0) {
                let Some(day) = day_without(reference, code, period) else { continue };
                let own = reference.codes_on(code, day).into_iter().filter_map(|own| by_code.get(own));
                if wrong.of_another_day <= own.map(|own| own.valid).sum() {
                    continue;
                }
                let place = Place { column: Some(extract.columns[*column].name.clone()), ..Place::file(shown) };
                let why = reference.not_on(code, day);
                let message = format!("unknown-code on its day, in most rows of a municipality: {why}");
                let hint = "the rows are coded by the municipalities of another day; ask for a delivery that is coded by \
                            those of its own day";
                found.push(Fault::new("S64", place, message).hint(hint));
            }
        }
        found
    }
}

/// A day on which a code is not valid: the nearest to the period, and nobody's own.
fn day_without(reference: &Reference, code: &str, period: Period) -> Option<Day> {
    let (from, until) = reference.municipalities.get(code)?.valid;
    if from > Day(i32::MIN) && (period.start() < from || until == Day(i32::MAX)) {
        return Some(period.start().min(from.plus(-1)));
    }
    Some(period.end().max(until))
}

/// The day of an extract's rows: the fact's own, else any day of the delivery's period.
fn row_day(extract: &Extract, period: Period) -> RowDay {
    let as_of = match &extract.linking {
        Linking::Facts { as_of, .. } | Linking::Unlinked { as_of, .. } => Some(as_of),
        _ => None,
    };
    let (name, of): (&str, fn(Day) -> Day) = match as_of {
        None | Some(AsOf::PeriodStart) => return RowDay::Period(period.start(), period.end()),
        Some(AsOf::Day(name)) => (name, |day| day),
        Some(AsOf::MonthEnd(name)) => (name, |month| month.month_start_after(1).plus(-1)),
        Some(AsOf::QuarterEnd(name)) => (name, |quarter| quarter.month_start_after(3).plus(-1)),
        // A school year lands as its 1 September.
        Some(AsOf::FirstOfFebruary(name)) => (name, |year| year.month_start_after(5)),
    };
    match extract.column(name) {
        Some(column) => RowDay::Column(column, of),
        None => RowDay::Period(period.start(), period.end()),
    }
}
