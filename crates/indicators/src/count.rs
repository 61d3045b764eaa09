//! Counting one indicator for one period.

use std::collections::BTreeMap;

use arrow::array::{Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use catalog::card::Card;
use catalog::cell::{Cell, Reason, TOTAL};
use catalog::contract::ExtractId;
use catalog::project::Project;
use catalog::reference::NIS_CLASS;
use catalog::schema::{Attribute, area_members, group_members, period_days, query_table};
use catalog::{Fault, Period, Place};
use warehouse::WarehouseError;
use warehouse::session::Session;

use crate::CountError;
use crate::grid::Grid;
use crate::row::{Contribution, Key};

/// What counting a period of an indicator came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// The full grid.
    pub cells: Vec<Cell>,
    /// Totals that two sources give.
    pub ties: Vec<Tie>,
    /// Contributors outside the monitor's areas, or in none that is known.
    pub outside: i64,
}

/// A total that one source gives and another adds up to: shown, never a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// Area.
    pub area: String,
    /// The total as given.
    pub given: i64,
    /// Who gives it.
    pub given_by: ExtractId,
    /// What the groups add up to.
    pub added: i64,
    /// Whose groups they are.
    pub added_by: ExtractId,
}

/// The tables that a card's query sees: for each extract read, its columns with their names in the stored tables.
pub fn tables<'p>(project: &'p Project, card: &'p Card, origin: Option<&str>) -> Vec<(&'p ExtractId, Vec<Attribute>)> {
    card.reads
        .iter()
        .filter_map(|read| Some((&read.extract, query_table(project.extract(&read.extract)?, card, origin))))
        .collect()
}

/// The rows of a card's query for a period, before they are completed.
#[derive(Debug)]
pub struct Asked<'c> {
    project: &'c Project,
    card: &'c Card,
    period: Period,
    batches: Vec<RecordBatch>,
}

/// Runs a card's query, whose tables stand in the session.
pub fn ask<'c>(
    project: &'c Project,
    session: &Session,
    card: &'c Card,
    period: Period,
) -> Result<Asked<'c>, CountError> {
    let areas: Vec<Vec<String>> = project
        .reference
        .areas
        .iter()
        .flat_map(|area| area.parts().map(|part| vec![area.code.clone(), area.class.clone(), part.to_string()]))
        .collect();
    session.register_texts("area_members", &area_members(), &areas)?;
    session.register_days("period", &period_days(), &[period.start(), period.end()])?;
    let mut groups = Vec::new();
    if let Some(breakdown) = &card.groups
        && let Some(scheme) = project.reference.schemes.get(&breakdown.scheme)
    {
        for leaf in scheme.groups.iter().filter(|group| scheme.is_leaf(&group.code)) {
            groups.extend(
                scheme
                    .lineage(&leaf.code)
                    .into_iter()
                    .chain([TOTAL])
                    .map(|code| vec![code.to_string(), leaf.code.clone()]),
            );
        }
    }
    session.register_texts("group_members", &group_members(), &groups)?;

    let batches = session.query(&card.sql).map_err(|error| match error {
        WarehouseError::Engine(words) => WarehouseError::Engine(format!("{}: {words}", card.sql_file)),
        other => other,
    })?;
    Ok(Asked { project, card, period, batches })
}

impl Asked<'_> {
    /// Rows of the answer.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Completes the grid: what adds up is added up, and every area and category has a value or a reason. Needs no engine.
    pub fn complete(&self) -> Result<Counted, CountError> {
        let mut rows: BTreeMap<Key, Contribution> = BTreeMap::new();
        for batch in &self.batches {
            read(self.card, batch, &mut rows)?;
        }
        Grid { project: self.project, card: self.card, period: self.period }.complete(rows)
    }
}

/// The grid of an indicator whose source was not delivered: every cell says so.
///
/// # Errors
/// A card whose grid cannot be completed.
pub fn not_delivered(project: &Project, card: &Card, period: Period) -> Result<Vec<Cell>, CountError> {
    let mut cells = Grid { project, card, period }.complete(BTreeMap::new())?.cells;
    cells.iter_mut().for_each(|cell| cell.counts = Err(Reason::NotDelivered));
    Ok(cells)
}

fn read(card: &Card, batch: &RecordBatch, rows: &mut BTreeMap<Key, Contribution>) -> Result<(), CountError> {
    let unsound = |message: String| CountError::Faults(vec![Fault::new("I30", Place::file(&card.sql_file), message)]);
    let texts =
        |name: &str| batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let numbers =
        |name: &str| batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref::<Int64Array>());
    let (Some(numerator), Some(contributors)) = (numbers("numerator"), numbers("contributors")) else {
        return Err(unsound("the query does not return `numerator` and `contributors` as integers".into()));
    };
    let denominator = numbers("denominator");
    let text = |array: Option<&StringArray>, at: usize, otherwise: &str| match array {
        Some(array) if array.is_valid(at) => array.value(at).to_string(),
        Some(_) => String::new(),
        None => otherwise.to_string(),
    };
    for at in 0..batch.num_rows() {
        let key = Key {
            area: text(texts("area"), at, ""),
            class: text(texts("area_class"), at, NIS_CLASS),
            sex: text(texts("sex"), at, TOTAL),
            age_group: text(texts("age_group"), at, TOTAL),
            group: text(texts("group"), at, TOTAL),
            detail: text(texts("detail"), at, TOTAL),
            detail_2: text(texts("detail_2"), at, TOTAL),
        };
        let source = match texts("source") {
            Some(array) => {
                let named = ExtractId::read(&text(Some(array), at, ""))
                    .filter(|id| card.reads.iter().any(|read| read.extract == *id));
                named.ok_or_else(|| unsound("`source` names no extract that the card reads".into()))?
            }
            None => card.source.clone(),
        };
        let own = Contribution {
            numerator: number(numerator, at),
            // A null says that the base is not known, which is not a base of nobody.
            denominator: denominator.and_then(|array| array.is_valid(at).then(|| array.value(at))),
            contributors: number(contributors, at),
            source,
            is_sum: false,
            codes: 1,
        };
        match rows.get_mut(&key) {
            Some(known) => known.add(&own),
            None => {
                rows.insert(key, own);
            }
        }
    }
    Ok(())
}

/// A sum over no rows is null, and adds nothing.
fn number(array: &Int64Array, at: usize) -> i64 {
    if array.is_valid(at) { array.value(at) } else { 0 }
}
