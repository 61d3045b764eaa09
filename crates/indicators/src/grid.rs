//! From a query's rows to the full grid of a card: what adds up is added up, what is missing gets a zero or a reason.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use catalog::card::{Card, Dimension};
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Reason, ShareOf, TOTAL};
use catalog::contract::{AbsentMeans, ExtractId};
use catalog::project::Project;
use catalog::reference::{AREA_DAY, Area, FLANDERS, GroupScheme, NIS_CLASS};
use catalog::{Fault, Period, Place};

use crate::CountError;
use crate::count::{Counted, Tie};
use crate::row::{Contribution, Key, Over, Rows, sums};

pub(crate) struct Grid<'g> {
    pub(crate) project: &'g Project,
    pub(crate) card: &'g Card,
    pub(crate) period: Period,
}

/// A total that one source gives, and what the groups of another add up to.
type Tied = (Key, i64, ExtractId, i64, ExtractId);

impl Grid<'_> {
    /// Adds up and completes.
    pub(crate) fn complete(&self, rows: Rows) -> Result<Counted, CountError> {
        self.of_the_monitors_day(&rows)?;
        let (mut rows, outside) = self.within(rows);
        self.allowed(&rows)?;
        // Where no municipality is shown, everything is added up to the few areas that are before anything else.
        let first = self.card.adds.area && !self.card.areas.contains(&AreaLevel::Municipality);
        if first {
            let shown = |key: &Key| self.shown_areas().any(|area| (&area.code, &area.class) == (&key.area, &key.class));
            rows = self.areas(rows).into_iter().filter(|(key, _)| shown(key)).collect();
        }
        let mut ties = Vec::new();
        let mut all = Rows::new();
        for table in &self.card.tables {
            all.extend(self.table(&rows, table, &mut ties));
        }
        if self.card.adds.area && !first {
            all = self.areas(all);
        }
        let ties = self.ties(ties);
        let cells = self.cells(&all)?;
        Ok(Counted { cells, ties, outside })
    }

    /// Refuses Flemish municipalities of another day than the monitor's: they would be left out as if they lay elsewhere, and
    /// those that they became, or were, would be counted as zero.
    fn of_the_monitors_day(&self, rows: &Rows) -> Result<(), CountError> {
        let reference = &self.project.reference;
        let is_of_another_day = |code: &str| {
            reference.municipalities.get(code).is_some_and(|known| known.is_flemish)
                && reference.area(code, NIS_CLASS).is_none()
        };
        let codes: BTreeSet<&str> =
            rows.keys().filter(|key| key.class == NIS_CLASS).map(|key| key.area.as_str()).collect();
        let Some(code) = codes.into_iter().find(|code| is_of_another_day(code)) else { return Ok(()) };
        let message = format!(
            "{} {} is counted by municipalities of another day than the monitor's: {}",
            self.card.id,
            self.period,
            reference.not_on(code, AREA_DAY)
        );
        let hint = "the deliveries of this period are coded by another division of municipalities than that of the monitor; \
                    leave the period out, or have them coded by the monitor's";
        Err(CountError::Faults(vec![Fault::new("I36", Place::file(&self.card.file), message).hint(hint)]))
    }

    /// Rows of the monitor's areas; what lies elsewhere is counted and left out.
    fn within(&self, rows: Rows) -> (Rows, i64) {
        let known: HashSet<(&str, &str)> =
            self.project.reference.areas.iter().map(|area| (area.code.as_str(), area.class.as_str())).collect();
        let mut outside = 0;
        let kept = rows
            .into_iter()
            .filter(|(key, row)| {
                let inside = known.contains(&(key.area.as_str(), key.class.as_str()));
                // Where the query counts the codes of a dimension itself, its total has everybody once.
                let once =
                    |dimension: Dimension| self.card.adds.dimensions.contains(&dimension) || key.is_total(dimension);
                if !inside && Dimension::ALL.into_iter().all(once) {
                    outside += row.contributors;
                }
                inside
            })
            .collect();
        (kept, outside)
    }

    fn scheme(&self) -> Option<&GroupScheme> {
        self.project.reference.schemes.get(&self.card.groups.as_ref()?.scheme)
    }

    /// Codes that the card does not know stop the run: a definition is wrong, not the data.
    fn allowed(&self, rows: &Rows) -> Result<(), CountError> {
        let mut faults = Vec::new();
        for dimension in Dimension::ALL {
            let own = self.card.codes(dimension);
            let codes: BTreeSet<&str> =
                rows.keys().map(|key| key.code(dimension)).filter(|code| *code != TOTAL).collect();
            for code in codes {
                // A group that is not published adds to those above it.
                let known = match dimension {
                    Dimension::Sex => matches!(code, "F" | "M"),
                    Dimension::Group => self.scheme().is_some_and(|scheme| scheme.position(code).is_some()),
                    _ => own.contains(&code),
                };
                if !known {
                    let message =
                        format!("the query returns {} `{code}`, which the card does not have", dimension.column());
                    faults.push(Fault::new("I31", Place::file(&self.card.sql_file), message));
                }
            }
        }
        // A breakdown by sex that the card promises must be there, as one that it does not have must not.
        if self.card.sex && !rows.is_empty() && rows.keys().all(|key| key.is_total(Dimension::Sex)) {
            let message = "the query returns women and men together, where the card says that sex is available";
            faults.push(Fault::new("I31", Place::file(&self.card.sql_file), message));
        }
        if faults.is_empty() { Ok(()) } else { Err(CountError::Faults(faults)) }
    }

    /// The rows of the dimensions that are published together, with their totals; all others are added up or left out.
    fn table(&self, rows: &Rows, table: &[Dimension], ties: &mut Vec<Tied>) -> Rows {
        let mut rows = rows.clone();
        let adds = |dimension: Dimension| self.card.adds.dimensions.contains(&dimension);
        for dimension in Dimension::ALL.into_iter().filter(|dimension| !table.contains(dimension)) {
            if adds(dimension) {
                rows = totals(rows, dimension);
            }
            rows.retain(|key, _| key.is_total(dimension));
        }
        for dimension in Dimension::ALL.into_iter().filter(|dimension| table.contains(dimension) && adds(*dimension)) {
            rows = if dimension == Dimension::Group { self.groups(rows, ties) } else { totals(rows, dimension) };
        }
        rows
    }

    /// Finest groups add up to the groups above them and to the total. A total that the query gives outranks the sum,
    /// and the two are tied.
    fn groups(&self, rows: Rows, ties: &mut Vec<Tied>) -> Rows {
        let Some(scheme) = self.scheme() else { return rows };
        let above = |key: &Key| -> Vec<Key> {
            let codes = scheme.lineage(&key.group).into_iter().skip(1).chain([TOTAL]);
            codes.map(|code| key.with(Dimension::Group, code)).collect()
        };
        let (given, leaves): (Rows, Rows) = rows.into_iter().partition(|(key, _)| key.group == TOTAL);
        let mut all = sums(leaves, Over::Codes, above, |key| key.group == TOTAL);
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
        let parts = |level: AreaLevel| matches!(level, AreaLevel::Municipality | AreaLevel::Unlocated);
        for area in self.project.reference.areas.iter().filter(|area| !parts(area.level)) {
            for part in area.parts() {
                above.entry(part).or_default().push(area);
            }
        }
        let to = |key: &Key| -> Vec<Key> {
            let areas = if key.class == NIS_CLASS { above.get(key.area.as_str()) } else { None };
            let areas = areas.map(Vec::as_slice).unwrap_or_default();
            areas.iter().map(|area| Key { area: area.code.clone(), class: area.class.clone(), ..key.clone() }).collect()
        };
        sums(rows, Over::Members, to, |_| false)
    }

    /// Ties at the level of Flanders: the one place where a difference is large enough to be told to anybody.
    fn ties(&self, ties: Vec<Tied>) -> Vec<Tie> {
        if !self.card.adds.area {
            return Vec::new();
        }
        let mut sums: BTreeMap<(ExtractId, ExtractId), (i64, i64)> = BTreeMap::new();
        for (key, given, given_by, added, added_by) in ties {
            if [Dimension::Age, Dimension::Detail, Dimension::Detail2].into_iter().all(|other| key.is_total(other)) {
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

    /// The row whose counts are the base of a composition.
    fn base_key(&self, key: &Key) -> Key {
        self.card.base_over.iter().fold(key.clone(), |base, dimension| base.with(*dimension, TOTAL))
    }

    /// The denominator of a cell. In a composition it is that of the total; where a rate is published too, whose
    /// denominators are others, it is the total's count.
    fn denominator(&self, rows: &Rows, key: &Key, share_of: ShareOf) -> Option<i64> {
        let own = rows.get(key);
        let composed = share_of == ShareOf::Total || !self.card.base_over.is_empty() && self.card.shares_of.len() == 1;
        let base = if composed { rows.get(&self.base_key(key)) } else { own };
        match (share_of, base) {
            (ShareOf::None, _) => None,
            (ShareOf::Total, Some(base)) if self.card.shares_of.len() > 1 => Some(base.numerator),
            // A population is counted elsewhere: where it is not, it is not known.
            (ShareOf::Population, base) => base.or(own)?.denominator,
            // A cell without a row has the base of its neighbours, or nobody to be a share of.
            (_, base) => base.or(own).map_or(Some(0), |row| row.denominator),
        }
    }

    /// Codes of a dimension that a table shows, the total among them.
    fn shown(&self, table: &[Dimension], dimension: Dimension) -> Vec<String> {
        if !table.contains(&dimension) {
            return vec![TOTAL.to_string()];
        }
        let total = dimension != Dimension::Detail || self.card.detail_total;
        total.then_some(TOTAL).into_iter().chain(self.card.codes(dimension)).map(str::to_string).collect()
    }

    /// The keys of an area's cells, each once and in order.
    fn keys(&self, area: &Area) -> Vec<Key> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for table in &self.card.tables {
            let mut keys = vec![Key {
                area: area.code.clone(),
                class: area.class.clone(),
                sex: TOTAL.into(),
                age_group: TOTAL.into(),
                group: TOTAL.into(),
                detail: TOTAL.into(),
                detail_2: TOTAL.into(),
            }];
            for dimension in Dimension::ALL.into_iter().rev() {
                let codes = self.shown(table, dimension);
                keys = keys.iter().flat_map(|key| codes.iter().map(|code| key.with(dimension, code))).collect();
            }
            found.extend(keys.into_iter().filter(|key| seen.insert(key.clone())));
        }
        found
    }

    /// The areas that the card has figures of.
    fn shown_areas(&self) -> impl Iterator<Item = &Area> {
        let clusters = &self.project.pipeline.clusters;
        self.project.reference.areas.iter().filter(|area| {
            let compared = area.level != AreaLevel::Cluster || clusters.contains(&area.class);
            self.card.areas.contains(&area.level) && area.shown && compared
        })
    }

    /// Whether a sum has all the codes that it is of: where a source may lack some, those that are there are no total. Of an
    /// area's municipalities those that have data count, and the row says how many they are.
    fn is_whole(&self, key: &Key, row: &Contribution) -> bool {
        let added = |dimension: &Dimension| {
            self.card.adds.dimensions.contains(dimension) && key.is_total(*dimension) && *dimension != Dimension::Group
        };
        let codes = Dimension::ALL.into_iter().filter(added).map(|dimension| self.card.codes(dimension).len().max(1));
        !row.is_sum || row.codes >= codes.product()
    }

    /// Every area and category of the card, with counts or one reason.
    fn cells(&self, rows: &Rows) -> Result<Vec<Cell>, CountError> {
        let card = self.card;
        let divisor = card.divisor(self.period);
        let scheme = card.groups.as_ref().map_or("none", |groups| groups.scheme.as_str());
        let absent = self.project.extract(&card.source).map(|extract| extract.absent_means);
        let mut cells = Vec::new();
        let sources = [true, false].map(|total| rows.iter().find(|(key, _)| (key.group == TOTAL) == total));
        for (area, key) in self.shown_areas().flat_map(|area| self.keys(area).into_iter().map(move |key| (area, key))) {
            let found = rows.get(&key);
            // A cell without rows has the source of its neighbours by group, else the card's.
            let source = found.or(sources[usize::from(key.group != TOTAL)].map(|(_, row)| row));
            let source = source.map_or_else(|| card.source.clone(), |row| row.source.clone());
            for share_of in &card.shares_of {
                let denominator = self.denominator(rows, &key, *share_of);
                let counts = match (found, absent) {
                    (Some(row), Some(AbsentMeans::NotInSource)) if !self.is_whole(&key, row) => {
                        Err(Reason::NotInSource)
                    }
                    (Some(row), _) => {
                        Ok(Counts { numerator: row.numerator, divisor, denominator, contributors: row.contributors })
                    }
                    (None, Some(AbsentMeans::Zero)) => {
                        Ok(Counts { numerator: 0, divisor, denominator, contributors: 0 })
                    }
                    (None, _) => Err(Reason::NotInSource),
                };
                cells.push(Cell {
                    key: CellKey {
                        indicator: card.id.clone(),
                        ref_area: key.area.clone(),
                        ref_area_class: key.class.clone(),
                        area_level: area.level,
                        time_period: self.period,
                        sex: key.sex.clone(),
                        age_group: key.age_group.clone(),
                        group_scheme: scheme.to_string(),
                        group: key.group.clone(),
                        detail: key.detail.clone(),
                        detail_2: key.detail_2.clone(),
                        share_of: *share_of,
                    },
                    counts,
                    source: source.clone(),
                });
            }
        }
        // In a composition a part above its whole is a wrong query. A rate may have its base from another source, where
        // a beneficiary need not be an inhabitant.
        let composition = |cell: &&Cell| {
            cell.key.share_of == ShareOf::Total
                || card.base_over.contains(&Dimension::Detail) && card.adds.dimensions.contains(&Dimension::Detail)
        };
        if let Some(wrong) = cells.iter().filter(composition).find(
            |cell| matches!(cell.counts, Ok(Counts { numerator, denominator: Some(base), .. }) if numerator > base),
        ) {
            let message =
                format!("a numerator is above its denominator in {} {}", wrong.key.ref_area_class, wrong.key.ref_area);
            let hint = "either the query counts wrongly, or what is counted and its base come from deliveries that do not \
                        belong together: of another day, of other municipalities, or of which one is not whole";
            return Err(CountError::Faults(vec![Fault::new("I32", Place::file(&card.sql_file), message).hint(hint)]));
        }
        Ok(cells)
    }
}

/// The rows and the totals over a dimension; totals that are there already outrank sums.
fn totals(rows: Rows, dimension: Dimension) -> Rows {
    sums(rows, Over::Codes, |key| vec![key.with(dimension, TOTAL)], |key| key.is_total(dimension))
}
