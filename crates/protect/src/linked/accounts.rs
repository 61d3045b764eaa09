//! Counts about the link, as figures of the linked system.
//!
//! How many of a municipality the register knows, whose parents are known, what decided: these are counts of persons, and
//! some are the monitor's own figures in other words. Those that were decided by a foreign nationality are the persons of
//! foreign origin; those of a supplier whom the register does not know are its group of unknown nationality.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Period;
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, ShareOf, TOTAL};
use catalog::contract::ExtractId;
use catalog::link_measure::{LinkMeasure, LinkTable, OriginBound};
use catalog::reference::{FLANDERS, NIS_CLASS, Reference};

use super::figures::Linked;
use super::sums::{ACROSS, Family, Instance};
use super::{DETAIL, GROUP, Spot};
use crate::quality::{Counted, RawQuality};

/// How the names begin under which counts about the link stand among indicators.
pub(crate) const ACCOUNT: &str = "link of ";
/// The group of those of whom no nationality is known.
const UNKNOWN: &str = "ONBEKEND";

/// A table of a source in a period.
type Breakdown = (ExtractId, Period, LinkTable);

/// A count as a cell: the number of the count that it is, nothing where no row tells it and everybody knows it.
pub(crate) type Account = (Option<usize>, Cell);

/// Of how many counts by area one may be small, of each measure of a breakdown, that it is told by area at all.
const SMALL: usize = 3;

/// The counts about the link, each with its number, its table and what it counts.
fn about_link(counts: &[RawQuality]) -> impl Iterator<Item = (usize, &RawQuality, Breakdown, &LinkMeasure)> {
    counts.iter().enumerate().filter_map(|(number, count)| match &count.of {
        Counted::Link { source, period, measure } => {
            Some((number, count, (source.clone(), *period, measure.table()), measure))
        }
        Counted::Work { .. } => None,
    })
}

/// The counts by area that are not told of any area, by their numbers: of their breakdown too many are small.
pub(crate) fn untold(counts: &[RawQuality], threshold: i64) -> BTreeSet<usize> {
    let by_area = || about_link(counts).filter(|(_, count, ..)| count.ref_area != TOTAL);
    let mut all: BTreeMap<(Breakdown, &LinkMeasure), (usize, usize)> = BTreeMap::new();
    for (_, count, breakdown, measure) in by_area() {
        let (few, own) = all.entry((breakdown, measure)).or_default();
        *few += usize::from((1..threshold).contains(&count.value));
        *own += 1;
    }
    let small = all.into_iter().filter(|(_, (few, own))| few * SMALL > *own);
    let small: BTreeSet<Breakdown> = small.map(|((breakdown, _), _)| breakdown).collect();
    by_area().filter(|(_, _, breakdown, _)| small.contains(breakdown)).map(|(number, ..)| number).collect()
}

/// The counts that are told by area, and the sums of them, as cells.
pub(crate) fn accounts(counts: &[RawQuality], untold: &BTreeSet<usize>, reference: &Reference) -> Vec<Account> {
    let told = about_link(counts).filter(|(number, count, ..)| count.ref_area != TOTAL && !untold.contains(number));
    let by_area: BTreeSet<Breakdown> = told.map(|(_, _, breakdown, _)| breakdown).collect();
    let mut found: Vec<Account> = Vec::new();
    let mut all: BTreeMap<(Breakdown, String), i64> = BTreeMap::new();
    for (number, count, breakdown, measure) in about_link(counts) {
        let area = if count.ref_area == TOTAL { FLANDERS } else { &count.ref_area };
        if by_area.contains(&breakdown) {
            if !matches!(breakdown.2, LinkTable::OriginBounds(_) | LinkTable::Rate) {
                *all.entry((breakdown.clone(), area.to_string())).or_default() += count.value;
            }
            found.push((Some(number), cell(&breakdown, area, code(measure), count.value, reference)));
        } else if matches!(measure, LinkMeasure::LinkedBy { breakdown, .. } if breakdown == BY_SEX) {
            // Told by sex, and so in all.
            let rate = (breakdown.0, breakdown.1, LinkTable::Rate);
            *all.entry((rate, FLANDERS.to_string())).or_default() += count.value;
        }
    }
    for ((breakdown, area), value) in all {
        let code = if breakdown.2 == LinkTable::Rate { code(&LinkMeasure::Linked) } else { TOTAL };
        found.push((None, cell(&breakdown, &area, code, value, reference)));
    }
    // Counts come in the order in which threads were ready; the proofs name figures by their order.
    found.sort_by(|(_, a), (_, b)| a.key.cmp(&b.key));
    found
}

/// The breakdown of which all codes together are the persons whom the register knows.
const BY_SEX: &str = "sex";

/// The code of a measure in its table: that of a total for what the others are of.
fn code(measure: &LinkMeasure) -> &'static str {
    match measure {
        LinkMeasure::Persons | LinkMeasure::OriginBound { side: OriginBound::Upper, .. } => TOTAL,
        other => other.word(),
    }
}

