//! What a reader can hold the figures of an edition to: which add up to which.
//!
//! Sums come in families, of one block, dimension and kind of whole. Where every sum of a family comes out, a reader knows
//! that they do. Where all parts together are never less than the whole, or never more, a reader knows that. Where neither
//! is so, whole and parts come from two sources, and a reader is taken to know by how much they differ. To take too much
//! for known costs some figures; to take too little would reveal persons.

use std::collections::{BTreeMap, BTreeSet};

use catalog::cell::AreaLevel;
use catalog::reference::Area;

use super::figures::{Figure, Linked, need_of_base};
use super::{AGE, DETAIL, DETAIL_2, GROUP, Holding, SEX, Spot, Standing};

/// A whole and its parts.
pub(crate) type Instance = (u32, Vec<u32>);

/// A way in which an area consists of others, and what is in none of them.
type Way = (Vec<usize>, Option<usize>);

/// What the sums of a family have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Family {
    pub(crate) block: u32,
    /// The dimension: one of the codes', that of areas or periods, or none where another block counts the same.
    pub(crate) over: usize,
    /// The whole's code, the kind of area, or the other block.
    pub(crate) whole: u32,
    /// Details that are not added up.
    pub(crate) details: [u32; 2],
}

const AREA: usize = 5;
const PERIOD: usize = 6;
pub(crate) const ACROSS: usize = 7;
/// How many persons apart two counts are that nothing moves together, by the periods that are summed.
const FAR: i64 = 4;
/// Periods at least.
const LEAST: i64 = 3;

