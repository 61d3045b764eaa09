//! Equalities between tables: cells of one table, and sums and differences of two or three of its cells, that are the cells of
//! another table in all areas and periods, or nearly all.
//!
//! Nobody declares them: whoever compares two published tables finds them, so they are found here, in the recorded counts. A
//! column is the counts of one table and one combination of codes, by area. Columns are compared by signatures that add up as
//! the columns do, so that a sum costs an addition and no comparison. What agrees is generalised over the codes that both sides
//! share ([`Relation`]) and then compared count by count. An equality that is chance takes some figures; one that is missed
//! would give persons away.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use catalog::cell::{AreaLevel, ShareOf, TOTAL};

use super::figures::Linked;
use super::{Block, Spot, Standing};
use crate::secondary::root;

/// What a column must tell in one bucket of areas to be looked up by it, in bits.
const BUCKET_BITS: u32 = 5;
/// What the counts that agree must tell, in bits, of areas of one kind; and how many counts are compared at least.
const BITS: u32 = 20;
const COUNTS: usize = 5;
/// One count of so many may differ.
const DIFFERING: usize = 20;
/// Codes of a dimension above which no three of them are added up.
const CODES: usize = 14;
/// Relations that are compared count by count.
const RELATIONS: usize = 20_000;

/// The number of a table without its period: indicator, definition version, and whether it is what shares are of.
type Family = u32;

/// A code of one side of an equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Code {
    /// This one.
    Is(u32),
    /// Whatever code the left side has in this dimension.
    As(usize),
}

/// An equality between two tables: what is added up of the left one, for which codes, and what it is in the right one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Relation {
    left: Family,
    right: Family,
    /// Months from the beginning and the end of the left period to those of the right one.
    months: (i32, i32),
    /// The codes that are added up or subtracted, and their dimension; none where a cell is compared.
    over: Option<(usize, Vec<(u32, i64)>)>,
    left_codes: [Code; 5],
    right_codes: [Code; 5],
}

/// An equality between tables as whoever keeps the definitions reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Equality {
    /// The indicator that is added up.
    pub left: String,
    /// The indicator that counts the same.
    pub right: String,
    /// Both sides with their codes; `*` is any code, the same on both sides.
    pub text: String,
    /// Counts that agree.
    pub agree: usize,
    /// Counts compared.
    pub of: usize,
}

impl fmt::Display for Equality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} counts are equal: {}", self.agree, self.of, self.text)
    }
}

/// A bucket of a signature: which areas have a count, their counts as one number, and about how many bits they tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Part {
    areas: u64,
    counts: u64,
    bits: u32,
}

type Signature = BTreeMap<u32, Part>;

/// The counts of one combination of codes in one table, by area.
struct Column {
    block: u32,
    codes: [u32; 5],
    cells: BTreeMap<u32, u32>,
    signature: Signature,
}

/// Columns added up: each with 1 or -1.
type Sum = Vec<(usize, i64)>;

/// All columns, and where they stand.
struct Columns {
    all: Vec<Column>,
    by_codes: HashMap<(u32, [u32; 5]), usize>,
    families: Vec<Family>,
    names: Vec<(String, String, Option<ShareOf>)>,
    /// What every divisor goes into.
    unit: i64,
}

/// A relation with what it was compared on.
struct Compared {
    relation: Relation,
    agree: usize,
    of: usize,
    bits: u32,
}

impl Compared {
    fn holds(&self) -> bool {
        self.bits >= BITS && self.of >= COUNTS && (self.of - self.agree) * DIFFERING <= self.of
    }
}

fn noise(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish() | 1
}

/// About half of the bits of a count: counts of one area are of one magnitude, so the first half tells little.
fn bits(count: i64) -> u32 {
    (i64::BITS - count.unsigned_abs().leading_zeros()).div_ceil(2)
}

