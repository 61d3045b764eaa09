//! Any table of counts as a system of sums: dimensions whose codes add up, in one scheme or in several that overlap.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::tabulation::LARGEST_COUNT;

use crate::secondary::{COST, Demand, Need};
use crate::system::{Figure, System};

/// A dimension of a table: its total and, for each scheme, the parent of each code that has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dimension {
    /// The code of the total, where it has one.
    pub total: Option<String>,
    /// Parents by code, a map for each scheme.
    pub schemes: Vec<BTreeMap<String, String>>,
}

/// What is withheld and what a reader must be left with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Counts from 1 up to below this are primary.
    pub threshold: i64,
    /// Whether zeros are primary as well.
    pub zeros_withheld: bool,
    /// Whether a reader knows that zeros are shown.
    pub zeros_known: bool,
    /// Doubt to be left below and above the count; 0 where any other value is enough.
    pub margin: i64,
    /// Whether sums that are not given are published too.
    pub add_margins: bool,
}

/// A row of a table: a code for each dimension, and the count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Codes, in the order of the dimensions.
    pub codes: Vec<String>,
    /// The count.
    pub count: i64,
}

/// Why rows are no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsound {
    /// Two rows have the same codes; the later.
    Twice(usize),
    /// A count below zero.
    Negative(usize),
    /// The count of a row is not what its parts add up to.
    NoSum {
        /// The row.
        row: usize,
        /// What the parts add up to.
        parts: i64,
    },
    /// The count of a row, or a sum that it is in, is more than can be protected; see [`LARGEST_COUNT`].
    TooGreat(usize),
    /// A code is its own ancestor in a scheme: dimension and code.
    Circle(usize, String),
    /// The dimensions have more combinations than can be protected together.
    TooLarge,
}

/// Most cells of a table.
const MOST: usize = 4_000_000;

/// A table as a system: every combination of codes is a cell.
#[derive(Debug, Clone)]
pub struct Table {
    /// The sums.
    pub system: System,
    /// The cells that are withheld for themselves, with what a reader must be left with.
    pub primary: BTreeMap<u32, Need>,
    /// The row that gives each cell, where one does.
    pub rows: Vec<Option<usize>>,
    /// Cells that nobody sees: sums that are not in the table.
    pub unseen: BTreeSet<u32>,
    /// Sums that are not in the rows and are published with them.
    pub added: BTreeSet<u32>,
    codes: Vec<Vec<String>>,
}

/// The sums of one dimension: whole and parts, by position of the code.
type Sums = Vec<(usize, Vec<usize>)>;

impl Table {
    /// Lays rows out. All that is unsound is told at once.
    pub fn of(dimensions: &[Dimension], rows: &[Row], rule: &Rule) -> Result<Table, Vec<Unsound>> {
        let mut unsound = Vec::new();
        let mut codes: Vec<Vec<String>> = Vec::new();
        let mut sums: Vec<Sums> = Vec::new();
        for (at, dimension) in dimensions.iter().enumerate() {
            let seen: BTreeSet<&str> = rows.iter().map(|row| row.codes[at].as_str()).collect();
            match ways(dimension, &seen, rule.add_margins) {
                Ok((own, ways)) => {
                    codes.push(own);
                    sums.push(ways);
                }
                Err(code) => unsound.push(Unsound::Circle(at, code)),
            }
        }
        if !unsound.is_empty() {
            return Err(unsound);
        }
        let cells =
            codes.iter().try_fold(1usize, |cells, own| cells.checked_mul(own.len()).filter(|cells| *cells <= MOST));
        let Some(cells) = cells else { return Err(vec![Unsound::TooLarge]) };
        let strides: Vec<usize> = (0..codes.len()).map(|at| codes[at + 1..].iter().map(Vec::len).product()).collect();
        let mut given = vec![None; cells];
        let positions: Vec<HashMap<&str, usize>> =
            codes.iter().map(|own| own.iter().enumerate().map(|(at, code)| (code.as_str(), at)).collect()).collect();
        for (number, row) in rows.iter().enumerate() {
            let cell: usize = row
                .codes
                .iter()
                .zip(&positions)
                .zip(&strides)
                .map(|((code, at), stride)| at[code.as_str()] * stride)
                .sum();
            if row.count < 0 {
                unsound.push(Unsound::Negative(number));
            }
            if row.count > LARGEST_COUNT {
                unsound.push(Unsound::TooGreat(number));
            }
            if given[cell].replace(number).is_some() {
                unsound.push(Unsound::Twice(number));
            }
        }
        // What is too great is in no sum.
        if unsound.iter().any(|found| matches!(found, Unsound::TooGreat(_))) {
            return Err(unsound);
        }
        let mut layout = Layout { codes, sums, strides, given, values: vec![0; cells] };
        layout.add_up(rows, &mut unsound);
        if unsound.is_empty() { Ok(layout.table(rule)) } else { Err(unsound) }
    }

