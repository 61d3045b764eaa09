//! From a query's rows to the full grid of a card: what adds up is added up, what is missing gets a zero or a reason.

use std::collections::{BTreeMap, HashMap};

use catalog::card::Card;
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Reason, ShareOf, TOTAL};
use catalog::contract::{AbsentMeans, ExtractId};
use catalog::project::Project;
use catalog::reference::{Area, FLANDERS, NIS_CLASS};
use catalog::{Fault, Period, Place};

use crate::CountError;
use crate::count::{Counted, Tie};

/// What a row of a query is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) area: String,
    pub(crate) class: String,
    pub(crate) sex: String,
    pub(crate) age_group: String,
    pub(crate) group: String,
    pub(crate) detail: String,
    pub(crate) detail_2: String,
}

/// What a row of a query adds to its cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contribution {
    pub(crate) numerator: i64,
    pub(crate) denominator: Option<i64>,
    pub(crate) contributors: i64,
    pub(crate) source: ExtractId,
}

impl Contribution {
    pub(crate) fn add(&mut self, other: &Contribution) {
        self.numerator += other.numerator;
        self.contributors += other.contributors;
        self.denominator = match (self.denominator, other.denominator) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }
}

type Rows = BTreeMap<Key, Contribution>;

pub(crate) struct Grid<'g> {
    pub(crate) project: &'g Project,
    pub(crate) card: &'g Card,
    pub(crate) period: Period,
}

