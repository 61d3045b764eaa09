//! Counts about the link, as figures of the linked system.
//!
//! How many of a municipality the register knows, whose parents are known, what decided: these are counts of persons, and
//! some are the monitor's own figures in other words. Those that were decided by a foreign nationality are the persons of
//! foreign origin; those of a supplier whom the register does not know are its group of unknown nationality.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Period;
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, ShareOf, TOTAL};
use catalog::contract::ExtractId;
use catalog::origin::DecidedBy;
use catalog::reference::{FLANDERS, NIS_CLASS, Reference};

use super::figures::Linked;
use super::sums::{ACROSS, Family, Instance};
use super::{DETAIL, GROUP, Spot};
use crate::quality::RawQuality;

/// How the names begin under which counts about the link stand among indicators.
pub(crate) const ACCOUNT: &str = "link of ";
/// What a count by supplier's area is called, and those of it whom the register does not know.
const RATE: &str = "rate";
const UNLINKED: &str = "persons-unlinked";
const LINKED: &str = "persons-linked";
/// The lower end of a band.
const LOWEST: &str = "unknown-parents-belgian";
/// The group of those of whom no nationality is known.
const UNKNOWN: &str = "ONBEKEND";

/// A breakdown of a source in a period.
type Breakdown = (String, String, String);

/// A count as a cell: the number of the count that it is, nothing where no row tells it and everybody knows it.
pub(crate) type Account = (Option<usize>, Cell);

/// Of how many counts by area one may be small, of each measure of a breakdown, that it is told by area at all.
const SMALL: usize = 3;

fn breakdown(count: &RawQuality) -> Breakdown {
    (count.source.clone(), count.time_period.clone(), count.detail.trim_end_matches(':').to_string())
}

/// The counts by area that are not told of any area, by their numbers: of their breakdown too many are small.
pub(crate) fn untold(counts: &[RawQuality], threshold: i64) -> BTreeSet<usize> {
    let by_area = || counts.iter().enumerate().filter(|(_, count)| count.ref_area != TOTAL);
    let mut all: BTreeMap<(Breakdown, &str), (usize, usize)> = BTreeMap::new();
    for (_, count) in by_area() {
        let (few, own) = all.entry((breakdown(count), &count.measure)).or_default();
        *few += usize::from((1..threshold).contains(&count.value));
        *own += 1;
    }
    let small = all.into_iter().filter(|(_, (few, own))| few * SMALL > *own);
    let small: BTreeSet<Breakdown> = small.map(|((breakdown, _), _)| breakdown).collect();
    by_area().filter(|(_, count)| small.contains(&breakdown(count))).map(|(number, _)| number).collect()
}

/// The counts that are told by area, and the sums of them, as cells.
pub(crate) fn accounts(counts: &[RawQuality], untold: &BTreeSet<usize>, reference: &Reference) -> Vec<Account> {
    let told = counts.iter().enumerate().filter(|(number, count)| count.ref_area != TOTAL && !untold.contains(number));
    let by_area: BTreeSet<Breakdown> = told.map(|(_, count)| breakdown(count)).collect();
    let mut found: Vec<Account> = Vec::new();
    let mut all: BTreeMap<(Breakdown, String), i64> = BTreeMap::new();
    for (number, count) in counts.iter().enumerate() {
        let breakdown = breakdown(count);
        let area = if count.ref_area == TOTAL { FLANDERS } else { &count.ref_area };
        if by_area.contains(&breakdown) {
            let code = match count.measure.as_str() {
                "persons" | "unknown-parents-foreign" => TOTAL,
                measure => measure,
            };
            if !breakdown.2.starts_with("band") && breakdown.2 != RATE {
                *all.entry((breakdown.clone(), area.to_string())).or_default() += count.value;
            }
            found.extend(cell(&breakdown, area, code, count.value, reference).map(|cell| (Some(number), cell)));
        } else if count.measure == LINKED && count.detail.starts_with("sex:") {
            // Told by sex, and so in all.
            let rate = (breakdown.0, breakdown.1, RATE.to_string());
            *all.entry((rate, FLANDERS.to_string())).or_default() += count.value;
        }
    }
    for ((breakdown, area), value) in all {
        let code = if breakdown.2 == RATE { LINKED } else { TOTAL };
        found.extend(cell(&breakdown, &area, code, value, reference).map(|cell| (None, cell)));
    }
    // Counts come in the order in which threads were ready; the proofs name figures by their order.
    found.sort_by(|(_, a), (_, b)| a.key.cmp(&b.key));
    found
}