    /// What is asked of the system.
    pub fn demand(&self) -> Demand {
        Demand { primary: self.primary.clone(), hidden: self.unseen.clone(), ..Demand::default() }
    }

    /// The codes of a cell.
    pub fn codes(&self, cell: u32) -> Vec<&str> {
        let mut left = cell as usize;
        let mut found: Vec<&str> = Vec::new();
        for own in self.codes.iter().rev() {
            found.push(&own[left % own.len()]);
            left /= own.len();
        }
        found.reverse();
        found
    }
}

struct Layout {
    codes: Vec<Vec<String>>,
    sums: Vec<Sums>,
    strides: Vec<usize>,
    given: Vec<Option<usize>>,
    values: Vec<i64>,
}

impl Layout {
    /// Each equation: the whole's cell and those of its parts.
    fn equations(&self) -> Vec<(u32, Vec<u32>)> {
        let cells = self.values.len();
        let mut found = Vec::new();
        for (at, sums) in self.sums.iter().enumerate() {
            let (stride, width) = (self.strides[at], self.codes[at].len());
            for (whole, parts) in sums {
                for cell in (0..cells).filter(|cell| cell / stride % width == *whole) {
                    let of = |code: usize| (cell - whole * stride + code * stride) as u32;
                    found.push((cell as u32, parts.iter().map(|part| of(*part)).collect()));
                }
            }
        }
        found
    }

    /// Gives every cell its value: that of its row, or what its parts add up to. Dimension by dimension, parts before wholes.
    fn add_up(&mut self, rows: &[Row], unsound: &mut Vec<Unsound>) {
        for (cell, row) in self.given.iter().enumerate() {
            self.values[cell] = row.map_or(0, |row| rows[row].count);
        }
        let cells = self.values.len();
        let mut known: Vec<bool> = self.given.iter().map(Option::is_some).collect();
        // Wholes whose parts all have a value come first; what nothing gives and that is no sum is a count of nobody.
        for (at, sums) in self.sums.iter().enumerate() {
            let (stride, width) = (self.strides[at], self.codes[at].len());
            for (whole, parts) in sums {
                for cell in (0..cells).filter(|cell| cell / stride % width == *whole) {
                    if !known[cell] {
                        let of = |code: &usize| cell - whole * stride + code * stride;
                        self.values[cell] = match self.sum(parts.iter().map(of)) {
                            Ok(sum) => sum,
                            Err(row) => {
                                unsound.push(Unsound::TooGreat(row));
                                return;
                            }
                        };
                        known[cell] = parts.iter().any(|part| known[of(part)]);
                    }
                }
            }
        }
        for (whole, parts) in self.equations() {
            let row = self.given[whole as usize].or_else(|| parts.iter().find_map(|part| self.given[*part as usize]));
            match self.sum(parts.iter().map(|part| *part as usize)) {
                Ok(sum) if sum == self.values[whole as usize] => {}
                Ok(sum) => unsound.push(Unsound::NoSum { row: row.unwrap_or(0), parts: sum }),
                Err(part) => unsound.push(Unsound::TooGreat(row.unwrap_or(part))),
            }
        }
    }

    /// The sum of some cells; a row that is in it where it is too great.
    fn sum(&self, cells: impl Iterator<Item = usize> + Clone) -> Result<i64, usize> {
        let sum: i128 = cells.clone().map(|cell| i128::from(self.values[cell])).sum();
        let sum = i64::try_from(sum).ok().filter(|sum| *sum <= LARGEST_COUNT);
        sum.ok_or_else(|| cells.into_iter().find_map(|cell| self.given[cell]).unwrap_or(0))
    }