impl Grid<'_> {
    /// Adds up and completes.
    pub(crate) fn complete(&self, rows: Rows) -> Result<Counted, CountError> {
        let (mut rows, outside) = self.within(rows);
        self.allowed(&rows)?;
        let mut ties = Vec::new();
        if self.card.adds.detail {
            rows = sums(rows, |key| vec![Key { detail: TOTAL.into(), ..key.clone() }], |key| key.detail == TOTAL);
        }
        if self.card.adds.group {
            rows = self.groups(rows, &mut ties);
        }
        if self.card.adds.sex {
            rows = sums(rows, |key| vec![Key { sex: TOTAL.into(), ..key.clone() }], |key| key.sex == TOTAL);
        }
        if self.card.adds.area {
            rows = self.areas(rows);
        }
        let ties = self.ties(ties);
        self.bases(&mut rows);
        let cells = self.cells(&rows)?;
        Ok(Counted { cells, ties, outside })
    }

    /// Rows of the monitor's areas; what lies elsewhere is counted and left out.
    fn within(&self, rows: Rows) -> (Rows, i64) {
        let known: std::collections::HashSet<(&str, &str)> =
            self.project.reference.areas.iter().map(|area| (area.code.as_str(), area.class.as_str())).collect();
        let mut outside = 0;
        let kept = rows
            .into_iter()
            .filter(|(key, row)| {
                let inside = known.contains(&(key.area.as_str(), key.class.as_str()));
                // Where the query counts the groups itself, its total has everybody once.
                if !inside && (self.card.adds.group || self.card.groups.is_none() || key.group == TOTAL) {
                    outside += row.contributors;
                }
                inside
            })
            .collect();
        (kept, outside)
    }

    /// Codes that the card does not know stop the run: a definition is wrong, not the data.
    fn allowed(&self, rows: &Rows) -> Result<(), CountError> {
        let scheme = self.card.groups.as_ref().and_then(|groups| self.project.reference.schemes.get(&groups.scheme));
        let mut faults = Vec::new();
        let mut fault = |dimension: &str, code: &str| {
            let message = format!("the query returns {dimension} `{code}`, which the card does not have");
            let fault = Fault::new("I31", Place::file(&self.card.sql_file), message);
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        };
        for key in rows.keys() {
            if !(matches!(key.sex.as_str(), "F" | "M") || key.sex == TOTAL) {
                fault("sex", &key.sex);
            }
            if key.group != TOTAL && scheme.is_none_or(|scheme| scheme.position(&key.group).is_none()) {
                fault("group", &key.group);
            }
            if key.detail != TOTAL && !self.card.details.iter().any(|(code, _)| *code == key.detail) {
                fault("detail", &key.detail);
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(CountError::Faults(faults)) }
    }

    /// Finest groups add up to the groups above them and to the total. A total that the query gives outranks the sum,
    /// and the two are tied.
    fn groups(&self, rows: Rows, ties: &mut Vec<(Key, i64, ExtractId, i64, ExtractId)>) -> Rows {
        let scheme = self.card.groups.as_ref().and_then(|groups| self.project.reference.schemes.get(&groups.scheme));
        let Some(scheme) = scheme else { return rows };
        let above = |key: &Key| -> Vec<Key> {
            let codes = scheme.lineage(&key.group).into_iter().skip(1).chain([TOTAL]);
            codes.map(|code| Key { group: code.to_string(), ..key.clone() }).collect()
        };
        let given: Rows =
            rows.iter().filter(|(key, _)| key.group == TOTAL).map(|(key, row)| (key.clone(), row.clone())).collect();
        let leaves: Rows = rows.into_iter().filter(|(key, _)| key.group != TOTAL).collect();
        let mut all = sums(leaves, above, |key| key.group == TOTAL);
        let parts_by = all.iter().find(|(key, _)| key.group != TOTAL).map(|(_, row)| row.source.clone());
        for (key, row) in given {
            if let Some(parts_by) = &parts_by {
                let added = all.get(&key).map_or(0, |added| added.numerator);
                ties.push((key.clone(), row.numerator, row.source.clone(), added, parts_by.clone()));
            }
            all.insert(key, row);
        }
        all
    }

    /// Municipalities add up to the areas they are in. An area that the query gives outranks the sum.
    fn areas(&self, rows: Rows) -> Rows {
        let mut above: HashMap<&str, Vec<&Area>> = HashMap::new();
        for area in self.project.reference.areas.iter().filter(|area| area.level != AreaLevel::Municipality) {
            for member in &area.members {
                above.entry(member).or_default().push(area);
            }
        }
        let to = |key: &Key| -> Vec<Key> {
            let areas = if key.class == NIS_CLASS { above.get(key.area.as_str()) } else { None };
            let areas = areas.map(Vec::as_slice).unwrap_or_default();
            areas.iter().map(|area| Key { area: area.code.clone(), class: area.class.clone(), ..key.clone() }).collect()
        };
        sums(rows, to, |_| false)
    }

    /// Ties at the level of Flanders: the one place where a difference is large enough to be told to anybody.
    fn ties(&self, ties: Vec<(Key, i64, ExtractId, i64, ExtractId)>) -> Vec<Tie> {
        if !self.card.adds.area {
            return Vec::new();
        }
        let mut sums: BTreeMap<(ExtractId, ExtractId), (i64, i64)> = BTreeMap::new();
        for (key, given, given_by, added, added_by) in ties {
            if key.detail == TOTAL {
                let sum = sums.entry((given_by, added_by)).or_default();
                sum.0 += given;
                sum.1 += added;
            }
        }
        sums.into_iter()
            .map(|((given_by, added_by), (given, added))| Tie {
                area: FLANDERS.into(),
                given,
                given_by,
                added,
                added_by,
            })
            .collect()
    }

    /// In a composition every row's denominator is that of the total.
    fn bases(&self, rows: &mut Rows) {
        let base = self.card.base_over;
        if !base.group && !base.detail {
            return;
        }
        let bases: HashMap<Key, Option<i64>> = rows.iter().map(|(key, row)| (key.clone(), row.denominator)).collect();
        for (key, row) in rows.iter_mut() {
            if let Some(denominator) = bases.get(&self.base_key(key)) {
                row.denominator = *denominator;
            }
        }
    }

    fn base_key(&self, key: &Key) -> Key {
        let mut base = key.clone();
        if self.card.base_over.group {
            base.group = TOTAL.into();
        }
        if self.card.base_over.detail {
            base.detail = TOTAL.into();
        }
        base
    }

    /// Every area and category of the card, with counts or one reason.
    fn cells(&self, rows: &Rows) -> Result<Vec<Cell>, CountError> {
        let card = self.card;
        let divisor = card.divisor(self.period);
        let with_total =
            |codes: Vec<&str>| -> Vec<String> { std::iter::once(TOTAL).chain(codes).map(str::to_string).collect() };
        let sexes = with_total(if card.sex { vec!["F", "M"] } else { Vec::new() });
        let groups =
            with_total(card.groups.iter().flat_map(|groups| groups.codes.iter().map(String::as_str)).collect());
        let mut details: Vec<String> = card.details.iter().map(|(code, _)| code.clone()).collect();
        if details.is_empty() || card.detail_total {
            details.insert(0, TOTAL.into());
        }
        let scheme = card.groups.as_ref().map_or("none", |groups| groups.scheme.as_str());
        let absent = self.project.extract(&card.source).map(|extract| extract.absent_means);
        let mut cells = Vec::new();
        let clusters = &self.project.pipeline.clusters;
        for area in &self.project.reference.areas {
            if !card.areas.contains(&area.level) || (area.level == AreaLevel::Cluster && area.class != *clusters) {
                continue;
            }
            for sex in &sexes {
                for group in &groups {
                    for detail in &details {
                        let key = Key {
                            area: area.code.clone(),
                            class: area.class.clone(),
                            sex: sex.clone(),
                            age_group: TOTAL.into(),
                            group: group.clone(),
                            detail: detail.clone(),
                            detail_2: TOTAL.into(),
                        };
                        let found = rows.get(&key);
                        let denominator = match found {
                            Some(row) => row.denominator,
                            // A composition's base is there even when the row is not.
                            None => rows
                                .get(&self.base_key(&key))
                                .filter(|_| self.base_key(&key) != key)
                                .map_or(Some(0), |row| row.denominator),
                        };
                        let counts = match (found, absent) {
                            (Some(row), _) => Ok(Counts {
                                numerator: row.numerator,
                                divisor,
                                denominator: denominator.filter(|_| card.share_of != ShareOf::None),
                                contributors: row.contributors,
                            }),
                            (None, Some(AbsentMeans::Zero)) => Ok(Counts {
                                numerator: 0,
                                divisor,
                                denominator: denominator.filter(|_| card.share_of != ShareOf::None),
                                contributors: 0,
                            }),
                            (None, _) => Err(Reason::NotInSource),
                        };
                        cells.push(Cell {
                            key: CellKey {
                                indicator: card.id.clone(),
                                ref_area: area.code.clone(),
                                ref_area_class: area.class.clone(),
                                area_level: area.level,
                                time_period: self.period,
                                sex: sex.clone(),
                                age_group: TOTAL.into(),
                                group_scheme: scheme.to_string(),
                                group: group.clone(),
                                detail: detail.clone(),
                                detail_2: TOTAL.into(),
                                share_of: card.share_of,
                            },
                            counts,
                            source: found.map_or_else(|| self.source_of(rows, &key), |row| row.source.clone()),
                        });
                    }
                }
            }
        }
        // In a composition a part above its whole is a wrong query. A rate may have its base from another source, where
        // a beneficiary need not be an inhabitant.
        let composition = card.share_of == ShareOf::Total || card.base_over.detail;
        if let Some(wrong) = cells.iter().filter(|_| composition).find(
            |cell| matches!(cell.counts, Ok(Counts { numerator, denominator: Some(base), .. }) if numerator > base),
        ) {
            let message =
                format!("a numerator is above its denominator in {} {}", wrong.key.ref_area_class, wrong.key.ref_area);
            return Err(CountError::Faults(vec![Fault::new("I32", Place::file(&card.sql_file), message)]));
        }
        Ok(cells)
    }

    /// The source of a cell without rows: that of its neighbours by group, else the card's.
    fn source_of(&self, rows: &Rows, key: &Key) -> ExtractId {
        let neighbour = rows.iter().find(|(other, _)| (other.group == TOTAL) == (key.group == TOTAL));
        neighbour.map_or_else(|| self.card.source.clone(), |(_, row)| row.source.clone())
    }
}

/// The rows, and the sums to which `above` says they add; rows that `is_sum` are there already and outrank sums.
fn sums(rows: Rows, above: impl Fn(&Key) -> Vec<Key>, is_sum: impl Fn(&Key) -> bool) -> Rows {
    let mut added = Rows::new();
    for (key, row) in rows.iter().filter(|(key, _)| !is_sum(key)) {
        for target in above(key) {
            match added.get_mut(&target) {
                Some(sum) => sum.add(row),
                None => {
                    added.insert(target, row.clone());
                }
            }
        }
    }
    // A row that is given outranks the sum of its parts.
    added.extend(rows);
    added
}