fn cell(
    (source, period, breakdown): &Breakdown,
    area: &str,
    code: &str,
    value: i64,
    reference: &Reference,
) -> Option<Cell> {
    let time_period: Period = period.parse().ok()?;
    Some(Cell {
        key: CellKey {
            indicator: format!("{ACCOUNT}{source}: {breakdown}"),
            ref_area: area.to_string(),
            ref_area_class: NIS_CLASS.to_string(),
            area_level: reference.area(area, NIS_CLASS).map_or(AreaLevel::Municipality, |area| area.level),
            time_period,
            sex: TOTAL.to_string(),
            age_group: TOTAL.to_string(),
            group_scheme: "none".to_string(),
            group: TOTAL.to_string(),
            detail: code.to_string(),
            detail_2: TOTAL.to_string(),
            share_of: ShareOf::None,
        },
        counts: Ok(Counts { numerator: value, divisor: 1, denominator: None, contributors: value }),
        source: ExtractId::read(source)?,
    })
}

/// Whether a name is that of counts about the link.
pub(crate) fn is_account(indicator: &str) -> bool {
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
            let Some((source, breakdown)) =
                block.indicator.strip_prefix(ACCOUNT).and_then(|name| name.split_once(": "))
            else {
                continue;
            };
            let (kind, definition) = breakdown.split_once(' ').unwrap_or((breakdown, ""));
            for other in by_block.keys() {
                let target = &self.blocks[*other as usize];
                let same_time =
                    target.period.start() <= block.period.end() && block.period.start() <= target.period.end();
                let about = match kind {
                    "decided-by" | "band" => target.method == definition && target.period == block.period,
                    RATE => same_time && self.sources[*other as usize].iter().any(|own| own.to_string() == source),
                    _ => false,
                };
                // The lower end of a band is what a foreign nationality decided for, whatever indicator counts it.
                let end = format!("{ACCOUNT}{source}: band {definition}");
                let is_end = kind == "decided-by" && target.indicator == end && target.period == block.period;
                if target.base.is_some() || !(is_end || about && !is_account(&target.indicator)) {
                    continue;
                }
                // By area the figures of this breakdown that are the other's, each kind for itself.
                let mut parts: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
                for (spot, id) in figures {
                    if let Some(code) = self.counterpart(kind, self.texts.text(spot.codes[DETAIL])) {
                        parts.entry((spot.area, code)).or_default().push(*id);
                    }
                }
                for ((area, code), parts) in parts {
                    let mut codes = [0; 5];
                    codes[GROUP] = code;
                    if is_end {
                        codes[DETAIL] = self.texts.known(LOWEST).unwrap_or(0);
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

    /// The group of an indicator that counts about the link are of; nothing where they are of none.
    fn counterpart(&self, kind: &str, measure: &str) -> Option<u32> {
        match (kind, measure) {
            ("decided-by", measure) => {
                let belgian = ["all-belgian", "known-belgian", "nothing-known"].contains(&measure);
                (DecidedBy::WORDS.iter().any(|(word, _)| *word == measure) && !belgian).then_some(0)
            }
            ("band", LOWEST) | (RATE, TOTAL) => Some(0),
            (RATE, UNLINKED) => self.texts.known(UNKNOWN),
            _ => None,
        }
    }
}
