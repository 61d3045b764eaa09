//! Which counts a reader sees, and which of them are one and the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use catalog::card::{Balance, Dimension};
use catalog::cell::{AreaLevel, Cell, Reason, ShareOf, TOTAL};
use catalog::contract::ExtractId;
use catalog::pipeline::{Protection, SourceRule};
use catalog::reference::Reference;

use super::{AGE, Block, DETAIL, DETAIL_2, GROUP, Holds, Row, SEX, Spot, Standing, Texts, is_account};
use crate::rounding::{RoundedShare, Rounding};
use crate::secondary::Need;

/// A figure of the linked system.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// Where it stands; nothing for what is left of a sum.
    pub(crate) spot: Option<Spot>,
    pub(crate) value: i64,
    pub(crate) divisor: i64,
    /// Persons behind it; nothing where that was not counted.
    pub(crate) contributors: Option<i64>,
    pub(crate) standing: Standing,
    /// Whether it can be below zero: the difference of two flows.
    pub(crate) is_balance: bool,
    /// What everybody knows it to be at least, where it is no balance.
    pub(crate) least: i64,
    /// What everybody knows it to be at most.
    pub(crate) most: Option<i64>,
    /// The values that the rounded shares published of it leave open, where its count is suppressed.
    pub(crate) rounded: Option<(i64, i64)>,
    /// Whether an earlier edition published a rounded share of it, so that it cannot be let go.
    pub(crate) is_kept: bool,
    pub(crate) need: Option<Need>,
    pub(crate) cost: u32,
}

/// The figures of a row: its count, and what its share is of; nothing where nothing was counted.
type OfRow = Option<(u32, Option<u32>)>;

/// Everything published so far and about to be, as figures and what holds between them.
pub struct Linked<'l> {
    pub(crate) rules: &'l Protection,
    /// Balances, by indicator.
    pub(crate) balances: &'l BTreeMap<String, Balance>,
    pub(crate) reference: &'l Reference,
    pub(crate) texts: Texts,
    pub(crate) blocks: Vec<Block>,
    block_numbers: HashMap<Block, u32>,
    /// Group scheme of each block.
    pub(crate) schemes: Vec<String>,
    /// Sources that the counts of each block are from.
    pub(crate) sources: Vec<BTreeSet<ExtractId>>,
    /// Numbers of the monitor's areas by the number of code and class.
    pub(crate) areas: HashMap<u32, usize>,
    pub(crate) figures: Vec<Figure>,
    /// Figures that earlier editions have.
    pub(crate) earlier: usize,
    ids: HashMap<(Spot, i64), u32>,
    /// Equations, by their two sides.
    pub(crate) sums: Vec<(Vec<u32>, Vec<u32>)>,
    pub(crate) known_sums: HashSet<Holds>,
    /// Of each edition the figures of each row: its count, and what its share is of.
    rows: Vec<Vec<OfRow>>,
    /// The secret by which shares are rounded; nothing where none are published without their counts.
    pub(crate) rounding: Option<Rounding>,
    /// Of each row of the newest edition the share that is published where its count is not.
    pub(crate) scores: HashMap<usize, RoundedShare>,
    /// Every spot with the figures that stand there in some edition.
    pub(crate) everywhere: BTreeMap<Spot, Vec<u32>>,
}

impl Figure {
    /// What another table may have of it: at least, and at most.
    pub(crate) fn ends(&self) -> (i64, Option<i64>) {
        let (low, high) = self.rounded.unzip();
        (low.map_or(self.least, |low| self.least.max(low)), [self.most, high].into_iter().flatten().min())
    }
}

/// Rows of a block with one kind of share: number of the row, spot, denominator.
type Shared = HashMap<(u32, ShareOf), Vec<(usize, Spot, i64)>>;