    fn table(self, rule: &Rule) -> Table {
        let equations = self.equations();
        let wholes: BTreeSet<u32> = equations.iter().map(|(whole, _)| *whole).collect();
        let mut least: Vec<i64> = self.values.iter().map(|value| i64::from(rule.zeros_known && *value > 0)).collect();
        // A sum of counts that are at least one is at least their number.
        for (whole, parts) in &equations {
            let sum: i64 = parts.iter().map(|part| least[*part as usize]).sum();
            least[*whole as usize] = least[*whole as usize].max(sum);
        }
        let seen = |cell: usize| self.given[cell].is_some() || (rule.add_margins && wholes.contains(&(cell as u32)));
        let figures = (0..self.values.len())
            .map(|cell| {
                let value = self.values[cell];
                // Sums are dearer: more is told by them.
                let sums = self.codes.iter().enumerate().filter(|(at, own)| {
                    let code = cell / self.strides[*at] % own.len();
                    self.sums[*at].iter().any(|(whole, _)| *whole == code)
                });
                let fixed = (value == 0 && rule.zeros_known) || !seen(cell);
                let cost = (!fixed).then(|| COST + 10 * sums.count() as u32);
                Figure { value, least: least[cell], most: None, cost }
            })
            .collect();
        let mut system = System::new(figures);
        for (whole, parts) in &equations {
            system.add_sum(*whole, parts);
        }
        let primary = (0..self.values.len())
            .filter(|cell| seen(*cell))
            .filter_map(|cell| {
                let value = self.values[cell];
                let small = if value == 0 { rule.zeros_withheld } else { value < rule.threshold };
                let need = match rule.margin {
                    0 => Need::NotExact,
                    margin => {
                        Need::Reach { low: least[cell].max(value - margin), high: rule.threshold.max(value + margin) }
                    }
                };
                small.then_some((cell as u32, need))
            })
            .collect();
        // A sum that is not in the table is nobody's to see, and moves with its parts.
        let (added, unseen) = wholes
            .iter()
            .copied()
            .filter(|cell| self.given[*cell as usize].is_none())
            .partition(|cell| seen(*cell as usize));
        Table { system, primary, rows: self.given, unseen, added, codes: self.codes }
    }
}

/// A dimension's codes, in order, and its sums: parts before wholes. An error is a code that is its own ancestor.
fn ways(dimension: &Dimension, seen: &BTreeSet<&str>, add: bool) -> Result<(Vec<String>, Sums), String> {
    let mut codes: BTreeSet<&str> = seen.clone();
    for scheme in &dimension.schemes {
        // A code of a scheme that the table does not have is no code of it; its parents may be.
        codes.extend(scheme.iter().filter(|(code, _)| seen.contains(code.as_str())).map(|(_, parent)| parent.as_str()));
    }
    loop {
        let above: Vec<&str> = dimension
            .schemes
            .iter()
            .flat_map(|scheme| codes.iter().filter_map(|code| scheme.get(*code)))
            .map(String::as_str)
            .collect();
        let before = codes.len();
        codes.extend(above);
        if codes.len() == before {
            break;
        }
    }
    let total = dimension.total.as_deref().filter(|total| add || codes.contains(total) || codes.len() > 1);
    codes.extend(total);
    let own: Vec<String> = codes.iter().map(|code| (*code).to_string()).collect();
    let at = |code: &str| own.binary_search_by(|known| known.as_str().cmp(code)).ok();
    let mut sums: Sums = Vec::new();
    let parents: BTreeSet<&str> = dimension
        .schemes
        .iter()
        .flat_map(|scheme| scheme.iter().filter(|(code, _)| codes.contains(code.as_str())))
        .map(|(_, parent)| parent.as_str())
        .collect();
    let leaves: Vec<&str> =
        codes.iter().copied().filter(|code| !parents.contains(code) && Some(*code) != total).collect();
    for scheme in &dimension.schemes {
        let depth = |code: &str| {
            let (mut at, mut depth) = (code, 0);
            while let Some(parent) = scheme.get(at) {
                (at, depth) = (parent.as_str(), depth + 1);
                if depth > scheme.len() {
                    return Err(code.to_string());
                }
            }
            Ok((at.to_string(), depth))
        };
        let mut wholes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut tops: BTreeSet<usize> = BTreeSet::new();
        for (code, parent) in scheme.iter().filter(|(code, _)| codes.contains(code.as_str())) {
            depth(code)?;
            if Some(parent.as_str()) == total {
                tops.extend(at(code));
            } else {
                wholes.entry(parent).or_default().extend(at(code));
            }
        }
        let mut ordered: Vec<(usize, &str)> = Vec::new();
        for whole in wholes.keys() {
            ordered.push((depth(whole)?.1, whole));
        }
        ordered.sort_by(|a, b| b.cmp(a));
        for (_, whole) in ordered {
            if !scheme.contains_key(whole) {
                tops.extend(at(whole));
            }
            sums.extend(at(whole).map(|position| (position, wholes[whole].clone())));
        }
        // What the scheme leaves out stands beside its topmost codes.
        tops.extend(leaves.iter().filter(|leaf| !scheme.contains_key(**leaf)).filter_map(|leaf| at(leaf)));
        let whole = total.and_then(at).map(|total| (total, tops.into_iter().collect::<Vec<usize>>()));
        sums.extend(whole.filter(|whole| !sums.contains(whole)));
    }
    if let (true, Some(total)) = (dimension.schemes.is_empty(), total.and_then(at)) {
        sums.push((total, leaves.iter().filter_map(|leaf| at(leaf)).collect()));
    }
    Ok((own, sums))
}
