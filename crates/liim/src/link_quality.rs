//! How good the link is, counted over the linked tables: rates by area, sex, age and origin, parents known, what decided, and
//! the band within which foreign origin would lie if all unknown parents were Belgian, or all foreign.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Array, Int64Array, StringArray};
use catalog::Period;
use catalog::cell::TOTAL;
use catalog::contract::{Extract, Linking};
use catalog::link_measure::{LinkMeasure, LinkTable, OriginBound};
use catalog::origin::{DecidedBy, OriginDefinition, OriginFact};
use catalog::reference::{NIS_CLASS, Reference};
use catalog::schema::{PARENTS_KNOWN, origin_class, origin_decided_by};
use protect::RawQuality;
use warehouse::session::Session;

use crate::failure::Failure;

/// Completed years by which link rates are told.
const AGES: &str = "CASE WHEN age < 18 THEN '0-17' WHEN age < 25 THEN '18-24' WHEN age < 40 THEN '25-39' \
                    WHEN age < 65 THEN '40-64' WHEN age >= 65 THEN '65+' ELSE 'unknown' END";

/// The words and the numbers of a row of an answer.
type Row = (Vec<String>, Vec<i64>);

/// The population as it is published: with the waiting register, differences from published counts would tell how many of
/// a municipality are in it.
const POPULATION: &str = "register IN ('B', 'V')";

/// Counts the quality of one linked table.
pub fn counts(
    session: &Session,
    reference: &Reference,
    extract: &Extract,
    period: Period,
    linked: &Path,
    origins: &[&OriginDefinition],
) -> Result<Vec<RawQuality>, Failure> {
    let columns: Vec<(String, String)> = ["person", "area", "sex", "age", "register", PARENTS_KNOWN]
        .iter()
        .map(|name| (name.to_string(), name.to_string()))
        .chain(origins.iter().enumerate().flat_map(|(at, origin)| {
            [
                (origin_class(&origin.id), format!("class_{at}")),
                (origin_decided_by(&origin.id), format!("decided_{at}")),
            ]
        }))
        .collect();
    session.register_files("linked", &[linked.to_path_buf()], &columns)?;
    let mut counter = Counter { session, reference: Some(reference), extract, period, found: Vec::new() };
    match extract.linking {
        Linking::Facts { .. } => counter.rates(origins)?,
        Linking::Persons { .. } => counter.population(origins)?,
        _ => {}
    }
    let found = counter.found;
    session.forget("linked")?;
    Ok(found)
}

/// Of the residents of a linked table of persons: how many there are, of how many a nationality is known, and of how many
/// the first nationality of a parent.
pub fn known_of_residents(session: &Session, linked: &Path) -> Result<[u64; 3], Failure> {
    let columns = ["nationality", PARENTS_KNOWN].map(|name| (name.to_string(), name.to_string()));
    session.register_files("residents", &[linked.to_path_buf()], &columns)?;
    let sql = format!(
        "SELECT COUNT(*) AS n, COUNT(nationality) AS k, COUNT(CASE WHEN {PARENTS_KNOWN} <> 'none' THEN 1 END) AS p \
         FROM residents"
    );
    let rows = rows(session, &sql)?;
    session.forget("residents")?;
    let counts = rows.first().map(|(_, counts)| counts.as_slice()).unwrap_or_default();
    let counts: Vec<u64> = counts.iter().filter_map(|count| u64::try_from(*count).ok()).collect();
    counts.try_into().map_err(|_| Failure::Broken("the residents of a day could not be counted".into()))
}