fn cell((source, period, table): &Breakdown, area: &str, code: &str, value: i64, reference: &Reference) -> Cell {
    Cell {
        key: CellKey {
            indicator: account_name(source, table),
            ref_area: area.to_string(),
            ref_area_class: NIS_CLASS.to_string(),
            area_level: reference.area(area, NIS_CLASS).map_or(AreaLevel::Municipality, |area| area.level),
            time_period: *period,
            sex: TOTAL.to_string(),
            age_group: TOTAL.to_string(),
            group_scheme: "none".to_string(),
            group: TOTAL.to_string(),
            detail: code.to_string(),
            detail_2: TOTAL.to_string(),
            share_of: ShareOf::None,
        },
        counts: Ok(Counts { numerator: value, divisor: 1, denominator: None, contributors: value }),
        source: source.clone(),
    }
}

/// The name under which a table about the link stands among indicators.
fn account_name(source: &ExtractId, table: &LinkTable) -> String {
    format!("{ACCOUNT}{source}: {}", table.word())
}

/// The inverse of [`account_name`]: nothing for an indicator that is none.
fn read_account(indicator: &str) -> Option<(ExtractId, LinkTable)> {
    let (source, table) = indicator.strip_prefix(ACCOUNT)?.split_once(": ")?;
    Some((ExtractId::read(source)?, LinkTable::read(table)))
}

/// Whether a name is that of counts about the link.
pub fn is_account(indicator: &str) -> bool {
    indicator.starts_with(ACCOUNT)
}

impl Linked<'_> {
    /// What counts about the link have to do with indicators.
    pub(crate) fn across(&self, families: &mut BTreeMap<Family, Vec<Instance>>) {
        let places: Vec<(&Spot, &Vec<u32>)> = self.everywhere.iter().collect();
        let mut by_block: BTreeMap<u32, Vec<(&Spot, u32)>> = BTreeMap::new();
        for (spot, ids) in places {
            if let Some(id) = ids.last() {
                by_block.entry(spot.block).or_default().push((spot, *id));
            }
        }
        for (own, figures) in &by_block {
            let block = &self.blocks[*own as usize];
            let Some((source, table)) = read_account(&block.indicator) else { continue };
            for other in by_block.keys() {
                let target = &self.blocks[*other as usize];
                let same_time =
                    target.period.start() <= block.period.end() && block.period.start() <= target.period.end();
                let about = match &table {
                    LinkTable::DecidedBy(definition) | LinkTable::OriginBounds(definition) => {
                        target.method == *definition && target.period == block.period
                    }
                    LinkTable::Rate => same_time && self.sources[*other as usize].contains(&source),
                    LinkTable::LinkedBy(_) | LinkTable::ParentsKnown => false,
                };
                // The lower end of a band is what a foreign nationality decided for, whatever indicator counts it.
                let is_end = matches!(&table, LinkTable::DecidedBy(definition)
                    if target.indicator == account_name(&source, &LinkTable::OriginBounds(definition.clone()))
                        && target.period == block.period);
                if target.base.is_some() || !(is_end || about && !is_account(&target.indicator)) {
                    continue;
                }
                // By area the figures of this breakdown that are the other's, each kind for itself.
                let mut parts: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
                for (spot, id) in figures {
                    if let Some(code) = self.counterpart(&table, self.texts.text(spot.codes[DETAIL])) {
                        parts.entry((spot.area, code)).or_default().push(*id);
                    }
                }
                for ((area, code), parts) in parts {
                    let mut codes = [0; 5];
                    codes[GROUP] = code;
                    if is_end {
                        let Some(lower) = self.lower_bound() else { continue };
                        codes[DETAIL] = lower;
                    }
                    let whole = self.everywhere.get(&Spot { block: *other, area, codes });
                    if let Some(whole) = whole.and_then(|ids| ids.last()) {
                        let family = Family { block: *own, over: ACROSS, whole: *other, details: [code, 0] };
                        families.entry(family).or_default().push((*whole, parts));
                    }
                }
            }
        }
    }

    /// The code of the lower end of a band.
    fn lower_bound(&self) -> Option<u32> {
        let lower = LinkMeasure::OriginBound { definition: String::new(), side: OriginBound::Lower };
        self.texts.known(code(&lower))
    }

    /// The group of an indicator that counts about the link are of; nothing where they are of none.
    fn counterpart(&self, table: &LinkTable, word: &str) -> Option<u32> {
        let measure = match (table, word) {
            (LinkTable::Rate, TOTAL) => LinkMeasure::Persons,
            _ => table.measure(word)?,
        };
        match measure {
            LinkMeasure::Persons | LinkMeasure::OriginBound { side: OriginBound::Lower, .. } => Some(0),
            LinkMeasure::Unlinked => self.texts.known(UNKNOWN),
            decided => decided.is_of_foreign_origin().then_some(0),
        }
    }
}
