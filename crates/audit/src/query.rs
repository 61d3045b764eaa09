//! Which published row a question is about: the one row that has every code that was given, or none.
//!
//! A dimension that the question leaves out is its total; the period is the newest of the indicator. Where that leaves more
//! than one row, nothing is chosen: the error lists what tells the rows apart.

use std::collections::BTreeSet;

use catalog::Period;
use catalog::cell::{CellKey, Observation, TOTAL};
use catalog::fault::did_you_mean;
use thiserror::Error;

/// Codes named in an error before the list is cut.
const MAX_NAMED: usize = 12;

/// A question for one published cell. A code that is `None` is not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellQuery {
    /// Edition id.
    pub edition: String,
    /// Card id.
    pub indicator: String,
    /// Area code.
    pub area: String,
    /// Scheme of the area code: `NIS5-2011`, or a cluster scheme.
    pub area_class: Option<String>,
    /// Reference period; the newest of the indicator unless given.
    pub period: Option<Period>,
    /// Sex.
    pub sex: Option<String>,
    /// Age band.
    pub age: Option<String>,
    /// Scheme of the group.
    pub scheme: Option<String>,
    /// Group of nationality or origin.
    pub group: Option<String>,
    /// Code of the card's first own dimension.
    pub detail: Option<String>,
    /// Code of the card's second own dimension.
    pub detail_2: Option<String>,
    /// What the share is of.
    pub share_of: Option<String>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QueryError {
    /// No published row has the codes given.
    #[error("{0}")]
    NoCell(String),
    /// More than one published row has the codes given.
    #[error("{0}")]
    Ambiguous(String),
}

/// A column of the key that a question may name: the option of the command that gives it, and its code in a key.
struct Column {
    option: &'static str,
    what: &'static str,
    code: fn(&CellKey) -> String,
}

/// The columns that a question may leave out, in the order in which they are asked for.
const COLUMNS: [Column; 8] = [
    Column { option: "--area-class", what: "area class", code: |key| key.ref_area_class.clone() },
    Column { option: "--sex", what: "sex", code: |key| key.sex.clone() },
    Column { option: "--age", what: "age group", code: |key| key.age_group.clone() },
    Column { option: "--scheme", what: "group scheme", code: |key| key.group_scheme.clone() },
    Column { option: "--group", what: "group", code: |key| key.group.clone() },
    Column { option: "--detail", what: "detail", code: |key| key.detail.clone() },
    Column { option: "--detail-2", what: "second detail", code: |key| key.detail_2.clone() },
    Column { option: "--share-of", what: "share of", code: |key| key.share_of.word().to_string() },
];

impl CellQuery {
    /// The codes given for [`COLUMNS`].
    fn given(&self) -> [Option<&String>; 8] {
        [
            &self.area_class,
            &self.sex,
            &self.age,
            &self.scheme,
            &self.group,
            &self.detail,
            &self.detail_2,
            &self.share_of,
        ]
        .map(Option::as_ref)
    }
}

/// Returns the row that a question is about.
///
/// # Errors
///
/// `NoCell` if no row has the codes given; `Ambiguous`, with the options that tell them apart, if more than one has.
pub fn find<'o>(observations: &'o [Observation], query: &CellQuery) -> Result<&'o Observation, QueryError> {
    let mut rows: Vec<&Observation> = observations.iter().collect();
    narrow(&mut rows, query, "indicator", &query.indicator, |key| key.indicator.clone())?;
    let newest = rows.iter().map(|row| row.key.time_period).max_by_key(|period| (period.end(), period.start()));
    if let Some(period) = query.period.or(newest) {
        narrow(&mut rows, query, "period", &period.to_string(), |key| key.time_period.to_string())?;
    }
    narrow(&mut rows, query, "area", &query.area, |key| key.ref_area.clone())?;
    let columns = || COLUMNS.iter().zip(query.given());
    for (column, given) in columns() {
        if let Some(code) = given {
            narrow(&mut rows, query, column.what, code, column.code)?;
        }
    }
    for (column, _) in columns().filter(|(_, given)| given.is_none()) {
        if rows.iter().any(|row| (column.code)(&row.key) == TOTAL) {
            rows.retain(|row| (column.code)(&row.key) == TOTAL);
        }
    }
    match rows.as_slice() {
        [row] => Ok(row),
        _ => Err(ambiguous(&rows, query)),
    }
}

/// Keeps the rows with a code. Fails with the codes that there are if none has it.
fn narrow(
    rows: &mut Vec<&Observation>,
    query: &CellQuery,
    what: &str,
    wanted: &str,
    code: fn(&CellKey) -> String,
) -> Result<(), QueryError> {
    let known: BTreeSet<String> = rows.iter().map(|row| code(&row.key)).collect();
    if !known.contains(wanted) {
        let similar = did_you_mean(wanted, known.iter().map(String::as_str));
        let hint =
            similar.map_or_else(|| format!("there is: {}", listed(&known)), |code| format!("did you mean {code}?"));
        let message = format!("edition {} has no cell with {what} {wanted}; {hint}", query.edition);
        return Err(QueryError::NoCell(message));
    }
    rows.retain(|row| code(&row.key) == wanted);
    Ok(())
}

fn ambiguous(rows: &[&Observation], query: &CellQuery) -> QueryError {
    let mut options: Vec<String> = Vec::new();
    for column in &COLUMNS {
        let codes: BTreeSet<String> = rows.iter().map(|row| (column.code)(&row.key)).collect();
        if codes.len() > 1 {
            options.push(format!("{} ({})", column.option, listed(&codes)));
        }
    }
    QueryError::Ambiguous(format!(
        "{} cells of {} in {} fit; say which with {}",
        rows.len(),
        query.indicator,
        query.area,
        options.join(" and ")
    ))
}

fn listed(codes: &BTreeSet<String>) -> String {
    let first = codes.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if codes.len() > MAX_NAMED { format!("{first}, ...") } else { first }
}