/// Holds moves against the register of the 1 January after them: of the persons whose last move of the period leads to a
/// municipality, how many live nowhere then, and how many somewhere else. Neither is mended; deaths are among the former.
pub fn arrivals(
    session: &Session,
    (extract, period): (&Extract, Period),
    (moves, to): (&Path, &str),
    residents: &Path,
) -> Result<Vec<RawQuality>, Failure> {
    let named = |stored: &str, name: &str| (stored.to_string(), name.to_string());
    let columns = [named("person", "person"), named("as_of", "as_of"), named(to, "place")];
    session.register_files("moves", &[moves.to_path_buf()], &columns)?;
    let columns = [named("person", "person"), named("area", "area")];
    session.register_files("residents", &[residents.to_path_buf()], &columns)?;
    let sql = "WITH last AS (SELECT person, MAX(as_of) AS as_of FROM moves GROUP BY person), \
               arrived AS ( \
                   SELECT moves.person, MAX(CASE WHEN residents.area IS NULL THEN 0 ELSE 1 END) AS lives, \
                       MAX(CASE WHEN residents.area = moves.place THEN 1 ELSE 0 END) AS there \
                   FROM moves JOIN last ON last.person = moves.person AND last.as_of = moves.as_of \
                   LEFT JOIN residents ON residents.person = moves.person \
                   WHERE LENGTH(moves.place) = 5 AND moves.place <> '00992' GROUP BY moves.person) \
               SELECT COUNT(*) AS n, SUM(1 - lives) AS nowhere, SUM(CASE WHEN lives = 1 AND there = 0 THEN 1 ELSE 0 END) AS elsewhere \
               FROM arrived";
    let mut counter = Counter { session, reference: None, extract, period, found: Vec::new() };
    for (_, counts) in counter.rows(sql)? {
        for (measure, value) in ["moved", "moved-without-residence", "moved-elsewhere"].into_iter().zip(counts) {
            let (source, of) = (extract.id.to_string(), period.to_string());
            let count = u64::try_from(value).map_err(|_| Failure::Broken(format!("{measure}: a count below zero")))?;
            // Each stands for itself: none can be worked out from the others.
            counter.found.push(RawQuality::of("link", &source, &of, measure, &format!("{measure}:"), count));
            if value > 0 && measure != "moved" {
                tracing::warn!(
                    count = value,
                    "{}",
                    if measure == "moved-elsewhere" {
                        "persons who live elsewhere than their last move of the year says, counted where the register has them"
                    } else {
                        "persons whose last move of the year leads to a municipality and who live nowhere on the next 1 January"
                    }
                );
            }
        }
    }
    let found = counter.found;
    session.forget("moves")?;
    session.forget("residents")?;
    Ok(found)
}

/// Rows by the words of a query's first columns.
fn rows(session: &Session, sql: &str) -> Result<Vec<Row>, Failure> {
    let mut found = Vec::new();
    for batch in session.query(sql)? {
        for at in 0..batch.num_rows() {
            let (mut words, mut counts) = (Vec::new(), Vec::new());
            for column in batch.columns() {
                if let Some(texts) = column.as_any().downcast_ref::<StringArray>() {
                    words.push(if texts.is_valid(at) { texts.value(at).to_string() } else { "unknown".into() });
                } else if let Some(numbers) = column.as_any().downcast_ref::<Int64Array>() {
                    counts.push(numbers.value(at));
                }
            }
            found.push((words, counts));
        }
    }
    Ok(found)
}

struct Counter<'c> {
    session: &'c Session,
    reference: Option<&'c Reference>,
    extract: &'c Extract,
    period: Period,
    found: Vec<RawQuality>,
}