impl Linked<'_> {
    /// Finds equalities between tables and takes them as known: adds them to the system where a figure is new. Returns those
    /// that no `same` of the definitions makes one figure of.
    pub fn link_tables(&mut self) -> Vec<Equality> {
        let columns = self.columns();
        let found = holding(self, &columns);
        let mut one: Vec<u32> = (0..self.figures.len() as u32).collect();
        let mut known: HashSet<(Vec<u32>, Vec<u32>)> = HashSet::new();
        let mut told = Vec::new();
        for Compared { relation, agree, of, .. } in found {
            let instances = columns.instances(self, &relation);
            // Where all are one figure already the definitions say so.
            if instances.iter().any(|(terms, right)| !terms.iter().any(|(id, _)| id == right)) {
                told.push(columns.equality(self, &relation, (agree, of)));
            }
            for (terms, right) in instances {
                self.link_cells(&terms, right, &mut one, &mut known);
            }
        }
        told
    }

    /// Adds one equality between figures to the system, unless it tells nothing or all of it was published before.
    fn link_cells(
        &mut self,
        terms: &[(u32, i64)],
        right: u32,
        one: &mut [u32],
        known: &mut HashSet<(Vec<u32>, Vec<u32>)>,
    ) {
        let is_new = |id: &u32| matches!(self.standing(*id), Standing::Open | Standing::Coarse);
        let ids: BTreeSet<u32> = terms.iter().map(|(id, _)| *id).chain([right]).collect();
        if ids.len() <= terms.len() || !ids.iter().any(is_new) {
            return;
        }
        if let [(only, 1)] = terms {
            let (a, b) = (root(one, *only), root(one, right));
            if a == b {
                return;
            }
            one[a.max(b) as usize] = a.min(b);
        }
        let divisor = |id: u32| self.figures[id as usize].divisor.max(1);
        let unit = ids.iter().fold(1, |unit, id| least_common(unit, divisor(*id)));
        let times = |id: u32| std::iter::repeat_n(id, (unit / divisor(id)) as usize);
        let of = |sign: i64| terms.iter().filter(move |(_, by)| *by == sign).flat_map(|(id, _)| times(*id));
        let (mut plus, mut minus): (Vec<u32>, Vec<u32>) = (of(1).collect(), of(-1).chain(times(right)).collect());
        plus.sort_unstable();
        minus.sort_unstable();
        // The side of one figure is the whole: who is alone in a part of it is alone in it too.
        let is_whole = minus.first() != minus.last() && plus.first() == plus.last();
        let (wholes, parts) = if is_whole { (plus, minus) } else { (minus, plus) };
        if known.insert((wholes.clone(), parts.clone())) {
            self.sums.push((wholes, parts));
        }
    }

    /// The columns of all tables, with the newest count of each cell.
    fn columns(&self) -> Columns {
        let mut unit = 1;
        let mut cells: BTreeMap<(u32, [u32; 5]), BTreeMap<u32, u32>> = BTreeMap::new();
        for (Spot { block, area, codes }, ids) in &self.everywhere {
            let Some(id) = ids.last() else { continue };
            unit = least_common(unit, self.figures[*id as usize].divisor.max(1));
            cells.entry((*block, *codes)).or_default().insert(*area, *id);
        }
        let mut names: Vec<(String, String, Option<ShareOf>)> = Vec::new();
        let families = self.blocks.iter().map(|Block { indicator, method, base, .. }| {
            let name = (indicator.clone(), method.clone(), *base);
            let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            at as Family
        });
        let families = families.collect();
        let mut all = Vec::new();
        let mut by_codes = HashMap::new();
        for ((block, codes), cells) in cells {
            let mut signature = Signature::new();
            for (area, id) in &cells {
                let count = self.figures[*id as usize].value * (unit / self.figures[*id as usize].divisor.max(1));
                let weight = noise(self.texts.text(*area));
                let part = signature.entry(self.bucket(*area)).or_default();
                part.areas = part.areas.wrapping_add(weight);
                part.counts = part.counts.wrapping_add(weight.wrapping_mul(count as u64));
                part.bits += bits(self.figures[*id as usize].value);
            }
            by_codes.insert((block, codes), all.len());
            all.push(Column { block, codes, cells, signature });
        }
        Columns { all, by_codes, families, names, unit }
    }

    /// The bucket of an area: its level, and of a level with many areas one of some parts, so that areas in which two tables
    /// differ spoil one part only.
    fn bucket(&self, area: u32) -> u32 {
        let level = self.areas.get(&area).map_or(AreaLevel::Municipality, |at| self.reference.areas[*at].level);
        let number = AreaLevel::WORDS.iter().position(|(_, known)| *known == level).unwrap_or(0) as u32;
        let parts = match level {
            AreaLevel::Municipality => 6,
            AreaLevel::Cluster | AreaLevel::Arrondissement => 2,
            _ => 1,
        };
        number * 8 + area % parts
    }

    fn count_in(&self, id: u32, unit: i64) -> i64 {
        let figure = &self.figures[id as usize];
        figure.value * (unit / figure.divisor.max(1))
    }
}