impl Linked<'_> {
    /// Adds the sums of one edition, whose figures are `here`.
    pub(crate) fn find_sums(&mut self, here: &BTreeMap<Spot, u32>) {
        let mut families: BTreeMap<Family, Vec<Instance>> = BTreeMap::new();
        for over in [SEX, AGE, GROUP, DETAIL, DETAIL_2] {
            let mut tables: BTreeMap<Spot, BTreeMap<u32, u32>> = BTreeMap::new();
            for (spot, id) in here {
                let mut codes = spot.codes;
                codes[over] = 0;
                tables.entry(Spot { codes, ..*spot }).or_default().insert(spot.codes[over], *id);
            }
            for (spot, table) in tables {
                for (whole, parts) in self.within(&spot, over, &table) {
                    let mut details = [spot.codes[DETAIL], spot.codes[DETAIL_2]];
                    if let DETAIL | DETAIL_2 = over {
                        details[over - DETAIL] = 0;
                    }
                    let family = Family { block: spot.block, over, whole, details };
                    families.entry(family).or_default().push((table[&whole], parts));
                }
            }
        }
        let mut tables: BTreeMap<(u32, [u32; 5]), BTreeMap<usize, u32>> = BTreeMap::new();
        // A municipality that others were merged into is held to what earlier editions told of them.
        let merged: BTreeSet<usize> = self.merged_areas();
        for (spot, ids) in self.everywhere.iter().filter(|_| !merged.is_empty()) {
            if let (Some(area), Some(id)) = (self.areas.get(&spot.area), ids.last()) {
                tables.entry((spot.block, spot.codes)).or_default().insert(*area, *id);
            }
        }
        for (spot, id) in here {
            if let Some(area) = self.areas.get(&spot.area) {
                tables.entry((spot.block, spot.codes)).or_default().insert(*area, *id);
            }
        }
        let ways = self.area_ways();
        for ((block, codes), table) in &tables {
            for (whole, ways) in &ways {
                let Some(own) = table.get(whole) else { continue };
                let with_members = ways.iter().filter_map(|(way, rest)| {
                    let parts: Vec<u32> = way.iter().filter_map(|area| table.get(area)).copied().collect();
                    let rest = rest.and_then(|rest| table.get(&rest)).copied();
                    (!parts.is_empty()).then(|| parts.into_iter().chain(rest).collect::<Vec<u32>>())
                });
                // Where municipalities are there, what holds of one way follows for every other.
                let taken = if table.keys().any(|area| self.is_municipality(*area)) { 1 } else { ways.len() };
                for parts in with_members.take(taken) {
                    let family = Family {
                        block: *block,
                        over: AREA,
                        whole: self.area_kind(*whole),
                        details: [codes[DETAIL], codes[DETAIL_2]],
                    };
                    families.entry(family).or_default().push((*own, parts));
                }
            }
        }
        self.periods(&mut families);
        self.across(&mut families);
        for (family, instances) in families {
            self.hold(&family, instances);
        }
    }

    /// The sums over one dimension within an area: by the code of each whole the figures of its parts.
    fn within(&self, spot: &Spot, over: usize, table: &BTreeMap<u32, u32>) -> Vec<(u32, Vec<u32>)> {
        let block = &self.blocks[spot.block as usize];
        if over == DETAIL
            && let Some(balance) = self.balances.get(&block.indicator)
        {
            let of = |code: &str| self.texts.known(code).filter(|code| table.contains_key(code));
            if let (Some(flow_in), Some(flow_out), Some(is)) =
                (of(&balance.inflow), of(&balance.outflow), of(&balance.is))
            {
                return vec![(flow_in, vec![table[&flow_out], table[&is]])];
            }
        }
        let mut parents: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (code, id) in table.iter().filter(|(code, _)| **code != 0) {
            parents.entry(self.parent(spot.block, over, *code, table)).or_default().push(*id);
        }
        parents.into_iter().filter(|(parent, _)| table.contains_key(parent)).collect()
    }

    /// The nearest code above one that is in the table: of a group the group that it is part of, else the total.
    fn parent(&self, block: u32, over: usize, code: u32, table: &BTreeMap<u32, u32>) -> u32 {
        if over != GROUP {
            return 0;
        }
        let text = self.texts.text(code);
        let scheme = self.reference.schemes.get(&self.schemes[block as usize]);
        let lineage = scheme.map_or_else(Vec::new, |scheme| scheme.lineage(text));
        let mut above = lineage.into_iter().skip(1).filter_map(|code| self.texts.known(code));
        above.find(|code| table.contains_key(code)).unwrap_or(0)
    }

    /// Of each area that consists of others the ways in which it does, the coarsest first, each with what is in none of
    /// them.
    fn area_ways(&self) -> Vec<(usize, Vec<Way>)> {
        let areas = &self.reference.areas;
        let at_level = |level: AreaLevel| (0..areas.len()).filter(move |at| areas[*at].level == level);
        let unlocated = at_level(AreaLevel::Unlocated).next();
        let mut found = Vec::new();
        for (at, area) in areas.iter().enumerate() {
            let own: BTreeSet<&str> = area.members.iter().map(String::as_str).collect();
            let inside = |other: usize| {
                let other = &areas[other];
                !other.members.is_empty() && other.members.iter().all(|member| own.contains(member.as_str()))
            };
            let finer: &[AreaLevel] = match area.level {
                AreaLevel::Region => &[AreaLevel::Province, AreaLevel::Arrondissement, AreaLevel::Municipality],
                AreaLevel::Province => &[AreaLevel::Arrondissement, AreaLevel::Municipality],
                AreaLevel::Arrondissement | AreaLevel::Cluster => &[AreaLevel::Municipality],
                // A municipality that others were merged into consists of them.
                AreaLevel::Municipality if area.members.iter().any(|member| *member != area.code) => {
                    &[AreaLevel::Municipality]
                }
                _ => &[],
            };
            let rest = unlocated.filter(|_| area.level == AreaLevel::Region);
            let mut ways: Vec<Way> = finer
                .iter()
                .map(|level| (at_level(*level).filter(|other| *other != at && inside(*other)).collect(), rest))
                .collect();
            if area.level == AreaLevel::Region {
                for scheme in &self.reference.cluster_schemes {
                    let clusters = at_level(AreaLevel::Cluster).filter(|other| areas[*other].class == *scheme);
                    ways.push((clusters.collect(), rest));
                }
            }
            ways.retain(|(way, _)| !way.is_empty());
            if !ways.is_empty() {
                found.push((at, ways));
            }
        }
        found
    }

    /// Municipalities that others were merged into, and those others.
    fn merged_areas(&self) -> BTreeSet<usize> {
        let areas = &self.reference.areas;
        let is_merger = |area: &Area| {
            area.level == AreaLevel::Municipality && area.members.iter().any(|member| *member != area.code)
        };
        (0..areas.len()).filter(|at| is_merger(&areas[*at])).collect()
    }

    fn is_municipality(&self, area: usize) -> bool {
        self.reference.areas[area].level == AreaLevel::Municipality
    }

    pub(crate) fn area_kind(&self, area: usize) -> u32 {
        let area = &self.reference.areas[area];
        let level = AreaLevel::WORDS.iter().position(|(_, level)| *level == area.level).unwrap_or(0);
        let scheme = self.reference.cluster_schemes.iter().position(|scheme| *scheme == area.class);
        (level * 16 + scheme.map_or(0, |scheme| scheme + 1)) as u32
    }

    /// Sums over years: what is told of some years together, and of each of them.
    fn periods(&self, families: &mut BTreeMap<Family, Vec<Instance>>) {
        let within = |whole: usize, part: usize| {
            let (a, b) = (&self.blocks[whole], &self.blocks[part]);
            let (long, short) = (a.period, b.period);
            a.indicator == b.indicator
                && a.method == b.method
                && a.base == b.base
                && long != short
                && long.start() <= short.start()
                && short.end() <= long.end()
        };
        for whole in 0..self.blocks.len() {
            let parts: Vec<u32> =
                (0..self.blocks.len()).filter(|part| within(whole, *part)).map(|at| at as u32).collect();
            if parts.is_empty() {
                continue;
            }
            let own = self.everywhere.iter().filter(|(spot, _)| spot.block == whole as u32);
            for (spot, ids) in own {
                let of_parts = parts.iter().filter_map(|block| self.everywhere.get(&Spot { block: *block, ..*spot }));
                let of_parts: Vec<u32> = of_parts.filter_map(|ids| ids.last()).copied().collect();
                let family = Family { block: spot.block, over: PERIOD, whole: parts.len() as u32, details: [0, 0] };
                if let (Some(id), false) = (ids.last(), of_parts.is_empty()) {
                    families.entry(family).or_default().push((*id, of_parts));
                }
            }
        }
    }

    /// Adds what a reader knows of a family.
    fn hold(&mut self, family: &Family, instances: Vec<Instance>) {
        let value = |id: &u32| self.figures[*id as usize].value;
        let off: Vec<i64> =
            instances.iter().map(|(whole, parts)| value(whole) - parts.iter().map(value).sum::<i64>()).collect();
        let (above, below) = (off.iter().any(|off| *off > 0), off.iter().any(|off| *off < 0));
        // Of parts that overlap each is still at most the whole.
        let details = matches!(family.over, DETAIL | DETAIL_2);
        let each = below
            && details
            && instances.iter().all(|(whole, parts)| parts.iter().all(|part| value(part) <= value(whole)));
        for ((whole, parts), off) in instances.into_iter().zip(off) {
            if let (ACROSS, true, [part]) = (family.over, above != below, parts.as_slice())
                && self.keep_apart(whole, *part, off)
            {
                continue;
            }
            for part in parts.iter().filter(|_| each) {
                let left = self.figures[whole as usize].value - self.figures[*part as usize].value;
                self.link(Holding::AtMost, whole, vec![*part], left, false);
            }
            match (above, below) {
                // Where the parts are apart from each other what is left is a count of persons too.
                (true, false) => {
                    self.link(Holding::AtMost, whole, parts, off, !details && !matches!(family.over, PERIOD | ACROSS))
                }
                (false, true) => self.link(Holding::AtLeast, whole, parts, -off, false),
                _ => self.link(Holding::Same, whole, parts, 0, false),
            }
        }
    }

    /// Where a count of another block is far below the whole, or far above it, each is given half of the way between them:
    /// then it holds whatever is moved within that, and links the two no more.
    fn keep_apart(&mut self, whole: u32, part: u32, off: i64) -> bool {
        let divisor = self.figures[whole as usize].divisor.max(self.figures[part as usize].divisor);
        let (above, below) = if off > 0 { (whole, part) } else { (part, whole) };
        let half = off.abs() / 2;
        if half < FAR * divisor.max(LEAST) {
            return false;
        }
        let figure = &mut self.figures[above as usize];
        figure.least = figure.least.max(figure.value - half);
        let figure = &mut self.figures[below as usize];
        let most = figure.value + half;
        figure.most = Some(figure.most.map_or(most, |known| known.min(most)));
        true
    }

    /// Adds a sum, unless it is there: the same figures may stand in many editions. `left` is what nobody sees of it.
    fn link(&mut self, holding: Holding, whole: u32, mut parts: Vec<u32>, left: i64, is_count: bool) {
        parts.sort_unstable();
        if !self.known_sums.insert((holding, whole, parts.clone())) {
            return;
        }
        // What earlier editions tell of it is told; only a figure that is new can be withheld for it.
        let is_new = |id: &u32| matches!(self.figures[*id as usize].standing, Standing::Open | Standing::Coarse);
        let is_count = is_count && parts.iter().chain([&whole]).any(is_new);
        let mut wholes = vec![whole];
        match holding {
            Holding::Same => {}
            Holding::AtMost => parts.push(self.left(whole, left, is_count)),
            Holding::AtLeast => wholes.push(self.left(whole, left, is_count)),
        }
        self.sums.push((wholes, parts));
    }

    /// What is left of a sum, which nobody sees.
    fn left(&mut self, whole: u32, value: i64, is_count: bool) -> u32 {
        let divisor = self.figures[whole as usize].divisor;
        let need = if is_count { need_of_base(value, divisor, &self.rules.usual) } else { None };
        self.push(Figure {
            spot: None,
            value,
            divisor,
            contributors: None,
            standing: Standing::Unseen,
            is_balance: false,
            least: 0,
            most: None,
            rounded: None,
            is_kept: false,
            need,
            cost: 1,
        })
    }
}