impl Counter<'_> {
    fn add(&mut self, measure: LinkMeasure, ref_area: &str, value: i64) {
        self.found.push(RawQuality::link(&self.extract.id, self.period, measure, ref_area, value));
    }

    /// Rows by the words of a query's first columns.
    fn rows(&self, sql: &str) -> Result<Vec<Row>, Failure> {
        rows(self.session, sql)
    }

    fn is_ours(&self, area: &str) -> bool {
        self.reference.is_some_and(|reference| reference.area(area, NIS_CLASS).is_some())
    }

    /// Of facts: how many persons the register knows, by the supplier's area, and who these are. Persons and not rows: twelve
    /// months of one person are one contributor.
    fn rates(&mut self, origins: &[&OriginDefinition]) -> Result<(), Failure> {
        let by_area = format!(
            "SELECT area, COUNT(DISTINCT person) AS n, \
             COUNT(DISTINCT CASE WHEN {PARENTS_KNOWN} IS NOT NULL THEN person END) AS m FROM linked GROUP BY area"
        );
        for (words, counts) in self.rows(&by_area)? {
            if self.is_ours(&words[0]) {
                self.add(LinkMeasure::Persons, &words[0], counts[0]);
                self.add(LinkMeasure::Linked, &words[0], counts[1]);
                self.add(LinkMeasure::Unlinked, &words[0], counts[0] - counts[1]);
            }
        }
        let mut breakdowns = vec![("sex".to_string(), "sex".to_string()), ("age".to_string(), AGES.to_string())];
        breakdowns.extend(origins.iter().enumerate().map(|(at, origin)| (origin.id.clone(), format!("class_{at}"))));
        for (name, column) in breakdowns {
            let sql = format!(
                "SELECT {column} AS w, COUNT(DISTINCT person) AS n FROM linked WHERE {PARENTS_KNOWN} IS NOT NULL GROUP BY {column}"
            );
            for (words, counts) in self.rows(&sql)? {
                let measure = LinkMeasure::LinkedBy { breakdown: name.clone(), code: words[0].clone() };
                self.add(measure, TOTAL, counts[0]);
            }
        }
        Ok(())
    }

    /// Of the population: whose parents are known, what decided, and how far unknown parents could change it.
    fn population(&mut self, origins: &[&OriginDefinition]) -> Result<(), Failure> {
        let by_parents = self.rows(&format!(
            "SELECT area, {PARENTS_KNOWN}, COUNT(*) AS n FROM linked WHERE {POPULATION} GROUP BY area, {PARENTS_KNOWN}"
        ))?;
        self.by_area(&LinkTable::ParentsKnown, by_parents)?;
        for (at, origin) in origins.iter().enumerate() {
            let sql = format!(
                "SELECT area, decided_{at}, COUNT(*) AS n FROM linked WHERE {POPULATION} GROUP BY area, decided_{at}"
            );
            let decided = self.rows(&sql)?;
            self.by_area(&LinkTable::DecidedBy(origin.id.clone()), decided)?;
            if origin.looks_at(OriginFact::Father) {
                self.band(at, origin)?;
            }
        }
        Ok(())
    }

    fn by_area(&mut self, table: &LinkTable, rows: Vec<Row>) -> Result<(), Failure> {
        let mut all: BTreeMap<LinkMeasure, i64> = BTreeMap::new();
        for (words, counts) in rows {
            if self.is_ours(&words[0]) {
                let unknown =
                    || Failure::Broken(format!("{}: {} is no word of {}", self.extract.id, words[1], table.word()));
                let measure = table.measure(&words[1]).ok_or_else(unknown)?;
                *all.entry(measure.clone()).or_default() += counts[0];
                self.add(measure, &words[0], counts[0]);
            }
        }
        for (measure, count) in all {
            self.add(measure, TOTAL, count);
        }
        Ok(())
    }

    /// Somebody whose origin is Belgian and of whom a parent is unknown could be of foreign origin.
    fn band(&mut self, at: usize, origin: &OriginDefinition) -> Result<(), Failure> {
        let foreign: Vec<String> = DecidedBy::WORDS
            .iter()
            .map(|(_, fact)| LinkMeasure::DecidedBy { definition: origin.id.clone(), fact: *fact })
            .filter(LinkMeasure::is_of_foreign_origin)
            .map(|measure| format!("'{}'", measure.word()))
            .collect();
        let foreign = format!("decided_{at} IN ({})", foreign.join(", "));
        let sql = format!(
            "SELECT area, COUNT(*) FILTER (WHERE {foreign}) AS lowest, \
             COUNT(*) FILTER (WHERE {foreign} OR {PARENTS_KNOWN} <> 'both') AS highest FROM linked WHERE {POPULATION} GROUP BY area"
        );
        let (mut lowest, mut highest) = (0, 0);
        let bound = |side| LinkMeasure::OriginBound { definition: origin.id.clone(), side };
        for (words, counts) in
            self.rows(&sql)?.into_iter().filter(|(words, _)| self.is_ours(&words[0])).collect::<Vec<_>>()
        {
            lowest += counts[0];
            highest += counts[1];
            self.add(bound(OriginBound::Lower), &words[0], counts[0]);
            self.add(bound(OriginBound::Upper), &words[0], counts[1]);
        }
        self.add(bound(OriginBound::Lower), TOTAL, lowest);
        self.add(bound(OriginBound::Upper), TOTAL, highest);
        Ok(())
    }
}