/// The relations that hold, in order. What does not hold for all codes of both sides can hold for some: then the codes are
/// fixed, one dimension after another, at those of the columns that suggest it.
fn holding(linked: &Linked<'_>, columns: &Columns) -> Vec<Compared> {
    let mut left: BTreeMap<Relation, BTreeSet<[u32; 5]>> = candidates(linked, columns);
    let mut seen: BTreeSet<Relation> = BTreeSet::new();
    let mut found: Vec<Compared> = Vec::new();
    while let Some((relation, suggested)) = left.pop_first() {
        if seen.len() == RELATIONS || !seen.insert(relation.clone()) {
            continue;
        }
        let compared = columns.compare(linked, &relation);
        if compared.holds() {
            found.push(compared);
            continue;
        }
        for codes in suggested {
            let free = (0..5).filter(|at| relation.left_codes[*at] == Code::As(*at));
            for fixed in free.map(|at| relation.fixed(at, codes[at])).filter(|fixed| !seen.contains(fixed)) {
                left.entry(fixed).or_default().insert(codes);
            }
        }
    }
    found.sort_by(|a, b| a.relation.cmp(&b.relation));
    found
}

impl Relation {
    /// The same for one code of a dimension.
    fn fixed(&self, at: usize, code: u32) -> Relation {
        let fix = |own: Code| if own == Code::As(at) { Code::Is(code) } else { own };
        Relation { left_codes: self.left_codes.map(fix), right_codes: self.right_codes.map(fix), ..self.clone() }
    }
}

/// The relations that columns with equal signatures suggest, each generalised over the codes of both sides, with the codes of
/// the left columns.
fn candidates(linked: &Linked<'_>, columns: &Columns) -> BTreeMap<Relation, BTreeSet<[u32; 5]>> {
    let mut places: HashMap<(u32, u64, u64), Vec<usize>> = HashMap::new();
    for (at, column) in columns.all.iter().enumerate() {
        for (bucket, part) in column.signature.iter().filter(|(_, part)| part.bits >= BUCKET_BITS) {
            places.entry((*bucket, part.areas, part.counts)).or_default().push(at);
        }
    }
    let mut found: BTreeMap<Relation, BTreeSet<[u32; 5]>> = BTreeMap::new();
    let mut consider = |sum: &Sum, over: Option<usize>, signature: &Signature| {
        let left = &columns.all[sum[0].0];
        let mut equal: BTreeSet<usize> = BTreeSet::new();
        for (bucket, part) in signature.iter().filter(|(_, part)| part.bits >= BUCKET_BITS) {
            equal.extend(places.get(&(*bucket, part.areas, part.counts)).into_iter().flatten());
        }
        // A sum that is a cell of its own table says nothing that the cell does not.
        if over.is_some() && equal.iter().any(|other| columns.all[*other].block == left.block) {
            return;
        }
        let family = |column: &Column| columns.families[column.block as usize];
        for right in equal.into_iter().map(|other| &columns.all[other]) {
            if family(right) != family(left) && (over.is_some() || left.block < right.block) {
                found.entry(columns.relation(linked, sum, over, right)).or_default().insert(left.codes);
            }
        }
    };
    for (at, column) in columns.all.iter().enumerate() {
        consider(&vec![(at, 1)], None, &column.signature);
    }
    for over in 0..5 {
        let mut tables: BTreeMap<(u32, [u32; 5]), Vec<usize>> = BTreeMap::new();
        for (at, column) in columns.all.iter().enumerate() {
            let mut codes = column.codes;
            codes[over] = 0;
            tables.entry((column.block, codes)).or_default().push(at);
        }
        for table in tables.values().filter(|table| table.len() > 1) {
            // Of sums that are equal in all areas one is enough.
            let mut known: HashSet<Vec<(u32, u64)>> = HashSet::new();
            for sum in columns.sums(table, over) {
                let signature = columns.signature(&sum);
                if known.insert(signature.iter().map(|(bucket, part)| (*bucket, part.counts)).collect()) {
                    consider(&sum, Some(over), &signature);
                }
            }
        }
    }
    found
}