impl<'l> Linked<'l> {
    /// A system in which nothing is published.
    pub fn new(rules: &'l Protection, balances: &'l BTreeMap<String, Balance>, reference: &'l Reference) -> Linked<'l> {
        let mut texts = Texts::default();
        texts.number(TOTAL);
        let mut areas = HashMap::new();
        for (at, area) in reference.areas.iter().enumerate() {
            let number = texts.number(&format!("{} {}", area.class, area.code));
            areas.insert(number, at);
        }
        Linked {
            rules,
            balances,
            reference,
            texts,
            blocks: Vec::new(),
            block_numbers: HashMap::new(),
            schemes: Vec::new(),
            sources: Vec::new(),
            areas,
            figures: Vec::new(),
            earlier: 0,
            ids: HashMap::new(),
            sums: Vec::new(),
            known_sums: HashSet::new(),
            rows: Vec::new(),
            rounding: None,
            scores: HashMap::new(),
            everywhere: BTreeMap::new(),
        }
    }

    /// The same, in which shares are published rounded where counts are not.
    pub fn with_rounded_shares(self, rounding: Rounding) -> Linked<'l> {
        Linked { rounding: Some(rounding), ..self }
    }

    /// Adds an edition, the oldest first. The rows of the last one are those that are decided.
    pub fn add(&mut self, rows: &[Row<'_>]) {
        self.earlier = self.figures.len();
        let mut here: BTreeMap<Spot, u32> = BTreeMap::new();
        let mut found: Vec<OfRow> = Vec::with_capacity(rows.len());
        let mut shared: Shared = HashMap::new();
        for (number, row) in rows.iter().enumerate() {
            let Ok(counts) = row.cell.counts else {
                found.push(None);
                continue;
            };
            let spot = self.spot(row);
            let rule = self.rules.of(&row.cell.source);
            let id = self.figure(spot, counts.numerator, counts.divisor);
            here.insert(spot, id);
            if !self.sources[spot.block as usize].contains(&row.cell.source) {
                self.sources[spot.block as usize].insert(row.cell.source.clone());
            }
            let is_balance = self.is_balance(&spot);
            let public = row.public || rule.public || self.is_known_elsewhere(row.cell, false);
            let need = if public || is_balance { None } else { need_of_count(row.cell, rule) };
            let cost = self.cost(&spot, row.cell.key.area_level, counts.numerator);
            let figure = &mut self.figures[id as usize];
            figure.contributors = Some(counts.contributors);
            figure.is_balance = is_balance;
            // A figure that several rows tell has the level of all of them.
            figure.need = [figure.need, need].into_iter().flatten().reduce(Need::with);
            figure.cost = figure.cost.max(cost);
            if public {
                figure.standing = Standing::Public;
            }
            if let (Some(base), true) = (counts.denominator, row.cell.key.share_of != ShareOf::None) {
                shared.entry((spot.block, row.cell.key.share_of)).or_default().push((number, spot, base));
            }
            found.push(Some((id, None)));
        }
        let mut keys: Vec<(u32, ShareOf)> = shared.keys().copied().collect();
        keys.sort();
        for key in keys {
            self.bases(&shared[&key], key.1, rows, &mut found, &mut here);
        }
        for (row, figures) in rows.iter().zip(&found) {
            let (Some(reason), Some((count, base))) = (row.published, *figures) else { continue };
            for id in [Some(count), base].into_iter().flatten() {
                let figure = &mut self.figures[id as usize];
                figure.standing = match (figure.standing, reason) {
                    (Standing::Public, _) => Standing::Public,
                    (Standing::Known, _) | (_, Reason::Shown) => Standing::Known,
                    _ => Standing::Before,
                };
            }
        }
        self.coarsen(&here);
        self.round_shares(rows, &found);
        for (spot, id) in &here {
            let there = self.everywhere.entry(*spot).or_default();
            if !there.contains(id) {
                there.push(*id);
            }
        }
        self.find_sums(&here);
        self.rows.push(found);
    }

    /// The figures of a row of the newest edition.
    pub fn of_row(&self, row: usize) -> Option<(u32, Option<u32>)> {
        self.of_edition_row(self.rows.len().checked_sub(1)?, row)
    }

    /// The figures of a row of an edition, the oldest edition first.
    pub fn of_edition_row(&self, edition: usize, row: usize) -> Option<(u32, Option<u32>)> {
        self.rows.get(edition)?.get(row).copied().flatten()
    }

    /// Whether a row of the newest edition is hidden: its count is withheld, or what its share is of.
    pub fn is_hidden(&self, row: usize, outcome: &super::Outcome) -> bool {
        let hidden = |figure: u32| match self.standing(figure) {
            Standing::Public | Standing::Known => false,
            Standing::Before => true,
            _ => outcome.withheld.contains(&figure),
        };
        self.of_row(row).is_some_and(|(count, base)| hidden(count) || base.is_some_and(hidden))
    }

    /// The rounded share of a row of the newest edition that is published where its count is not.
    pub fn rounded_share(&self, row: usize, outcome: &super::Outcome) -> Option<RoundedShare> {
        let (count, base) = self.of_row(row)?;
        let is_let_go = [Some(count), base].into_iter().flatten().any(|figure| outcome.let_go.contains(&figure));
        self.scores.get(&row).copied().filter(|_| !is_let_go)
    }

    /// The figures that a figure stands beside in some sum.
    pub fn beside(&self, figure: u32) -> BTreeSet<u32> {
        let sums = self.sums.iter().map(|(wholes, parts)| wholes.iter().chain(parts));
        let own = sums.filter(|sum| sum.clone().any(|other| *other == figure));
        own.flatten().copied().filter(|other| *other != figure).collect()
    }

    /// Number of figures.
    pub fn len(&self) -> usize {
        self.figures.len()
    }

    /// Whether it has no figure.
    pub fn is_empty(&self) -> bool {
        self.figures.is_empty()
    }

    /// How a figure stands towards a reader.
    pub fn standing(&self, figure: u32) -> Standing {
        self.figures[figure as usize].standing
    }

    /// The true value of a figure.
    pub fn value(&self, figure: u32) -> i64 {
        self.figures[figure as usize].value
    }

    /// Where a figure stands: block, area with its class, and codes of sex, age, group and details.
    pub fn name(&self, figure: u32) -> Option<(&Block, &str, [&str; 5])> {
        let spot = self.figures[figure as usize].spot?;
        let codes = spot.codes.map(|code| self.texts.text(code));
        Some((&self.blocks[spot.block as usize], self.texts.text(spot.area), codes))
    }

    fn spot(&mut self, row: &Row<'_>) -> Spot {
        let key = &row.cell.key;
        let same = self.rules.same.iter().find(|same| same.covers(&key.indicator, &key.detail));
        let (indicator, method, detail) = match same {
            Some(same) => {
                let detail = if same.detail.is_some() { TOTAL } else { key.detail.as_str() };
                (same.is.clone(), same.method.clone().unwrap_or_else(|| row.method.to_string()), detail)
            }
            None => (key.indicator.clone(), row.method.to_string(), key.detail.as_str()),
        };
        let block = Block { indicator, period: key.time_period, method, base: None };
        let codes = [&key.sex, &key.age_group, &key.group, detail, &key.detail_2].map(|code| self.texts.number(code));
        let area = self.texts.number(&format!("{} {}", key.ref_area_class, key.ref_area));
        let block = self.block(block);
        if key.group_scheme != "none" {
            self.schemes[block as usize].clone_from(&key.group_scheme);
        }
        Spot { block, area, codes }
    }

    pub(crate) fn block(&mut self, block: Block) -> u32 {
        if let Some(number) = self.block_numbers.get(&block) {
            return *number;
        }
        let number = self.blocks.len() as u32;
        self.blocks.push(block.clone());
        self.schemes.push(String::new());
        self.sources.push(BTreeSet::new());
        self.block_numbers.insert(block, number);
        number
    }

    fn figure(&mut self, spot: Spot, value: i64, divisor: i64) -> u32 {
        if let Some(id) = self.ids.get(&(spot, value)) {
            return *id;
        }
        let id = self.push(Figure {
            spot: Some(spot),
            value,
            divisor,
            contributors: None,
            standing: Standing::Open,
            is_balance: false,
            least: 0,
            most: None,
            rounded: None,
            is_kept: false,
            need: None,
            cost: 1,
        });
        self.ids.insert((spot, value), id);
        id
    }

    pub(crate) fn push(&mut self, figure: Figure) -> u32 {
        self.figures.push(figure);
        self.figures.len() as u32 - 1
    }

    /// Finds what the shares of a block's rows are of.
    ///
    /// Where every denominator is the count of the same row with some dimensions taken together, it is that count: whoever
    /// reads one reads the other. Else it is a figure of its own, in the dimensions along which it differs.
    fn bases(
        &mut self,
        shared: &[(usize, Spot, i64)],
        share_of: ShareOf,
        rows: &[Row<'_>],
        found: &mut [Option<(u32, Option<u32>)>],
        here: &mut BTreeMap<Spot, u32>,
    ) {
        let used: Vec<usize> = (0..5).filter(|at| shared.iter().any(|(_, spot, _)| spot.codes[*at] != 0)).collect();
        let together = |spot: &Spot, over: &[usize]| {
            let mut codes = spot.codes;
            over.iter().for_each(|at| codes[*at] = 0);
            Spot { codes, ..*spot }
        };
        let ways = (1..1u32 << used.len()).map(|way| -> Vec<usize> {
            used.iter().enumerate().filter(|(at, _)| way >> at & 1 == 1).map(|(_, at)| *at).collect()
        });
        let mut ways: Vec<Vec<usize>> = ways.collect();
        ways.sort_by_key(|way| (way.len(), way.clone()));
        let value = |id: &u32| self.figures[*id as usize].value;
        let is_count = ways.into_iter().find(|way| {
            shared.iter().all(|(_, spot, base)| here.get(&together(spot, way)).is_some_and(|id| value(id) == *base))
        });
        if let Some(way) = is_count {
            for (row, spot, _) in shared {
                let base = here.get(&together(spot, &way)).copied();
                if let (Some((count, own)), Some(base)) = (&mut found[*row], base) {
                    *own = Some(base);
                    let cost = if *count == base { 0 } else { self.figures[*count as usize].cost };
                    // A row goes with its base, so a base costs all its rows.
                    let base = &mut self.figures[base as usize];
                    base.cost = base.cost.saturating_add(cost);
                }
            }
            return;
        }
        let known: HashMap<Spot, i64> = shared.iter().map(|(_, spot, base)| (*spot, *base)).collect();
        let mut over: Vec<usize> = Vec::new();
        for at in used {
            let with: Vec<usize> = over.iter().copied().chain([at]).collect();
            let constant = shared
                .iter()
                .all(|(_, spot, base)| known.get(&together(spot, &with)).is_none_or(|other| other == base));
            if constant {
                over = with;
            }
        }
        for (row, spot, base) in shared {
            let cell = rows[*row].cell;
            let block = Block { base: Some(share_of), ..self.blocks[spot.block as usize].clone() };
            let block = self.block(block);
            self.schemes[block as usize] = self.schemes[spot.block as usize].clone();
            let spot = Spot { block, ..together(spot, &over) };
            let divisor = cell.counts.map_or(1, |counts| counts.divisor);
            let id = self.figure(spot, *base, divisor);
            here.insert(spot, id);
            if let Some((_, own)) = &mut found[*row] {
                *own = Some(id);
            }
            let rule = self.rules.of(&cell.source);
            let public = rule.public || self.is_known_elsewhere(cell, true);
            let cost = self.cost(&spot, cell.key.area_level, *base);
            let figure = &mut self.figures[id as usize];
            figure.cost = figure.cost.saturating_add(cost);
            if public {
                figure.standing = Standing::Public;
            } else {
                let need = need_of_base(*base, divisor, rule);
                figure.need = [figure.need, need].into_iter().flatten().reduce(Need::with);
                // What can be one person in every period of a mean is taken for one: a singleton, who knows the base.
                figure.contributors = (1..=divisor.max(1)).contains(base).then_some(1);
            }
            if let (true, Some((count, _))) = (public, found[*row]) {
                let count = &mut self.figures[count as usize];
                let most = count.most.map_or(*base, |most| most.min(*base));
                count.most = (most >= count.value).then_some(most);
            }
        }
    }

    /// Leaves out the breakdowns that the table does not have for small areas.
    fn coarsen(&mut self, here: &BTreeMap<Spot, u32>) {
        for rule in &self.rules.small_areas {
            let kept: Vec<usize> = rule
                .keep
                .iter()
                .map(|dimension| match dimension {
                    Dimension::Sex => SEX,
                    Dimension::Age => AGE,
                    Dimension::Group => GROUP,
                    Dimension::Detail => DETAIL,
                    Dimension::Detail2 => DETAIL_2,
                })
                .collect();
            for (spot, id) in here {
                let block = &self.blocks[spot.block as usize];
                let by: Vec<usize> = (0..5).filter(|at| spot.codes[*at] != 0).collect();
                let is_kept = by.len() < 2 && by.iter().all(|at| kept.contains(at));
                if block.indicator != rule.indicator || is_kept {
                    continue;
                }
                let total = here.get(&Spot { codes: [0; 5], ..*spot }).map(|total| &self.figures[*total as usize]);
                let is_small = total.is_some_and(|total| total.value < rule.below * total.divisor.max(1));
                let figure = &mut self.figures[*id as usize];
                if is_small && figure.standing == Standing::Open {
                    figure.standing = Standing::Coarse;
                }
            }
        }
    }

    fn is_balance(&self, spot: &Spot) -> bool {
        let detail = self.texts.text(spot.codes[DETAIL]);
        let indicator = &self.blocks[spot.block as usize].indicator;
        self.balances.get(indicator).is_some_and(|balance| balance.is == detail)
    }

    fn is_known_elsewhere(&self, cell: &Cell, base: bool) -> bool {
        self.rules.known.iter().any(|known| {
            known.indicator == cell.key.indicator
                && known.base == base
                && known.detail.as_ref().is_none_or(|detail| *detail == cell.key.detail)
                && known.group.as_ref().is_none_or(|group| *group == cell.key.group)
        })
    }

    /// What withholding costs a reader: a comparator goes before a municipality's figure, a part before its total, a count
    /// of something before a zero, and last what stands in every report, a figure of Flanders.
    fn cost(&self, spot: &Spot, level: AreaLevel, value: i64) -> u32 {
        let area = match level {
            AreaLevel::Cluster | AreaLevel::Unlocated => 30,
            AreaLevel::Arrondissement => 2_000,
            AreaLevel::Municipality => 100,
            AreaLevel::Province => 20_000,
            AreaLevel::Region => 60_000,
        };
        let totals = [SEX, AGE, GROUP, DETAIL, DETAIL_2].iter().filter(|at| spot.codes[**at] == 0).count() as u32;
        let zero = if value == 0 { 2 } else { 1 };
        // A count about the link goes before a figure.
        let about = if is_account(&self.blocks[spot.block as usize].indicator) { 4 } else { 1 };
        area * (1 + totals) / 2 * zero / about
    }
}

/// What a reader must be left with for a count of few persons: values down to two persons less and up to two more, the
/// threshold at least, so that nothing tells that they are few.
fn need_of_count(cell: &Cell, rule: &SourceRule) -> Option<Need> {
    let counts = cell.counts.ok()?;
    // A true zero is a count of nothing by nobody. A count without a contributor is not one: nobody knows whose it is.
    let zero = counts.numerator == 0 && counts.contributors == 0;
    let few = if zero { !rule.zeros_shown } else { counts.contributors < rule.threshold };
    if few {
        return Some(reach(counts.numerator, 2 * counts.divisor.max(1), rule.threshold));
    }
    // Where all of a group have what the share tells, each of them has.
    let all = cell.key.share_of == ShareOf::Group && counts.denominator == Some(counts.numerator);
    (all && rule.all_protected && counts.numerator > 0)
        .then_some(Need::Reach { low: counts.numerator - 1, high: counts.numerator })
}

/// The same for what a share is of. It is a sum over the periods of a mean, so the threshold counts once a period.
pub(crate) fn need_of_base(base: i64, divisor: i64, rule: &SourceRule) -> Option<Need> {
    let divisor = divisor.max(1);
    let least = if rule.threshold > 1 { rule.threshold * divisor } else { 0 };
    (base > 0 && base < least).then(|| reach(base, 2 * divisor, least))
}

fn reach(value: i64, margin: i64, threshold: i64) -> Need {
    Need::Reach { low: (value - margin).max(0), high: (value + margin).max(threshold) }
}