impl Columns {
    /// Two or three columns of a table that differ in one dimension: their sums, what is left of the total without one or two,
    /// and all but the total together.
    fn sums(&self, table: &[usize], over: usize) -> Vec<Sum> {
        let (total, codes): (Vec<usize>, Vec<usize>) = table.iter().partition(|at| self.all[**at].codes[over] == 0);
        let mut found: Vec<Sum> = Vec::new();
        for (first, a) in codes.iter().enumerate() {
            found.extend(total.iter().map(|total| vec![(*total, 1), (*a, -1)]));
            for (second, b) in codes.iter().enumerate().skip(first + 1) {
                found.push(vec![(*a, 1), (*b, 1)]);
                found.push(vec![(*a, 1), (*b, -1)]);
                found.push(vec![(*b, 1), (*a, -1)]);
                if codes.len() <= CODES {
                    found.extend(total.iter().map(|total| vec![(*total, 1), (*a, -1), (*b, -1)]));
                    found.extend(codes.iter().skip(second + 1).map(|c| vec![(*a, 1), (*b, 1), (*c, 1)]));
                }
            }
        }
        if codes.len() > 3 {
            found.push(codes.iter().map(|at| (*at, 1)).collect());
        }
        found
    }

    /// The signature of a sum, where its columns have the same areas.
    fn signature(&self, sum: &Sum) -> Signature {
        let mut all = self.all[sum[0].0].signature.clone();
        for (column, by) in &sum[1..] {
            let other = &self.all[*column].signature;
            all.retain(|bucket, part| other.get(bucket).is_some_and(|other| other.areas == part.areas));
            for (bucket, part) in &mut all {
                part.counts = part.counts.wrapping_add(other[bucket].counts.wrapping_mul(*by as u64));
                part.bits = part.bits.max(other[bucket].bits);
            }
        }
        all
    }

    /// The relation that one pair of equal columns suggests: codes that both sides have may be any.
    fn relation(&self, linked: &Linked<'_>, sum: &Sum, over: Option<usize>, right: &Column) -> Relation {
        let left = &self.all[sum[0].0];
        let mut relation = Relation {
            left: self.families[left.block as usize],
            right: self.families[right.block as usize],
            months: months(&linked.blocks[left.block as usize], &linked.blocks[right.block as usize]),
            over: over.map(|over| (over, sum.iter().map(|(at, by)| (self.all[*at].codes[over], *by)).collect())),
            left_codes: left.codes.map(Code::Is),
            right_codes: right.codes.map(Code::Is),
        };
        for at in (0..5).filter(|at| Some(*at) != over && left.codes[*at] != 0) {
            let is_free = |other: &usize| relation.right_codes[*other] == Code::Is(left.codes[at]);
            let other = [at].into_iter().chain(0..5).find(is_free);
            if let Some(other) = other {
                relation.left_codes[at] = Code::As(at);
                relation.right_codes[other] = Code::As(at);
            }
        }
        if let Some((over, _)) = relation.over {
            relation.left_codes[over] = Code::Is(0);
        }
        relation
    }

    /// Every pair of columns that a relation is about: the left ones with their signs, and the right one.
    fn pairs(&self, linked: &Linked<'_>, relation: &Relation) -> Vec<(Sum, usize)> {
        let blocks = |family: Family| {
            (0..self.families.len()).filter(move |block| self.families[*block] == family).map(|block| block as u32)
        };
        let mut right_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for left in blocks(relation.left) {
            let own = &linked.blocks[left as usize];
            let right =
                blocks(relation.right).filter(|right| months(own, &linked.blocks[*right as usize]) == relation.months);
            right_of.entry(left).or_default().extend(right);
        }
        let mut found = Vec::new();
        for (at, column) in self.all.iter().enumerate() {
            let Some(right_blocks) = right_of.get(&column.block) else { continue };
            let first = relation.over.as_ref().map(|(over, sum)| (*over, sum[0].0));
            let fits = (0..5).all(|dimension| match (relation.left_codes[dimension], first) {
                (_, Some((over, code))) if over == dimension => column.codes[dimension] == code,
                (Code::Is(code), _) => column.codes[dimension] == code,
                (Code::As(_), _) => column.codes[dimension] != 0,
            });
            if !fits {
                continue;
            }
            let sum = match &relation.over {
                None => Some(vec![(at, 1)]),
                Some((over, sum)) => sum
                    .iter()
                    .map(|(code, by)| {
                        let mut codes = column.codes;
                        codes[*over] = *code;
                        Some((*self.by_codes.get(&(column.block, codes))?, *by))
                    })
                    .collect(),
            };
            let codes = relation.right_codes.map(|code| match code {
                Code::Is(code) => code,
                Code::As(dimension) => column.codes[dimension],
            });
            let right = right_blocks.iter().filter_map(|block| self.by_codes.get(&(*block, codes)));
            found.extend(sum.into_iter().flat_map(|sum| right.clone().map(move |right| (sum.clone(), *right))));
        }
        found
    }

    /// Compares all counts of a relation.
    fn compare(&self, linked: &Linked<'_>, relation: &Relation) -> Compared {
        let mut compared = Compared { relation: relation.clone(), agree: 0, of: 0, bits: 0 };
        for (sum, right) in self.pairs(linked, relation) {
            // Areas of several kinds tell the same persons again.
            let mut told: BTreeMap<u32, u32> = BTreeMap::new();
            for (area, id) in &self.all[right].cells {
                let right = linked.count_in(*id, self.unit);
                let Some(left) = self.left_count(linked, &sum, *area) else { continue };
                if left != 0 || right != 0 {
                    compared.of += 1;
                    compared.agree += usize::from(left == right);
                    let kind = linked.areas.get(area).map_or(0, |area| linked.area_kind(*area));
                    *told.entry(kind).or_default() +=
                        if left == right { bits(linked.figures[*id as usize].value) } else { 0 };
                }
            }
            compared.bits += told.into_values().max().unwrap_or(0);
        }
        compared
    }

    fn left_count(&self, linked: &Linked<'_>, sum: &Sum, area: u32) -> Option<i64> {
        let counts = sum.iter().map(|(column, by)| {
            let id = self.all[*column].cells.get(&area)?;
            Some(linked.count_in(*id, self.unit) * by)
        });
        counts.sum()
    }

    /// The figures of a relation, area by area.
    fn instances(&self, linked: &Linked<'_>, relation: &Relation) -> Vec<(Vec<(u32, i64)>, u32)> {
        let mut found = Vec::new();
        for (sum, right) in self.pairs(linked, relation) {
            for (area, id) in &self.all[right].cells {
                let terms = sum.iter().map(|(column, by)| Some((*self.all[*column].cells.get(area)?, *by)));
                found.extend(terms.collect::<Option<Vec<(u32, i64)>>>().map(|terms| (terms, *id)));
            }
        }
        found
    }

    fn equality(&self, linked: &Linked<'_>, relation: &Relation, (agree, of): (usize, usize)) -> Equality {
        const NAMES: [&str; 5] = ["sex", "age", "group", "detail", "detail_2"];
        let side = |family: Family, codes: &[Code; 5]| {
            let (indicator, method, base) = &self.names[family as usize];
            let over = relation.over.as_ref().filter(|_| std::ptr::eq(codes, &relation.left_codes));
            let mut words: Vec<String> = Vec::new();
            for (at, name) in NAMES.iter().enumerate() {
                match codes[at] {
                    _ if over.is_some_and(|(over, _)| *over == at) => {
                        let terms =
                            over.iter().flat_map(|(_, sum)| sum.iter()).enumerate().map(|(place, (code, by))| {
                                let sign = if *by < 0 {
                                    " - "
                                } else if place > 0 {
                                    " + "
                                } else {
                                    ""
                                };
                                format!("{sign}{}", linked.texts.text(*code))
                            });
                        words.push(format!("{name}: {}", terms.collect::<String>()));
                    }
                    Code::Is(0) => {}
                    Code::Is(code) => words.push(format!("{name}: {}", linked.texts.text(code))),
                    Code::As(own) => words.push(format!("{name}: *{}", NAMES[own])),
                }
            }
            let words = if words.is_empty() { TOTAL.to_string() } else { words.join(", ") };
            let base = base.map_or(String::new(), |base| format!(", what a share of {} is of", base.word()));
            format!("{indicator} ({method}{base}) [{words}]")
        };
        Equality {
            left: self.names[relation.left as usize].0.clone(),
            right: self.names[relation.right as usize].0.clone(),
            text: format!(
                "{} = {}",
                side(relation.left, &relation.left_codes),
                side(relation.right, &relation.right_codes)
            ),
            agree,
            of,
        }
    }
}

/// Months from the beginning and the end of one table's period to those of another's.
fn months(from: &Block, to: &Block) -> (i32, i32) {
    let month = |day: catalog::Day| {
        let (year, month, _) = day.ymd();
        i32::from(year) * 12 + i32::from(month)
    };
    let (from, to) = (from.period, to.period);
    (month(to.start()) - month(from.start()), month(to.end()) - month(from.end()))
}

fn least_common(a: i64, b: i64) -> i64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x.max(1) * b
}
